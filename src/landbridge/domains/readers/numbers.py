"""Numbers as people write them: decimal commas, thousands, percent, a word here and there."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

MISSING_WORDS = ("", "?", "NA", "N/A", "n/a", "#N/A", "nan", "NaN", "null", "NULL")
"""What is read as "no value" in a text table."""
_LOOKED_AT = 200
_LEAST, _MOST_ODD, _LEAST_DIFFERENT = 20, 0.05, 10
"""A column of so many values and so few words is one of numbers, where the numbers differ enough
to be quantities."""
EXACT = 2**53
"""Whole numbers beyond it are not all different as float64."""

_POINT = r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_COMMA = r"(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?"
_FORMS = (
    (".", "", rf"[+-]?{_POINT}"),
    (",", "", rf"[+-]?{_COMMA}"),
    (".", ",", r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?"),
    (",", ".", r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?"),
    (".", " ", r"[+-]?[1-9]\d{0,2}( \d{3})+(\.\d+)?"),
    (",", " ", r"[+-]?[1-9]\d{0,2}( \d{3})+(,\d+)?"),
    (".", "'", r"[+-]?[1-9]\d{0,2}(['’]\d{3})+(\.\d+)?"),
)
"""Decimal mark, mark between thousands, what a number with both looks like."""
_ANY = re.compile(r"[+-]?[\d.,'’ ]*\d[\d.,'’ ]*([eE][+-]?\d+)?\s*%?")
_CURRENCIES = (
    *("US$", "R$", "$", "€", "£", "¥", "￥", "₹", "₩", "₽", "₺", "₴", "₫", "₪", "฿"),
    *("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "INR"),
)
_ZEROS = "^0([0-9]+|[xX][0-9a-fA-F]+)$"  # Arrow reads 0x1F as a number
_WHOLE = r"^[+-]?[0-9]+$"


@dataclass(frozen=True)
class Spelled:
    """How a column's numbers are written, and what they are.

    Attributes
    ----------
    decimal, thousands, percent
        See `landbridge.domains.schema.ColumnSchema`.
    integers : bool
        Whether all are whole numbers, as they are written.
    values : float64 ndarray, shape (n,)
        NaN where there is none.
    odd : bool ndarray, shape (n,)
        Where a word stands that is no number.
    zeros : bool
        Whether some are written with zeros before them, as codes are.
    unit : str
        The sign of a currency that they are written with.
    """

    decimal: str
    thousands: str
    percent: bool
    integers: bool
    values: np.ndarray
    odd: np.ndarray
    zeros: bool = False
    unit: str = ""


def spelled(array: Any, *, commas: bool = False) -> Spelled | None:
    """Return a column of strings as numbers, None where it is one of words.

    Parameters
    ----------
    array : pyarrow string array, length n
    commas : bool, default False
        Whether a comma that may stand before thousands or decimals is decimal.
    """
    plain = _plain(array)
    if plain is not None:
        return plain
    clean = cleaned(array)
    plain = _plain(clean)
    if plain is not None:
        return plain
    clean, unit = _without_currency(clean)
    plain = _plain(clean) if unit else None
    if plain is not None:
        return replace(plain, unit=unit)
    given = clean.drop_null()
    step = max(1, len(given) // _LOOKED_AT)
    some = given.take(list(range(0, len(given), step))).to_pylist()
    if sum(_ANY.fullmatch(value) is not None for value in some) < (1 - 2 * _MOST_ODD) * len(some):
        return None
    found = _formed(clean, commas)
    return None if found is None else replace(found, unit=unit)


def _without_currency(clean: Any) -> tuple[Any, str]:
    """Return the cells without the one sign of a currency that most of them have, and the sign.

    Amounts in parentheses are below zero, as book-keepers write them.
    """
    import pyarrow.compute as pc

    def first(cells: Any) -> str:
        return next((sign for sign in _CURRENCIES for cell in cells if sign in cell), "")

    given = clean.drop_null()
    sign = first(given.slice(0, 1).to_pylist()) or first(given.slice(0, _LOOKED_AT).to_pylist())
    if not sign or pc.sum(pc.match_substring(given, sign)).as_py() <= 0.5 * len(given):
        return clean, ""
    own = re.escape(sign)
    found = pc.replace_substring_regex(clean, r"^\((.*)\)$", r"-\1")
    found = pc.replace_substring_regex(found, rf"^([+-]?)\s*{own}\s*([+-]?[\d.,])", r"\1\2")
    return pc.replace_substring_regex(found, rf"(\d)\s*{own}$", r"\1"), sign


def leading_zeros(array: Any) -> bool:
    """Whether some whole number of an array of strings is written with zeros before it."""
    import pyarrow.compute as pc

    given = array.drop_null()
    some = given.filter(pc.starts_with(given, "0"))
    return bool(len(some)) and bool(pc.any(pc.match_substring_regex(some, _ZEROS)).as_py())


def is_exact(integers: Any, numbers: np.ndarray) -> bool:
    """Whether different whole numbers, as strings or integers, stay different as float64."""
    import pyarrow.compute as pc

    finite = numbers[~np.isnan(numbers)]
    if not len(finite) or np.abs(finite).max() <= EXACT:
        return True
    return bool(pc.count_distinct(integers).as_py() == len(np.unique(finite)))


def cleaned(array: Any) -> Any:
    """Return strings without spaces around, with one kind of minus, space and percent sign."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.utf8_trim_whitespace(array)
    found = pc.replace_substring_regex(found, "[\u00a0\u2009\u202f]", " ")
    found = pc.replace_substring_regex(found, "^\u2212", "-")
    gone = pc.is_in(found, value_set=pa.array(MISSING_WORDS, found.type))
    return pc.if_else(gone, pa.scalar(None, found.type), found)


