"""One image file -> one uint8 array: orientation, grey, palette, alpha and 16 bits sorted out."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ...base.errors import DataError
from .pieces import Piece, content

if TYPE_CHECKING:
    from PIL import Image

A = TypeVar("A")
B = TypeVar("B")

Item = Path | bytes | Piece
"""An image file, or the bytes of one (a row of a Parquet file), or where those lie."""

IMAGE_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jfif", "png", "bmp", "gif", "webp", "tif", "tiff", "avif"),
        *("ppm", "pgm", "pbm", "pnm"),
    )
)
_SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
_ORIENTATION = 0x0112


def broken_image_errors() -> tuple[type[Exception], ...]:
    """Return what Pillow raises for files that are not whole images."""
    from PIL import Image

    return (
        OSError,
        SyntaxError,
        ValueError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    )


def open_image(item: Item) -> Image.Image:
    """Open lazily; the pixels are not read yet."""
    from PIL import Image

    found = content(item)
    return Image.open(io.BytesIO(found) if isinstance(found, bytes) else found)


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) as the EXIF orientation wants the image seen."""
    width, height = image.size
    turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    return (width, height) if turned else (height, width)


def normalise(image: Image.Image) -> Image.Image:
    """Return an upright image in mode "L" or "RGB".

    Transparent parts are laid on white. Sixteen-bit images are divided by 257, so that
    two files stay comparable; float images are taken as 0..1 or 0..255 where they lie in
    that range, and are otherwise stretched from their least to their greatest value.
    """
    from PIL import Image, ImageOps

    ImageOps.exif_transpose(image, in_place=True)
    mode = image.mode
    if mode in _SIXTEEN_BITS or mode in ("I", "F"):
        return Image.fromarray(_eight_bits(np.asarray(image), mode))
    if mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    target = "L" if mode in ("1", "L", "LA", "La") else "RGB"
    return image if image.mode == target else image.convert(target)


def _eight_bits(values: np.ndarray, mode: str) -> np.ndarray:
    if mode in _SIXTEEN_BITS or (mode == "I" and values.max(initial=0) > 255):
        return (np.clip(values, 0, 65535).astype(np.uint32) // 257).astype(np.uint8)
    if mode == "I":
        return np.clip(values, 0, 255).astype(np.uint8)
    values = np.nan_to_num(values.astype(np.float64))
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    if low >= 0 and high <= 1:
        values = values * 255
    elif low < 0 or high > 255:
        values = (values - low) / (high - low) * 255
    return np.rint(values).astype(np.uint8)


def is_grey(image: Image.Image) -> bool:
    """Whether a normalised image has no colour, however it is stored."""
    if image.mode == "L":
        return True
    pixels = np.asarray(image)
    return bool(
        (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    )


def flaw(item: Item) -> str | None:
    """Return why an image cannot be decoded to its last row, None where it can.

    JPEG files are decoded at an eighth of their size, which reads all of their bytes.
    """
    try:
        with open_image(item) as image:
            image.draft(None, (1, 1))
            image.load()
            normalise(image)
    except broken_image_errors() as error:
        return str(error).splitlines()[0] if str(error) else type(error).__name__
    return None


def decode(
    item: Item,
    name: str,
    height: int,
    width: int,
    channels: int,
    *,
    crop: float | None,
    resample: int,
) -> np.ndarray:
    """Decode and resize one image.

    Parameters
    ----------
    item : Path or bytes
    name : str
        What to call it in the error.
    height, width, channels : int
        Of the result.
    crop : float or None
        None stretches; otherwise the centre is cut so that the short side, divided by
        this fraction, would have filled the result.
    resample : int
        A `PIL.Image.Resampling`.

    Returns
    -------
    uint8 ndarray, shape (channels, height, width)

    Raises
    ------
    DataError
        Where the file changed since it was read and is no image any more.
    """
    try:
        with open_image(item) as image:
            # Twice the size that is needed keeps the result of the resize below.
            side = 2 * int(max(height, width) / (crop or 1.0))
            image.draft(None, (side, side))
            pixels = shrink(normalise(image), height, width, channels, crop, resample)
    except broken_image_errors() as error:
        raise DataError(
            f"{name} cannot be decoded: {error}",
            do="it could be when the folder was read: restore the file, or read the folder again",
        ) from error
    return pixels


def shrink(
    image: Image.Image, height: int, width: int, channels: int, crop: float | None, resample: int
) -> np.ndarray:
    """Resize a normalised image to uint8 (channels, height, width)."""
    from PIL import Image

    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (width, height) or crop not in (None, 1.0):
        w, h = image.size
        box = (0.0, 0.0, float(w), float(h))
        if crop is not None:
            scale = min(w / width, h / height) * crop
            # The margins are whole pixels of the result: half a pixel would blur everything.
            left, top = (
                round((side / scale - size) / 2) * scale for side, size in ((w, width), (h, height))
            )
            left, top = max(left, 0.0), max(top, 0.0)
            box = (left, top, min(left + scale * width, w), min(top + scale * height, h))
        image = image.resize((width, height), Image.Resampling(resample), box=box)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def in_threads(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Map in order over a few threads (Pillow lets go of the interpreter while it decodes)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(8, cores or 1)
    if workers == 1:
        yield from map(function, items)
        return
    from concurrent.futures import ThreadPoolExecutor

    pool = ThreadPoolExecutor(workers)
    try:
        yield from pool.map(function, items)
    finally:  # after Ctrl-C what is queued is not waited for
        pool.shutdown(cancel_futures=True)
