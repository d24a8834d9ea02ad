"""Examples whose answer changed from wrong to right, and from right to wrong."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np

SHOWN = 24
"""Examples shown of each kind."""
_LARGEST = 128
"""Longest side of a thumbnail in pixels. Smaller images stay as they are: pages enlarge them."""


class ChangedExample(TypedDict):
    """A row that one of two methods answers rightly and the other wrongly."""

    row: int
    name: str
    true: str
    before: str
    after: str
    confidence: float | None
    image: str | None
    values: dict[str, object] | None


class Changes(TypedDict):
    """The content of an examples.json."""

    reference: str | None
    chosen: str
    modality: str
    fixed: list[ChangedExample]
    fixed_count: int
    broken: list[ChangedExample]
    broken_count: int


def changed_examples(
    reference_pred: Sequence[str],
    chosen_pred: Sequence[str],
    true: Sequence[str | None],
    confidence: Sequence[float] | None,
    rows: Sequence[int],
    names: Sequence[str],
    images: Callable[[int], np.ndarray | None] | None = None,
    *,
    values: Callable[[int], Mapping[str, Any] | None] | None = None,
    reference: str = "reference",
    chosen: str = "chosen",
    modality: str = "image",
    limit: int = SHOWN,
) -> Changes:
    """Return the content of an examples.json: at most `limit` examples of each kind.

    Examples whose truth is unknown are passed over; those that the chosen method is most sure of
    come first. `rows` are as read, `names` what a person knows an example by. `images` gives a
    uint8 array (h, w[, 1, 3 or 4]) or None of a row, `values` its columns or {"text": ...}.
    """
    n = len(true)
    for what, given in (
        ("reference_pred", reference_pred),
        ("chosen_pred", chosen_pred),
        ("rows", rows),
        ("names", names),
        ("confidence", confidence),
    ):
        if given is not None and len(given) != n:
            raise ValueError(f"{what} has {len(given)} entries, true has {n}")
    sure = np.zeros(n) if confidence is None else np.nan_to_num(np.asarray(confidence, float))
    fixed: list[int] = []
    broken: list[int] = []
    for i in range(n):
        if true[i] is None:
            continue
        was, now = reference_pred[i] == true[i], chosen_pred[i] == true[i]
        if was != now:
            (fixed if now else broken).append(i)

    def example(i: int) -> ChangedExample:
        row = int(rows[i])
        image = images(row) if images is not None else None
        shown = values(row) if values is not None else None
        return {
            "row": row,
            "name": str(names[i]),
            "true": str(true[i]),
            "before": str(reference_pred[i]),
            "after": str(chosen_pred[i]),
            "confidence": None if confidence is None else round(float(sure[i]), 4),
            "image": None if image is None else png_data_uri(image),
            "values": None if shown is None else {str(k): _plain(v) for k, v in shown.items()},
        }

    def examples(found: list[int]) -> list[ChangedExample]:
        return [example(i) for i in sorted(found, key=lambda i: (-sure[i], int(rows[i])))[:limit]]

    return {
        "reference": reference,
        "chosen": chosen,
        "modality": modality,
        "fixed": examples(fixed),
        "fixed_count": len(fixed),
        "broken": examples(broken),
        "broken_count": len(broken),
    }


def png_data_uri(image: np.ndarray, largest: int = _LARGEST) -> str:
    """Return a uint8 image as a PNG data URI, reduced where it is large."""
    from PIL import Image

    array = np.asarray(image)
    if array.dtype != np.uint8:
        raise TypeError(f"an image of type {array.dtype}, expected uint8")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(
            f"an image of shape {array.shape}, expected (h, w), (h, w, 3) or (h, w, 4)"
        )
    picture = Image.fromarray(array)
    picture.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _plain(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
