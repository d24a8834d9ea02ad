"""Columns -> domain: which are labels, images, splits and features, all of it said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.inside import Place
from ..answers import objects
from ..domain import Domain, Examples, Omission, class_name
from ..modalities.table import TableExamples, missing, with_schema
from ..schema import IN_WORDS, NUMBERS, Role, TableSchema, said
from .base import (
    SPLITS,
    UNLABELLED,
    ReadOptions,
    check_distinct,
    chosen_rows,
    mask_labels,
    over_limit,
)
from .columns import Columns
from .decided import NothingToLearn, Otherwise, Together
from .frame_media import column_of, find_media, media_as_written
from .frame_several import like_several, several_examples, table_beside
from .guessing import (
    MOST_NUMBERS,
    id_like,
    image_column,
    label_column,
    list_column,
    split_column,
    text_column,
)
from .header import is_number
from .kinds import LARGE, NotNumbers
from .labels import LabelRows, read_labels
from .missing_words import label_words
from .numbers import leading_zeros
from .roles import with_roles
from .row_ids import row_ids


def frame_domain(
    columns: Columns,
    options: ReadOptions,
    *,
    name: str,
    folder: Place | None = None,
    first_row: int = 0,
    by_name_only: bool = False,
    events: Events = SILENT,
) -> Domain:
    """Make a domain of a table's columns.

    Parameters
    ----------
    columns : Columns
    options : ReadOptions
    name : str
        What to call it.
    folder : Place, optional
        Where relative names of files begin, and how far they may lead.
    first_row : int, default 0
        Number of the first row in messages.
    by_name_only : bool, default False
        Guess a label column from its name only.
    events : Events

    Raises
    ------
    DataError
        Where a named column is missing, the labels are no classes, or nothing is left to
        learn from.
    """
    n_all = len(columns)
    wanted = options.wanted_schema
    options = _with_text(options, columns)
    columns = _conforming(columns, wanted, options, name)
    if n_all == 0:
        raise DataError(f"{name} has no rows", do="give a table with at least one row")
    found = LabelRows([None] * n_all)
    if options.labels is not None:
        found = read_labels(options.labels, n_all, name, options.wish)
    values = dict(columns.values)
    notes: list[str] = list(columns.notes)
    omissions: list[Omission] = []
    left_out = columns.left_out
    used: dict[str, Role] = {}

    label = None
    if options.labels is None:
        label = list_column(columns.lists, values, options)
        if label is not None:
            found = read_labels(columns.lists[label], n_all, name, options.wish, label)
            left_out = [said for said in left_out if not said.startswith(f"{label} (")]
        else:
            label = _label(values, options, name, notes, by_name_only)
            if label is not None:
                for other in _made_of(label, values, columns):
                    values.pop(other)
                if options.labelled is not False or options.label is not None:
                    found = _labels_of(label, columns, name, options, notes)
    if label is not None:
        used[label] = "label"
    if found.note:
        notes.append(found.note)
    if found.answers == "classes" and options.answers != "classes":
        check_distinct(
            found.values,
            f"{name}: column {label!r}" if label else f"{name}: the labels",
            "name the right column with label=, or read it without labels: labelled=False",
        )
    groups: list[str | None] | None = None
    if options.domain is not None:
        column = column_of(values, options.domain, "domain", name)
        used[column] = "domain"
        words = columns.words(column) if column in columns.written else values[column]
        values.pop(column)
        groups = [class_name(value) for value in words.tolist()]
    labels = mask_labels(found.values, options.labelled, name)
    before = set(values)
    splits, labels = _splits(values, options, labels, name, notes, columns)
    used |= dict.fromkeys(before - set(values), "split")

    values = with_roles(values, columns, options, name, notes)
    values = media_as_written(values, columns, options)
    keep = chosen_rows(n_all, options.max_rows)
    rows = [f"{name} row {i + first_row}" for i in range(n_all)]
    omissions += over_limit(keep, rows)
    if left_out:
        what = "column that is neither number, word, date nor image"
        omissions.append(Omission(what, tuple(left_out)))

    options = like_several(options)
    media = find_media(values, options, name, notes, wanted)
    for medium in media:
        used |= dict.fromkeys(medium.columns, medium.kind.option)
        values |= medium.as_written(columns, notes)
    beside = table_beside(values, options, media, name)
    examples: Examples
    if options.parts is not None or len(media) + bool(beside) > 1:
        where = (keep, rows, folder, name, omissions, events)
        examples, keep = several_examples(values, media, beside, options, notes, *where)
    elif media:
        (medium,) = media
        rest = [column for column in values if column not in medium.columns]
        if rest:
            omissions.append(Omission(f"column beside the {medium.kind.many}", tuple(rest)))
            notes.append(f"columns=[...] takes columns beside the {medium.kind.many} as well")
        examples, keep = medium.examples(values, keep, rows, folder, name, omissions, events)
    else:
        features = _features(values, options, name, omissions, notes, wanted)
        examples = TableExamples(
            {column: features[column][keep] for column in features}, [rows[i] for i in keep]
        )
        used |= dict.fromkeys(_origins(features, columns), "feature")
    missing = sum(labels[i] is None for i in keep)
    if 0 < missing < len(keep):
        notes.append(f"{missing} of {len(keep)} rows have no label: they are used as unlabelled")
    used |= dict.fromkeys(_origins(beside, columns), "feature")
    schema = schema_of(columns, values, used, options)
    examples = with_schema(examples, schema)
    taken = [column for column in schema.columns if column.role == "feature"]
    if taken:
        notes.append(said(taken))
    domain = Domain.build(
        examples,
        [labels[i] for i in keep],
        name=name,
        split=[splits[i] for i in keep],
        omissions=omissions,
        notes=notes,
        label_column=label,
        answers=found.answers,
        classes=found.names,
        schema=schema,
        ids=row_ids(columns, media, label),
    )
    return domain if groups is None else replace(domain, groups=tuple(groups[i] for i in keep))


def _with_text(options: ReadOptions, columns: Columns) -> ReadOptions:
    """Return the options with the column that both sides take for texts."""
    text = None if options.together is None else options.together.text
    return options if text is None or text not in columns.values else replace(options, text=text)


def _conforming(columns: Columns, wanted: TableSchema, options: ReadOptions, name: str) -> Columns:
    """Return the columns as those of the other side were taken.

    Raises
    ------
    Otherwise
        Where one side's words are codes that are whole numbers on the other.
    """
    together, like = options.together, options.like
    for column in wanted.columns if together is not None else ():
        if column.role == "feature" and column.kind == "integer" and _codes(columns, column.name):
            raise Otherwise(Together.of_words(column.name, name))
    try:
        found = columns.conforming(wanted, name)
        if together is not None and like is not None:
            asked = {*(options.categorical or ()), *together.words}
            _refuse_amounts(columns, found, like, asked, name)
        return found
    except NotNumbers as misfit:
        there = getattr(getattr(like, "examples", None), "columns", {}).get(misfit.column)
        if together is None or there is None or wanted[misfit.column].kind != "integer":
            raise
        if len(np.unique(there[~np.isnan(there)])) > MOST_NUMBERS:
            raise
        raise Otherwise(Together.of_words(misfit.column, name)) from misfit


def _codes(columns: Columns, name: str) -> bool:
    """Say whether a column of whole numbers is written as codes are, with zeros in front."""
    own, column = columns.schema.get(name), columns.written.get(name)
    if own is None or column is None or own.kind != "category" or not column.is_strings:
        return False
    return own.why == LARGE or leading_zeros(column.array)


def _refuse_amounts(
    own: Columns, read: Columns, like: Domain, asked: Collection[str], name: str
) -> None:
    """Raise DataError where amounts would be words, of which the other side has not one.

    Codes there, as 01067 is, are words whatever they are here.
    """
    for column, words in getattr(like.examples, "columns", {}).items():
        schema = own.schema.get(column)
        if schema is None or words.dtype != object or schema.kind not in NUMBERS:
            continue
        if column in asked or any(is_number(str(word)) for word in words[:100]):
            continue
        there, here = set(words.tolist()) - {None}, read.values[column]
        given = here[~missing(here)]
        if here.dtype != object or not there or set(given.tolist()) & there:
            continue
        if schema.kind == "decimal" or len(set(given.tolist())) > MOST_NUMBERS:
            raise DataError(
                f"{name}: column {column!r} holds {IN_WORDS[schema.kind]} such as {given[0]!r}, "
                f"and {like.name!r} has words such as {min(there)!r} there, none of which is one",
                do="mend the column, leave it out with drop=, or read it as words on every side: "
                f"categorical={column}",
            )


def _dated(asked: str, values: dict[str, np.ndarray], columns: Sequence[str]) -> list[str]:
    """Return a column that is named, with the month and weekday of dates where none is named."""
    parts = [f"{asked} (month)", f"{asked} (weekday)"]
    if all(part in values for part in parts) and not any(part in columns for part in parts):
        return [asked, *parts]
    return [asked]


def _label(
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
    image, text = image_column(values), text_column(values)
    taken = {options.image, options.audio, options.domain, options.split, split_column(values)}
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


def _labels_of(
    label: str, columns: Columns, name: str, options: ReadOptions, notes: list[str]
) -> LabelRows:
    like = options.like
    known = like.classes if like is not None and like.answers == "classes" else None
    found, named = exact_labels(label, columns, name, known, notes)
    return (
        LabelRows(list(found))
        if named
        else read_labels(found, len(found), name, options.wish, label)
    )


def exact_labels(
    label: str,
    columns: Columns,
    name: str,
    known: tuple[str, ...] | None,
    notes: list[str],
) -> tuple[np.ndarray, bool]:
    """Return a column as labels, as the file has them, and whether it holds names of classes.

    Parameters
    ----------
    label : str
    columns : Columns
    name : str
        What to call the table.
    known : sequence of str, optional
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
        raise DataError(f"{name}: column {label!r} holds bytes", do="name another with label=")
    found = columns.labels(label)
    usual = columns.words(label)
    written = columns.words(label, with_missing=True)
    if len(usual) == len(written) and any(u != w for u, w in zip(usual, written, strict=True)):
        words, said_missing = label_words(usual, written, known or None, label)
        notes += said_missing
        found = columns.labels(label, words)
    return found, False


