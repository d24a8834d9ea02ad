"""Corruptions of texts in any script."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from ...domains.examples import Examples
from ...domains.modalities.texts import TextExamples
from ..base import CORRUPTIONS, RawCorruption, Rows
from ..words import joined, pieces, swapped


class TextCorruption(RawCorruption):
    """A corruption of one text after the other."""

    modality = "text"

    def change(self, examples: Examples, strength: float, rows: Rows) -> Examples:
        """Return the texts changed; one that would be empty stays as it is."""
        assert isinstance(examples, TextExamples)
        texts = []
        for text, rng in zip(examples.texts, rows.generators("corruption", self.name), strict=True):
            changed = self.text(text, strength, rng)
            texts.append(changed if changed.strip() else text)
        return TextExamples(texts, examples.names(), examples.column)

    @abstractmethod
    def text(self, text: str, strength: float, rng: np.random.Generator) -> str:
        """Return one text changed."""


@CORRUPTIONS.register("typos")
class Typos(TextCorruption):
    """Typed in a hurry."""

    summary = "two neighbouring letters swapped, one left out or doubled"
    strengths = (0.05, 0.1, 0.2, 0.35, 0.5)
    unit = "of the words"

    def text(self, text: str, strength: float, rng: np.random.Generator) -> str:
        """Return the text with typing errors in so many of its words."""
        words = pieces(text)
        draws = rng.random((len(words), 3))
        for i, (hit, how, where) in enumerate(draws.tolist()):
            word = words[i].text
            if hit >= strength or len(word) < 2:
                continue
            at = int(where * (len(word) - 1))
            if how < 0.5:
                word = swapped(word, at)
            else:
                word = word[:at] + (word[at] if how < 0.75 else "") * 2 + word[at + 1 :]
            words[i] = words[i].with_text(word)
        return joined(text, words)


@CORRUPTIONS.register("dropped-words")
class DroppedWords(TextCorruption):
    """Words that are missing."""

    summary = "words left out (characters, where a script has no spaces)"
    strengths = (0.05, 0.1, 0.2, 0.35, 0.5)
    unit = "of the words"

    def text(self, text: str, strength: float, rng: np.random.Generator) -> str:
        """Return the text without so many of its words."""
        words = pieces(text, single=True)
        gone = rng.random(len(words)) < strength
        kept = [w.with_text("") if lost else w for w, lost in zip(words, gone, strict=True)]
        return joined(text, kept)


@CORRUPTIONS.register("shuffled-words")
class ShuffledWords(TextCorruption):
    """Words in another order."""

    summary = "neighbouring words change places"
    strengths = (0.1, 0.2, 0.4, 0.7, 1.0)
    unit = "of the pairs"

    def text(self, text: str, strength: float, rng: np.random.Generator) -> str:
        """Return the text with so many pairs of neighbouring words exchanged."""
        words = pieces(text, single=True)
        for i in range(0, len(words) - 1, 2):
            if rng.random() < strength:
                first, second = words[i], words[i + 1]
                words[i], words[i + 1] = first.with_text(second.text), second.with_text(first.text)
        return joined(text, words)


@CORRUPTIONS.register("capitals")
class Capitals(TextCorruption):
    """Shouted."""

    summary = "words in capitals"
    strengths = (0.05, 0.15, 0.3, 0.6, 1.0)
    unit = "of the words"

    def text(self, text: str, strength: float, rng: np.random.Generator) -> str:
        """Return the text with so many words in capitals."""
        words = pieces(text)
        loud = rng.random(len(words)) < strength
        return joined(
            text,
            [w.with_text(w.text.upper()) if up else w for w, up in zip(words, loud, strict=True)],
        )