def _plain(array: Any) -> Spelled | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    integers = True
    try:
        numbers = array.cast(pa.int64()).cast(pa.float64(), safe=False)
    except pa.ArrowInvalid:
        try:
            numbers = array.cast(pa.float64())
        except pa.ArrowInvalid:
            return None
        integers = bool(
            pc.all(pc.match_substring_regex(array.slice(0, _LOOKED_AT), _WHOLE)).as_py()
        )
        integers = integers and bool(pc.all(pc.match_substring_regex(array, _WHOLE)).as_py())
    values = np.array(numbers.to_numpy(zero_copy_only=False))
    return Spelled(
        ".", "", False, integers, values, np.zeros(len(values), bool), leading_zeros(array)
    )


def _formed(clean: Any, commas: bool) -> Spelled | None:
    """Return numbers in the one form that fits the most of them, where that is nearly all."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = pc.ends_with(clean, "%")
    percent = bool(pc.sum(ends).as_py()) and pc.sum(ends).as_py() > 0.5 * (
        len(clean) - clean.null_count
    )
    bare = pc.utf8_rtrim(clean, characters="% ") if percent else clean
    fits: dict[tuple[str, str], Any] = {}
    for decimal, thousands, form in _FORMS:
        both = f"^({form}|[+-]?{_POINT if decimal == '.' else _COMMA})$"
        fits[decimal, thousands] = pc.fill_null(pc.match_substring_regex(bare, both), False)
    counts = {form: int(pc.sum(found).as_py()) for form, found in fits.items()}
    most = max(counts.values())
    best = [form for form, count in counts.items() if count == most]
    chosen = best[0]
    if (",", "") in best and (".", ",") in best:  # 1,234 alone: a comma that could be either
        chosen = (",", "") if commas else (".", ",")
    decimal, thousands = chosen
    good = fits[chosen]
    given = len(clean) - clean.null_count
    odd = pc.and_(pc.invert(good), pc.is_valid(clean))
    n_odd = int(pc.sum(odd).as_py() or 0)
    if n_odd and (given < _LEAST or n_odd > _MOST_ODD * given):
        return None
    text = pc.if_else(good, bare, pa.scalar(None, bare.type))
    if thousands:
        text = pc.replace_substring_regex(text, f"[{thousands}’]", "")
    if decimal == ",":
        text = pc.replace_substring(text, ",", ".")
    text = pc.replace_substring_regex(text, r"^\+", "")
    values = np.array(text.cast(pa.float64()).to_numpy(zero_copy_only=False))
    finite = values[~np.isnan(values)]
    if n_odd and len(np.unique(finite)) <= _LEAST_DIFFERENT:
        return None  # codes, one of them a word
    integers = not percent and bool(pc.all(pc.match_substring_regex(text, _WHOLE)).as_py())
    strange = np.asarray(odd.to_numpy(zero_copy_only=False), bool)
    return Spelled(decimal, thousands, percent, integers, values, strange, leading_zeros(text))
