"""Texts as the tokens of a pretrained model's own tokeniser."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from ...base.errors import RunError
from ...base.events import SILENT, Events
from ...base.libraries import library_errors
from ...base.typed import JsonObject
from ..examples import Examples
from .base import PREPROCESSINGS
from .ids import IdPreprocessing, rows_of, say_halves, texts_of

Cut = Literal["head", "head+tail", "tail"]
_KEPT = {"head": "beginning", "head+tail": "beginning and end", "tail": "end"}
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
    cut : {"head", "head+tail", "tail"}, default "head"
        What is kept of a text that is too long: its beginning, as much of its end as well, or its
        end alone.
    width : int, default 384
        Numbers that a network makes of one token: by it batches are sized.
    column : str, default ""
        The column that a table's texts are in.
    prompt : str, default ""
        What stands before every text.

    Notes
    -----
    Stored and encoded rows are whole numbers; `ids.NOTHING` stands beyond a text's end.
    """

    tokenizer: str
    length: int
    cut: Cut = "head"
    width: int = 384
    column: str = ""
    prompt: str = ""
    keep_first: ClassVar[bool] = True

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        with library_errors(
            RunError,
            "the tokeniser in preprocessor.json cannot be read",
            hint="restore the file, or make the run again",
        ):
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

    def runs(self, ids: np.ndarray) -> np.ndarray:
        """Return numbers for three tokens in a row each: single ones are in all texts."""
        wide = ids.astype(np.uint64)
        steps = (1, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)
        parts = [wide[k : len(wide) - 2 + k] * np.uint64(step) for k, step in enumerate(steps)]
        return np.asarray(parts[0] + parts[1] + parts[2]) if len(wide) > 2 else wide[:0]

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
            events.log(
                "note",
                f"{long:,} of {len(texts):,} texts have more than {self.length} tokens: their "
                f"{_KEPT[self.cut]} is kept (backbone_options.length takes more)",
                rows=long,
            )
        return out

    def _ids(self, texts: Sequence[str], *, cut: bool = True) -> Iterator[np.ndarray]:
        for start in range(0, len(texts), _AT_ONCE):
            some = [self.prompt + text for text in texts[start : start + _AT_ONCE]]
            for found in self._tokenizer.encode_batch(some):
                ids = np.array(found.ids, np.int32)
                yield self._shortened(ids) if cut else ids

    def tokenized(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """Return where each stored token of a text lies in it, the prompt before it included.

        Returns
        -------
        int ndarray, shape (tokens, 2)
            Of which characters each is made.
        bool ndarray, shape (tokens,)
            Which are special, and of no character.
        """
        found = self._tokenizer.encode(self.prompt + text)
        kept = self._shortened(np.arange(len(found.ids)))
        offsets = np.array(found.offsets, np.int64).reshape(-1, 2)[kept]
        return offsets, np.array(found.special_tokens_mask, bool)[kept]

    def nothing_token(self) -> int | None:
        """Return the number of the token that stands for nothing; None where there is none."""
        for name in ("[MASK]", "<mask>", "[UNK]", "<unk>", "[PAD]", "<pad>"):
            if (number := self._tokenizer.token_to_id(name)) is not None:
                return int(number)
        return None

    def _shortened(self, ids: np.ndarray) -> np.ndarray:
        """Return at most `length` tokens; the special ones at both ends stay there."""
        if len(ids) <= self.length:
            return ids
        opening, closing = self._special
        if self.cut == "tail":
            tail = self.length - opening
        else:
            tail = self.length // 2 if self.cut == "head+tail" else closing
        head = self.length - tail
        return np.concatenate([ids[:head], ids[len(ids) - tail :]]) if tail else ids[:head]

    @cached_property
    def _special(self) -> tuple[int, int]:
        """Special tokens that stand before a text, and after it."""
        mask = self._tokenizer.encode("a").special_tokens_mask
        if all(mask):
            return 0, 0
        return mask.index(0), mask[::-1].index(0)

    def prompt_tokens(self) -> int:
        """Return how many tokens the prompt is, special ones before it included."""
        found = self._tokenizer.encode(self.prompt)
        if not self.prompt or not found.ids:
            return 0
        return len(found.ids) - found.special_tokens_mask[-1]

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        values = super().to_dict()
        if not self.prompt:  # as files of earlier versions have it
            del values["prompt"]
        return values

    @property
    def size(self) -> int:
        """Numbers that a network makes of a row, a half more for attention."""
        return 3 * self.length * self.width // 2
