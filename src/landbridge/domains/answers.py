"""What kind of answer the labels are: one of several classes, a number, several labels at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

Answers = Literal["classes", "numbers", "several"]
KINDS: tuple[Answers, ...] = ("classes", "numbers", "several")
EVERY: frozenset[Answers] = frozenset(KINDS)
IN_WORDS: dict[Answers, str] = {
    "classes": "one of several classes",
    "numbers": "a number",
    "several": "several labels at once",
}
_BINS = 10
_LEAST_A_BIN = 10


def kind_of(labels: np.ndarray) -> Answers:
    """Read the kind of answer off an array of labels.

    Parameters
    ----------
    labels : ndarray
        int (n,): classes. float (n,): numbers. (n, k): several.

    Examples
    --------
    >>> [kind_of(x) for x in (np.arange(3), np.zeros(3), np.zeros((3, 2), np.uint8))]
    ['classes', 'numbers', 'several']
    """
    if labels.ndim == 2:
        return "several"
    return "numbers" if labels.dtype.kind == "f" else "classes"


def strata(labels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return groups from which a part is drawn alike, so that parts resemble the whole.

    Parameters
    ----------
    labels : ndarray, shape (n,) or (n, k)
    known : bool ndarray, shape (n,)
        Labels of other rows are not looked at.

    Returns
    -------
    int64 ndarray, shape (n,)
        The class; for numbers the tenth in which the label lies (fewer and larger parts where
        that leaves under 10 labels each); 0 for several labels at once. Meaningless where
        `known` is False.

    Examples
    --------
    >>> strata(np.arange(20.0), np.ones(20, bool)).tolist() == [0] * 10 + [1] * 10
    True
    """
    kind = kind_of(labels)
    if kind == "classes":
        return labels
    found = np.zeros(len(labels), np.int64)
    if kind == "numbers":
        rows = np.flatnonzero(known)
        bins = min(_BINS, max(1, len(rows) // _LEAST_A_BIN))
        order = rows[np.argsort(labels[rows], kind="stable")]
        found[order] = np.arange(len(rows)) * bins // max(1, len(rows))
    return found


def column_of(values: Sequence[Any], kind: Answers, names: Sequence[str]) -> np.ndarray:
    """Return labels as an array, whatever stands where there is none.

    Parameters
    ----------
    values : sequence, length n
        A class name, a number, or a collection of label names; None where there is no label.
    kind : {"classes", "numbers", "several"}
    names : sequence of str, length k
        Class or label names in order; not used for numbers.

    Returns
    -------
    ndarray
        int64 (n,), float64 (n,) or uint8 (n, k).
    """
    if kind == "numbers":
        return np.array([0.0 if v is None else float(v) for v in values], dtype=np.float64)
    place = {name: i for i, name in enumerate(names)}
    if kind == "classes":
        return np.array([0 if v is None else place[v] for v in values], dtype=np.int64)
    table = np.zeros((len(values), len(names)), np.uint8)
    for row, found in enumerate(values):
        for name in found or ():
            table[row, place[name]] = 1
    return table


def plain_labels(labels: np.ndarray, names: Sequence[str]) -> list[Any]:
    """Return what `column_of` was made from: names, numbers, or tuples of names."""
    kind = kind_of(labels)
    if kind == "numbers":
        return [float(v) for v in labels]
    if kind == "classes":
        return [names[i] for i in labels]
    return [tuple(names[int(i)] for i in np.flatnonzero(row)) for row in labels]


def objects(values: Sequence[Any]) -> np.ndarray:
    """Return any values as an object array (n,), tuples kept whole."""
    out = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        out[i] = value
    return out
