"""Labels that are likely wrong: rows that a model of the other rows answers otherwise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..backbones.open import open_backbone
from ..backbones.store import FeatureStore
from ..base.formatting import percent
from ..base.places import cache_folder
from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.hint import input_hint
from ..methods.heads.out_of_fold import FOLDS, out_of_fold_probabilities
from ..solvers.label_noise.confident_learning import LabelErrors, confident_learning
from .base import CHECKS, DataCheck, Problem, Sides

HEADS = ("data", "place", "row", "label", "suggested", "p_label", "p_suggested", "margin")
"""Columns of the file: "place" is where the row was in the input."""


@CHECKS.register("label-errors")
class LabelErrorCheck(DataCheck):
    """Confident learning on frozen features; nothing is changed."""

    summary = "labels that are likely wrong, by the frozen features of other rows"
    default = False

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Look at each side by itself: what labels mean may differ between them."""
        for domain in sides.both:
            yield from self._within(domain, sides)

    def _within(self, domain: Domain, sides: Sides) -> Iterator[Problem]:
        if not domain.target_type.exclusive:
            yield self.problem(
                "note",
                f"{domain.name}: each label is {domain.target_type.summary}, and errors are looked "
                "for among classes alone",
            )
            return
        rows, classes = rows_of_large_classes(domain)
        rare = int(domain.labeled_mask.sum()) - len(rows)
        if len(classes) < 2:
            yield self.problem(
                "note",
                f"{domain.name}: fewer than two classes have {FOLDS} labelled rows, so nothing "
                "can speak against a label",
            )
            return
        if rare:
            yield self.problem(
                "note",
                f"{domain.name}: {rare:,} labels could not be looked at: their classes have fewer "
                f"than {FOLDS} rows",
            )
        labels = np.searchsorted(classes, domain.labels[rows])
        x = frozen_features(domain.select(rows), sides)
        p = out_of_fold_probabilities(x, labels, len(classes), sides.seed)
        found = confident_learning(p, labels)
        if not len(found.rows):
            return
        records = tuple(records_of(domain, rows, classes, labels, p, found))
        right = float((p.argmax(1) == labels).mean())
        problem = self.problem(
            "warning",
            f"{domain.name}: {len(records):,} of {len(rows):,} labels are likely wrong (a model of "
            f"the other rows agrees with {percent(right, 0)} of all labels)",
            [
                f"{one['row']}: {one['label']}, rather {one['suggested']} "
                f"({percent(one['p_suggested'], 0)})"
                for one in records
            ],
            "look at them, the likeliest first: rare and hard rows are among them; "
            "--out FILE.csv writes all",
        )
        yield Problem(**{**problem.__dict__, "records": records})


def rows_of_large_classes(domain: Domain) -> tuple[np.ndarray, np.ndarray]:
    """Return labelled rows of classes that every fold can hold, and these classes."""
    rows = np.flatnonzero(domain.labeled_mask)
    counts = np.bincount(domain.labels[rows], minlength=len(domain.classes))
    return rows[counts[domain.labels[rows]] >= FOLDS], np.flatnonzero(counts >= FOLDS)


def frozen_features(domain: Domain, sides: Sides) -> np.ndarray:
    """Return the features of all rows, from the cache where they are there."""
    opened = open_backbone(
        sides.backbone,
        input_hint([domain]),
        [domain.examples],
        seed=sides.seed,
        offline=sides.offline,
        events=sides.events,
    )
    cache, events = cache_folder(), sides.events
    prepared = opened.preprocessing.prepare(domain.examples, cache=cache, events=events)
    found = FeatureStore().features(opened, prepared, domain.examples.fingerprint(), events=events)
    return np.array(found, np.float32)


def records_of(
    domain: Domain,
    rows: np.ndarray,
    classes: np.ndarray,
    labels: np.ndarray,
    p: np.ndarray,
    found: LabelErrors,
) -> Iterator[JsonObject]:
    """Yield what there is to say of each suspect, the likeliest first."""
    names = domain.examples.names()
    for i in found.rows.tolist():
        other = int(found.suggested[i])
        yield {
            "data": domain.name,
            "place": int(domain.input_rows.places[rows[i]]),
            "row": names[rows[i]],
            "label": domain.classes[classes[labels[i]]],
            "suggested": domain.classes[classes[other]],
            "p_label": float(p[i, labels[i]]),
            "p_suggested": float(p[i, other]),
            "margin": float(found.margin[i]),
        }
