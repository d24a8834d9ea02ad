"""Methods that make the features of both domains alike, by a distance or in norm."""

from __future__ import annotations

from dataclasses import replace

from .core.base import EVERY
from .core.terms import ASSUMES_NO_LABEL_SHIFT, term_method, term_needs

term_method(
    "dan",
    "features of both domains alike in distribution, by several kernels",
    "Long et al., 2015, ICML",
    about="Costs one Gram matrix of the batch; needs batches of a few dozen rows.",
    needs=replace(ASSUMES_NO_LABEL_SHIFT, target_types=EVERY),
)
term_method(
    "jan",
    "features and answers of both domains alike in joint distribution",
    "Long et al., 2017, ICML",
    about="As dan, with the answers in the kernel: classes are not mixed up so easily.",
    needs=ASSUMES_NO_LABEL_SHIFT,
)
term_method(
    "dsan",
    "features of each class alike in both domains",
    "Zhu et al., 2021, TNNLS",
    about="Takes the target's classes from its own answers, as they are at each step.",
    weight=0.5,  # the authors' code's
)
term_method(
    "deep-coral",
    "features of both domains with like covariances",
    "Sun and Saenko, 2016, ECCV workshops",
    about="Mild: second moments alone, divided by 4 d², which is much for wide features.",
    needs=replace(ASSUMES_NO_LABEL_SHIFT, target_types=EVERY),
)
term_method(
    "rsd",
    "source and target features span close subspaces, for regression",
    "Chen et al., 2021, ICML, Representation Subspace Distance",
    needs=term_needs(EVERY),
    about="The scale of features, which numbers need, is free.",
    weight=0.3,
)
term_method(
    "afn",
    "features of both domains grow in norm, step by step",
    "Xu et al., 2019, ICCV",
    needs=term_needs(EVERY),
    about="Costs next to nothing, and needs no guess about classes.",
    weight=0.05,  # the paper's
)
