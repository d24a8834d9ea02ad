"""Which rows of a table are to train on, and which to judge on."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...base.errors import DataError
from .base import SPLITS, UNLABELLED, ReadOptions
from .columns import Columns
from .frame_media import column_of
from .guessing import split_column


def splits_of(
    values: dict[str, np.ndarray],
    options: ReadOptions,
    labels: list[Any],
    name: str,
    notes: list[str],
    columns: Columns,
) -> tuple[list[str], list[Any]]:
    n = len(labels)
    if options.split is not None and not isinstance(options.split, str):
        return split_names(options.split, n, name), labels
    column = options.split
    if column is not None:
        column = column_of(values, column, "split", name)
    else:
        column = split_column(values)
        if column is not None:
            notes.append(f"split column: {column!r} (its values say so)")
    if column is None:
        return ["train"] * n, labels
    values.pop(column)
    raw = [str(x).lower() if x is not None else "train" for x in columns.words(column)]
    hidden = [x in UNLABELLED for x in raw]
    labels = [None if h else label for h, label in zip(hidden, labels, strict=True)]
    return split_names(
        ["train" if h else x for h, x in zip(hidden, raw, strict=True)], n, name
    ), labels


def split_names(values: Any, n: int, name: str) -> list[str]:
    """Return "train", "val" or "test" a row from whatever spelling was given.

    Raises
    ------
    DataError
        Where a value is none of these, or there are not n of them.
    """
    found = [str(value).lower() for value in values]
    unknown = sorted({value for value in found if value not in SPLITS})
    if unknown or len(found) != n:
        problem = f"the values {unknown[:5]}" if unknown else f"{len(found)} values for {n} rows"
        raise DataError(
            f"the split of {name} has {problem}", hint="give train, val or test for each row"
        )
    return [SPLITS[value] for value in found]
