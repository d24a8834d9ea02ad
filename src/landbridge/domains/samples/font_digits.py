"""Digits drawn with free fonts, made to look like scikit-learn's scanned ones."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...base.errors import MissingExtra
from ...base.seeds import numpy_rng

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.Image import Image

# One file a style, picked for variety and not by looking at any target's labels.
FONTS: dict[str, tuple[str, ...]] = {
    "font_amatic_sc": ("AmaticSC-Bold.ttf", "AmaticSC-Regular.ttf"),
    "font_caladea": ("Caladea-Bold.ttf", "Caladea-Regular.ttf", "Caladea-Italic.ttf"),
    "font_fredoka_one": ("FredokaOne-Regular.ttf",),
    "font_hanken_grotesk": (
        "HankenGrotesk-Light.otf",
        "HankenGrotesk-Regular.otf",
        "HankenGrotesk-Italic.otf",
        "HankenGrotesk-Bold.otf",
    ),
    "font_intuitive": ("Intuitive.ttf",),
    "font_manrope": ("Manrope-ExtraLight.ttf", "Manrope-Regular.ttf", "Manrope-Bold.ttf"),
    "font_source_sans_pro": (
        "SourceSansPro-Light.ttf",
        "SourceSansPro-Regular.ttf",
        "SourceSansPro-Bold.ttf",
        "SourceSansPro-It.ttf",
    ),
    "font_source_serif_pro": (
        "SourceSerifPro-Light.ttf",
        "SourceSerifPro-Regular.ttf",
        "SourceSerifPro-It.ttf",
        "SourceSerifPro-Bold.ttf",
    ),
}
_SIDE = 32
_FONT_SIZE = 40
_STROKES = (0, 1, 2, 3)
_ROTATION = np.deg2rad(15.0)
_SHEAR = 0.3
_SCALE = (0.8, 1.0)
_ASPECT = (0.75, 1.1)
_SHIFT = 0.06


def font_files() -> list[Path]:
    """Return the font files that are installed, in a fixed order.

    Raises
    ------
    MissingExtra
        Where none of the font packages is installed.
    """
    found = []
    for package, files in FONTS.items():
        spec = importlib.util.find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec is not None else []:
            found += [p for f in files if (p := Path(place) / "files" / f).is_file()]
    if not found:
        raise MissingExtra("sample:font-digits", "demo")
    return found


def load() -> tuple[np.ndarray, np.ndarray, str]:
    """Return 4,000 digits, seed 0; see `render`."""
    fonts = font_files()
    pixels, digits = render(4000, 0)
    note = f"4,000 digits of 8 x 8 pixels, drawn with {len(fonts)} free fonts"
    return np.rint(pixels * (255 / 16)).astype(np.uint8), digits, note


def render(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw digits: random font, stroke, rotation, shear, proportions, scale and shift.

    Each is drawn on 32 x 32 pixels, made black and white, and its ink is counted in blocks
    of 4 x 4, as the scanned digits of scikit-learn were made.

    Parameters
    ----------
    n : int, default 4000
        How many; every digit comes up as often as the others.
    seed : int, default 0
        The same seed and fonts give the same pixels.

    Returns
    -------
    pixels : uint8 ndarray, shape (n, 8, 8)
        Ink, 0..16.
    digits : int64 ndarray, shape (n,)

    Raises
    ------
    MissingExtra
        Where none of the font packages is installed.
    """
    from PIL import Image, ImageFont

    rng = numpy_rng("font-digits", seed)
    fonts = [ImageFont.truetype(str(path), _FONT_SIZE) for path in font_files()]
    digits = rng.permutation(np.arange(n) % 10)
    font = rng.integers(len(fonts), size=n)
    stroke = rng.choice(np.array(_STROKES), size=n)
    angle = rng.uniform(-_ROTATION, _ROTATION, n)
    shear = rng.uniform(-_SHEAR, _SHEAR, n)
    scale = rng.uniform(*_SCALE, n)
    aspect = rng.uniform(*_ASPECT, n)
    shift = rng.uniform(-_SHIFT, _SHIFT, (n, 2)) * _SIDE

    glyphs: dict[tuple[int, int, int], Image.Image] = {}
    out = np.empty((n, _SIDE, _SIDE), np.uint8)
    for i in range(n):
        key = (int(font[i]), int(digits[i]), int(stroke[i]))
        if key not in glyphs:
            glyphs[key] = _glyph(fonts[key[0]], str(key[1]), key[2])
        glyph = glyphs[key]
        width, height = glyph.size
        tall = _SIDE * scale[i] / height
        wide = min(tall * aspect[i], _SIDE / width)
        cos, sin = np.cos(angle[i]), np.sin(angle[i])
        turn = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1, shear[i]], [0, 1]])
        back = np.linalg.inv(turn @ np.diag([wide, tall]))
        origin = np.array([width / 2, height / 2]) - back @ (_SIDE / 2 + shift[i])
        matrix = (*back[0], origin[0], *back[1], origin[1])
        out[i] = np.asarray(
            glyph.transform(
                (_SIDE, _SIDE), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
            )
        )
    block = _SIDE // 8
    ink = (out > 127).reshape(n, 8, block, 8, block).sum(axis=(2, 4))
    return ink.astype(np.uint8), digits.astype(np.int64)


def _glyph(font: ImageFont.FreeTypeFont, digit: str, stroke: int) -> Image:
    from PIL import Image, ImageDraw

    x0, y0, x1, y1 = font.getbbox(digit, stroke_width=stroke)
    image = Image.new("L", (int(x1 - x0) + 2, int(y1 - y0) + 2), 0)
    ImageDraw.Draw(image).text((1 - x0, 1 - y0), digit, fill=255, font=font, stroke_width=stroke)
    return image
