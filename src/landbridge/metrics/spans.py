"""Spans of token labels (IOB2), and what of them was found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

OUTSIDE = "O"


def spans(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """Return the spans that tags mark: kind, first token, and the one after the last.

    Tags are IOB2 ("B-PER", "I-PER", "O"), as conlleval reads them: an "I-" of another kind than
    what is before it begins a span as well. Tags without a prefix, such as parts of speech, are a
    span a token.

    Examples
    --------
    >>> sorted(spans(["B-PER", "I-PER", "O", "I-LOC"]))
    [('LOC', 3, 4), ('PER', 0, 2)]
    """
    found: set[tuple[str, int, int]] = set()
    start, kind = 0, ""
    plain = not any(tag[:2] in ("B-", "I-") for tag in tags)
    for i, tag in enumerate([*tags, OUTSIDE]):
        mark, _, name = tag.partition("-")
        if plain:
            mark, name = ("O", "") if tag == OUTSIDE else ("B", tag)
        goes_on = mark == "I" and name == kind
        if kind and not goes_on:
            found.add((kind, start, i))
            kind = ""
        if mark in ("B", "I") and not goes_on:
            start, kind = i, name
    return found


def span_counts(predicted: Sequence[str], truth: Sequence[str]) -> np.ndarray:
    """Return how many spans are right, predicted and true, int (3,)."""
    said, there = spans(predicted), spans(truth)
    return np.array([len(said & there), len(said), len(there)])


def f1(counts: np.ndarray) -> float:
    """Return 2 · right / (predicted + true) of summed counts; 1 where there is nothing to find.

    Examples
    --------
    >>> f1(np.array([1, 2, 2]))
    0.5
    """
    right, said, there = counts.tolist()
    return 1.0 if said + there == 0 else 2 * right / (said + there)
