"""A table's column of images or their paths -> the images that can be decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...base.errors import DataError
from ...base.events import Events
from ..domain import Omission
from ..modalities.decoding import Item
from ..modalities.images import ImageExamples, unreadable


def table_images(
    column: np.ndarray,
    keep: np.ndarray,
    rows: list[str],
    folder: Path | None,
    name: str,
    omissions: list[Omission],
    events: Events,
) -> tuple[ImageExamples, np.ndarray]:
    """Return the images that can be decoded, and their rows.

    Parameters
    ----------
    column : ndarray of object, shape (n,)
        Bytes, paths, or None.
    keep : ndarray of int
        The rows to look at.
    rows : list of str, length n
        What to call each row.
    folder : Path or None
        Where relative paths begin.
    name : str
        What to call the table.
    omissions : list of Omission
        What is left out is added to it.
    events : Events

    Raises
    ------
    DataError
        Where no image is left.
    """
    items: list[Item] = []
    names: list[str] = []
    there: list[int] = []
    empty: list[str] = []
    gone: list[str] = []
    for row in keep.tolist():
        value = column[row]
        if value is None:
            empty.append(rows[row])
            continue
        item: Item = value if isinstance(value, bytes) else (folder or Path()) / str(value)
        if isinstance(item, Path) and not item.is_file():
            gone.append(f"{rows[row]}: {item}")
            continue
        items.append(item)
        names.append(rows[row] if isinstance(item, bytes) else str(item))
        there.append(row)
    if gone and not items:
        raise DataError(
            f"none of the {len(gone)} image files of {name} exists; the first: {gone[0]}",
            do="paths are relative to the folder of the table: move the table or the images",
        )
    flaws = unreadable(items, what=f"images of {name}", events=events)
    for what, left in (
        ("row without an image", empty),
        ("image file that does not exist", gone),
        ("unreadable image", [f"{names[i]} ({why})" for i, why in flaws.items()]),
    ):
        if left:
            omissions.append(Omission(what, tuple(left)))
    good = [i for i in range(len(items)) if i not in flaws]
    if not good:
        raise DataError(
            f"{name} has no readable image in {len(keep)} rows"
            + (f"; the first: {omissions[-1].rows[0]}" if omissions else ""),
            do="check the image column (image= names another)",
        )
    images = ImageExamples([items[i] for i in good], names=[names[i] for i in good])
    return images, np.array([there[i] for i in good], dtype=int)
