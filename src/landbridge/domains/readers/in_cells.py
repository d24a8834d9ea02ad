"""Pictures and recordings in the cells of a table -> the bytes of files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..modalities.single import encoded_picture, is_picture
from ..modalities.sound_memory import wav_bytes


def as_files(name: str, values: Sequence[Any]) -> list[Any] | None:
    """Return a column's cells as files in memory, None where they are anything else.

    Parameters
    ----------
    name : str
        What to call the column.
    values : sequence
        Images of Pillow, arrays of bytes (h, w) or (h, w, c), or mappings with "array" and
        "sampling_rate"; None and NaN where a row has none.

    Raises
    ------
    DataError
        Where one cannot be read, naming its row.
    """
    given = [value for value in values if not _is_nothing(value)]
    if not given or not (all(map(_is_image, given)) or all(map(_is_sound, given))):
        return None
    found: list[Any] = []
    for row, value in enumerate(values):
        called = f"row {row}, column {name!r}"
        if _is_nothing(value):
            found.append(None)
        elif _is_sound(value):
            found.append(wav_bytes(value, None, called))
        else:
            found.append(encoded_picture(_picture(value), called))
    return found


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _is_sound(value: Any) -> bool:
    return isinstance(value, Mapping) and "array" in value and "sampling_rate" in value


def _is_image(value: Any) -> bool:
    if not isinstance(value, np.ndarray):
        return is_picture(value)
    flat = value.ndim == 2 or (value.ndim == 3 and value.shape[2] in (3, 4))
    return value.dtype == np.uint8 and flat and min(value.shape) > 0


def _picture(value: Any) -> Any:
    from PIL import Image

    return Image.fromarray(value) if isinstance(value, np.ndarray) else value
