"""Columns -> domain: which are labels, images, splits and features, all of it said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ...base.errors import ConfigError, DataError
from ...base.events import SILENT, Events
from ...base.inside import Place
from ...targets.names import class_name
from ...targets.registry import AUTO
from ..domain import Domain, Examples, Omission, words_at
from ..modalities.table import TableExamples, with_schema
from ..schema import Role, TableSchema, said
from .base import (
    ReadOptions,
    check_distinct,
    chosen_rows,
    mask_labels,
    over_limit,
)
from .columns import Columns
from .frame_conforming import conforming
from .frame_features import features_of
from .frame_labels import label_of, labels_of
from .frame_media import column_of, find_media, media_as_written
from .frame_multimodal import like_multimodal, multimodal_examples, table_beside
from .frame_splits import splits_of
from .guessing import (
    list_column,
)
from .labels import LabelRows, read_labels
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
    columns = conforming(columns, wanted, options, name)
    if n_all == 0:
        raise DataError(f"{name} has no rows", hint="give a table with at least one row")
    found = LabelRows.none(n_all)
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
            label = label_of(values, options, name, notes, by_name_only)
            if label is not None:
                for other in _made_of(label, values, columns):
                    values.pop(other)
                if options.labelled is not False or options.label is not None:
                    found = labels_of(label, columns, name, options, notes)
    if label is not None:
        used[label] = "label"
    if found.note:
        notes.append(found.note)
    if options.target_type == AUTO and found.exclusive:
        check_distinct(
            found.values,
            f"{name}: column {label!r}" if label else f"{name}: the labels",
            "name the right column with label=, or read it without labels: labelled=False",
        )
    by = options.holdout_by if options.holdout_by in columns.values else None  # a source may not
    _check_apart(options.domain, "domain", options, name)
    _check_apart(by, "holdout", options, name)
    groups = _apart(options.domain, "domain", values, columns, used, name)
    if by is not None and by == options.domain:
        holdout_by = groups
    else:
        holdout_by = _apart(by, "holdout", values, columns, used, name)
    options = replace(options, drop=_without(options.drop, options.domain, by))
    labels = mask_labels(found.values, options.labelled, name)
    before = set(values)
    splits, labels = splits_of(values, options, labels, name, notes, columns)
    used |= dict.fromkeys(before - set(values), "split")

    values = with_roles(values, columns, options, name, notes)
    values = media_as_written(values, columns, options)
    keep = chosen_rows(n_all, options.max_rows)
    rows = [f"{name} row {i + first_row}" for i in range(n_all)]
    omissions += over_limit(keep, rows)
    if left_out:
        what = "column that is neither number, word, date nor image"
        omissions.append(Omission(what, tuple(left_out)))

    options = like_multimodal(options)
    media = find_media(values, options, name, notes, wanted)
    for medium in media:
        used |= dict.fromkeys(medium.columns, medium.kind.option)
        values |= medium.as_written(columns, notes)
    beside = table_beside(values, options, media, name)
    examples: Examples
    if options.parts is not None or len(media) + bool(beside) > 1:
        where = (keep, rows, folder, name, omissions, events)
        examples, keep = multimodal_examples(values, media, beside, options, notes, *where)
    elif media:
        (medium,) = media
        rest = [column for column in values if column not in medium.columns]
        if rest:
            omissions.append(Omission(f"column beside the {medium.kind.many}", tuple(rest)))
            notes.append(f"columns=[...] takes columns beside the {medium.kind.many} as well")
        examples, keep = medium.examples(values, keep, rows, folder, name, omissions, events)
    else:
        features = features_of(values, options, name, omissions, notes, wanted)
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
        target_type=found.target_type,
        classes=found.names,
        schema=schema,
        ids=row_ids(columns, media, label),
    )
    return replace(domain, groups=words_at(groups, keep), holdout_by=words_at(holdout_by, keep))


def _check_apart(wanted: str | None, option: str, options: ReadOptions, name: str) -> None:
    """Raise where a column that says where rows belong is named as something else as well."""
    if wanted is None:
        return
    for other in ("label", "text", "image", "audio", "columns", "categorical", "numeric"):
        named = getattr(options, other) or ()
        if wanted in (named.split(",") if isinstance(named, str) else named):
            raise ConfigError(
                f"{name}: column {wanted!r} is named by {option}= and by {other}=, "
                "and can only be one of them",
                hint=f"name another column with {option}= or with {other}=",
            )


def _without(names: Sequence[str] | None, *others: str | None) -> list[str] | None:
    return names if names is None else [n for n in names if n not in others]


def _apart(
    wanted: str | None,
    option: str,
    values: dict[str, np.ndarray],
    columns: Columns,
    used: dict[str, Role],
    name: str,
) -> list[str | None] | None:
    """Take a column that says where rows belong out of the values, and return its words."""
    if wanted is None:
        return None
    column = column_of(values, wanted, option, name)
    used[column] = "domain"
    words = columns.words(column) if column in columns.written else values[column]
    for made in _made_of(column, values, columns):
        values.pop(made)
    return [class_name(value) for value in words.tolist()]


def _with_text(options: ReadOptions, columns: Columns) -> ReadOptions:
    """Return the options with the column that both sides take for texts."""
    text = None if options.together is None else options.together.text
    return options if text is None or text not in columns.values else replace(options, text=text)


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
