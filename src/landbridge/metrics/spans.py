"""Spans of token labels (IOB2, IOBES, BILOU), and what of them was found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

OUTSIDE = "O"


def spans(tags: Sequence[str]) -> set[tuple[str, int, int]]:
    """Return the spans that tags mark: kind, first token, and the one after the last.

    Tags are IOB2 ("B-PER", "I-PER", "O"), IOBES (with "E-" and "S-"), BILOU (with "L-" and "U-")
    or BMES, as conlleval reads them: what goes on with another kind than what is before it begins
    a span as well. Tags without a prefix, such as parts of speech, are a span a token.

    Examples
    --------
    >>> sorted(spans(["B-PER", "I-PER", "O", "I-LOC"]))
    [('LOC', 3, 4), ('PER', 0, 2)]
    >>> sorted(spans(["S-PER", "B-LOC", "E-LOC", "U-LOC"]))
    [('LOC', 1, 3), ('LOC', 3, 4), ('PER', 0, 1)]
    """
    found: set[tuple[str, int, int]] = set()
    start, kind = 0, ""
    plain = not any(_marked(tag) for tag in tags)
    for i, tag in enumerate([*tags, OUTSIDE]):
        mark, name = (tag[0], tag[2:]) if _marked(tag) and not plain else (OUTSIDE, "")
        if plain and tag != OUTSIDE:
            mark, name = "S", tag
        goes_on = bool(kind) and mark in _GOING_ON and name == kind
        if kind and not goes_on:
            found.add((kind, start, i))
            kind = ""
        if mark != OUTSIDE and not goes_on:
            start, kind = i, name
        if mark in _CLOSING and kind:
            found.add((kind, start, i + 1))
            kind = ""
    return found


_GOING_ON, _CLOSING = "IMEL", "ELSU"


def _marked(tag: str) -> bool:
    """Whether a tag says where in a span a token is."""
    return len(tag) > 2 and tag[1] == "-" and tag[0] in "BIMELSU"


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
