"""From the arguments of an estimator's `fit` to two sides with labels as indices."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..base.errors import DataError, LandbridgeWarning
from ..methods.core.base import Features
from ..targets.base import TargetType

_TYPES = [np.float64, np.float32]


def read_sides(
    estimator: Any,
    X: Any,
    y: Any,
    Xt: Any,
    yt: Any,
    sample_domain: Any,
    labelled: Any,
    labelled_t: Any,
    kind: TargetType,
) -> tuple[Features, Features, np.ndarray]:
    """Return source, target and the sorted classes (none for numbers) of what `fit` got.

    `Estimator.fit` has the arguments.
    """
    from sklearn.utils.validation import check_array, validate_data

    who = type(estimator).__name__
    if y is None:
        raise DataError(f"{who} requires y to be passed, but the target y is None")
    if Xt is not None:
        if sample_domain is not None:
            raise DataError("both Xt and sample_domain are given", hint="give one of them")
        x = check_array(X, dtype=_TYPES, estimator=who, input_name="X")
        xt = validate_data(estimator, Xt, dtype=_TYPES)
        ys, labeled = _labels(y, labelled, len(x), "y")
        if yt is None:
            if labelled_t is not None:
                raise DataError("labelled_t is given without yt", hint="give the target's labels")
            goals, labeled_t = np.zeros(len(xt), ys.dtype), np.zeros(len(xt), bool)
        else:
            goals, labeled_t = _labels(yt, labelled_t, len(xt), "yt")
        sides = (x, ys, labeled, None), (xt, goals, labeled_t, None)
    else:
        if yt is not None or labelled_t is not None:
            raise DataError("target labels are given without Xt", hint="give the target's rows")
        x = validate_data(estimator, X, dtype=_TYPES)
        ys, labeled = _labels(y, labelled, len(x), "y")
        if sample_domain is None:
            warnings.warn(
                LandbridgeWarning(
                    f"{who}: neither Xt nor sample_domain is given: all rows are taken as source "
                    "and target at once, so there is no shift to adapt to"
                ),
                stacklevel=4,
            )
            nothing = np.zeros(len(x), bool)
            sides = (x, ys, labeled, None), (x, ys, nothing, None)
        else:
            domain = _domains(sample_domain, len(x))
            sides = tuple(  # type: ignore[assignment]
                (x[rows], ys[rows], labeled[rows], domain[rows])
                for rows in (domain > 0, domain < 0)
            )
    found = [side[1][side[2]] for side in sides]
    if not kind.named:
        classes = np.empty(0)
        encoded = [_numbers(side[1], side[2]) for side in sides]
    else:
        classes = _classes(found, who)
        # What is not known gets 0: whatever stood there is not read.
        encoded = [np.zeros(len(side[0]), np.int64) for side in sides]
        for codes, side, labels in zip(encoded, sides, found, strict=True):
            codes[side[2]] = np.searchsorted(classes, labels)
    source, target = (
        Features(side[0], codes, side[2], _several(side[3]))
        for side, codes in zip(sides, encoded, strict=True)
    )
    return source, target, classes


def _labels(y: Any, labelled: Any, n: int, what: str) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.utils.validation import column_or_1d

    values = column_or_1d(np.asarray(y), warn=True)
    if len(values) != n:
        raise DataError(
            f"{what} has inconsistent numbers of samples: {len(values)} labels for {n} rows",
            hint="give one label a row",
        )
    if labelled is None:
        labeled = np.ones(n, bool)
    else:
        labeled = np.asarray(labelled)
        if labeled.shape != (n,) or labeled.dtype != bool:
            raise DataError(
                f"the mask of labelled rows for {what} has shape {labeled.shape} and type "
                f"{labeled.dtype}",
                hint=f"give {n} bools",
            )
    missing = np.flatnonzero([v is None or v != v for v in values.tolist()] & labeled)
    if len(missing):
        raise DataError(
            f"{what} contains NaN or None, first at row {missing[0]} ({len(missing)} in all)",
            hint="say with `labelled` which rows have a label",
        )
    return values, labeled


def _domains(sample_domain: Any, n: int) -> np.ndarray:
    domain = np.asarray(sample_domain)
    if domain.shape != (n,) or domain.dtype.kind not in "iu" or (domain == 0).any():
        some = np.unique(domain)[:5].tolist() if domain.dtype.kind in "iufb" else domain.dtype
        raise DataError(
            f"sample_domain has shape {domain.shape} and the values {some}",
            hint=f"give {n} whole numbers, above 0 for source rows and below for target rows",
        )
    for rows, side in ((domain > 0, "source"), (domain < 0, "target")):
        if not rows.any():
            raise DataError(
                f"sample_domain has no {side} row",
                hint="above 0 is a source row, below 0 a target row",
            )
    return domain


def _classes(found: list[np.ndarray], who: str) -> np.ndarray:
    from sklearn.utils.multiclass import check_classification_targets

    labeled = [labels for labels in found if len(labels)]
    if not labeled:
        raise DataError(f"{who}: no row is labelled", hint="give labels of at least two classes")
    kinds = {"text" if labels.dtype.kind in "OUS" else "number" for labels in labeled}
    if len(kinds) > 1:
        raise DataError(
            "source labels and target labels are of different types "
            f"({labeled[0].dtype} and {labeled[1].dtype})",
            hint="give both as text, or both as numbers",
        )
    labels = np.concatenate(labeled)
    check_classification_targets(labels)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise DataError(
            f"{who}: the labels have {len(classes)} class, expected at least two classes",
            hint="give rows of another class",
        )
    return classes


def _numbers(y: np.ndarray, labeled: np.ndarray) -> np.ndarray:
    values = np.zeros(len(y), np.float64)
    values[labeled] = y[labeled].astype(np.float64)
    if not np.isfinite(values).all():
        raise DataError("a label is not a finite number", hint="mend or mask it")
    return values


def _several(domain: np.ndarray | None) -> np.ndarray | None:
    """Return the numbers where there is more than one domain."""
    if domain is None or len(np.unique(domain)) < 2:
        return None
    return domain.astype(np.int64)
