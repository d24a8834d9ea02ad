"""Raw texts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ...base.evenly import evenly
from ...base.hashing import digest
from ..examples import Examples, InputSpec

_LATIN = re.compile(r"[A-Za-z]")
_LETTER = re.compile(r"[^\W\d_]")
_LOOKED_AT = 2000
"""Texts that say how long and in what script a domain is."""
EXCERPT = 400
"""Characters of a text that a report shows."""


_SCRIPTS = (
    ("Latin", "A-Za-zÀ-ɏ"),
    ("Chinese or Japanese", "\u3040-\u30ff\u3400-\u9fff"),
    ("Cyrillic", "\u0400-\u04ff"),
    ("Arabic", "\u0600-\u06ff"),
    ("Devanagari", "\u0900-\u097f"),
    ("Korean", "\uac00-\ud7af"),
)
_BY_SCRIPT = tuple((name, re.compile(f"[{letters}]")) for name, letters in _SCRIPTS)


def _script(text: str) -> str:
    """Return the script of most letters of a text's beginning."""
    counts = {name: len(letters.findall(text[:EXCERPT])) for name, letters in _BY_SCRIPT}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "without letters"


class TextExamples(Examples):
    """Texts, kept as they were written.

    Parameters
    ----------
    texts : sequence of str
    names : sequence of str, optional
        What to call each text in messages, "text i" (from 0) where not given.
    column : str, default ""
        The column of a table that they were read from.

    Examples
    --------
    >>> texts = TextExamples(["a fine film", "a waste of time"])
    >>> len(texts), texts.select(np.array([1])).texts
    (2, ['a waste of time'])
    """

    modality = "text"
    noun = "texts"

    def __init__(
        self, texts: Sequence[str], names: Sequence[str] | None = None, column: str = ""
    ) -> None:
        self.texts = [str(text) for text in texts]
        self.column = column
        self._names = None if names is None else list(names)

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        return f"TextExamples({len(self)} texts)"

    def names(self) -> list[str]:
        """Return what to call each text."""
        return self._names or [f"text {i}" for i in range(len(self))]

    def fingerprint(self) -> str:
        """Return a hash of the texts."""
        return digest("text", self.texts)

    def select(self, rows: np.ndarray) -> TextExamples:
        """Return the texts at integer `rows`, in that order."""
        names = None if self._names is None else [self._names[i] for i in rows]
        return TextExamples([self.texts[i] for i in rows], names, self.column)

    def contents(self) -> list[str]:
        """Return a hash of each text, but for its spaces."""
        return [digest(" ".join(text.split())) for text in self.texts]

    def near(self, other: Examples) -> np.ndarray | None:
        """Return pairs that differ in case and spaces, or in a word of a long text."""
        from .text_likeness import alike

        return alike(self.texts, other.texts) if isinstance(other, TextExamples) else None

    def kinds(self) -> list[str]:
        """Return the script of each text."""
        return [_script(text) for text in self.texts]

    def values(self, row: int) -> dict[str, str]:
        """Return the beginning of a text."""
        text = self.texts[row]
        return {"text": text if len(text) <= EXCERPT else text[:EXCERPT].rstrip() + " …"}

    @classmethod
    def hint(cls, parts: Sequence[Examples]) -> InputSpec:
        """Return the share of Latin letters among letters."""
        latin = letters = 0
        for part in parts:
            assert isinstance(part, TextExamples)
            rows = evenly(len(part), _LOOKED_AT)
            for row in rows:
                text = part.texts[row][:EXCERPT]
                latin += len(_LATIN.findall(text))
                letters += len(_LETTER.findall(text))
        return InputSpec(cls.modality, latin=latin / letters if letters else 1.0)
