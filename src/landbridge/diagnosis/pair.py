"""Two domains side by side, as all checks look at them: sampled, on one scale, computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import DataError
from ..base.seeds import numpy_rng
from ..solvers.two_sample.domain_classifier import DomainClassifier, domain_classifier
from ..solvers.two_sample.moment_shift import principal

if TYPE_CHECKING:
    from .source_predictions import SourcePredictions

MOST_ROWS = 2000
"""Rows a domain that checks look at."""
MOST_ROWS_WIDE = 600
"""The same, with more than `WIDE` features."""
WIDE = 1500
MOST_AXES = 64
FAR = 5.0
"""Deviations beyond which a value is cut off."""


@dataclass(frozen=True)
class DomainPair:
    """Features of a source and a target, with the labels that may be used.

    Make one with `DomainPair.build`, which checks it.

    Attributes
    ----------
    source, target : ndarray, shapes (n, d) and (m, d)
    source_labels, target_labels : int64 ndarray, shapes (n,) and (m,)
        Index of the class; −1 where the label is not known.
    classes : tuple of str
    source_columns, target_columns : mapping of str to ndarray, or None
        The raw columns of tables, see `landbridge.domains.modalities.table.TableExamples`.
    seed : int
    """

    source: np.ndarray
    target: np.ndarray
    source_labels: np.ndarray
    target_labels: np.ndarray
    classes: tuple[str, ...]
    source_columns: Mapping[str, np.ndarray] | None = None
    target_columns: Mapping[str, np.ndarray] | None = None
    seed: int = 0
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def build(
        cls,
        source: np.ndarray,
        source_labels: Sequence[Any] | np.ndarray | None,
        target: np.ndarray,
        target_labels: Sequence[Any] | np.ndarray | None = None,
        *,
        source_labeled: np.ndarray | None = None,
        target_labeled: np.ndarray | None = None,
        source_columns: Mapping[str, np.ndarray] | None = None,
        target_columns: Mapping[str, np.ndarray] | None = None,
        seed: int = 0,
    ) -> DomainPair:
        """Check two domains and put them together.

        Parameters
        ----------
        source, target : array, shapes (n, d) and (m, d)
            Features, finite. Not changed.
        source_labels, target_labels : array-like, shapes (n,) and (m,), optional
            Any values, strings included.
        source_labeled, target_labeled : bool array, optional
            Which of the labels may be used; all where not given.
        source_columns, target_columns : mapping, optional
            Raw columns of tables: numbers with NaN, or words with None.
        seed : int, default 0

        Raises
        ------
        DataError
            Where a domain has fewer than two rows, the features differ in number or are not
            finite, or labels do not fit their rows.
        """
        xs, xt = _features(source, "source"), _features(target, "target")
        if xs.shape[1] != xt.shape[1]:
            raise DataError(
                f"the source has {xs.shape[1]} features and the target {xt.shape[1]}",
                hint="give both the same features",
            )
        ys, labeled_s = _labels(source_labels, source_labeled, len(xs), "source")
        yt, labeled_t = _labels(target_labels, target_labeled, len(xt), "target")
        names = sorted({*ys[labeled_s], *yt[labeled_t]}, key=_by_value)
        place = {name: i for i, name in enumerate(names)}

        def indexed(labels: np.ndarray, labeled: np.ndarray) -> np.ndarray:
            return np.array(
                [place[y] if k else -1 for y, k in zip(labels, labeled, strict=True)], np.int64
            )

        notes = []
        most = MOST_ROWS if xs.shape[1] <= WIDE else MOST_ROWS_WIDE
        for name, x in (("source", xs), ("target", xt)):
            if len(x) > most:
                notes.append(f"{most:,} of the {name}'s {len(x):,} rows were drawn")
        return cls(
            source=xs,
            target=xt,
            source_labels=indexed(ys, labeled_s),
            target_labels=indexed(yt, labeled_t),
            classes=tuple(str(name) for name in names),
            source_columns=source_columns,
            target_columns=target_columns,
            seed=seed,
            notes=tuple(notes),
        )

    def rng(self, *where: Any) -> np.random.Generator:
        """Return a generator for one check: its draws do not depend on other checks."""
        return numpy_rng("diagnosis", self.seed, *where)

    @property
    def most(self) -> int:
        """Rows a domain that are looked at."""
        return MOST_ROWS if self.source.shape[1] <= WIDE else MOST_ROWS_WIDE

    @cached_property
    def rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Which rows are looked at, in random order."""
        drawn = []
        for name, x in (("source", self.source), ("target", self.target)):
            drawn.append(self.rng("rows", name).permutation(len(x))[: self.most])
        return drawn[0], drawn[1]

    @cached_property
    def scaled(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows looked at, float64: each column centred and divided by its pooled deviation.

        Both domains count the same, however many rows they have. Columns that do not vary are
        left out, and values beyond five deviations count as five: a column that is nearly always
        0 would otherwise weigh more than all others. With more columns than rows, the rows'
        coordinates in the space that they span take their place: every distance and every
        product stays what it is.
        """
        xs = self.source[self.rows[0]].astype(np.float64)
        xt = self.target[self.rows[1]].astype(np.float64)
        middle = (xs.mean(0) + xt.mean(0)) / 2
        xs -= middle
        xt -= middle
        spread = np.sqrt(((xs**2).mean(0) + (xt**2).mean(0)) / 2)
        vary = spread > 1e-9 * np.maximum(1.0, np.abs(middle))
        if not vary.any():
            return np.zeros((len(xs), 1)), np.zeros((len(xt), 1))
        xs, xt = (np.clip(x[:, vary] / spread[vary], -FAR, FAR) for x in (xs, xt))
        if xs.shape[1] > len(xs) + len(xt):
            pooled = np.concatenate([xs, xt])
            values, vectors = np.linalg.eigh(pooled @ pooled.T)
            there = values > 1e-10 * values[-1]
            pooled = vectors[:, there] * np.sqrt(values[there])
            xs, xt = pooled[: len(xs)], pooled[len(xs) :]
        return xs, xt

    @cached_property
    def principal(self) -> tuple[np.ndarray, np.ndarray]:
        """The same rows along the first principal axes of both domains together.

        As many axes as an eighth of the smaller domain's rows, from 2 to 64: a linear map
        between them can be estimated.
        """
        xs, xt = self.scaled
        most = min(MOST_AXES, max(2, min(len(xs), len(xt)) // 8))
        pooled = np.concatenate([xs, xt])
        if pooled.shape[1] > most:
            pooled = principal(pooled - pooled.mean(0), most)
        return pooled[: len(xs)], pooled[len(xs) :]

    @cached_property
    def domain_classifier(self) -> DomainClassifier:
        """A linear classifier of source or target, cross-validated."""
        return domain_classifier(*self.scaled, self.rng("classifier"))

    @property
    def labels(self) -> tuple[np.ndarray, np.ndarray]:
        """The labels of the rows looked at, −1 where not known."""
        return self.source_labels[self.rows[0]], self.target_labels[self.rows[1]]

    @cached_property
    def predictions(self) -> SourcePredictions | None:
        """What a classifier that learned from the source says; None without two classes."""
        from .source_predictions import predict_from_source

        ys, _ = self.labels
        present = np.unique(ys[ys >= 0])
        if len(present) < 2 or (ys >= 0).sum() < 10:
            return None
        return predict_from_source(*self.scaled, ys, len(self.classes))


def _features(values: Any, side: str) -> np.ndarray:
    x = np.asarray(values)
    if x.ndim != 2 or x.dtype.kind not in "fiub":
        raise DataError(
            f"the {side}'s features have shape {x.shape} and type {x.dtype}",
            hint="give an array of numbers, one row for each example",
        )
    if len(x) < 2:
        raise DataError(
            f"the {side} has {len(x)} row{'s' if len(x) != 1 else ''}: a distance between "
            "domains needs at least two on either side",
            hint="give it more rows",
        )
    if x.shape[1] == 0:
        raise DataError(f"the {side} has no features", hint="give it at least one column")
    if not np.isfinite(x).all():
        row = int(np.flatnonzero(~np.isfinite(x).all(1))[0])
        raise DataError(
            f"the {side}'s features are not finite (NaN or infinite) in row {row}",
            hint="fill or drop missing values first",
        )
    return x


def _labels(
    values: Any, labeled: np.ndarray | None, n: int, side: str
) -> tuple[np.ndarray, np.ndarray]:
    if values is None:
        return np.full(n, None, object), np.zeros(n, bool)
    labels = np.empty(len(values), object)
    labels[:] = [v.item() if hasattr(v, "item") else v for v in values]
    given = np.ones(n, bool) if labeled is None else np.asarray(labeled, bool)
    if labels.shape != (n,) or given.shape != (n,):
        raise DataError(
            f"the {side} has {n} rows, {len(labels)} labels and a mask of {given.shape}",
            hint="give one label a row",
        )
    return labels, given


def _by_value(name: Any) -> tuple[int, float, str]:
    try:
        return 0, float(name), str(name)
    except (TypeError, ValueError):
        return 1, 0.0, str(name)