def _made_of(column: str, values: dict[str, np.ndarray], columns: Columns) -> list[str]:
    """Return a column and those made of it, as month and weekday are of dates."""
    if column not in columns.written:
        return [column]
    return [c for c in values if c == column or _origin(c, columns) == column]


def _origin(column: str, columns: Columns) -> str:
    """Return the column of the table that one was made of."""
    own = column.rpartition(" (")[0]
    return own if column not in columns.written and own in columns.written else column


def _origins(features: Iterable[str], columns: Columns) -> list[str]:
    return [origin for c in features if (origin := _origin(c, columns)) in columns.schema]


def schema_of(
    columns: Columns, values: dict[str, np.ndarray], used: dict[str, Role], options: ReadOptions
) -> TableSchema:
    """Return what each column was taken for, and is used for."""
    found = []
    for name, column in columns.schema.items():
        role: Role = used.get(name, "unused")
        if role == "feature" and name in values:
            is_words, kind = values[name].dtype == object, column.kind
            if is_words and kind not in ("category", "boolean", "files"):
                column = replace(column, kind="category", why="")
            elif not is_words and kind in ("category", "boolean"):
                column = replace(column, kind="decimal", why="")
        found.append(replace(column, role=role))
    return TableSchema(tuple(found), options.encoding)


