"""One image file -> one uint8 array: orientation, grey, palette, alpha and 16 bits sorted out."""

from __future__ import annotations

import io
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...base.errors import DataError
from .ground import WHITE, ground_for, hidden_on
from .pieces import Item, content
from .threads import one_if_large
from .value_range import extent, natural, to_bytes

if TYPE_CHECKING:
    from PIL import Image

Cut = Literal["crop", "squash", "whole"]

IMAGE_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jfif", "png", "bmp", "gif", "webp", "tif", "tiff", "avif"),
        *("ppm", "pgm", "pbm", "pnm"),
    )
)
DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Pillow's modes of more than eight bits."""
_MOST_BYTES = 1_440_000_000
"""At work on one image: 180 million pixels in colour, 72 with transparency, 60 of WebP or AVIF, 51
of 16 or 32 bits."""
_HEAVY = {"WEBP": 24, "AVIF": 24, "JPEG2000": 24}
"""Formats whose decoders hold the whole picture several times over: bytes a pixel."""
_PROGRAMS = ("EPS", "WMF")
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class Seeing:
    """What holds for all images of a data set, for both of its sides and for its run.

    Attributes
    ----------
    value_range : (float, float) or None
        Which numbers are black and white in images of more than eight bits; None: found in each.
    ground : int or None
        The grey that transparent parts are laid on; None: white, as nothing was transparent.
    """

    value_range: tuple[float, float] | None = None
    ground: int | None = None

    @property
    def laid_on(self) -> int:
        """The grey that transparent parts are laid on."""
        return WHITE if self.ground is None else self.ground


def broken_image_errors() -> tuple[type[Exception], ...]:
    """Return what Pillow raises for files that are not whole images."""
    from PIL import Image

    return (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        ArithmeticError,
        AttributeError,
        RuntimeError,
        MemoryError,
        EOFError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    )


def open_image(item: Item) -> Image.Image:
    """Open lazily; the pixels are not read yet.

    Raises
    ------
    OSError, ValueError and others
        See `broken_image_errors`.
    """
    from PIL import Image

    found = content(item)
    try:
        image = Image.open(io.BytesIO(found) if isinstance(found, bytes) else found)
    except Image.UnidentifiedImageError as error:
        raise ValueError(_unknown(found)) from error
    if image.format in _PROGRAMS:
        kind = image.format
        image.close()
        raise ValueError(f"{kind} is a program that draws, which is not run: save it as PNG")
    return image


