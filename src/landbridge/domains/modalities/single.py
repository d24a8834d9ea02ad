"""One raw example, or several as they are in memory, as `Examples`."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...base.errors import DataError
from ...base.libraries import type_errors
from ..examples import Examples
from ..input_rows import LeftOut
from .decoding import broken_image_errors, flaw
from .images import ImageExamples
from .recordings import AudioExamples
from .sound_files import silent_or_broken
from .sound_memory import has_channels, is_recording, wav_bytes

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Partly:
    """What can be read of several examples in memory, and what cannot."""

    examples: Examples
    left: tuple[LeftOut, ...] = ()


_PREFIXES = ("sample:", "hf:")
_PNG = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
_TIFF = ("I", "F", "I;16B")


def image_or_images(what: Any, channels: int, width: int) -> Any:
    """Return images in memory as `Partly`, one file as `ImageExamples`, one array as one of many.

    Anything else is returned as it is.

    Parameters
    ----------
    channels, width : int
        Of the model's input: they tell one coloured image from several grey ones.

    Raises
    ------
    DataError
        Where a file, or each of the images, is none.
    """
    what = cells_of(what)
    if is_picture(what) or isinstance(what, bytes):
        what = [what]
    if _are_all(what, lambda x: is_picture(x) or isinstance(x, bytes)):
        return _sound_ones(
            what, "image", _image_item, lambda items, names: ImageExamples(items, names=names)
        )
    path = _one_file(what)
    if path is not None:
        from .decoding import IMAGE_SUFFIXES

        if path.suffix.lower() in IMAGE_SUFFIXES:
            if reason := flaw(path):
                raise DataError(f"{path} cannot be read as an image: {reason}", hint="restore it")
            return ImageExamples([path])
        return what
    shape = getattr(what, "shape", None)
    if shape is None and isinstance(what, list) and what and not isinstance(what[0], str | Path):
        return what
    if shape is not None and not hasattr(what, "columns"):
        if len(shape) == 2:
            return what[None]
        if len(shape) == 3 and _one_image(tuple(shape), channels, width):
            return what[None]
    return what


def cells_of(what: Any) -> Any:
    """Return a Series, or an array of one axis, of objects as a list, None where one is missing."""
    if getattr(what, "ndim", 0) != 1 or str(getattr(what, "dtype", "")) != "object":
        return what
    return [None if isinstance(one, float) and one != one else one for one in what]


def _as_numpy(what: Any) -> Any:
    """Return tensors as arrays, in a list, or beside a rate, as well."""
    if isinstance(what, list | tuple) and any(hasattr(one, "detach") for one in what):
        return type(what)(map(_as_numpy, what))
    return what.detach().cpu().numpy() if hasattr(what, "detach") else what


def _one_image(shape: tuple[int, ...], channels: int, width: int) -> bool:
    """Say whether three axes are one image with its channels, and not grey images."""
    first, _, last = shape
    if last in (1, 3, 4) and (last != width or width > 4):
        return True
    return first in (3, 4) and channels == 3


def sound_or_sounds(what: Any, rate: int) -> Any:
    """Return one recording, or several in memory, as `Partly`; all else as it is.

    Parameters
    ----------
    rate : int
        Of arrays that do not say theirs.

    Raises
    ------
    DataError
        Where none of them is a recording.
    """
    from .sound_files import AUDIO_SUFFIXES

    what = _as_numpy(cells_of(what))
    path = _one_file(what)
    if path is not None:
        what = [what]
    if isinstance(what, list) and _are_all(what, lambda one: isinstance(one, str | Path)):
        paths = [Path(one) for one in what if one is not None]
        if any(one.suffix.lower() not in AUDIO_SUFFIXES for one in paths):
            return what[0] if path is not None else what
        names = [f"recording {i}" if one is None else str(one) for i, one in enumerate(what)]
        return _sound_ones(what, "recording", _sound_file, AudioExamples, names)
    if is_recording(what):
        what = [what]
    elif getattr(what, "ndim", 0) == 2 and not hasattr(what, "columns"):
        what = list(what)
    if _are_all(what, lambda one: is_recording(one) or has_channels(one)):
        return _sound_ones(
            what, "recording", lambda one, name: wav_bytes(one, rate, name), AudioExamples
        )
    return what


def _are_all(what: Any, kind: Callable[[Any], bool]) -> bool:
    """Whether it is a list of one kind of thing; None is one that is missing."""
    if not isinstance(what, list | tuple):
        return False
    there = [one for one in what if one is not None]
    return bool(there) and all(map(kind, there))


def _sound_ones(
    what: Sequence[Any],
    one: str,
    read: Callable[[Any, str], Any],
    make: Callable[[list[Any], list[str]], Examples],
    names: Sequence[str] | None = None,
) -> Partly:
    """Return what can be read of several in memory.

    Raises
    ------
    DataError
        Where none can.
    """
    called = [f"{one} {i}" for i in range(len(what))] if names is None else list(names)
    items: list[Any] = []
    kept: list[str] = []
    left: list[LeftOut] = []
    first: DataError | None = None
    article = "an" if one[0] in "aeiou" else "a"
    for i, (given, name) in enumerate(zip(what, called, strict=True)):
        if given is None:
            left.append(LeftOut(i, name, f"row without {article} {one}"))
            continue
        try:
            items.append(read(given, name))
        except DataError as error:
            first = first or error
            why = error.message.removeprefix(f"{name} cannot be read as {article} {one}: ")
            left.append(LeftOut(i, name, f"unreadable {one}: {why}"))
            continue
        kept.append(name)
    if first is not None and not items:
        raise first
    return Partly(make(items, kept), tuple(left))


def _image_item(what: Any, name: str) -> bytes:
    item = what if isinstance(what, bytes) else encoded_picture(what, name)
    if reason := flaw(item):
        raise DataError(f"{name} cannot be read as an image: {reason}", hint="restore it")
    return item


def _sound_file(what: Any, name: str) -> Path:
    path = Path(what)
    reason = silent_or_broken(path) if path.is_file() else "there is no such file"
    if reason:
        raise DataError(f"{name} cannot be read as a recording: {reason}", hint="restore it")
    return path


def text_or_texts(what: Any) -> Any:
    """Return a single text as a list of one; paths that are there, and prefixes, as they are."""
    if not isinstance(what, str) or what.startswith(_PREFIXES) or "\x00" in what:
        return what
    try:
        if Path(what).exists():
            return what
    except OSError:  # too long for a name
        return [what]
    if not any(x.isspace() for x in what) and (Path(what).suffix or "/" in what):
        return what  # meant as a path: the reader says that it is not there
    return [what]


def row_or_rows(what: Any, columns: Sequence[str], needed: Sequence[str]) -> Any:
    """Return one row of a table (numbers, or a mapping by column) as a table of one row.

    A list of mappings is a table as well (a column that one lacks is missing there), and so is a
    mapping of columns.

    Parameters
    ----------
    what : object
    columns : sequence of str
        What the model takes.
    needed : sequence of str
        Those of them that a table must have: the month of a date is made of it.
    """
    if isinstance(what, list) and what and all(isinstance(row, Mapping) for row in what):
        import pyarrow as pa

        names = dict.fromkeys(str(name) for row in what for name in row)
        try:
            return pa.table({name: [row.get(name) for row in what] for name in names})
        except type_errors() as error:
            raise DataError(
                f"a column of the rows holds values of several kinds: {error}",
                hint="give each column one kind of value",
            ) from error
    if isinstance(what, Mapping) and what:
        import pyarrow as pa

        if not any(_is_column(v) for v in what.values()):
            return pa.Table.from_pylist([dict(what)])
        if set(needed) <= set(what):
            return _columns_of(what)
    numbers = isinstance(what, list | tuple) and len(what) == len(columns) > 2
    if numbers and all(isinstance(x, int | float | np.number) for x in what):
        return np.array([what], float)
    one_axis = getattr(what, "ndim", 0) == 1
    if one_axis and not hasattr(what, "to_frame") and len(what) == len(columns):
        return what[None]
    if getattr(what, "ndim", 0) == 1 and set(needed) <= set(getattr(what, "index", ())):
        return what.to_frame().T.infer_objects()
    return what


def _columns_of(what: Mapping[Any, Any]) -> Any:
    """Return a dict of columns as a table.

    Raises
    ------
    DataError
        Where they differ in length, or one holds values of several kinds.
    """
    import pyarrow as pa

    sizes = {str(name): len(v) if _is_column(v) else 1 for name, v in what.items()}
    if len(set(sizes.values())) > 1:
        raise DataError(
            f"the columns differ in length: {sizes}", hint="give each column one value a row"
        )
    try:
        return pa.table({str(name): pa.array(v, from_pandas=True) for name, v in what.items()})
    except type_errors() as error:
        raise DataError(
            f"a column of the rows holds values of several kinds: {error}",
            hint="give each column one kind of value",
        ) from error


def _is_column(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, str | bytes)


def _one_file(what: Any) -> Path | None:
    """Return the path of one file, where it is one that exists."""
    if not isinstance(what, str | Path) or str(what).startswith(_PREFIXES) or "\x00" in str(what):
        return None
    try:
        path = Path(what).expanduser()
        return path if path.is_file() else None
    except OSError:
        return None


def is_picture(what: Any) -> bool:
    """Whether it is an image of Pillow."""
    return hasattr(what, "getbands") and hasattr(what, "convert")


def encoded_picture(image: Image.Image, name: str) -> bytes:
    """Return an image of Pillow as a file that loses nothing.

    Raises
    ------
    DataError
        Where it cannot be read any more.
    """
    out = io.BytesIO()
    try:
        if image.mode == "La":
            image = image.convert("LA")
        elif image.mode in ("RGBa", "PA"):
            image = image.convert("RGBA")
        elif image.mode not in _PNG + _TIFF:
            image = image.convert("RGB")
        exif = image.getexif().tobytes()
        kind = "TIFF" if image.mode in _TIFF else "PNG"
        image.save(out, kind, **({"exif": exif} if exif else {}))
    except broken_image_errors() as error:
        raise DataError(f"{name} cannot be read as an image: {error}", hint="restore it") from error
    return out.getvalue()
