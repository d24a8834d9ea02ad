"""What a group has that the others have not: words of texts, columns of tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..domains.examples import Examples
from ..domains.modalities.hashed import grams
from ..domains.modalities.table import TableExamples
from ..domains.modalities.tabular import Column, NumericColumn, TablePreprocessing
from ..domains.modalities.texts import TextExamples

WORDS = 6
COLUMNS = 3
COMMON = 0.25
"""A word that stands in a larger share of the other texts says nothing of a group."""
_LEAST = 0.5
"""Spreads by which a column must differ to be named."""


def describe(examples: Examples, groups: np.ndarray, k: int) -> list[list[str]]:
    """Return a few words for each group; nothing for images and recordings.

    Parameters
    ----------
    examples : Examples
        n rows.
    groups : int ndarray (n,)
    k : int
    """
    if isinstance(examples, TextExamples):
        return distinctive_words(examples.texts, groups, k)
    if isinstance(examples, TableExamples):
        return distinctive_columns(examples, groups, k)
    return [[] for _ in range(k)]


def distinctive_words(texts: Sequence[str], groups: np.ndarray, k: int) -> list[list[str]]:
    """Return the words whose share of a group's texts exceeds that of the others the most.

    By the log odds with a prior of the whole (Monroe et al., 2008, Political Analysis 16), in units
    of its standard error: neither the commonest words nor those that stand in one text.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    counts = CountVectorizer(analyzer=grams, binary=True, min_df=min(3, len(texts)))
    try:
        found = counts.fit_transform(texts)
    except ValueError:  # no word stands in three texts
        return [[] for _ in range(k)]
    names = counts.get_feature_names_out()
    totals = np.asarray(found.sum(0)).ravel().astype(float)
    n, said = len(texts), []
    for group in range(k):
        own_rows = groups == group
        own = np.asarray(found[own_rows].sum(0)).ravel().astype(float)
        inside, outside = int(own_rows.sum()), n - int(own_rows.sum())
        a, b = own + totals / n, totals - own + totals / n  # one text like the whole on each side
        odds = np.log(a / (inside + 1 - a).clip(1e-9)) - np.log(b / (outside + 1 - b).clip(1e-9))
        z = odds / np.sqrt(1 / a + 1 / b)
        z[totals - own > COMMON * outside] = 0
        best = [names[i] for i in np.argsort(-z, kind="stable")[: 4 * WORDS] if z[i] > 2]
        said.append(_plain(best))
    return said


def _plain(words: Sequence[str]) -> list[str]:
    """Leave out what is part of a longer piece that was said, or made of pieces that were."""
    found: list[str] = []
    for word in words:
        if not any(word in other or other in word for other in found):
            found.append(word)
    return found[:WORDS]


def distinctive_columns(examples: TableExamples, groups: np.ndarray, k: int) -> list[list[str]]:
    """Return the columns in which a group's mean differs most, in standard deviations."""
    made = TablePreprocessing.fit([examples])
    values = made.prepare(examples)
    names = [name for column in made.columns for name in _slots(column)]
    centre, spread = values.mean(0), np.maximum(values.std(0), 1e-9)
    said = []
    for group in range(k):
        z = (values[groups == group].mean(0) - centre) / spread
        order = [i for i in np.argsort(-np.abs(z), kind="stable") if abs(z[i]) > _LEAST]
        said.append([f"{names[i]} {z[i]:+.1f} sd" for i in order[:COLUMNS]])
    return said


def _slots(column: Column) -> list[str]:
    """Return what each number that a column becomes is called."""
    if isinstance(column, NumericColumn):
        return [column.name, f"{column.name} missing"][: column.width]
    found = [f"{column.name} = {category}" for category in column.categories]
    return [*found, f"{column.name} = other", f"{column.name} missing"][: column.width]
