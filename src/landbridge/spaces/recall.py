"""How often a query finds what belongs to it, beside what chance would find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..metrics.estimates import mean_interval, paired_interval

DEPTHS = (1, 5, 10)


def hits(scores: np.ndarray, belongs: np.ndarray, depth: int) -> np.ndarray:
    """Return whether each query has something that belongs to it among its first answers.

    Parameters
    ----------
    scores : float ndarray (queries, answers)
        The higher, the nearer; among equals the earlier answer is first.
    belongs : bool ndarray (queries, answers)
    depth : int

    Returns
    -------
    bool ndarray (queries,)
    """
    first = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    return np.asarray(np.take_along_axis(belongs, first, axis=1).any(1))


def by_chance(belongs: np.ndarray, depth: int) -> np.ndarray:
    """Return how likely each query is to be answered by `depth` answers drawn at random.

    1 − C(n − m, k) / C(n, k), where m of the n answers belong to it.
    """
    n = belongs.shape[1]
    m = belongs.sum(1).astype(float)
    miss = np.ones(len(belongs))
    for i in range(min(depth, n)):
        miss *= np.clip(n - m - i, 0, None) / (n - i)
    return 1 - miss


def recalls(
    first: np.ndarray, second: np.ndarray, same: np.ndarray, names: Sequence[str]
) -> list[dict[str, Any]]:
    """Return recall at 1, 5 and 10 in both directions, with intervals over queries.

    Parameters
    ----------
    first, second : float ndarray (n, d)
        Rows of length one, in pairs.
    same : bool ndarray (n, n)
        Which second belongs to which first.
    names : sequence of str
        Of the two modalities.

    Returns
    -------
    list of dict
        "query", "answer", "depth", "mean", "low", "high" (95 %), "chance", "n".
    """
    found = []
    for query, answer, scores, belongs in (
        (names[0], names[1], first @ second.T, same),
        (names[1], names[0], second @ first.T, same.T),
    ):
        for depth in DEPTHS:
            if depth >= len(scores):
                continue
            right, chance = hits(scores, belongs, depth), by_chance(belongs, depth)
            whole = mean_interval(right)
            gain = paired_interval(right, chance)
            found.append(
                {
                    "query": query,
                    "answer": answer,
                    "depth": depth,
                    "mean": whole.value,
                    "low": whole.low,
                    "high": whole.high,
                    "chance": float(chance.mean()),
                    "gain": {"value": gain.value, "low": gain.low, "high": gain.high},
                    "n": len(right),
                }
            )
    return found
