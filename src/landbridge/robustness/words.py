"""Words of a text with their places; characters, where a script has no spaces between words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f]|[^\W_])*", re.UNICODE)
_NO_SPACES = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff\u1780-\u17ff]")
_RUN = 2
"""Characters of a script without spaces that stand for a word."""


@dataclass(frozen=True)
class Piece:
    """A word, and where it was."""

    start: int
    end: int
    text: str

    def with_text(self, text: str) -> Piece:
        """Return other letters in its place."""
        return replace(self, text=text)


def pieces(text: str, single: bool = False) -> list[Piece]:
    """Return the words of a text.

    Where a script has no spaces two characters are a word, or one with `single`.

    Examples
    --------
    >>> [piece.text for piece in pieces("a fine film")]
    ['a', 'fine', 'film']
    >>> [piece.text for piece in pieces("好电影")]
    ['好电', '影']
    """
    found = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        if not _NO_SPACES.search(match.group()):
            found.append(Piece(start, end, match.group()))
            continue
        run = 1 if single else _RUN
        found += [
            Piece(at, min(at + run, end), text[at : min(at + run, end)])
            for at in range(start, end, run)
        ]
    return found


def joined(text: str, words: Sequence[Piece]) -> str:
    """Return the text with what its words have become; two spaces that meet are one.

    Examples
    --------
    >>> words = pieces("a fine film")
    >>> joined("a fine film", [words[0], words[1].with_text(""), words[2]])
    'a film'
    """
    out: list[str] = []
    last = 0
    for word in words:
        between = text[last : word.start]
        if between.startswith(" ") and out and (not out[-1] or out[-1].endswith(" ")):
            between = between[1:]
        out += [between, word.text]
        last = word.end
    rest = text[last:]
    return "".join([*out, rest])


def swapped(word: str, at: int) -> str:
    """Return a word with two neighbouring characters exchanged.

    Examples
    --------
    >>> swapped("film", 1)
    'flim'
    """
    return word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
