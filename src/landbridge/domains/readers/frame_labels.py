"""Which column of a table holds the labels, and what they are."""

from __future__ import annotations

import numpy as np

from ...base.errors import DataError
from ...targets.base import objects
from ...targets.registry import AUTO, get_target_type, multiclass
from .base import ReadOptions
from .columns import Columns
from .frame_media import column_of
from .guessing import file_column, label_column, split_column, text_column
from .labels import LabelRows, read_labels
from .missing_words import label_words


def label_of(
    values: dict[str, np.ndarray],
    options: ReadOptions,
    name: str,
    notes: list[str],
    by_name_only: bool,
) -> str | None:
    if options.label is not None:
        return column_of(values, options.label, "label", name)
    if options.usual_label in values:
        return options.usual_label
    if options.labelled is False:
        return None
    by_name_only = by_name_only or options.usual_label is not None
    if options.like is not None and options.like.label_column is not None:
        wanted = options.like.label_column
        if wanted in values:
            return wanted
        notes.append(f"no column {wanted!r} as in {options.like.name}: no row is labelled")
        return None
    image, text = file_column(values, sound=False), text_column(values)
    apart = {options.domain, options.holdout_by, options.split, split_column(values)}
    taken = apart | {options.image, options.audio}
    taken |= {guess[0] for guess in (image, text) if guess} | set((options.text or "").split(","))
    taken |= set(options.columns or ())  # what is named as a feature is no label
    guess = label_column(
        {k: v for k, v in values.items() if k not in taken}, by_name_only=by_name_only
    )
    if guess is None:
        if not by_name_only:
            notes.append("no label column was found: no row is labelled (label= names one)")
        return None
    notes.append(f"label column: {guess[0]!r} ({guess[1]}; label= names another)")
    return guess[0]


def labels_of(
    label: str, columns: Columns, name: str, options: ReadOptions, notes: list[str]
) -> LabelRows:
    like = options.like
    classes = like.classes if like is not None and like.target_type.exclusive else None
    found, named = exact_labels(label, columns, name, classes, notes)
    if not named:
        return read_labels(found, len(found), name, options.wish, label)
    if options.wish == AUTO or not get_target_type(options.wish).exclusive:
        return LabelRows(list(found), multiclass())
    kind = get_target_type(options.wish)
    values, names = kind.parse(list(found), name)
    return LabelRows(values, kind, names)


def exact_labels(
    label: str,
    columns: Columns,
    name: str,
    classes: tuple[str, ...] | None,
    notes: list[str],
) -> tuple[np.ndarray, bool]:
    """Return a column as labels, as the file has them, and whether it holds names of classes.

    Parameters
    ----------
    label : str
    columns : Columns
    name : str
        What to call the table.
    classes : sequence of str, optional
        Classes of another side: one that is written NA is a class there.
    notes : list of str
        What is to be said is added.

    Raises
    ------
    DataError
        Where it holds files.
    """
    names, array = columns.class_names.get(label), columns.values[label]
    if names is not None and array.dtype != object:
        # Hugging Face writes -1 where there is no label.
        there = ((array >= 0) & (array < len(names))).tolist()
        return objects(
            [names[int(v)] if ok else None for v, ok in zip(array, there, strict=True)]
        ), True
    if any(isinstance(value, bytes) for value in array):
        raise DataError(f"{name}: column {label!r} holds bytes", hint="name another with label=")
    found = columns.labels(label)
    usual = columns.words(label)
    written = columns.words(label, with_missing=True)
    if len(usual) == len(written) and any(u != w for u, w in zip(usual, written, strict=True)):
        words, said_missing = label_words(usual, written, classes or None, label)
        notes += said_missing
        found = columns.labels(label, words)
    return found, False
