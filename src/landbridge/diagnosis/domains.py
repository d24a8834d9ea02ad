"""From two domains to a diagnosis: sealed labels stay sealed, features come through the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..backbones.base import LoadedBackbone
from ..backbones.open import choose, open_backbone
from ..backbones.store import FeatureStore
from ..base.events import Events
from ..base.places import cache_folder
from ..domains.compare import compare_classes
from ..domains.domain import Domain, Examples
from ..domains.hint import input_hint
from ..domains.modalities.table import TableExamples
from ..domains.sealing import seal
from ..domains.task import check_task
from .diagnose import Diagnosis, diagnose


@dataclass(frozen=True)
class Compared:
    """Two domains, what they were looked at with, and what was found.

    Attributes
    ----------
    source, target : Domain
        As methods may see them: nothing held out, nothing sealed.
    backbone : str
        Name of the backbone.
    reason : str
        Why this one, where it was chosen here.
    match : str
        How the classes of both relate, in a sentence; "" where a side shows none.
    diagnosis : Diagnosis
    """

    source: Domain
    target: Domain
    backbone: str
    reason: str
    match: str
    diagnosis: Diagnosis


def compare_domains(
    source: Domain,
    target: Domain,
    *,
    backbone: str = "auto",
    target_labels: str = "use",
    test_size: float = 0.3,
    seed: int = 0,
    offline: bool = False,
    events: Events | None = None,
) -> Compared:
    """Diagnose two domains by their frozen features, or a table's columns.

    Parameters
    ----------
    source, target : Domain
        As `landbridge.domains.read.read_domain` gives them.
    backbone : str, default "auto"
        Or "auto": one that was pretrained where there is one, else the inputs themselves.
    target_labels : {"use", "judge"}
        As for a transfer: "judge" keeps all target labels for the verdict.
    test_size : float
        Part of the target's labels that "use" keeps for the verdict without a split.
    seed : int, default 0
    offline : bool
    events : Events, optional

    Raises
    ------
    DataError
        Where the two cannot be compared.
    BackboneError
        Where the backbone is unknown or does not take these examples.
    """
    events = events or Events()
    if target.sealed is None:
        target = seal(target, target_labels, test_size, seed)  # type: ignore[arg-type]
    check_task(source, target)
    ours, theirs = source.for_training(), target.for_training()
    domains = [ours, theirs]
    hint = input_hint(domains)
    reason = ""
    if backbone == "auto":
        name, reason = choose(hint)
        if name in UNTRAINED:
            # A network from random weights would only blur what the inputs say.
            name, reason = "identity", _identity_reason(ours.modality)
        backbone = name
        events.log("choice", reason, backbone=backbone)
    opened = open_backbone(
        backbone, hint, [d.examples for d in domains], seed=seed, offline=offline, events=events
    )
    if not opened.identity.pretrained and opened.identity.provider != "identity":
        events.log(
            "warning",
            f"{backbone} starts from random weights and knows nothing yet: these features are "
            "mixtures of the inputs",
        )
    features = [_features(opened, d.examples, events) for d in domains]
    match = compare_classes(source, target)
    found = diagnose(
        features[0],
        _class_names(ours),
        features[1],
        _class_names(theirs),
        source_labeled=ours.labeled_mask if ours.target_type.exclusive else None,
        target_labeled=theirs.labeled_mask if theirs.target_type.exclusive else None,
        source_columns=_columns(ours.examples),
        target_columns=_columns(theirs.examples),
        seed=seed,
        events=events,
    )
    return Compared(
        source=ours,
        target=theirs,
        backbone=opened.identity.name,
        reason=reason,
        match="" if match.kind == "unknown" else match.sentence(),
        diagnosis=found,
    )


def _class_names(domain: Domain) -> np.ndarray | None:
    """Return the class of each row; None where answers are no classes: inputs are compared then."""
    if not domain.classes or not domain.target_type.exclusive:
        return None
    return np.array(domain.classes, object)[domain.labels]


UNTRAINED = ("mlp", "convnet")
"""What "auto" means for training, and what knows nothing before it."""


def _identity_reason(modality: str) -> str:
    if modality == "tabular":
        return "identity: the columns themselves, put on one scale"
    return "identity: the pixels themselves, since no pretrained network for such images is here"


def _features(opened: LoadedBackbone, examples: Examples, events: Events) -> np.ndarray:
    prepared = opened.preprocessing.prepare(examples, cache=cache_folder(), events=events)
    if next(opened.module.parameters(), None) is None:  # nothing is computed: nothing to store
        from ..backbones.extraction import extract

        return np.concatenate(list(extract(opened, prepared, batch=256)))
    return FeatureStore().features(opened, prepared, examples.fingerprint(), events=events)


def _columns(examples: Examples) -> Mapping[str, np.ndarray] | None:
    return examples.columns if isinstance(examples, TableExamples) else None
