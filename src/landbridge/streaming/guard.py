"""The guard: the source model answers where the adapted one does not seem to be as good."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

MARGIN = 1.0
"""Points of accuracy, averaged over a stream: how much worse than its source model a guarded
stream may be. `benchmarks/stream.py` measures it."""

WINDOW = 128
RESET_AFTER = 4

DIVERSE, INFORMED = 0.9, 0.5
"""Least diversity and information, as shares of ln K."""
LESS_DIVERSE, LESS_INFORMED = 0.3, 0.05
"""How far they may lie under the source model's, in nats."""


@dataclass(frozen=True)
class Decision:
    """What to answer for one batch.

    Attributes
    ----------
    answers : ndarray (n, K)
    fallbacks : int
        Rows that the source model answered.
    reset : bool
        Whether the adapted model should start again.
    """

    answers: np.ndarray
    fallbacks: int
    reset: bool


@dataclass(frozen=True)
class Evidence:
    """What a window of answers says, in nats.

    Attributes
    ----------
    diversity : float
        Entropy of the mean answer.
    information : float
        Diversity less the mean entropy of the answers: what an answer tells about its row.
    """

    diversity: float
    information: float

    @classmethod
    def of(cls, answers: np.ndarray) -> Evidence:
        """Return the evidence of probabilities (n, K)."""
        diversity = float(_entropy(answers.mean(0)))
        return cls(diversity, diversity - float(_entropy(answers).mean()))


class Guard:
    """Looks at the last answers of both models, never at a label, and picks who answers.

    The adapted model answers a batch where, over the last 128 rows (4·K where that is more),
    this batch among them,

    - all its answers are finite,
    - its diversity is at most 0.3 nats under the source model's,
    - its diversity is at least 0.9·ln K: the classes come in turn. In a stream that is ordered
      by class, statistics and entropies of the stream mislead, and nothing without labels
      tells that from a source model that has collapsed; so there it does not answer,
    - its information is at most 0.05 nats under the source model's and at least 0.5·ln K. A
      single class that has been normalised to look like all of them is diverse, but not sure.

    The window must be full, and all this must have held for more than half a window of rows in
    a row; until then the source model answers. After four windows of fallbacks in a row, or an
    answer that is not finite, the adapted model starts again.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget what was seen."""
        self.source: np.ndarray | None = None
        self.adapted: np.ndarray | None = None
        self.passed = 0
        self.failed = 0

    def decide(self, source: np.ndarray, adapted: np.ndarray) -> Decision:
        """Decide about one batch.

        Parameters
        ----------
        source, adapted : float64 ndarray (n, K)
            Probabilities from both models for the same rows.
        """
        if not np.isfinite(adapted).all():
            self.reset()
            return Decision(source, len(source), reset=True)
        size = max(WINDOW, 4 * source.shape[1])
        self.source = _latest(self.source, source, size)
        self.adapted = _latest(self.adapted, adapted, size)
        good = len(self.source) == size and self._as_good(source.shape[1])
        self.passed = self.passed + len(source) if good else 0
        if 2 * self.passed > size:
            self.failed = 0
            return Decision(adapted, 0, reset=False)
        self.failed += len(source)
        reset = self.failed >= RESET_AFTER * size
        if reset:
            self.reset()
        return Decision(source, len(source), reset)

    def _as_good(self, n_classes: int) -> bool:
        assert self.source is not None
        assert self.adapted is not None
        most = math.log(n_classes)
        theirs, ours = Evidence.of(self.source), Evidence.of(self.adapted)
        return ours.diversity >= max(
            theirs.diversity - LESS_DIVERSE, DIVERSE * most
        ) and ours.information >= max(theirs.information - LESS_INFORMED, INFORMED * most)

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of everything that later decisions depend on."""
        found = {"rows": np.array([self.passed, self.failed])}
        if self.source is not None and self.adapted is not None:
            found |= {"source": self.source.copy(), "adapted": self.adapted.copy()}
        return found

    def load(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Undo `state`."""
        self.passed, self.failed = (int(n) for n in arrays["rows"])
        self.source, self.adapted = arrays.get("source"), arrays.get("adapted")


def _latest(before: np.ndarray | None, now: np.ndarray, size: int) -> np.ndarray:
    return (now if before is None else np.concatenate([before, now]))[-size:]


def _entropy(p: np.ndarray) -> np.ndarray:
    """Return the entropy along the last axis, in nats."""
    return np.asarray(-np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1))
