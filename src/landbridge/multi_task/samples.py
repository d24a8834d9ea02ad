"""Judged rows beside all answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..domains.domain import Domain
from ..insight.samples import Sample, first_values, sample, wrong_and_right
from .read import OneTask


def shown_samples(
    tasks: Sequence[OneTask],
    domain: Domain,
    rows: np.ndarray,
    truth: np.ndarray,
    predictions: Sequence[Sequence[Any]],
) -> list[Sample]:
    """Return judged rows with all answers of the first seed's network."""
    names, shown = domain.examples.names(), []
    losses = np.stack([_loss(t, truth[:, i], predictions[i]) for i, t in enumerate(tasks)], 1)
    for i in wrong_and_right(-np.nan_to_num(losses).sum(1)):
        row = int(rows[i])
        said = [
            (task.name, f"{_plain(predictions[k][i])} (true {_true(task, truth[i, k])})")
            for k, task in enumerate(tasks)
        ]
        shown.append(
            sample(
                names[row],
                pictures=[(picture, "") for picture in domain.examples.pictures(row)],
                lines=[*first_values(domain.examples.values(row)), *said],
            )
        )
    return shown


def _loss(task: OneTask, truth: np.ndarray, predictions: Sequence[Any]) -> np.ndarray:
    """Return how wrong each answer is: 1 for a wrong class, spreads for numbers."""
    if not task.target_type.named:
        return np.abs((np.array(predictions, float) - task.mean) / task.std - truth)
    place = {name: i for i, name in enumerate(task.classes)}
    wrong = np.array([place[a] for a in predictions]) != truth
    return np.where(np.isnan(truth), np.nan, wrong)


def _true(task: OneTask, value: float) -> str:
    if np.isnan(value):
        return "unknown"
    if not task.target_type.named:
        return _plain(value * task.std + task.mean)
    return task.classes[int(value)] if value >= 0 else "a class that was not learned"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
