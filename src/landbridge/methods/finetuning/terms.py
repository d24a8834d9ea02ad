"""Fine-tuning with one term beside L_target: what such methods share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ...base.errors import ConfigError
from ...base.typed import Options
from ...training.plan import Phase, TermSpec
from ..core.base import CLASSES, EVERY
from ..core.network import PlanContext
from ..core.terms import own_options, term_method
from .base import Tuning, TuningConfig, head_phase


@dataclass(frozen=True)
class TermTuningConfig(TuningConfig):
    """Options of fine-tuning with a term.

    Attributes
    ----------
    epochs : float
        Passes over the labelled target rows; None: those of fine-tuning.
    weight : float
        Of the term.
    """

    weight: float = 1.0


class TermTuning(Tuning):
    """L_target + weight · term, everything moves.

    Attributes
    ----------
    term : str
    head_first : bool
        Whether the head moves alone in a first phase, for terms that ask the head.
    """

    term: ClassVar[str]
    head_first: ClassVar[bool] = False
    needs = replace(Tuning.needs, target_types=CLASSES)
    Config = TermTuningConfig

    def options(self) -> Options:
        """Return the term's own options."""
        return own_options(self.config, TermTuningConfig)

    def phases(self, context: PlanContext) -> tuple[Phase, ...]:
        """One phase, or two."""
        own = self.config
        if own.weight <= 0:
            raise ConfigError(f"{self.name}: weight = {own.weight}", hint="give a number over 0")
        spec = TermSpec(self.term, own.weight, options=self.options())
        tune = self.tune(context, terms=(spec,))
        if not self.head_first:
            return (tune,)
        return head_phase(replace(context, learning_rate=None)), replace(tune, head_factor=1.0)


term_method(
    "bss",
    "fine-tune, and shrink what hardly spreads in the features",
    "Chen et al., 2019, NeurIPS, Catastrophic Forgetting Meets Negative Transfer (BSS)",
    base=TermTuning,
    needs=replace(TermTuning.needs, target_types=EVERY),
    weight=1e-3,
    options={"smallest": (1, "How many of the smallest singular values are shrunk.")},
)
term_method(
    "delta",
    "fine-tune, feature maps held near the start's where it matters",
    "Li et al., 2019, ICLR, DELTA",
    base=TermTuning,
    needs=replace(TermTuning.needs, target_types=EVERY),
    about="""First the head, then everything, with each stage's maps held near the start's.

    A channel is held by what the loss would rise without it, to first order, on 64 labelled
    rows. Each step runs the start as well: about a third dearer than fine-tuning.
    """,
    head_first=True,
    weight=0.1,
    options={"weighted": (True, "Whether channels differ.")},
)
term_method(
    "bi-tuning",
    "fine-tune, with rows of a class drawn together by contrast",
    "Zhong et al., 2020, arXiv:2011.06182, Bi-tuning of Pre-trained Representations",
    base=TermTuning,
    about="""Fine-tuning; rows of a class are drawn together, against a queue of earlier rows.

    Each step runs a second, slower encoder for the keys: about a third dearer than fine-tuning.
    """,
    weight=0.3,
)
term_method(
    "co-tuning",
    "fine-tune, and keep teaching the head of the known classes",
    "You et al., 2020, NeurIPS, Co-Tuning for Transfer Learning",
    about="""Fine-tuning in which the head for the known classes is kept and learns along.

    It needs that head: the source-only network's, or the classifier that the backbone came
    with (mobilenet_v2, efficientnet_lite0).
    """,
    base=TermTuning,
)
