"""What is tried in which situation: references always, then candidates, cheapest evidence first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..methods.core.resolve import Methods, Setting, unmet
from .records import NotTried

# Order is priority: where the budget is short, later ones are left out (and said).
UNLABELLED = (
    *("infomax+consistency", "debiasmatch", "consensus", "coral", "mcc", "feature-map"),
    *("mcc+dann", "infomax", "dann"),
)
FEW = (
    "consensus",
    "infomax+consistency",
    "mcc",
    "lp-ft",
    "joint",
    "finetune",
    "coral",
    "layerwise",
    "head-only",
    "feature-map",
)
MODEL = ("shot", "aad", "nrc")
"""Where the source is a model without its data, and the target has no labels."""
LABELLED = ("lp-ft", "finetune", "layerwise", "joint", "head-only", "structure", "mcc", "coral")
ALONE = "self-training"
"""Learns from the target's other rows, where it has few labels and no source has any."""
WITHOUT_LABELS = "pretrain"
"""Learns from rows without labels: what is tried first where nothing else is known."""
TAUGHT = "distil"
"""Learns from a teacher, where one is named."""
FEW_PER_CLASS = 20
# Features that stand still, and a table's columns, where networks that move were worse than the
# probe on 9 of 22 pairs: seconds each, and each on a condition (`selection.conditions`).
FEATURES = ("consensus", "discriminant-em", "label-shift-em", "source-weights")
# Numbers, or several labels at once: what aligns features or learns from labels alone.
NUMBERS_FEW = (
    *("joint", "joint+rsd", "lp-ft", "finetune", "coral", "joint+dann", "layerwise", "head-only"),
)
NUMBERS_LABELLED = ("lp-ft", "finetune", "layerwise", "joint", "head-only", "structure", "coral")
NUMBERS_FEATURES_FEW = ("weighted-joint", "feature-augmentation", "coral", "tradaboost-r2", "kmm")
NUMBERS_UNLABELLED = ("rsd", "coral", "dann")
FEATURES_FEW = (
    *("consensus", "discriminant-em", "weighted-joint", "source-prior", "feature-augmentation"),
    *("coral", "feature-map"),
)

TARGET_ALONE = ("scratch", "boosted-trees")
"""What learns from the target's labels and nothing else: chosen, it is no transfer."""
WHAT = {
    "scratch": "trained on the target's labels alone, from random weights",
    "source-only": "trained on the source, used on the target as it is",
    "probe": "ridge classifier on frozen features",
    "boosted-trees": "gradient-boosted trees on the target's labelled rows",
    "forest": "a random forest on the target's labelled rows",
}
OF_THE_SOURCE = {
    "boosted-trees": "gradient-boosted trees on the source's labelled rows",
    "forest": "a random forest on the source's labelled rows",
}
"""The same where the target has no labels: then these learn from the source's."""


def transfers_nothing(method: str, situation: Setting) -> bool:
    """Say whether a method learns from the target's labels and nothing else."""
    return method in TARGET_ALONE and situation.target != "none"


@dataclass(frozen=True)
class Portfolio:
    """What to try.

    Attributes
    ----------
    references : tuple of str
        Baselines, always fitted.
    candidates : tuple of str
        In order of priority, references left out.
    not_tried : tuple of NotTried
    reference : str or None
        The baseline that the outcome is about.
    """

    references: tuple[str, ...]
    candidates: tuple[str, ...]
    not_tried: tuple[NotTried, ...]
    reference: str | None


def portfolio(
    situation: Setting,
    *,
    labels_per_class: float,
    wanted: Sequence[str] | None = None,
    label_shift: bool = False,
    on_features: bool = False,
    still: bool = False,
    columns: bool = False,
    methods: Methods | None = None,
) -> Portfolio:
    """Return references and candidates for a situation.

    Parameters
    ----------
    situation : Setting
    labels_per_class : float
        Target labels that may be used, per class.
    wanted : sequence of str, optional
        Candidates that the user names instead.
    label_shift : bool
        Whether class shares seem to differ much: no alignment or diversity terms then.
    on_features : bool
        Whether rows are taken as features, so that there is no network to train.
    still : bool
        Whether there is a network that is too dear to move: what moves features would train the
        head alone, and is no candidate.
    columns : bool
        Whether rows are a table's: boosted trees on the target's labels are a baseline then, and
        where it has none a forest on the source's.
    methods : Methods, optional
        Those of the run, made once.
    """
    methods = methods or Methods()
    references, not_tried = [], []
    for name in ("source-only", "probe", "scratch"):
        why = unmet(methods[name].needs, situation)
        if not why and name == "probe" and not (situation.pretrained or situation.taught):
            why = "there are no features to freeze: no source, and no pretrained backbone"
        if why:
            not_tried.append(NotTried(name, why))
        else:
            references.append(name)
    if columns and situation.target != "none":
        references.append("boosted-trees")
    elif columns and not unmet(methods["forest"].needs, situation):
        references.append("forest")
    few = labels_per_class < FEW_PER_CLASS and situation.source == "labelled"
    unseen = situation.source == "labelled" and situation.target == "none"
    if wanted is not None:
        names = tuple(wanted)
    elif not situation.target_type.class_scores and situation.target == "none":
        names = ()
        why = "no score tells whether it helps where there are no target labels; --method names it"
        not_tried += [NotTried(name, why) for name in NUMBERS_UNLABELLED]
    elif not situation.target_type.class_scores:
        names = (NUMBERS_FEATURES_FEW if on_features else NUMBERS_FEW) if few else NUMBERS_LABELLED
    elif unseen and (on_features or still or columns):
        names = FEATURES
    elif on_features and situation.source == "labelled" and labels_per_class < FEW_PER_CLASS:
        names = FEATURES_FEW
    elif situation.source == "model" and situation.target == "none":
        names = MODEL
    elif situation.target == "none":
        names = UNLABELLED
    elif few:
        names = FEW
    else:
        names = LABELLED
    alone = situation.target == "few" and situation.source in ("unlabelled", "none")
    if wanted is None and alone and labels_per_class < FEW_PER_CLASS and names == LABELLED:
        names = (ALONE, *names)
    rest = situation.source == "unlabelled" or situation.target == "few"
    if wanted is None and not on_features and rest and situation.source in ("unlabelled", "none"):
        names = (WITHOUT_LABELS, *names)
    if situation.teacher and wanted is None:
        names = (TAUGHT, *names)
    candidates = []
    for name in names:
        if name in references:
            continue
        why = unmet(methods[name].needs, situation)
        knows = situation.pretrained or situation.taught
        if not why and not knows and name not in (WITHOUT_LABELS, TAUGHT):
            why = "nothing is known yet: no source, and no pretrained backbone"
        if (
            not why
            and label_shift
            and wanted is None
            and methods[name].needs.assumes_no_label_shift
        ):
            why = "class shares seem to differ much, where alignment and diversity terms harm"
        if why:
            not_tried.append(NotTried(name, why))
        else:
            candidates.append(name)
    if on_features and situation.target == "none" and {"probe", "source-only"} <= set(references):
        # The same linear head, but its strength is chosen: a weaker reference would flatter.
        references.remove("source-only")
        why = "on features the probe is the source's model"
        not_tried.append(NotTried("source-only", why))
    reference: str | None
    if situation.target == "none":
        reference = next((name for name in ("source-only", "probe") if name in references), None)
    else:
        reference = "scratch" if "scratch" in references else None
    return Portfolio(tuple(references), tuple(candidates), tuple(not_tried), reference)
