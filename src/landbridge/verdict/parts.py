"""Figures of a model of several modalities by which of them are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..targets.base import target_type
from .judge import difference, figure


@dataclass(frozen=True)
class Masked:
    """Answers where some parts were taken away.

    Attributes
    ----------
    kept : tuple of str
        The parts that were left.
    rows : int ndarray (k,)
        Which rows were answered: those that have all of `kept`.
    values : float ndarray (seeds, k, outputs)
        Probabilities, or numbers in the label's units.
    """

    kept: tuple[str, ...]
    rows: np.ndarray
    values: np.ndarray


def parts_figures(
    names: tuple[str, ...],
    answered: Sequence[Masked],
    truth: np.ndarray,
    has: np.ndarray,
    *,
    answers: str = "classes",
) -> dict[str, Any]:
    """Return the stored model's score for each set of parts, and what each part adds.

    Parameters
    ----------
    names : tuple of str
        All parts.
    answered : sequence of Masked
    truth : ndarray (n, ...)
        As `judge.Truth.index`.
    has : bool ndarray (n, parts)
        Which parts the rows themselves have.
    answers : {"classes", "numbers", "several"}

    Returns
    -------
    dict
        ``sets``: mean and interval over the rows that have these parts, the others taken away;
        ``adds``: all parts less all but one, paired, on the rows that have all.
    """
    metric = target_type(answers).metric
    scores = {one.kept: (one.rows, metric.score(one.values, truth[one.rows])) for one in answered}
    sets = []
    for kept, (rows, own) in scores.items():
        found = figure("", "", "", own, metric, stored=True)
        sets.append(
            {
                "parts": list(kept),
                "rows": len(rows),
                **{key: found[key] for key in ("mean", "low", "high", "per_seed")},
            }
        )
    adds = []
    whole = scores.get(names)
    for name in names:
        rest = scores.get(tuple(other for other in names if other != name))
        if whole is None or rest is None:
            continue
        shared = np.isin(rest[0], whole[0])
        gap = difference(whole[1][:1], rest[1][:1, shared], metric)
        adds.append({"part": name, **gap})
    return {
        "parts": list(names),
        "metric": metric.name,
        "rows": len(truth),
        "present": {name: int(has[:, i].sum()) for i, name in enumerate(names)},
        "sets": sets,
        "adds": adds,
    }
