"""How often a query finds what belongs to it, beside what chance would find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.typed import JsonObject
from ..metrics.intervals import Interval
from ..verdict.comparison import ByRows

DEPTHS = (1, 5, 10)


@dataclass(frozen=True)
class Recall:
    """How often one modality finds what belongs to it in another.

    Attributes
    ----------
    query, answer : str
        The modalities.
    depth : int
        Among how many of the first answers.
    found : Interval
    chance : float
        What as many answers drawn at random would find.
    gain : Interval
        How much more than that.
    n : int
        Queries.
    judged_groups : int
        Groups whose rows may be alike, 0 where each row stands for itself.
    """

    query: str
    answer: str
    depth: int
    found: Interval
    chance: float
    gain: Interval
    n: int
    judged_groups: int = 0

    def to_json(self) -> JsonObject:
        """Return it as ``space.json`` holds it."""
        return {
            "query": self.query,
            "answer": self.answer,
            "depth": self.depth,
            **self.found.to_json("mean"),
            "chance": self.chance,
            "gain": self.gain.to_json(),
            "n": self.n,
            **({"judged_groups": self.judged_groups} if self.judged_groups else {}),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Recall:
        """Return what `to_json` gave."""
        return cls(
            **{name: found[name] for name in ("query", "answer", "depth", "chance", "n")},
            found=Interval.from_json(found, "mean"),
            gain=Interval.from_json(found["gain"]),
            judged_groups=found.get("judged_groups", 0),
        )


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
    first: np.ndarray,
    second: np.ndarray,
    same: np.ndarray,
    names: Sequence[str],
    groups: np.ndarray | None = None,
) -> list[Recall]:
    """Return recall at 1, 5 and 10 in both directions, with intervals over queries.

    Parameters
    ----------
    first, second : float ndarray (n, d)
        Rows of length one, in pairs.
    same : bool ndarray (n, n)
        Which second belongs to which first.
    names : sequence of str
        Of the two modalities.
    groups : int ndarray (n,), optional
        Rows of one number may be alike: intervals go by groups.
    """
    found = []
    by = ByRows(groups=groups)
    for query, answer, scores, belongs in (
        (names[0], names[1], first @ second.T, same),
        (names[1], names[0], second @ first.T, same.T),
    ):
        for depth in DEPTHS:
            if depth >= len(scores):
                continue
            right, chance = hits(scores, belongs, depth), by_chance(belongs, depth)
            found.append(
                Recall(
                    query,
                    answer,
                    depth,
                    found=by.interval(right),
                    chance=float(chance.mean()),
                    gain=by.difference(right, chance),
                    n=len(right),
                    judged_groups=by.n_groups,
                )
            )
    return found
