"""A text: whole words, or single characters of scripts without spaces; a hidden one is cut out."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ...backbones.surgery import Network
from ...domains.modalities.ids import IdPreprocessing, texts_of
from ...domains.modalities.texts import TextExamples
from ...domains.modalities.tokens import TokenPreprocessing
from ..records import Drawn, Words
from .base import VIEWS, Rows, RowView

_UNSPACED = (
    r"\u3040-\u3098\u309b-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    r"\u0e00-\u0e30\u0e32\u0e33\u0e3f-\u0e46\u0e4f-\u0e7f\U00020000-\U0003ffff"
)
_MARK = r"\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200d\u3099\u309a\ufe00-\ufe0f"
_LETTERS = rf"(?:[^\W{_UNSPACED}][{_MARK}]*)+"
_WORD = re.compile(rf"[{_UNSPACED}][{_MARK}]*|{_LETTERS}(?:['’-]{_LETTERS})*|[!?！？]+")
_MOST_LETTERS = 4000
"""Of a text: what stands behind is never hidden."""


def words(text: str) -> list[tuple[int, int]]:
    """Return where each word begins and ends; a character of a script without spaces is one.

    What belongs to a character (an accent, a variant) stays with it; runs of ! and ? are words.

    Examples
    --------
    >>> [("Isn't it 很好吃!")[a:b] for a, b in words("Isn't it 很好吃!")]
    ["Isn't", 'it', '很', '好', '吃', '!']
    """
    found = []
    for match in _WORD.finditer(text[:_MOST_LETTERS]):
        start, end = match.span()
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        found.append((start, end))
    if found and found[-1][1] == _MOST_LETTERS < len(text):
        found.pop()  # it may go on
    return found


class TextView(RowView):
    """Units are words."""

    gradients: ClassVar[bool] = False
    hidden: ClassVar[str] = "are cut out"

    def __init__(self, rows: Rows, row: int) -> None:
        super().__init__(rows, row)
        assert isinstance(rows.preprocessing, IdPreprocessing)
        self.preprocessing = rows.preprocessing
        self.text = texts_of(rows.examples.select(np.array([row])))[0]
        self.spans = self._reached(words(self.text))
        said = [self.text[a:b] for a, b in self.spans]
        self.names = tuple(said)
        self.keys = tuple(word.casefold() for word in said)
        self.labels = np.arange(len(said))

    def _reached(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the words that the model sees of a text that it may cut."""
        return spans

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.hide(mask.detach().numpy() > 0.5)

    def hide(self, kept: np.ndarray) -> torch.Tensor:
        examples = TextExamples([self._without(row) for row in kept])
        stored = self.preprocessing.prepare(examples)
        return self.preprocessing.encode(torch.from_numpy(stored))

    def _without(self, kept: np.ndarray) -> str:
        parts, at = [], 0
        for (start, end), there in zip(self.spans, kept, strict=True):
            if not there:
                parts.append(self.text[at:start])
                at = end
        return "".join([*parts, self.text[at:]])

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        pieces: list[tuple[str, float | None]] = []
        most, at = float(np.abs(scores).max(initial=0)) or 1.0, 0
        for (start, end), score in zip(self.spans, scores, strict=True):
            if start > at:
                pieces.append((self.text[at:start], None))
            pieces.append((self.text[start:end], float(score) / most))
            at = end
        rest = self.text[at:]
        pieces.append((rest if len(rest) <= 200 else rest[:200] + " …", None))
        return [Words(pieces)]


@VIEWS.register("hashed")
class HashedView(TextView):
    """Words of a text whose grams are counted."""


@VIEWS.register("tokens")
class TokenView(TextView):
    """Words of a text that a tokeniser cuts into pieces: a word has the sum of its pieces.

    Slopes go by the embeddings of tokens, from that of the token that stands for nothing.
    """

    gradients: ClassVar[bool] = True

    def __init__(self, rows: Rows, row: int) -> None:
        assert isinstance(rows.preprocessing, TokenPreprocessing)
        self.tokens = rows.preprocessing
        super().__init__(rows, row)
        self.ids = rows.encoded(row)
        self.labels = self._word_of

    def _reached(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        offsets, special = self.tokens.tokenized(self.text)
        before = len(self.tokens.prompt)
        of = np.full(len(offsets), -1)
        for i, (start, end) in enumerate(spans):
            inside = (offsets[:, 0] < end + before) & (offsets[:, 1] > start + before)
            of[inside & ~special] = i
        reached = sorted(set(of[of >= 0].tolist()))
        place = {word: i for i, word in enumerate(reached)}
        self._word_of = np.array([place.get(word, -1) for word in of.tolist()], np.int64)
        return [spans[i] for i in reached]

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.ids.expand(len(mask), -1)

    def outputs(self, network: Network, mask: torch.Tensor) -> torch.Tensor:
        """Return outputs where embeddings of tokens are blended with that of nothing."""
        nothing = self.tokens.nothing_token()

        def blend(module: nn.Module, given: tuple[Any, ...], found: torch.Tensor) -> Any:
            asked = given[0]
            if asked.shape != (len(mask), self.ids.shape[1]) or not (asked == self.ids).all():
                return found
            assert isinstance(module, nn.Embedding)
            blank = module.weight.mean(0) if nothing is None else module.weight[nothing]
            return blank + mask[..., None] * (found - blank)

        embeddings = [m for m in network.modules() if isinstance(m, nn.Embedding)]
        handles = [module.register_forward_hook(blend) for module in embeddings]
        try:
            found: torch.Tensor = network(self.inputs(mask))[1]
        finally:
            for handle in handles:
                handle.remove()
        return found
