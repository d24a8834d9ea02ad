"""From what is scored, of rows or of counts, to helped, hurt or can't tell: one way for all.

`ByRows` compares scores of single rows, `ByCounts` scores that are made of all rows' counts (F1,
word error rate). Both give intervals and paired differences, in rows or in whole groups of rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypedDict

import numpy as np

from ..base.seeds import numpy_rng
from ..domains.seen import Seen
from ..metrics.estimates import LEVEL, mean_interval, paired_interval, stretched, widened
from ..metrics.intervals import Interval
from ..targets.figures import PrimaryMetric
from ..targets.multiclass import ACCURACY
from .records import MethodScore

_RESAMPLES = 1000
_RESAMPLES_WHOLE = 200
"""Where a score is not a ratio of sums, each resample costs as much as the score."""


def outcome_of(gap: Interval | None, seen: Seen | None = None) -> str:
    """Return "helped", "hurt" or "can't tell" from a 95 % interval of a difference.

    Where every row to judge was learned from as well (`seen`), nothing can be told.
    """
    if gap is None or (seen is not None and seen.kept == "all"):
        return "can't tell"
    if gap.low > 0:
        return "helped"
    return "hurt" if gap.high < 0 else "can't tell"


def over_seeds(each: Sequence[float]) -> Interval | None:
    """Return mean, least and most of the seeds' figures; None of a single one."""
    return Interval(float(np.mean(each)), min(each), max(each)) if len(each) > 1 else None


class _How(TypedDict):
    share: bool
    scale: float
    groups: np.ndarray | None


@dataclass(frozen=True)
class ByRows:
    """Compares scores of rows, (seeds, n): hits, or what the metric counts in.

    Attributes
    ----------
    metric : PrimaryMetric
    scale : float
        The spread of the truth, where answers are numbers: as of `mean_interval`.
    groups : int ndarray, shape (n,), optional
        Rows of one number may be alike, as those of one patient are: intervals go by groups.
    """

    metric: PrimaryMetric = ACCURACY
    scale: float = 0.0
    groups: np.ndarray | None = None

    @property
    def n_groups(self) -> int:
        """How many groups the rows are of, 0 where each row stands for itself."""
        return 0 if self.groups is None else len(np.unique(self.groups))

    def interval(self, scores: np.ndarray) -> Interval:
        """Return the figure that the mean score stands for."""
        return self.metric.interval(mean_interval(scores, **self._how))

    def difference(self, a: np.ndarray, b: np.ndarray, level: float = LEVEL) -> Interval:
        """Return how much better a is than b on the same rows; above 0 is always better.

        Where a is one stored model, it is compared with all of b's seeds.
        """
        return paired_interval(a, b, level=level, **self._how)

    def score(
        self, method: str, role: str, what: str, scores: np.ndarray, *, stored: bool = False
    ) -> MethodScore:
        """Return what a method scores: a mean over seeds and rows.

        `stored`: of the model that is stored, the first seed's, with the spread over seeds beside.
        """
        each = [self.metric.figure(score) for score in scores.mean(1).tolist()]
        own = self.interval(scores[:1] if stored else scores)
        return MethodScore(method, role, what, own, tuple(each), over_seeds(each))

    def compare(
        self,
        scores: Mapping[str, np.ndarray],
        chosen: str,
        what: Mapping[str, str],
        figures: Mapping[str, Mapping[str, float | None] | None] | None = None,
        *,
        stored: bool = True,
    ) -> dict[str, MethodScore]:
        """Return what each method scores, and how much better the chosen one is than the others.

        Parameters
        ----------
        scores : mapping of ndarray (seeds, n)
            Of each method on the same rows.
        chosen : str
        what : mapping of str
            Each method in plain words.
        figures : mapping of mapping, optional
            Further figures of each method.
        stored : bool, default True
            Whether it is about the model that is stored, the first seed's.
        """
        first = scores[chosen][: 1 if stored else None]
        found = {}
        for name, own in scores.items():
            it = name == chosen
            role = "chosen" if it else "baseline"
            found[name] = replace(
                self.score(name, role, what.get(name, name), own, stored=stored and it),
                figures=(figures or {}).get(name),
                difference=None if it else self.difference(first, own),
            )
        return found

    @property
    def _how(self) -> _How:
        return {"share": self.metric.percent, "scale": self.scale, "groups": self.groups}


