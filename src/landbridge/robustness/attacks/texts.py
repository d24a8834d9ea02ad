"""Attacks on texts, by scores alone: letters that change places, words that look like others.

A changed text has as many characters as before, in the same script, and only so many of its words
are touched, those first without which the answer changes most (Jin et al., 2020, AAAI, order words
so; Pruthi et al., 2019, ACL, keep first and last letters).
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from ...base.evenly import evenly
from ...domains.modalities.texts import TextExamples
from ..base import ATTACKS, Attack, Attacked
from ..subject import Subject
from ..words import Piece, joined, pieces, swapped

_LOOKED_AT = 40
"""Words of a text whose weight is asked."""
_TRIED = 6
"""Versions of one word."""


class TextAttack(Attack):
    """Greedy over words."""

    modalities = ("text",)
    norm = "share of the words"
    default = True

    def applies(self, subject: Subject) -> bool:
        """Whether rows are texts."""
        return isinstance(subject.rows.examples, TextExamples)

    def sizes(self, subject: Subject) -> tuple[float, ...]:
        """Return shares of the words."""
        return (0.05, 0.1, 0.2)

    def largest(self, subject: Subject) -> float:
        """Return all words."""
        return 1.0

    def cost(self, subject: Subject) -> float:
        """Return about how many passes a row takes: by the words of a few texts."""
        assert isinstance(subject.rows.examples, TextExamples)
        texts = subject.rows.examples.texts
        some = [len(pieces(texts[i])) for i in evenly(len(texts), 50)]
        words = min(_LOOKED_AT, float(np.mean(some)))
        return 2 + words + 0.1 * float(np.mean(some)) * _TRIED

    def prepared(self, subject: Subject) -> object:
        """Return what versions are made of, for all rows."""
        return None

    @abstractmethod
    def versions(self, word: str, lexicon: object) -> Sequence[str]:
        """Return what a word may become, of the same length."""

    def run(self, subject: Subject, rows: np.ndarray, size: float) -> Attacked:
        """Weigh words, then change them in that order while answers stay right."""
        examples = subject.rows.examples
        assert isinstance(examples, TextExamples)
        texts, truth = [examples.texts[i] for i in rows], np.asarray(subject.truth[rows])
        lexicon = self.prepared(subject)
        loss = subject.margins(TextExamples(texts), truth)
        words = [pieces(text) for text in texts]
        order = _weighed(subject, texts, words, truth)
        allowed = [max(1, int(size * len(own) + 1e-9)) if own else 0 for own in words]
        now, done = list(texts), np.zeros(len(rows), int)
        at = [0] * len(rows)
        while True:
            trials: list[tuple[int, list[Piece], str]] = []
            for i, own in enumerate(words):
                while loss[i] < 0 and done[i] < allowed[i] and at[i] < len(order[i]):
                    place = order[i][at[i]]
                    at[i] += 1
                    found = self.versions(own[place].text, lexicon)
                    if found:
                        done[i] += 1
                        for word in found[:_TRIED]:
                            changed = list(own)
                            changed[place] = own[place].with_text(word)
                            trials.append((i, changed, joined(texts[i], changed)))
                        break
            if not trials:
                return Attacked(loss < 0, loss, now)
            owners = np.array([i for i, _, _ in trials])
            found_loss = subject.margins(TextExamples([t for *_, t in trials]), truth[owners])
            for k in np.argsort(found_loss, kind="stable"):  # the worst comes last
                i, changed, text = trials[k]
                if found_loss[k] > loss[i]:
                    loss[i], words[i], now[i] = found_loss[k], changed, text

    def shown(
        self, subject: Subject, row: int, changed: object
    ) -> tuple[list[tuple[np.ndarray, str]], list[tuple[str, str]]]:
        """Return the text before and after, around what changed first."""
        before, after = str(subject.rows.examples.texts[row]), str(changed)  # type: ignore[attr-defined]
        first = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
        return [], [("before", _around(before, first)), ("after", _around(after, first))]

    def said(self, size: float) -> str:
        """Write a size in words."""
        return f"{100 * size:g} % of words"


def _around(text: str, place: int) -> str:
    """Return at most 160 characters of a text around a place."""
    start = max(0, place - 60)
    cut = text[start : start + 160]
    return ("… " if start else "") + cut + (" …" if start + 160 < len(text) else "")


def _weighed(
    subject: Subject, texts: list[str], words: list[list[Piece]], truth: np.ndarray
) -> list[list[int]]:
    """Return the words of each text, those first without which the answer gets worst."""
    places = [evenly(len(own), _LOOKED_AT).tolist() if own else [] for own in words]
    owners, without = [], []
    for i, own in enumerate(words):
        for place in places[i]:
            left = [w.with_text("") if k == place else w for k, w in enumerate(own)]
            owners.append(i)
            without.append(joined(texts[i], left) or " ")
    if not owners:
        return places
    found = subject.margins(TextExamples(without), truth[np.array(owners)])
    weights: dict[int, list[float]] = defaultdict(list)
    for i, value in zip(owners, found.tolist(), strict=True):
        weights[i].append(value)
    return [
        [places[i][k] for k in np.argsort(-np.array(weights[i]), kind="stable")]
        for i in range(len(texts))
    ]


@ATTACKS.register("characters")
class Characters(TextAttack):
    """Two neighbouring letters inside a word change places."""

    summary = "neighbouring letters inside words swapped"
    curve = True

    def versions(self, word: str, lexicon: object) -> Sequence[str]:
        """Return the word with letters swapped, its first and last kept where it is long enough."""
        places = range(1, len(word) - 2) if len(word) > 3 else range(len(word) - 1)
        return list(dict.fromkeys(w for at in places if (w := swapped(word, at)) != word))


@ATTACKS.register("words")
class Words(TextAttack):
    """A word becomes another one of the data that differs from it in one letter."""

    summary = "words replaced by others of the data that differ in one letter"

    def prepared(self, subject: Subject) -> object:
        """Return the data's words by what they are with one letter left open, frequent first."""
        assert isinstance(subject.rows.examples, TextExamples)
        counts = Counter(
            piece.text.lower() for text in subject.rows.examples.texts for piece in pieces(text)
        )
        like: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            if len(word) > 2:
                for at in range(len(word)):
                    like[word[:at] + "\0" + word[at + 1 :], at].append(word)
        return like

    def versions(self, word: str, lexicon: object) -> Sequence[str]:
        """Return words that differ in one letter, in the case of the word."""
        assert isinstance(lexicon, dict)
        lower = word.lower()
        if len(lower) != len(word):  # of some letters there is no other case of one character
            return []
        found = [
            other
            for at in range(len(lower))
            for other in lexicon.get((lower[:at] + "\0" + lower[at + 1 :], at), ())
            if other != lower
        ]
        return [_cased(other, word) for other in found]


def _cased(word: str, like: str) -> str:
    if like.isupper():
        upper = word.upper()
        return upper if len(upper) == len(word) else word
    return word[:1].upper() + word[1:] if like[:1].isupper() else word
