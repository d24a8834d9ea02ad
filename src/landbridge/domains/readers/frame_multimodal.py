"""A table whose rows have several modalities, any of them missing here and there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...base.errors import DataError
from ...base.events import Events
from ...base.inside import Place
from ..domain import Examples, Omission
from ..input_rows import LeftOut
from ..modalities.multimodal import ABSENT, MultimodalExamples
from ..modalities.table import TableExamples, missing
from .base import ReadOptions
from .frame_media import Medium, column_of

TABLE = "tabular"


def like_multimodal(options: ReadOptions) -> ReadOptions:
    """Return the options with the parts of the domain that this one is to be read like."""
    like = options.like
    if options.parts is None and like is not None and isinstance(like.examples, MultimodalExamples):
        table = like.examples.parts.get(TABLE)
        columns = options.columns
        if columns is None and isinstance(table, TableExamples):
            columns = list(table.columns)
        return replace(options, parts=tuple(like.examples.parts), columns=columns)
    return options


def table_beside(
    values: dict[str, np.ndarray], options: ReadOptions, media: list[Medium], name: str
) -> list[str]:
    """Return the columns that are read as numbers and words beside the media: the named ones."""
    if options.parts is not None and TABLE not in options.parts:
        return []
    if not media and options.parts is None:
        return []
    taken = {column for medium in media for column in medium.columns}
    wanted = list(options.columns or ())
    if options.columns is None:
        wanted = [*(options.numeric or ()), *(options.categorical or ())]
    if options.parts is not None and not any(column in values for column in wanted):
        return []  # the part is missing from every row
    return [c for c in (column_of(values, w, "columns", name) for w in wanted) if c not in taken]


def multimodal_examples(
    values: dict[str, np.ndarray],
    media: list[Medium],
    beside: list[str],
    options: ReadOptions,
    notes: list[str],
    keep: np.ndarray,
    rows: list[str],
    folder: Place | None,
    name: str,
    omissions: list[Omission],
    events: Events,
) -> tuple[MultimodalExamples, np.ndarray]:
    """Return what can be read of each part, and the rows that have at least one.

    Raises
    ------
    DataError
        Where no row has anything.
    """
    parts: dict[str, Examples] = {}
    found: dict[str, np.ndarray] = {}
    lacking: list[Omission] = []
    for medium in media:
        columns = [values[c] for c in medium.columns]
        if all(_empty(column[keep]) for column in columns):
            continue
        gone: list[Omission] = []
        own, there = medium.examples(values, keep, rows, folder, name, gone, events)
        parts[medium.kind.modality], found[medium.kind.modality] = own, there
        notes += [said_missing(omission) for omission in gone]
        lacking += gone
    if beside:
        there = keep[~np.all([missing(values[c][keep]) for c in beside], axis=0)]
        if len(there):
            parts[TABLE] = TableExamples(
                {c: values[c][there] for c in beside}, [rows[i] for i in there]
            )
            found[TABLE] = there
    wanted = options.parts or tuple(parts)
    lost = [part for part in wanted if part not in parts]
    if not parts:
        raise DataError(
            f"{name} has none of {', '.join(wanted)} in {len(keep)} rows; its columns are "
            f"{list(values)[:20]}",
            hint="name the columns: image=, text=, audio=, columns=",
        )
    if lost:
        notes.append(f"no row has {' or '.join(lost)}")
    used = {column for medium in media for column in medium.columns} | set(beside)
    if rest := [column for column in values if column not in used]:
        omissions.append(Omission("column beside the ones used", tuple(rest)))
    return joined(parts, found, keep, rows, lacking, omissions, notes)


def joined(
    parts: dict[str, Examples],
    found: dict[str, np.ndarray],
    keep: np.ndarray,
    rows: list[str],
    lacking: list[Omission],
    omissions: list[Omission],
    notes: list[str],
) -> tuple[MultimodalExamples, np.ndarray]:
    """Return the rows that have at least one part, and which they are.

    Parameters
    ----------
    parts : dict of str to Examples
    found : dict of str to ndarray of int
        The row of each of a part's examples, ascending.
    keep : ndarray of int
        The rows to look at.
    rows : list of str
        What to call every row.
    lacking : list of Omission
        What parts could not be read: the reasons of rows that have nothing else.
    omissions, notes : list
        What is left out, and what each row has, is added to them.
    """
    kept = np.unique(np.concatenate(list(found.values())))
    if empty := np.setdiff1d(keep, kept).tolist():
        what = f"row with none of {', '.join(parts)}"
        whys: dict[int, list[str]] = {}
        for one in (one for omission in lacking for one in omission.left):
            whys.setdefault(one.row, []).append(one.why)
        left = [LeftOut(i, rows[i], ": ".join([what, *whys.get(i, [])])) for i in empty]
        omissions.append(Omission.of_rows(what, left))
    places = {}
    for part, there in found.items():
        place = np.full(len(kept), ABSENT, np.int64)
        place[np.searchsorted(kept, there)] = np.arange(len(there))
        places[part] = place
    notes.append(
        "several modalities a row: "
        + ", ".join(f"{part} in {len(there)} of {len(kept)}" for part, there in found.items())
    )
    return MultimodalExamples(parts, places, [rows[i] for i in kept]), kept


def _empty(column: np.ndarray) -> bool:
    return bool(missing(column).all())


def said_missing(omission: Omission) -> str:
    """Return a part that rows lack, in words: the rows themselves stay."""
    first = ", ".join(omission.rows[:3]) + (", ..." if len(omission.rows) > 3 else "")
    return f"{len(omission.rows)} x {omission.what} (the rest of the row is used): {first}"