def _splits(
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
            f"the split of {name} has {problem}", do="give train, val or test for each row"
        )
    return [SPLITS[value] for value in found]


ID_LIKE = "column that only tells rows apart"


def _features(
    values: dict[str, np.ndarray],
    options: ReadOptions,
    name: str,
    omissions: list[Omission],
    notes: list[str],
    wanted: TableSchema,
) -> dict[str, np.ndarray]:
    if options.columns is not None:
        return {
            column: values[column_of(values, column, "columns", name)]
            for asked in options.columns
            for column in _dated(asked, values, options.columns)
        }
    used: set[str] = set()
    together = options.together
    unused = set() if together is None else set(together.apart)
    like = options.like
    if like is not None and isinstance(like.examples, TableExamples):
        used = set(like.examples.columns)
        unused = {c for o in like.omissions if o.what == ID_LIKE for c in o.rows}
        unused |= set(wanted.named("unused")) - used
    left: dict[str, str] = {}
    otherwise: dict[str, str] = {}
    named = {*(options.categorical or ()), *(options.numeric or ())}
    for column, array in values.items():
        why = id_like(column, array)
        if column in unused and column not in named:
            left[column] = f"as in {like.name}" if like else why or "as on the other side"
        elif column in named:
            continue
        elif why is not None and column in used:
            otherwise[column] = why
        elif why is not None:
            left[column] = why
    if together is not None and otherwise and len(left) + len(otherwise) < len(values):
        raise Otherwise(Together.of_apart(otherwise, name))
    if left:
        omissions.append(Omission(ID_LIKE, tuple(left)))
        said = ", ".join(f"{column!r} ({why})" for column, why in left.items())
        notes.append(f"columns left out: {said}; columns=[...] names the ones to use")
    features = {column: array for column, array in values.items() if column not in left}
    if not features:
        nothing = NothingToLearn(
            f"{name} has no column to learn from"
            + (f"; left out: {list(left)[:10]}" if left else ""),
            do="columns=[...] names the ones to use, text= a column of texts",
        )
        nothing.columns = tuple(left)
        raise nothing
    return features
