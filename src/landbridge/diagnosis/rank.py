"""Which backbone knows most of what a target needs: probes on frozen features, and their cost."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from ..backbones.open import open_backbone
from ..backbones.store import FeatureStore
from ..base.errors import BackboneError, DataError, MissingExtra
from ..base.events import SILENT, Events
from ..base.formatting import counted
from ..base.places import cache_folder
from ..base.seeds import numpy_rng
from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.hint import input_hint
from ..methods.core.base import METHODS, Features
from ..metrics.estimates import mean_interval
from ..solvers.folds import stratified_folds
from ..solvers.nearest.neighbours import nearest, vote
from .logme import logme, one_hot

NEIGHBOURS, FOLDS, LEAST = 5, 5, 4
TIMED = 64
"""Rows on which the cost of an example is measured."""


@dataclass(frozen=True)
class Ranked:
    """What was found of one backbone.

    Attributes
    ----------
    name : str
    dim : int
        Features.
    probe, probe_low, probe_high : float
        Accuracy of the ridge probe on rows of other folds, and its 95 % interval.
    neighbours, neighbours_low, neighbours_high : float
        The same of five nearest neighbours by cosine, each row left out.
    probe_error, neighbours_error : float
        Standard errors.
    logme : float
        See `landbridge.diagnosis.logme`.
    ms : float
        Milliseconds of computing features, an example, decoded already.
    ties : bool
        Whether the best probe is no more than one standard error of the paired difference ahead.
    """

    name: str
    dim: int
    probe: float
    probe_error: float
    neighbours: float
    neighbours_error: float
    logme: float
    ms: float
    probe_low: float = float("nan")
    probe_high: float = float("nan")
    neighbours_low: float = float("nan")
    neighbours_high: float = float("nan")
    ties: bool = False

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return asdict(self)


def rank_backbones(
    target: Domain,
    backbones: Sequence[str],
    *,
    seed: int = 0,
    offline: bool = False,
    events: Events = SILENT,
) -> tuple[list[Ranked], dict[str, str]]:
    """Compare backbones by what simple classifiers make of their frozen features.

    Parameters
    ----------
    target : Domain
        Its known labels are used; what is held out or sealed is not.
    backbones : sequence of str
        Names as for ``--backbone``.
    seed : int, default 0
        Of folds, and of backbones that start at random.
    offline : bool
        Forbid every download.
    events : Events

    Returns
    -------
    ranked : list of Ranked
        The best probe first, equal ones by their names.
    failed : dict of str to str
        Backbones that could not be opened, and why.

    Raises
    ------
    DataError
        Where the labels are no classes, or too few.
    """
    usable = target.for_training()
    rows = np.flatnonzero(usable.labeled_mask)
    if not target.target_type.exclusive:
        raise DataError(
            f"each label of {target.name!r} is {target.target_type.summary}, and a ranking counts "
            "right answers",
            hint="give labels that are classes (--target-type multiclass)",
        )
    counts = np.bincount(usable.labels[rows], minlength=1)
    if (counts >= LEAST).sum() < 2:
        raise DataError(
            f"{target.name!r} has {usable.select(rows).counts()} usable labels; a ranking needs "
            f"{LEAST} of each of two classes at least",
            hint="label more rows",
        )
    labelled = _of_large_classes(usable, rows, counts, events)
    labels = labelled.labels
    least = int(np.bincount(labels).min())
    folds = stratified_folds(labels, min(FOLDS, least), numpy_rng("rank", seed))
    found: list[tuple[Ranked, np.ndarray]] = []
    failed: dict[str, BackboneError | MissingExtra] = {}
    for name in dict.fromkeys(backbones):
        try:
            found.append(_look(name, labelled, folds, seed, offline, events))
        except (BackboneError, MissingExtra) as error:
            failed[name] = error
            events.log("warning", f"{name} is left out: {error.message}")
    if not found:
        raise BackboneError(
            "no backbone could be opened: " + "; ".join(e.message for e in failed.values()),
            hint="; ".join(dict.fromkeys(e.hint for e in failed.values())),
        )
    found.sort(key=lambda pair: (-pair[0].probe, pair[0].name))
    best = found[0][1]
    out = []
    for i, (ranked, hits) in enumerate(found):
        gap = best.astype(float) - hits
        within = gap.std(ddof=1) / np.sqrt(len(gap))
        out.append(Ranked(**{**ranked.to_dict(), "ties": i > 0 and bool(gap.mean() <= within)}))
    return out, {name: error.message for name, error in failed.items()}


def _of_large_classes(
    usable: Domain, rows: np.ndarray, counts: np.ndarray, events: Events
) -> Domain:
    """Return the labelled rows of classes that can be spread over folds; say what is left out."""
    rare = np.flatnonzero((counts > 0) & (counts < LEAST))
    if len(rare):
        which = ", ".join(repr(usable.classes[i]) for i in rare[:5])
        events.log(
            "note",
            f"{counted(int(counts[rare].sum()), 'row')} left out, of classes with fewer than "
            f"{LEAST} labels: {which}" + (f" and {len(rare) - 5:,} more" * (len(rare) > 5)),
        )
    large = np.flatnonzero(counts >= LEAST)
    kept = usable.select(rows[counts[usable.labels[rows]] >= LEAST])
    labels = np.searchsorted(large, kept.labels)
    return replace(kept, labels=labels, classes=tuple(usable.classes[i] for i in large))


def _look(
    name: str, domain: Domain, folds: np.ndarray, seed: int, offline: bool, events: Events
) -> tuple[Ranked, np.ndarray]:
    opened = open_backbone(
        name, input_hint([domain]), [domain.examples], seed=seed, offline=offline, events=events
    )
    prepared = opened.preprocessing.prepare(domain.examples, cache=cache_folder(), events=events)
    ms = _cost(opened, prepared)
    store = FeatureStore()
    x = np.array(
        store.features(opened, prepared, domain.examples.fingerprint(), events=events), np.float32
    )
    labels, n_classes = domain.labels, len(domain.classes)
    hits = np.zeros(len(labels), bool)
    probe = METHODS.get("probe")()
    for fold in np.unique(folds):
        inside = folds != fold
        part = Features(x[inside], labels[inside], np.ones(int(inside.sum()), bool))
        head = probe.fit_head(None, part, n_classes, seed)
        hits[~inside] = head.logits(x[~inside]).argmax(1) == labels[~inside]
    k = min(NEIGHBOURS, len(x) - 1)
    near = nearest(x, x, k, metric="cosine", leave_out=True)
    near_hits = vote(near, labels, n_classes).argmax(1) == labels
    scaled = (x - x.mean(0)) / np.maximum(x.std(0), 1e-6)
    n = len(labels)
    sure, near_sure = mean_interval(hits), mean_interval(near_hits)
    ranked = Ranked(
        name=opened.identity.name,
        dim=x.shape[1],
        probe=float(hits.mean()),
        probe_error=float(hits.std(ddof=1) / np.sqrt(n)),
        neighbours=float(near_hits.mean()),
        neighbours_error=float(near_hits.std(ddof=1) / np.sqrt(n)),
        logme=logme(scaled, one_hot(labels, n_classes), intercept=True),
        ms=ms,
        probe_low=sure.low,
        probe_high=sure.high,
        neighbours_low=near_sure.low,
        neighbours_high=near_sure.high,
    )
    return ranked, hits


def _cost(opened: Any, prepared: np.ndarray) -> float:
    """Return milliseconds an example, of the second of two passes over some rows."""
    from ..backbones.extraction import extract, forward_batch

    some = np.array(prepared[:TIMED])
    batch = forward_batch(opened.module, opened.preprocessing)
    took = 0.0
    for _ in range(2):
        clock = time.perf_counter()
        for _block in extract(opened, some, batch=batch):
            pass
        took = time.perf_counter() - clock
    return 1000 * took / len(some)
