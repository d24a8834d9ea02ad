"""Networks that learn from their own answers on the target, by one term."""

from __future__ import annotations

from ..core.terms import term_method

term_method(
    "pseudo-label",
    "the target's own confident answers become labels",
    "Lee, 2013, ICML workshops (Pseudo-Label)",
    family="pseudo",
    ramp=0.5,  # labels of oneself are trusted late
    options={"threshold": (0.9, "Least confidence of an answer that becomes a label.")},
)
term_method(
    "consistency",
    "confident answers on a weak view teach a strong view",
    "Sohn et al., 2020, NeurIPS (FixMatch)",
    about="Needs augmentations that keep the meaning.",
)
term_method(
    "fixmatch",
    "answers of a weak view above one threshold teach a strong view",
    "Sohn et al., 2020, NeurIPS (FixMatch)",
    family="pseudo",
    term="consistency",
    options={"threshold": (0.95, "Least confidence of an answer that teaches.")},
    fixed={"flexible": False},
)
term_method(
    "flexmatch",
    "as fixmatch, with a lower threshold for classes that are learned less",
    "Zhang et al., 2021, NeurIPS (FlexMatch)",
    family="pseudo",
    term="consistency",
    options={"threshold": (0.95, "Least confidence of an answer that teaches.")},
    fixed={"flexible": True},
)
term_method(
    "debiasmatch",
    "as fixmatch, without favour to the classes that are answered often",
    "Wang et al., 2022, CVPR (DebiasMatch)",
    family="pseudo",
)
term_method(
    "dst",
    "pseudo-labels teach the features through a head of their own",
    "Chen et al., 2022, NeurIPS (DST)",
    family="pseudo",
)
