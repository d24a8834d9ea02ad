"""Counting saved predictions for the report's figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landbridge.metrics.estimates import mean_interval
from landbridge.metrics.figures import confusion as count_pairs
from landbridge.metrics.intervals import Interval, wilson_share

from .read import Predictions


@dataclass(frozen=True)
class Share(Interval):
    """A proportion with its 95 % Wilson interval."""

    rows: int = 0


@dataclass(frozen=True)
class Bin:
    """Examples whose confidence lies in one range."""

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: Share | None


def wilson(hits: float, rows: int) -> Share | None:
    """Return hits / rows with its interval; None for no rows.

    Hits are a mean over seeds, so they need not be whole.
    """
    if rows <= 0:
        return None
    found = wilson_share(hits / rows, rows)
    return Share(found.value, found.low, found.high, rows=rows)


def recalls(predictions: Sequence[Predictions], classes: Sequence[str]) -> dict[str, Share]:
    """Return each class's recall, averaged over seeds; the interval counts each example once.

    It goes by groups where rows of one may be alike.
    """
    result = {}
    groups = predictions[0].groups if predictions else None
    for name in classes:
        if predictions and groups is not None:
            of_class = predictions[0].true == name
            if of_class.any():
                right = np.array([one.predicted[of_class] == name for one in predictions], float)
                found = mean_interval(right.mean(0), groups=groups[of_class])
                rows = int(of_class.sum())
                result[name] = Share(found.value, found.low, found.high, rows=rows)
            continue
        hits, rows = 0.0, 0
        for one in predictions:
            of_class = one.true == name
            rows = max(rows, int(of_class.sum()))
            hits += float((one.predicted[of_class] == name).sum())
        share = wilson(hits / max(1, len(predictions)), rows)
        if share:
            result[name] = share
    return result


def confusion(predictions: Sequence[Predictions], classes: Sequence[str]) -> np.ndarray:
    """Return counts (true, predicted), all seeds added up."""
    place = {name: i for i, name in enumerate(classes)}
    counts = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for one in predictions:
        true, predicted = (
            np.array([place.get(name, -1) for name in names], dtype=np.int64)
            for names in (one.true, one.predicted)
        )
        both = (true >= 0) & (predicted >= 0)
        counts += count_pairs(true[both], predicted[both], len(classes))
    return counts


def reliability(predictions: Sequence[Predictions], bins: int = 10) -> list[Bin]:
    """Return bins of equal width with their accuracy; empty where there are no probabilities."""
    sure, right = [], []
    for one in predictions:
        if one.probability is None:
            continue
        labeled = one.has_truth
        sure.append(one.probability[labeled].max(1))
        right.append((one.predicted == one.true)[labeled].astype(float))
    if not sure or not sum(len(part) for part in sure):
        return []
    confidence, correct = np.concatenate(sure), np.concatenate(right)
    if not np.isfinite(confidence).all():
        return []
    where = np.clip((confidence * bins).astype(int), 0, bins - 1)
    seeds = len(sure)
    result = []
    for i in range(bins):
        inside = where == i
        rows = int(inside.sum())
        share = None
        if rows:  # seeds answer the same examples: the interval counts each example once
            share = wilson(
                float(correct[inside].mean()) * max(1, rows / seeds), max(1, round(rows / seeds))
            )
        result.append(
            Bin(
                i / bins,
                (i + 1) / bins,
                rows,
                float(confidence[inside].mean()) if rows else 0.0,
                share,
            )
        )
    return result
