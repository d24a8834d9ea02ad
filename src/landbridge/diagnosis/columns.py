"""Which columns of a table have changed, and how."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..base.formatting import percent
from ..domains.modalities.table import missing
from ..solvers.two_sample.column_shift import (
    benjamini_hochberg,
    categories_shift,
    chi_squared,
    holm,
    kolmogorov_smirnov,
)
from .base import DIAGNOSES, LEVEL, Check, Finding, Severity, graded
from .pair import DomainPair

FEW_VALUES = 10
"""Numbers with at most this many different values are codes, and compared as categories."""
DRAWN = 12
NAMED = 3


@dataclass(frozen=True)
class ColumnShift:
    """How one column differs.

    Attributes
    ----------
    name : str
    kind : {"numbers", "categories"}
    effect : float
        The greater of `distance` and the change of the share of missing values, in [0, 1].
    distance : float
        Kolmogorov-Smirnov distance of numbers, total variation of categories; NaN where a side
        has no value.
    missing : (float, float)
        Share of missing values in the source and the target.
    p : float
        The smaller of the two tests' p-values, doubled where there are two.
    """

    name: str
    kind: str
    effect: float
    distance: float
    missing: tuple[float, float]
    p: float


@DIAGNOSES.register("columns")
class ColumnsCheck(Check):
    """Every column by itself: distribution and share of missing values."""

    title = "Columns"
    summary = "Kolmogorov-Smirnov, total variation and missing values, corrected for many columns"
    paper = "Rabanser et al., 2019, NeurIPS; Holm, 1979; Benjamini & Hochberg, 1995"
    order = 70

    def unmet(self, pair: DomainPair) -> str:
        """Return why it cannot run: it needs columns with names."""
        if not pair.source_columns or not pair.target_columns:
            return "the features have no names"
        return ""

    def run(self, pair: DomainPair) -> Finding:
        """Return how many columns changed, and name them by the size of the change."""
        source, target = pair.source_columns or {}, pair.target_columns or {}
        names = [name for name in source if name in target]
        rows_s, rows_t = pair.rows
        compared = [
            compare_column(name, source[name][rows_s], target[name][rows_t]) for name in names
        ]
        p = np.array([column.p for column in compared])
        sure, likely = holm(p), benjamini_hochberg(p)
        order = sorted(range(len(names)), key=lambda i: (-compared[i].effect, i))
        changed = [i for i in order if sure[i] <= LEVEL]
        greatest = compared[changed[0]].effect if changed else 0.0
        severity: Severity = graded(greatest, 0.0, 0.2, 0.4) if changed else "none"
        if not changed:
            sentence = f"None of the {len(names)} columns has changed, but for chance."
        else:
            said = "; ".join(_say(compared[i]) for i in changed[:NAMED])
            more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
            sentence = f"{len(changed)} of {len(names)} columns changed: {said}{more}."
        drawn = [i for i in order if likely[i] <= LEVEL][:DRAWN] or order[:NAMED]
        return Finding(
            self.name,
            {
                "columns": len(names),
                "changed": len(changed),
                "changed_share": len(changed) / max(len(names), 1),
                "likely_changed": int((likely <= LEVEL).sum()),
                "greatest": greatest,
                "greatest_missing": max(
                    (abs(c.missing[1] - c.missing[0]) for c in compared), default=0.0
                ),
                "p": float(sure.min()) if len(sure) else 1.0,
            },
            severity,
            sentence,
            columns=tuple(names[i] for i in changed),
            details={
                "columns": [
                    {
                        "name": compared[i].name,
                        "kind": compared[i].kind,
                        "effect": round(compared[i].effect, 5),
                        "distance": round(compared[i].distance, 5),
                        "missing": [round(share, 5) for share in compared[i].missing],
                        "p_holm": float(sure[i]),
                        "p_bh": float(likely[i]),
                        **(
                            _picture(
                                compared[i].kind,
                                source[names[i]][rows_s],
                                target[names[i]][rows_t],
                            )
                            if i in drawn
                            else {}
                        ),
                    }
                    for i in order
                ],
                "drawn": len(drawn),
            },
        )


def compare_column(name: str, ours: np.ndarray, theirs: np.ndarray) -> ColumnShift:
    """Compare one column of both domains.

    Parameters
    ----------
    name : str
    ours, theirs : ndarray, shapes (n,) and (m,)
        float64 with NaN for missing, or objects with None.

    Returns
    -------
    ColumnShift

    Examples
    --------
    >>> compare_column("age", np.arange(100.0), np.arange(100.0) + 50).distance
    0.5
    """
    gone = missing(ours), missing(theirs)
    shares = float(gone[0].mean()), float(gone[1].mean())
    a, b = ours[~gone[0]], theirs[~gone[1]]
    kind = _kind(a, b)
    tests = []
    distance = float("nan")
    if len(a) and len(b):
        if kind == "numbers":
            distance, p = kolmogorov_smirnov(a, b)
        else:
            distance, p = categories_shift(a.tolist(), b.tolist())
        tests.append(p)
    if gone[0].any() or gone[1].any():
        table = [[g.sum(), (~g).sum()] for g in gone]
        tests.append(chi_squared(np.array(table, np.float64).T))
    effect = max(0.0 if np.isnan(distance) else distance, abs(shares[1] - shares[0]))
    p = min(1.0, min(tests, default=1.0) * max(len(tests), 1))
    return ColumnShift(name, kind, effect, distance, shares, p)


def _kind(a: np.ndarray, b: np.ndarray) -> str:
    if a.dtype == object or b.dtype == object:
        return "categories"
    return "numbers" if len(np.unique(np.concatenate([a, b]))) > FEW_VALUES else "categories"


def _say(column: ColumnShift) -> str:
    before, after = column.missing
    if abs(after - before) >= (0.0 if np.isnan(column.distance) else column.distance):
        return f"{column.name} (missing {percent(before, 0)} → {percent(after, 0)})"
    return f"{column.name} ({column.distance:.2f})"


def _picture(kind: str, ours: np.ndarray, theirs: np.ndarray) -> dict[str, list]:
    """Return shares of both domains in common bins, missing values left out."""
    a, b = ours[~missing(ours)], theirs[~missing(theirs)]
    if not len(a) and not len(b):
        return {}
    if kind == "categories":
        values = a.tolist() + b.tolist()
        names = sorted(set(values), key=lambda v: (-values.count(v), str(v)))[:12]
        counts = [[side.tolist().count(v) / max(len(side), 1) for v in names] for side in (a, b)]
        labels = [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in names]
        order = sorted(range(len(names)), key=lambda i: _number(labels[i]))
        return {
            "labels": [labels[i] for i in order],
            "source": [round(counts[0][i], 5) for i in order],
            "target": [round(counts[1][i], 5) for i in order],
        }
    both = np.concatenate([a, b])
    low, high = np.quantile(both, [0.01, 0.99])
    edges = np.linspace(low, high if high > low else low + 1, 25)
    shares = [
        (np.histogram(np.clip(side, edges[0], edges[-1]), edges)[0] / max(len(side), 1))
        for side in (a, b)
    ]
    return {
        "edges": [float(f"{e:.6g}") for e in edges],
        "source": shares[0].round(5).tolist(),
        "target": shares[1].round(5).tolist(),
    }


def _number(label: str) -> tuple[int, float, str]:
    try:
        return 0, float(label), label
    except ValueError:
        return 1, 0.0, label
