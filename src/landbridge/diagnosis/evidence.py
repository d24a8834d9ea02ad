"""The figures that advice rests on, taken from the findings, and what they amount to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..solvers.two_sample.column_shift import holm
from .base import LEVEL, Finding
from .label_shift import BELIEVED, MOVED

Findings = Mapping[str, Finding]

SMALL_DISTANCE, SMALL_EFFECT = 0.25, 0.01
"""An A-distance and an MMD² (of the spread) under both of which a shift is too small to mend."""
EXPLAINED = 0.5
"""Share of the difference that a kind of correction must take away for it to be advised."""
ENOUGH_ROWS, FEW_ROWS = 0.1, 0.05
"""Effective shares of source rows: from the first on weights are advised, under the second not."""
MANY_ROWS = 0.3
"""From this effective share on weights are enough, and rows need not be moved."""
FAR = 1.0
"""An A-distance from which on pseudo-labels are worth their risk."""
SURE = 0.6
"""Accuracy on the source that pseudo-labels need."""
LABELS_FAR = 0.2
"""Total variation of class shares from which on alignment and diversity harm."""
LOST = 0.3
"""Change of a column's share of missing values that is worth a remark."""


@dataclass(frozen=True)
class Evidence:
    """The figures that rules look at; NaN where a check did not run.

    Attributes
    ----------
    seen : bool
        Whether any test of the whole distribution sees a difference, corrected for their number.
    distance : float
        The proxy A-distance.
    effect : float
        MMD² as a share of the spread.
    rows, by_weights : float
        Effective share of source rows under importance weights; MMD² that those take away.
    by_map : float
        MMD² that a linear map takes away.
    labels, labels_low, by_labels : float
        Total variation of class shares, its lower end, and the A-distance that class weights
        take away.
    accuracy : float
        Leave-one-out, on the source.
    moved : bool
        Whether target labels say that the source's rule does not hold.
    wide : bool
        Whether there are more than half as many features as rows in the smaller domain.
    """

    seen: bool
    distance: float
    effect: float
    rows: float
    by_weights: float
    by_map: float
    labels: float
    labels_low: float
    by_labels: float
    counted: bool
    accuracy: float
    moved: bool
    wide: bool
    lost: tuple[str, ...] = ()

    @property
    def label_shift(self) -> bool:
        """Class shares differ, and that explains the difference (or was counted)."""
        if self.counted:
            return self.labels_low > 0 and self.labels >= MOVED
        if not self.seen:
            return self.labels_low >= MOVED
        return self.labels_low > 0 and self.labels >= MOVED and self.by_labels >= BELIEVED

    @property
    def small(self) -> bool:
        """A difference there may be, but a small one."""
        return not self.distance >= SMALL_DISTANCE and not self.effect >= SMALL_EFFECT

    @property
    def only_labels(self) -> bool:
        """Class shares explain all that there is to explain."""
        return self.label_shift and (not self.seen or self.by_labels >= BELIEVED)

    @property
    def overlap(self) -> bool:
        """Weights on source rows could make the domains alike."""
        return self.rows >= ENOUGH_ROWS and self.by_weights >= EXPLAINED


def evidence(findings: Findings) -> Evidence:
    """Return the figures that rules look at."""

    def get(name: str, key: str) -> float:
        found = findings.get(name)
        return float("nan") if found is None else float(found.figures.get(key, float("nan")))

    tests = [get(name, "p") for name in ("domain-classifier", "mmd", "sliced-wasserstein")]
    p_values = [p for p in tests if p == p]
    columns = findings.get("columns")
    if columns is not None:  # its p is corrected for the number of columns already
        p_values.append(columns.figures["p"])
    conditional = findings.get("conditional")
    rows, features = get("moments", "rows"), get("moments", "features")
    return Evidence(
        seen=bool(p_values and holm(np.array(p_values)).min() <= LEVEL),
        distance=get("domain-classifier", "distance"),
        effect=get("mmd", "effect"),
        rows=get("overlap", "effective_share"),
        by_weights=get("overlap", "explained"),
        by_map=get("moments", "explained_by_map"),
        labels=get("label-shift", "distance"),
        labels_low=get("label-shift", "low"),
        by_labels=get("label-shift", "explained"),
        counted=get("label-shift", "counted") == 1,
        accuracy=get("label-shift", "source_accuracy"),
        moved=conditional is not None and conditional.severity in ("moderate", "strong"),
        wide=features > rows / 2,
        lost=_lost(columns),
    )


def _lost(columns: Finding | None) -> tuple[str, ...]:
    if columns is None:
        return ()
    return tuple(
        column["name"]
        for column in columns.details["columns"]
        if abs(column["missing"][1] - column["missing"][0]) >= LOST
    )
