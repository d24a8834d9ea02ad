"""What a table itself calls its rows: an index, a column of ids, the names of its files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...targets.names import is_missing
from .guessing import ID_NAMES

if TYPE_CHECKING:
    from .columns import Columns
    from .frame_media import Medium

_ID = re.compile(r"((^|[\W_])(id|uuid|guid)|[a-z](ID|Id))$|^(ID|Id)$", re.ASCII)
"""customer_id, "Customer id", customerID, PassengerId; not "paid" or "valid"."""


def row_ids(
    columns: Columns, media: Sequence[Medium], label: str | None
) -> list[str | None] | None:
    """Return what the rows are called, None where the table does not say.

    The index of a data frame, where it is words; else the first column whose name says that it
    holds ids and whose values all differ; else the index, where it is more than a count (that of
    shuffled rows is); else the paths of images or recordings.
    """
    index = columns.index
    if index is not None and not all(word.isdigit() for word in index):
        return list(index)
    for name in columns.written:
        if name == label or not (name.strip().lower() in ID_NAMES or _ID.search(name.strip())):
            continue
        words = columns.words(name).tolist()
        if all(isinstance(word, str) and word for word in words) and len(set(words)) == len(words):
            return words
    if index is not None:
        return list(index)
    for medium in media:
        if medium.kind.option == "text":
            continue
        paths = columns.words(medium.columns[0]).tolist()
        if all(path is None or isinstance(path, str) for path in paths):
            return paths
    return None


def index_words(frame: Any) -> list[str] | None:
    """Return a data frame's index as words, None where it only counts or does not tell rows apart.

    Examples
    --------
    >>> import pandas as pd
    >>> index_words(pd.DataFrame({"x": [1, 2]})), index_words(pd.DataFrame({"x": [1]}, index=["a"]))
    (None, ['a'])
    """
    index: Any = getattr(frame, "index", None)
    if not hasattr(index, "is_unique") or not index.is_unique:
        return None
    if type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1:
        return None
    values = list(index)
    if any(map(is_missing, values)):
        return None
    return [", ".join(map(str, one)) if isinstance(one, tuple) else str(one) for one in values]
