"""Words such as NA: no value in numbers, and in labels and texts perhaps a word like any other."""

from __future__ import annotations

from collections import Counter

import numpy as np

from .numbers import MISSING_WORDS

_NEVER = ("", "?")
"""Nothing, and what stands for it in old tables: never a class."""


def label_words(
    usual: np.ndarray, written: np.ndarray, classes: tuple[str, ...] | None, column: str
) -> tuple[np.ndarray, list[str]]:
    """Return the words of a label column, None where there is no label, and what to say.

    A word such as NA is a class where it was one in the other table (`classes`); by itself where
    it comes about as often as a class does, or where empty cells beside it say that it is not
    what a missing label looks like here.

    Parameters
    ----------
    usual : ndarray of object, shape (n,)
        The words of each cell, str, or None where a word for a missing value stands unquoted.
    written : ndarray of object, shape (n,)
        What is written in each cell, str or None.
    classes : tuple of str, optional
        The classes of the table that this one is read like.
    column : str
        What to call it.
    """
    bare = [w if u is None else None for u, w in zip(usual, written, strict=True)]
    counts = Counter(word for word in bare if word is not None)
    doubtful = [word for word in counts if word not in _NEVER]
    others = dict(Counter(word for word in usual if word is not None))
    empty = sum(u is None and w is None for u, w in zip(usual, written, strict=True)) + counts["?"]
    gone, notes = set(_NEVER), []
    for word in doubtful:
        is_class = word in classes if classes else _is_class(counts[word], others, empty)
        what = "a class" if is_class else "no label"
        if not is_class:
            gone.add(word)
        notes.append(
            f"{counts[word]} of {len(written)} cells of {column!r} say {word!r}: read as {what}"
            + (", as elsewhere" if classes else "")
            + ("; leave cells empty where there is no label" if is_class else "; quote it, or write"
               " it otherwise, where it is a class")
        )  # fmt: skip
    found = np.empty(len(written), dtype=object)
    found[:] = [
        u if u is not None else None if w in gone else w
        for u, w in zip(usual, written, strict=True)
    ]
    return found, notes


def _is_class(count: int, others: dict[str, int], empty: int) -> bool:
    if not others or _numeric(others):
        return False
    if empty or len(others) == 1:
        return count <= 4 * max(others.values())
    fair = sum(others.values()) / len(others)
    return 0.5 * fair <= count <= 2 * max(others.values())


def _numeric(words: dict[str, int]) -> bool:
    for word in words:
        try:
            float(word)
        except ValueError:
            return False
    return True


def text_words(words: np.ndarray, column: str) -> list[str]:
    """Return what to say of texts that are words such as NA and are read as they stand."""
    counts = Counter(word for word in words if word in MISSING_WORDS)
    return [
        f"{n} texts of {column!r} are {word!r}, read as they stand" for word, n in counts.items()
    ]
