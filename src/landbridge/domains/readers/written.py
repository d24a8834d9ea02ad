"""A column as the file or the frame has it, before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Number
from typing import Any, Literal

import numpy as np

from ...base.libraries import type_errors
from ...targets.names import class_name, is_missing

Typed = Literal["no", "strings", "yes"]


@dataclass(frozen=True)
class Written:
    """One column, exact.

    Attributes
    ----------
    name : str
    array : pyarrow.Array, length n
    typed : {"no", "strings", "yes"}
        Whether the file says what its cells are. "no": all are characters, as in a CSV;
        "strings": all but dates, as in JSON.
    again : callable, optional
        Reads the column once more, without taking any word for a missing value.
    """

    name: str
    array: Any
    typed: Typed = "yes"
    again: Callable[[], Any] | None = None

    def __len__(self) -> int:
        return len(self.array)

    def take(self, rows: np.ndarray) -> Written:
        """Return the rows at integer `rows`."""
        again = None if self.again is None else self.again
        later = None if again is None else lambda: again().take(rows)
        return Written(self.name, self.array.take(rows), self.typed, later)

    def words(self, *, with_missing: bool = False) -> np.ndarray:
        """Return what is written in each cell, str or None: "007" stays, 7.0 is "7".

        With `with_missing`, words such as NA are words as well.
        """
        array = self.array
        if with_missing and self.again is not None and array.null_count:
            array = self.again()
        return words_of(array)

    @property
    def is_strings(self) -> bool:
        """Whether its cells are strings."""
        from pyarrow import types

        return bool(types.is_string(self.array.type))


def written(name: str, array: Any, typed: Typed = "yes", again: Any = None) -> Written:
    """Return an Arrow array, or chunked array, of any type as a column of a plain type."""
    return Written(name, _text(plain_array(array)), typed, again)


_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def _text(array: Any) -> Any:
    """Return bytes as strings where all of them are text: Impala and Hive mark no strings."""
    import pyarrow as pa
    from pyarrow import types

    if not types.is_binary(array.type):
        return array
    first = next((cell.as_py() for cell in array if cell.is_valid and len(cell.as_py())), None)
    if first is None or _NO_TEXT.search(first):
        return array
    try:
        found = array.cast(pa.string())
    except pa.ArrowInvalid:
        return array
    return array if any(_NO_TEXT.search(cell) for cell in array.drop_null().to_pylist()) else found


def plain_array(array: Any) -> Any:
    """Return one array without dictionaries, extensions, views or runs: strings as `string`."""
    import pyarrow as pa
    from pyarrow import types

    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    if isinstance(array, pa.ChunkedArray):  # of older releases, where there is no chunk
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        boolean = getattr(kind, "extension_name", "") == "arrow.bool8"
        array = array.storage.cast(pa.bool_()) if boolean else array.storage
        return plain_array(array)
    if types.is_dictionary(kind):
        return plain_array(array.dictionary_decode())
    if types.is_run_end_encoded(kind):
        import pyarrow.compute as pc

        return plain_array(pc.run_end_decode(array))
    if types.is_large_string(kind) or _named(kind, "string_view"):
        return _cast(array, pa.string())
    if (
        types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or _named(kind, "binary_view")
    ):
        return _cast(array, pa.binary())
    return array


def from_objects(name: str, values: Sequence[Any]) -> Written | None:
    """Return a column of Python objects, None where it is neither numbers nor words nor lists.

    Words beside numbers and truth values are words: 3 and 3.0 are "3".
    """
    import pyarrow as pa

    given = [value for value in values if not is_missing(value)]
    if any(isinstance(value, complex) for value in given):
        return None
    try:
        return written(name, pa.array(list(values), from_pandas=True))
    except type_errors():
        pass
    except UnicodeEncodeError:  # half a pair of surrogates
        values = [whole_characters(value) if isinstance(value, str) else value for value in values]
    if all(_is_number(value) for value in given) and not all(_is_whole(value) for value in given):
        numbers = [None if is_missing(value) else float(value) for value in values]
        return written(name, pa.array(numbers, pa.float64()))
    if all(isinstance(value, str | bool | Number | np.bool_ | Decimal) for value in given):
        words = [None if is_missing(v) else v if isinstance(v, str) else _word(v) for v in values]
        # Whole numbers beyond 64 bits are numbers all the same.
        typed: Typed = "no" if given and all(map(_is_whole, given)) else "yes"
        return written(name, pa.array(words, pa.string()), typed)
    return None


def whole_characters(text: str) -> str:
    """Return a text with U+FFFD where half of a surrogate pair stands.

    Examples
    --------
    >>> whole_characters("good \\ud83d day") == "good \\ufffd day"
    True
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def words_of(array: Any) -> np.ndarray:
    """Return an array of a plain type as words, str or None: whole floats without ".0"."""
    import pyarrow.compute as pc
    from pyarrow import types

    kind = array.type
    if types.is_string(kind):
        trimmed = pc.utf8_trim_whitespace(array)
        found = trimmed.to_numpy(zero_copy_only=False)
        out = np.array(found, dtype=object)
        out[np.equal(out, "")] = None
        return out
    if types.is_integer(kind):
        return np.array(array.cast("string").to_numpy(zero_copy_only=False), dtype=object)
    return objects_of([_word(value) for value in _listed(array)])


def objects_of(values: Sequence[Any]) -> np.ndarray:
    """Return values as an object array (n,)."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _listed(array: Any) -> list[Any]:
    """Return Python values; times with nanoseconds as strings, which Python has no type for."""
    from pyarrow import types

    kind = array.type
    if (types.is_temporal(kind)) and getattr(kind, "unit", "") == "ns":
        return list(array.cast("string").to_pylist())
    return list(array.to_pylist())


def _word(value: Any) -> str | None:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return None
        whole = value == value.to_integral_value()
        return str(int(value)) if whole else format(value.normalize(), "f")
    return class_name(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, Number | Decimal) and not isinstance(value, bool | np.bool_)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _named(kind: Any, name: str) -> bool:
    return str(kind) == name


def _cast(array: Any, kind: Any) -> Any:
    import pyarrow as pa

    try:
        return array.cast(kind)
    except type_errors():  # older releases, over 2 GB
        return pa.array(array.to_pylist(), kind)
