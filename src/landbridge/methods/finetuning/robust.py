"""Fine-tuning that withstands changed inputs: L_target beside a term on inputs that are changed."""

from __future__ import annotations

from dataclasses import replace

from ..core.base import CLASSES, EVERY
from ..core.terms import term_method
from .terms import TermTuning

_SEARCH = {
    "eps": (0.0, "The greatest change; white, or full scale, is 1. 0: what `stress` attacks with."),
    "steps": (7, "Of the search."),
    "step_size": (0.0, "Of each; 0: 2.5 · eps / steps."),
    "norm": ("linf", "In what eps is counted: any one number, or the root of all squared changes."),
}
_NEEDS = replace(TermTuning.needs, signal=True)

term_method(
    "pgd",
    "fine-tune, also on inputs changed so that the loss rises most",
    "Madry et al., 2018, ICLR, Towards Deep Learning Models Resistant to Attacks",
    base=TermTuning,
    family="robust",
    needs=replace(_NEEDS, target_types=EVERY),
    options=_SEARCH,
    about="""Fine-tuning on inputs as they are and as a search for the highest loss changes them.

    Each step costs a pass back for each step of the search, and one more.
    """,
)
term_method(
    "trades",
    "fine-tune, answers held where inputs change a little",
    "Zhang et al., 2019, ICML, Theoretically Principled Trade-off (TRADES)",
    base=TermTuning,
    family="robust",
    needs=replace(_NEEDS, target_types=CLASSES),
    weight=6.0,
    options=_SEARCH,
    about="""Fine-tuning with answers that stay as they are within a distance of each row.

    `weight` is the paper's β: what is given up on inputs as they are for changed ones.
    """,
)
term_method(
    "fast-at",
    "as pgd with one step, and three where one stops to teach",
    "Wong et al., 2020, ICLR, Fast is Better than Free",
    base=TermTuning,
    family="robust",
    needs=replace(_NEEDS, target_types=CLASSES),
    options=_SEARCH
    | {
        "steps": (1, "Of the search."),
        "step_size": (0.0, "Of each; 0: 1.25 · eps."),
        "every": (20, "Training steps from one check to the next."),
        "tolerance": (0.3, "Share of a batch that may fall to a thorough search alone."),
    },
)
