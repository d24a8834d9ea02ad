"""Texts as the tokens of a pretrained model's own tokeniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from ...base.events import SILENT, Events
from ..examples import Examples
from .base import PREPROCESSINGS
from .ids import IdPreprocessing, rows_of, say_halves, texts_of

Cut = Literal["head", "head+tail"]
_AT_ONCE = 1000


@PREPROCESSINGS.register("tokens")
@dataclass(frozen=True)
class TokenPreprocessing(IdPreprocessing):
    """Tokenised by what a run keeps with it, so that nothing else is needed to predict.

    Parameters
    ----------
    tokenizer : str
        A fast tokeniser as JSON (the content of ``tokenizer.json``).
    length : int
        Tokens of a stored row, special ones included. Longer texts are cut, and that is said.
    cut : {"head", "head+tail"}, default "head"
        What is kept of a text that is too long: its beginning, or as much of its end as well.
    width : int, default 384
        Numbers that a network makes of one token: by it batches are sized.
    column : str, default ""
        The column that a table's texts are in.

    Notes
    -----
    Stored and encoded rows are whole numbers; `ids.NOTHING` stands beyond a text's end.
    """

    tokenizer: str
    length: int
    cut: Cut = "head"
    width: int = 384
    column: str = ""
    keep_first: ClassVar[bool] = True

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        made = Tokenizer.from_str(self.tokenizer)
        made.no_padding()
        made.no_truncation()
        return made

    @classmethod
    def fit(
        cls,
        tokenizer: str,
        examples: Sequence[Examples],
        limit: int,
        **more: Any,
    ) -> TokenPreprocessing:
        """Choose the length: that of the longest text, at most `limit`, a multiple of 8."""
        whole = cls(tokenizer, 8, **more)
        counts = [len(ids) for part in examples for ids in whole._ids(texts_of(part), cut=False)]
        longest = max(counts, default=8)
        return cls(tokenizer, int(min(limit, -(-longest // 8) * 8)), **more)

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Return int32 (n, length); tokenising is quick, so `cache` is not used."""
        texts = texts_of(examples)
        say_halves(examples, events)
        long = 0

        def counted() -> Iterator[np.ndarray]:
            nonlocal long
            for ids in self._ids(texts, cut=False):
                long += len(ids) > self.length
                yield self._shortened(ids)

        out = rows_of(counted(), len(texts), self.length)
        if long:
            kept = "beginning" if self.cut == "head" else "beginning and end"
            events.say(
                "note",
                f"{long:,} of {len(texts):,} texts have more than {self.length} tokens: their "
                f"{kept} is kept",
                rows=long,
            )
        return out

    def _ids(self, texts: Sequence[str], *, cut: bool = True) -> Iterator[np.ndarray]:
        for start in range(0, len(texts), _AT_ONCE):
            for found in self._tokenizer.encode_batch(list(texts[start : start + _AT_ONCE])):
                ids = np.array(found.ids, np.int32)
                yield self._shortened(ids) if cut else ids

    def _shortened(self, ids: np.ndarray) -> np.ndarray:
        """Return at most `length` tokens; the special one at the end stays there."""
        if len(ids) <= self.length:
            return ids
        tail = self.length // 2 if self.cut == "head+tail" else self._closing
        head = self.length - tail
        return np.concatenate([ids[:head], ids[len(ids) - tail :]]) if tail else ids[:head]

    @cached_property
    def _closing(self) -> int:
        """Special tokens that stand after a text."""
        found = self._tokenizer.encode("a")
        count = 0
        for special in reversed(found.special_tokens_mask):
            if not special:
                break
            count += 1
        return count

    @property
    def size(self) -> int:
        """Numbers that a network makes of a row, a half more for attention."""
        return 3 * self.length * self.width // 2
