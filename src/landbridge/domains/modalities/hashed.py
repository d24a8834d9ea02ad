"""Texts as hashed words and word pairs, or pieces of two and three characters: any language."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...base.events import SILENT, Events
from ..examples import Examples
from .base import PREPROCESSINGS
from .ids import IdPreprocessing, rows_of, texts_of

_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
"""Kana, Chinese characters and Thai: scripts that leave no space between words."""
_PIECES = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+(?:'[^\W{_UNSPACED}]+)?|[!?]+")
_RUN = re.compile(rf"[{_UNSPACED}]")
LONGEST = 512


def grams(text: str) -> Iterator[str]:
    """Yield words and pairs of neighbouring words; of unspaced scripts, 1 to 3 characters.

    Examples
    --------
    >>> list(grams("Not good"))
    ['not', 'good', 'not good']
    >>> list(grams("很好吃"))
    ['很', '好', '吃', '很好', '好吃', '很好吃']
    """
    words: list[str] = []
    for piece in _PIECES.findall(text.lower()):
        if _RUN.match(piece):
            for size in (1, 2, 3):
                yield from (piece[i : i + size] for i in range(len(piece) - size + 1))
        else:
            words.append(piece)
    yield from words
    yield from (f"{a} {b}" for a, b in itertools.pairwise(words))


@PREPROCESSINGS.register("hashed")
@dataclass(frozen=True)
class HashedPreprocessing(IdPreprocessing):
    """The different grams of a text, each as the number of the bucket that it falls into.

    Parameters
    ----------
    buckets : int, default 32768
        CRC-32 of the gram, modulo this: the same in every process and version.
    length : int, default 512
        At most so many different grams a text; of longer texts the first are kept.
    column : str, default ""
        The column that a table's texts are in.
    """

    buckets: int = 1 << 15
    length: int = LONGEST
    column: str = ""

    @classmethod
    def fit(cls, examples: Sequence[Examples], **more: Any) -> HashedPreprocessing:
        """Choose the length: that of the longest text, at most 512, a multiple of 8."""
        whole = cls(**more)
        counts = [len(ids) for part in examples for ids in whole._ids(texts_of(part))]
        longest = max(counts, default=8)
        return cls(**{"length": int(min(LONGEST, max(8, -(-longest // 8) * 8))), **more})

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Return int32 (n, length)."""
        texts = texts_of(examples)
        return rows_of((ids[: self.length] for ids in self._ids(texts)), len(texts), self.length)

    def _ids(self, texts: Sequence[str]) -> Iterator[np.ndarray]:
        for text in texts:
            codes = {zlib.crc32(gram.encode()) % self.buckets: None for gram in grams(text)}
            yield np.fromiter(codes, np.int32, len(codes))
