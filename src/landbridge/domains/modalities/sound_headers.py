"""What the header of an uncompressed sound file says of its length, beside what is there."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import BinaryIO

_STREAMED = 0x7FFF0000
"""Sizes from it on were written before the end was known."""
_MOST_CHUNKS = 1000


def cut_short(item: Path | bytes) -> str | None:
    """Return how much of a WAV, AIFF or AU file is missing, None where nothing is.

    Readers take what is left of such a file as the whole recording.
    """
    try:
        with io.BytesIO(item) if isinstance(item, bytes) else Path(item).open("rb") as file:
            found = _claimed(file)
            end = file.seek(0, os.SEEK_END)
    except OSError:  # whoever reads it says why
        return None
    if found is None:
        return None
    start, size = found
    there = max(0, end - start)
    if 0 < size < _STREAMED and there < 0.99 * size:
        return f"its header says {size:,} bytes of sound, and {there:,} are there"
    return None


def _claimed(file: BinaryIO) -> tuple[int, int] | None:
    """Return where the samples begin, and how many bytes of them there are said to be."""
    head = file.read(12)
    if len(head) == 12 and head[:4] == b".snd":
        return int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
    order = {b"RIFF": "little", b"FORM": "big"}.get(head[:4])
    if order is None or head[8:12] not in (b"WAVE", b"AIFF", b"AIFC"):
        return None
    for _ in range(_MOST_CHUNKS):
        chunk = file.read(8)
        if len(chunk) < 8:
            return None
        size = int.from_bytes(chunk[4:], "little" if order == "little" else "big")
        if chunk[:4] in (b"data", b"SSND"):
            return file.tell(), size
        file.seek(size + size % 2, os.SEEK_CUR)
    return None
