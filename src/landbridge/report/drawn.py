"""What is drawn of an explained row: blocks of a page, and plain values that a folder keeps."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.typed import JsonObject
from landbridge.explanation.records import Drawn, Picture, Sound, Values, Words
from landbridge.insight.changes import png_data_uri

from .blocks import Bars, Block, Shots, Text
from .figures import signed_bar
from .recordings import recording

_FOR, _AGAINST = np.array([232, 120, 20]), np.array([40, 115, 200])
_LARGEST = 256
_EXACT = 64
"""Longest side of what is kept pixel by pixel; half of that in a run's folder."""
_SMALL = 112
"""Longest side of what a run's folder keeps."""
_FEW = 6
"""Columns of a row that a run's folder keeps."""
_AS_TAKEN = "as the model takes it"
_HEARD = "what speaks for (orange) and against (blue); time to the right, pitch upwards"
_IMAGE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+")


def blocks_of(drawn: Sequence[Drawn]) -> list[Block]:
    """Return blocks that show what is drawn, recordings so that they play."""
    blocks: list[Block] = []
    for one in drawn:
        if isinstance(one, Sound):
            blocks.append(recording(one, uri(overlaid(one.image, one.heat))))
            continue
        blocks += [block for own in plain([one], _LARGEST) if (block := block_of(own)) is not None]
    return blocks


def plain(drawn: Sequence[Drawn], largest: int = _SMALL) -> list[JsonObject]:
    """Return plain values of what is drawn, pictures at most `largest` pixels wide and high.

    Of a recording its picture alone.
    """
    found: list[JsonObject] = []
    for one in drawn:
        if isinstance(one, Picture | Sound):
            image = flat(np.asarray(one.image))
            exact = _EXACT if largest > _SMALL else _EXACT // 2
            what = one.what if isinstance(one, Picture) else _HEARD
            both = {"image": image, "heat": overlaid(image, one.heat)}
            own = {name: uri(each, largest, exact) for name, each in both.items()}
            found.append({"kind": "picture", **own, "what": what})
        elif isinstance(one, Words):
            pieces = [[text, None if s is None else round(s, 3)] for text, s in one.pieces]
            found.append({"kind": "words", "pieces": pieces})
        elif isinstance(one, Values):
            shown = [row for row in one.rows if row[2]][:_FEW] if largest <= _SMALL else one.rows
            rows = [[name, holds, round(score, 6)] for name, holds, score in shown]
            more = one.more + len(one.rows) - len(rows)
            found.append({"kind": "values", "rows": rows, "more": more})
    return found


def block_of(one: JsonObject, *, image: bool = True) -> Block | None:
    """Return the block of plain values; without the picture itself where that was shown before."""
    kind = one.get("kind")
    if kind == "picture":
        pictures = [(one["image"], _AS_TAKEN)] if image else []
        shown = [*pictures, (one["heat"], str(one["what"]))]
        return Shots([(address, what) for address, what in shown if _IMAGE.fullmatch(address)])
    if kind == "words":
        return Text(marked([(str(text), score) for text, score in one["pieces"]]), "spoken")
    if kind == "values":
        rows = [
            (f"{name} = {holds}" if holds else name, score) for name, holds, score in one["rows"]
        ]
        drawn = bars(rows)
        if not one["more"]:
            return drawn
        return Bars([*drawn.bars, (f"and {one['more']} more", Markup(""), "")], "signed")
    return None


def overlaid(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Return a picture in grey with what speaks for (orange) and against (blue) laid over it."""
    grey = image.mean(2) if image.ndim == 3 else image.astype(float)
    grey = 40 + grey * (200 / 255)
    strength = np.abs(heat)[..., None] ** 0.7 * 0.85
    colour = np.where(heat[..., None] >= 0, _FOR, _AGAINST)
    return np.clip(grey[..., None] * (1 - strength) + colour * strength, 0, 255).astype(np.uint8)


def flat(image: np.ndarray) -> np.ndarray:
    """Return a picture without the axis of a single channel."""
    return image[..., 0] if image.ndim == 3 and image.shape[2] == 1 else image


def uri(image: np.ndarray, largest: int = _LARGEST, exact: int = _EXACT) -> str:
    """Return a picture inside the page: photographs as JPEG, small ones exactly."""
    if max(image.shape[:2]) <= exact:
        return png_data_uri(image)
    from PIL import Image

    made = Image.fromarray(image)
    made.thumbnail((largest, largest))
    file = io.BytesIO()
    made.save(file, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def marked(pieces: Sequence[tuple[str, float | None]]) -> Markup:
    """Return a text in which what speaks for and against the answer is marked."""
    parts = []
    for piece, score in pieces:
        strength = 0 if score is None else round(75 * abs(score))
        if strength < 4:
            parts.append(Markup.escape(piece))
            continue
        css = "" if score is not None and score > 0 else ' class="less"'
        mark = Markup(f'<mark{css} style="--s:{min(strength, 75)}" title="{score:+.2f}">')
        parts.append(mark + Markup.escape(piece) + Markup("</mark>"))
    return Markup("").join(parts)


def bars(rows: Sequence[tuple[str, float]]) -> Bars:
    """Return names with bars for their scores."""
    most = max((abs(score) for _, score in rows), default=0.0)
    return Bars(
        [
            (name, signed_bar(score, most, f"{name}: {score:+.3g}"), f"{score:+.2f}")
            for name, score in rows
        ],
        "signed",
    )


def said(value: object) -> str:
    """Return an answer or a label for a person."""
    if isinstance(value, float):
        return fmt.quantity(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