def _unknown(found: Path | bytes) -> str:
    """Say of what kind a file is that Pillow does not open."""
    if isinstance(found, bytes):
        head = found[:32]
    else:
        with found.open("rb") as file:
            head = file.read(32)
    if not head:
        return "it is empty"
    brand = head[8:12] if head[4:8] == b"ftyp" else b""
    if brand in (b"avif", b"avis"):
        return "it is a damaged AVIF image, or one that this Pillow was built without"
    if brand in (b"heic", b"heix", b"hevc", b"mif1", b"msf1"):
        return "it is HEIC, which is not read: save it as JPEG or PNG"
    kinds = {b"\x89PNG": "PNG", b"\xff\xd8": "JPEG", b"GIF8": "GIF", b"II*\0": "TIFF"}
    kinds |= {b"MM\0*": "TIFF", b"RIFF": "WebP", b"BM": "BMP"}
    kind = next((kind for mark, kind in kinds.items() if head.startswith(mark)), None)
    return f"it is a damaged {kind} image" if kind else "it is no image of a known format"


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (height, width) as the EXIF orientation wants the image seen."""
    width, height = image.size
    turned = image.getexif().get(_ORIENTATION, 1) in (5, 6, 7, 8)
    return (width, height) if turned else (height, width)


def normalise(image: Image.Image, seeing: Seeing | None = None) -> Image.Image:
    """Return an upright image in mode "L" or "RGB".

    Transparent parts are laid on a ground, and values of more than eight bits are read by a range:
    both are the same for all images of a data set, see `Seeing`. Of an image by itself, without
    `seeing`, both are found in it.

    Raises
    ------
    ValueError
        Where it would take more memory than an image may.
    """
    from PIL import Image, ImageOps

    alone = seeing is None
    seeing = seeing or Seeing()
    check_size(image)
    ImageOps.exif_transpose(image, in_place=True)
    mode = image.mode
    if mode in DEEP:
        values = np.asarray(image)
        clear = image.info.get("transparency")
        made = _eight_bits(values, seeing.value_range)
        if isinstance(clear, int):
            made = np.where(values == clear, np.uint8(seeing.laid_on), made)
        return Image.fromarray(made)
    if has_alpha(image):
        image = with_alpha(image)
        if alone:
            grey, _ = ground_for([hidden_on(np.asarray(image))], None)
            seeing = Seeing(seeing.value_range, grey)
        ground = Image.new("RGBA", image.size, (seeing.laid_on,) * 3 + (255,))
        image = Image.alpha_composite(ground, image)
    target = "L" if mode in ("1", "L", "LA", "La") else "RGB"
    return image if image.mode == target else image.convert(target)


def has_alpha(image: Image.Image) -> bool:
    """Whether some of an image may be transparent."""
    return image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info


def with_alpha(image: Image.Image) -> Image.Image:
    """Return an image in mode "RGBA"; colours that were multiplied by their alpha are undone."""
    if image.mode == "La":
        image = image.convert("LA")
    return image.convert("RGBA")


def check_size(image: Image.Image) -> None:
    """Raise ValueError where decoding and converting would take too much memory."""
    cost = _cost(image)
    pixels = image.size[0] * image.size[1]
    if pixels * cost > _MOST_BYTES:
        raise ValueError(
            f"{image.size[0]:,} x {image.size[1]:,} pixels are more than {_MOST_BYTES // cost:,}, "
            "the most that is decoded: make it smaller"
        )


def _cost(image: Image.Image) -> int:
    """Return the bytes that a pixel takes while an image is worked on."""
    if image.mode in DEEP:
        return 28
    return _HEAVY.get(image.format or "", 20 if has_alpha(image) else 8)


def weight(image: Image.Image) -> int:
    """Return how many pixels without transparency and of eight bits take as much memory."""
    return image.size[0] * image.size[1] * _cost(image) // 8


def _eight_bits(values: np.ndarray, taken: tuple[float, float] | None) -> np.ndarray:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = np.nan_to_num(values)
    return to_bytes(values, taken or natural(extent(values)))


def is_grey(image: Image.Image) -> bool:
    """Whether a normalised image has no colour, however it is stored."""
    if image.mode == "L":
        return True
    pixels = np.asarray(image)
    return bool(
        (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    )


_OBJECT = re.compile(r" <_io\.BytesIO object at 0x[0-9a-f]+>")
"""What Pillow calls bytes; it is another at every look."""


def flaw(item: Item) -> str | None:
    """Return why an image cannot be decoded to its last row, None where it can.

    JPEG files are decoded at an eighth of their size, which reads all of their bytes.
    """
    try:
        with open_image(item) as image, one_if_large(weight(image)):
            check_size(image)
            image.draft(None, (1, 1))
            image.load()
            normalise(image)
    except broken_image_errors() as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        return _OBJECT.sub("", said)
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
    seeing: Seeing | None = None,
    cut: Cut = "crop",
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
    seeing : Seeing, optional
        What holds for the whole data set.
    cut : {"crop", "squash", "whole"}, default "crop"
        How the centre is cut: see `shrink`.

    Returns
    -------
    uint8 ndarray, shape (channels, height, width)

    Raises
    ------
    DataError
        Where the file changed since it was read and is no image any more.
    """
    try:
        with open_image(item) as image, one_if_large(weight(image)):
            # Twice the size that is needed keeps the result of the resize below.
            side = 2 * int(max(height, width) / (crop or 1.0))
            image.draft(None, (side, side))
            seen = normalise(image, seeing)
            pixels = shrink(seen, height, width, channels, crop, resample, cut)
    except broken_image_errors() as error:
        raise DataError(
            f"{name} cannot be decoded: {error}",
            hint="it could be when the folder was read: restore the file, or read the folder again",
        ) from error
    return pixels


def shrink(
    image: Image.Image,
    height: int,
    width: int,
    channels: int,
    crop: float | None,
    resample: int,
    cut: Cut = "crop",
) -> np.ndarray:
    """Resize a normalised image to uint8 (channels, height, width).

    Parameters
    ----------
    image : Image
    height, width, channels : int
        Of the result.
    crop : float or None
        None stretches.
    resample : int
        A `PIL.Image.Resampling`.
    cut : {"crop", "squash", "whole"}, default "crop"
        The centre of the proportions of the result, so large that the short side divided by `crop`
        would fill the image; that share of either side, whatever the proportions; or as "crop"
        after the whole image was resized to whole pixels, as transformers and torchvision do.
    """
    from PIL import Image

    mode = "L" if channels == 1 else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if image.size != (width, height) or crop not in (None, 1.0):
        box = (0.0, 0.0, float(image.size[0]), float(image.size[1]))
        if crop is not None:
            box = _centre(image.size, height, width, crop, cut)
        image = image.resize((width, height), Image.Resampling(resample), box=box)
    pixels = np.asarray(image)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def _centre(
    size: tuple[int, int], height: int, width: int, crop: float, cut: Cut
) -> tuple[float, float, float, float]:
    """Return the part of an image of (w, h) that is resized to a result: left, top, right, low."""
    w, h = size
    if cut == "whole":
        short = max(round(min(width, height) / crop), 1)
        wide, high = (int(short * w / h), short) if h <= w else (short, int(short * h / w))
        across, down = w / wide, h / high
        left, top = max((wide - width) // 2, 0) * across, max((high - height) // 2, 0) * down
    else:
        across, down = w / width * crop, h / height * crop
        if cut == "crop":
            across = down = min(w / width, h / height) * crop
        # The margins are whole pixels of the result: half a pixel would blur everything.
        left, top = (
            max(round((side / scale - size) / 2) * scale, 0.0)
            for side, size, scale in ((w, width, across), (h, height, down))
        )
    return left, top, min(left + across * width, w), min(top + down * height, h)
