"""Files that the cells of a table hold or name: which are there, and which can be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...base.errors import DataError
from ...base.inside import ANYWHERE, Place, leads_out
from ...base.shown import encodable
from ..domain import Omission
from ..input_rows import LeftOut
from ..modalities.pieces import Item, Piece, nameless
from .named_files import as_there, is_file, near_name

if TYPE_CHECKING:
    from .frame_media import Kind


def files_of(
    kind: Kind,
    column: np.ndarray,
    keep: np.ndarray,
    rows: list[str],
    folder: Place | None,
    name: str,
    omissions: list[Omission],
) -> tuple[list[Item], list[str], list[int]]:
    """Return what a column of files in memory or of paths holds.

    Parameters
    ----------
    kind : Kind
    column : ndarray of object, shape (n,)
        Bytes, paths, or None.
    keep : ndarray of int
        The rows to look at.
    rows : list of str, length n
        What to call each row.
    folder : Place or None
        Where relative paths begin, and how far they may lead.
    name : str
        What to call the table.
    omissions : list of Omission
        What is left out is added to it.

    Returns
    -------
    items, names, there : list
        Content or path, what to call it, and its row.

    Raises
    ------
    DataError
        Where no file exists.
    """
    items: list[Item] = []
    names: list[str] = []
    there: list[int] = []
    article = "an" if kind.one[0] in "aeiou" else "a"
    without, lost = f"row without {article} {kind.one}", f"{kind.one} file that does not exist"
    empty: list[LeftOut] = []
    gone: list[LeftOut] = []
    said: list[str] = []
    far = f"{kind.one} file outside the folder (--outside reads it)"
    outside: list[LeftOut] = []
    led: list[str] = []
    place = folder or Place(Path())
    for row in keep.tolist():
        value = column[row]
        if value is None:
            empty.append(LeftOut(row, rows[row], without))
            continue
        item: Item
        if isinstance(value, bytes | Piece):
            item = value
        else:
            asked = str(value)
            item = place.folder / asked
            if place.holds(item):  # nothing is looked up elsewhere, not even whether it is there
                item = place.folder / as_there(place.folder, asked)
            if not place.holds(item):
                led.append(f"{rows[row]}: {leads_out(item)}")
                outside.append(LeftOut(row, rows[row], f"{far}: {leads_out(item)}"))
                continue
            if not is_file(item):
                near = near_name(place.folder, asked)
                said.append(f"{rows[row]}: {item}" + (f" (there is {near})" if near else ""))
                gone.append(LeftOut(row, str(item), lost + (f": there is {near}" if near else "")))
                continue
        items.append(item)
        names.append(rows[row] if nameless(item) else encodable(item))
        there.append(row)
    if outside and not items and not gone:
        raise DataError(
            f"none of the {len(outside)} {kind.one} files of {name} lies in its folder; the first: "
            f"{led[0]}",
            hint=f"put the {kind.many} there; {ANYWHERE}",
        )
    if gone and not items:
        raise DataError(
            f"none of the {len(gone)} {kind.one} files of {name} exists; the first: {said[0]}",
            hint="paths are relative to the folder of the table: move the table or the "
            f"{kind.many}",
        )
    if empty:
        omissions.append(Omission.of_rows(without, empty))
    if gone:
        omissions.append(Omission(lost, tuple(said), tuple(gone)))
    if outside:
        omissions.append(Omission(far, tuple(led), tuple(outside)))
    return items, names, there


def sound_rows(
    kind: Kind,
    names: list[str],
    there: list[int],
    flaws: Mapping[int, str],
    name: str,
    asked: int,
    omissions: list[Omission],
) -> list[int]:
    """Return which items can be read; `there` is the row of each.

    Raises
    ------
    DataError
        Where none can.
    """
    if flaws:
        what = f"unreadable {kind.one}"
        left = [LeftOut(there[i], names[i], f"{what}: {why}") for i, why in flaws.items()]
        omissions.append(Omission.of_rows(what, left))
    good = [i for i in range(len(names)) if i not in flaws]
    if not good:
        raise DataError(
            f"{name} has no readable {kind.one} in {asked} rows"
            + (f"; the first: {omissions[-1].rows[0]}" if omissions else ""),
            hint=f"check the {kind.one} column ({kind.option}= names another)",
        )
    return good
