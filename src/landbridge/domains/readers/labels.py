"""From a column or an array to labels: classes, numbers, or several at once, and why.

What is taken for numbers where nobody says otherwise: values that are not all whole, more than
ten different ones or mostly different; and whole numbers of more than twenty different values,
fewer than twenty rows each, that are not simply 0 to k−1 or 1 to k (those count classes), unless
they come back and their column's name says that it holds classes.
What is taken for several labels: a list in each row, a table of 0 and 1 with a column a label,
and words joined by ";" or "|" where the parts come back in other rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.written_lists import written_list
from ...targets.base import TargetType
from ...targets.multilabel import SEPARATORS, labels_in
from ...targets.names import class_name, is_missing
from ...targets.registry import AUTO, get_target_type, multiclass

Wish = str
"""A kind of label, or `AUTO`."""
_MOST_CLASSES, _MOST_WHOLE, _LEAST_A_CLASS = 10, 20, 20
_LEAST_JOINED = 0.05
_NUMBER = "target_type=multiclass reads them as classes"
CLASS_NAMES = frozenset(
    (
        *("label", "labels", "class", "classes", "category", "categories", "species", "diagnosis"),
        *("classification", "sentiment", "genre", "topic", "cluster", "type", "kind"),
    )
)
"""Names of columns, or their last or first word, that say "this is a class"."""
_ID_WORDS = frozenset(("id", "ids", "idx", "index", "name", "code", "no", "nr", "number", "fine"))
_SEVERAL = "target_type=multiclass reads each as one class"


@dataclass(frozen=True)
class LabelRows:
    """Labels of n rows.

    Attributes
    ----------
    values : list
        A class name, a number, or a tuple of label names; None where there is no label.
    target_type : TargetType
    names : tuple of str or None
        Label names in order, where they are known beside the rows.
    note : str
        Why it is read as it is; "" where nothing else comes into question.
    """

    values: list[Any]
    target_type: TargetType
    names: tuple[str, ...] | None = None
    note: str = ""

    @classmethod
    def none(cls, n: int) -> LabelRows:
        """Return n rows without a label."""
        return cls([None] * n, multiclass())

    @property
    def exclusive(self) -> bool:
        """Whether they are classes."""
        return self.target_type.exclusive


def read_labels(
    raw: Any, n: int, name: str, wish: Wish = "auto", column: str | None = None
) -> LabelRows:
    """Return any array-like of labels, n of them.

    Parameters
    ----------
    raw : array-like, tensor or data frame
        One label a row, or a table of 0 and 1 with a column for each label. A second axis of one,
        as Keras gives it, is taken away.
    n : int
    name : str
        What to call the data in messages.
    wish : str
        A kind of label (see `landbridge.targets`), or "auto".
    column : str, optional
        The column that they come from; its name may say that they are classes.

    Raises
    ------
    DataError
        Where there are not n of them, or they are not of the kind that is wished for.
    """
    found, columns = _plain(raw)
    if len(found) != n:
        raise DataError(
            f"{name} has {n} rows and {len(found)} labels",
            hint="give one label a row; None or NaN where there is none",
        )
    asked = None if wish == AUTO else get_target_type(wish)
    if asked is None or not asked.exclusive:
        found = _written(found, column, name)
    if asked is None or not asked.multiple:
        found = _single(found)
    if any(isinstance(value, list | tuple | set | frozenset | np.ndarray) for value in found):
        return _lists(found, columns, name, asked)
    if any(isinstance(value, dict) for value in found):
        raise _too_many_axes(name)
    name_of, why = (wish, "") if asked is not None else _guess(found, column)
    kind = get_target_type(name_of)
    values, names = kind.parse(found, name)
    return LabelRows(values, kind, names, why)


def _plain(raw: Any) -> tuple[list[Any], tuple[str, ...] | None]:
    columns = None
    if hasattr(raw, "columns") and hasattr(raw, "to_numpy"):
        columns = tuple(str(c) for c in raw.columns)
        raw = raw.to_numpy()
    if hasattr(raw, "detach"):
        raw = raw.detach().cpu()
    for method in ("to_pylist", "tolist"):
        if hasattr(raw, method):
            raw = getattr(raw, method)()
            break
    found = list(raw)
    if columns is not None and len(columns) == 1:
        return [value[0] for value in found], None
    return found, columns


def _written(found: list[Any], column: str | None, name: str) -> list[Any]:
    """Return cells that are all lists as JSON or Python writes them as lists."""
    given = [value for value in found if not is_missing(value)]
    if not given or not all(isinstance(v, str) and v[:1] in ("[", "{", "(") for v in given):
        return found
    called = column or "label"
    lists = [None if is_missing(v) else written_list(v, called, name) for v in found]
    return found if any(isinstance(value, str) for value in lists) else lists


def _single(found: list[Any]) -> list[Any]:
    """Return labels of shape (n, 1) as (n,); all others as they are."""
    given = [value for value in found if not is_missing(value)]
    listed = list | tuple | np.ndarray
    if not given or not all(isinstance(v, listed) and np.shape(v) == (1,) for v in given):
        return found
    return [None if is_missing(value) else value[0] for value in found]


def says_class(column: str | None) -> bool:
    """Whether a column's name says that it holds classes: "class", "category_id", "Fine Label".

    Examples
    --------
    >>> [says_class(name) for name in ("category_id", "fineLabel", "classroom", "price", None)]
    [True, True, False, False, False]
    """
    if column is None:
        return False
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", column)
    kept = [word.lower() for word in words if word.lower() not in _ID_WORDS]
    return bool(kept) and (kept[0] in CLASS_NAMES or kept[-1] in CLASS_NAMES)


def _guess(values: Sequence[Any], column: str | None) -> tuple[str, str]:
    given = [v for v in values if not is_missing(v) and v != ""]
    if not given:
        return "multiclass", ""
    if all(isinstance(v, Real) and not isinstance(v, bool | np.bool_) for v in given):
        kind, why = _numbers(given)
        k = len(set(given))
        repeats = 2 * k <= len(given) and _all_integers(given)
        if kind == "regression" and says_class(column) and repeats:
            return "multiclass", (
                f"the {k} different numbers of column {column!r} are read as classes, as its name "
                "says; target_type=regression reads them as quantities"
            )
        return kind, why
    if all(isinstance(v, str) for v in given):
        mark = _separator(given, SEPARATORS)
        if mark is not None:
            return "multilabel", f"labels are joined by {mark!r}: several a row; {_SEVERAL}"
    return "multiclass", ""


def _all_integers(given: Sequence[Any]) -> bool:
    return all(isinstance(v, int) or float(v).is_integer() for v in given)


def _numbers(given: Sequence[Any]) -> tuple[str, str]:
    distinct = set(given)  # not as float: whole numbers above 2**53 would merge
    integers = _all_integers(given)
    k = len(distinct)
    if not integers and (k > _MOST_CLASSES or 2 * k > len(given) > 3):
        why = f"the labels are numbers, as {k} different are not all whole; {_NUMBER}"
        return "regression", why
    counted = integers and min(distinct) in (0, 1) and max(distinct) - min(distinct) == k - 1
    if integers and not counted and k > _MOST_WHOLE and len(given) < _LEAST_A_CLASS * k:
        why = f"the labels are numbers, as they take {k} different values; {_NUMBER}"
        return "regression", why
    return "multiclass", ""


def _separator(values: Sequence[Any], marks: Sequence[str]) -> str | None:
    """Return what joins labels: the parts are fewer than the different cells, and come back."""
    cells = [v for v in values if isinstance(v, str)]
    for mark in marks:
        joined = [cell for cell in cells if mark in cell]
        if not joined or len(joined) < _LEAST_JOINED * len(cells):
            continue
        parts = Counter(part for cell in cells for part in labels_in(cell, mark) or ())
        if len(parts) < len(set(cells)) and min(parts.values()) > 1:
            return mark
    return None


def _lists(
    found: list[Any], columns: tuple[str, ...] | None, name: str, asked: TargetType | None
) -> LabelRows:
    if asked is not None and not asked.multiple:
        raise _too_many_axes(name)
    table = _table(found)
    if table is None:
        if columns is not None or not all(_label_list(value) for value in found):
            raise _too_many_axes(name)
        rows = [
            None if is_missing(v) else tuple(dict.fromkeys(str(class_name(x)) for x in v))
            for v in found
        ]
        note = f"each row has a list of labels: several a row; {_SEVERAL}" if asked is None else ""
        return LabelRows(rows, get_target_type("multilabel"), note=note)
    complete = ~np.isnan(table).any(1)
    if asked is None and (table[complete].sum(1) == 1).all():
        raise _too_many_axes(name)
    names = columns or tuple(str(i) for i in range(table.shape[1]))
    rows = [
        tuple(names[i] for i in np.flatnonzero(row)) if ok else None
        for row, ok in zip(table, complete.tolist(), strict=True)
    ]
    note = f"labels are a table of 0 and 1: {len(names)} labels, several a row"
    return LabelRows(rows, get_target_type("multilabel"), names, note)


def _table(found: list[Any]) -> np.ndarray | None:
    """Return rows of 0, 1 and NaN as an array (n, k), k at least 2; None where they are not."""
    rows = [list(v) if isinstance(v, list | tuple | np.ndarray) else None for v in found]
    width = {None if row is None else len(row) for row in rows}
    if len(width) != 1 or None in width or width == {0} or width == {1}:
        return None
    cells = [np.nan if is_missing(v) else v for row in rows if row is not None for v in row]
    if not all(isinstance(v, Real) and (v in (0, 1) or v != v) for v in cells):
        return None
    return np.array([float(v) for v in cells]).reshape(len(rows), -1)


def _label_list(value: Any) -> bool:
    if is_missing(value):
        return True
    if not isinstance(value, list | tuple | set | frozenset | np.ndarray):
        return False
    plain = str | int | np.integer
    return all(isinstance(v, plain) and class_name(v) is not None for v in value)


def _too_many_axes(name: str) -> DataError:
    return DataError(
        f"the labels of {name} have more than one axis",
        hint="give one value a row, for example labels.argmax(axis=1), or say "
        "target_type=multilabel: a list of labels in each row, or a table of 0 and 1",
    )