class Counted(Protocol):
    """A score of all rows' counts."""

    @property
    def higher(self) -> bool:
        """Whether more is better."""

    @property
    def non_additive(self) -> bool:
        """Whether counts cannot be summed."""

    def of(self, counts: Any, rows: Any = None) -> float:
        """Return the score of rows, all by default."""


class ByCounts:
    """Compares scores of all rows together, by resamples that are the same for every method.

    Parameters
    ----------
    metric : Counted
    counts : mapping of sequence
        Of each method, one entry a row.
    seed : int
        Of the resamples.
    groups : int ndarray, shape (n,), optional
        As of `ByRows`.
    """

    def __init__(
        self,
        metric: Counted,
        counts: Mapping[str, Sequence[Any]],
        *,
        seed: int = 0,
        groups: np.ndarray | None = None,
    ) -> None:
        self.metric, self.counts, self.groups = metric, counts, groups
        self.n_groups = 0 if groups is None else len(np.unique(groups))
        n = len(next(iter(counts.values())))
        self._sure = self.n_groups or n
        rng = numpy_rng("structured verdict", seed)
        resamples = _RESAMPLES_WHOLE if metric.non_additive else _RESAMPLES
        ways = [[rng.integers(0, n, n) for _ in range(resamples)]]
        if groups is not None:
            ways.append(_group_resamples(groups, resamples, rng))
        self._drawn = {
            name: np.array([[metric.of(own, rows) for rows in draws] for draws in ways])
            for name, own in counts.items()
        }

    def interval(self, method: str) -> Interval:
        """Return the score of a method."""
        higher, value = self.metric.higher, self.metric.of(self.counts[method])
        low, high = self._bounds(value, self._drawn[method])
        if self.groups is not None:
            low, high = max(low, 0.0), min(high, 1.0) if higher else high
        if higher or value <= 1:  # error rates may pass 1
            return widened(value, low, high, self._sure)
        return Interval(value, low, high)

    def difference(self, a: str, b: str) -> Interval:
        """Return how much better a is than b on the same rows; above 0 is always better."""
        sign = 1.0 if self.metric.higher else -1.0
        value = sign * (self.metric.of(self.counts[a]) - self.metric.of(self.counts[b]))
        low, high = self._bounds(value, sign * (self._drawn[a] - self._drawn[b]))
        return widened(value, low, high, self._sure, share=False)

    def _bounds(self, value: float, drawn: np.ndarray) -> tuple[float, float]:
        """Return the 95 % interval of a score from resamples of rows, and of groups where drawn.

        Few groups differ less in a resample than among all that there are, and nobody knows well by
        how much: the interval is stretched as far as Student's quantile is beyond the normal one,
        and is never narrower than that of single rows.
        """
        low, high = np.percentile(drawn[0], [2.5, 97.5]).tolist()
        for groups in drawn[1:]:
            least, most = np.percentile(groups, [2.5, 97.5]).tolist()
            wider = stretched(self._sure)
            low = min(low, value - wider * (value - least))
            high = max(high, value + wider * (most - value))
        return low, high


def _group_resamples(
    groups: np.ndarray, resamples: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return the rows of as many groups as there are, drawn with replacement."""
    place = np.unique(groups, return_inverse=True)[1]
    rows = [np.flatnonzero(place == g) for g in range(int(place.max()) + 1)]
    draws = rng.integers(0, len(rows), (resamples, len(rows))).tolist()
    return [np.concatenate([rows[g] for g in some]) for some in draws]
