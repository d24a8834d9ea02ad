"""Texts of unknown origin, so written that they are read and never obeyed."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

_MARKS = (
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
"""What is not seen, and changes how the rest is: direction, breaks, nothing of any width."""
_CONTROLS = "\x00-\x1f\x7f-\x9f"
_HALVES = "\ud800-\udfff"
_UNSEEN = re.compile(f"[{_CONTROLS}{_MARKS}{_HALVES}]")
_IN_JSON = re.compile(f"[\x7f-\x9f{_MARKS}{_HALVES}]")
_HALF = re.compile(f"[{_HALVES}]")
_JOINERS = "\u200c\u200d"
_FLAG = "\U0001f3f4"
"""A black flag: tags after it are the flag of a region."""


def visible(text: str, *, keep: str = "\n\t") -> str:
    r"""Return a text whose control characters are shown as escapes.

    What a terminal would obey (escape sequences, carriage returns), what turns or hides letters
    (marks of direction, spaces of no width) and bytes that are no letters (in names of files) are
    written as in Python. Everything else stays: Chinese, emoji, letters that combine, and the
    joiners between them.

    Parameters
    ----------
    text : str
    keep : str
        Controls that stay.

    Examples
    --------
    >>> print(visible("ant\x1b[2J \u202etab\udcff"))
    ant\x1b[2J \u202etab\xff
    >>> visible("\U0001f469\u200d\U0001f52c \u732b") == "\U0001f469\u200d\U0001f52c \u732b"
    True
    """
    if text.isascii() and text.isprintable():  # quick: nearly every text
        return text

    def shown(match: re.Match[str]) -> str:
        mark, at = match.group(), match.start()
        if mark in keep or _belongs(text, at, mark):
            return mark
        return _escape(mark)

    return _UNSEEN.sub(shown, text)


def one_line(text: str) -> str:
    r"""Return a text as `visible` does, line breaks shown as well.

    Examples
    --------
    >>> print(one_line("ant\nbee"))
    ant\nbee
    """
    return visible(text, keep="")


def from_shared_folder(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the folder that all paths lie in, and the paths from there on.

    Names that are no whole paths are left as they are, and the folder is "".

    Examples
    --------
    >>> from_shared_folder(["/data/cups/mug/1.jpg", "/data/cups/glass/1.jpg"])
    ('/data/cups', ['mug/1.jpg', 'glass/1.jpg'])
    >>> from_shared_folder(["shop row 8"])
    ('', ['shop row 8'])
    """
    if not names or not all(os.path.isabs(name) for name in names):
        return "", list(names)
    folder = os.path.commonpath([os.path.dirname(name) for name in names])
    return folder, [os.path.relpath(name, folder) for name in names]


def in_one_line(names: Sequence[str]) -> str:
    """Return names after one another; the table or folder that they share is said once.

    Examples
    --------
    >>> in_one_line(["shop row 8", "shop row 12"]), in_one_line(["/data/1.jpg", "/data/2.jpg"])
    ('shop rows 8, 12', '/data: 1.jpg, 2.jpg')
    """
    table = names[0].rpartition(" row ")[0] if names else ""
    numbers = [name.removeprefix(f"{table} row ") for name in names]
    if table and len(names) > 1 and all(number.isdecimal() for number in numbers):
        return f"{table} rows {', '.join(numbers)}"
    folder, rest = from_shared_folder(names)
    return (f"{folder}: " if folder else "") + ", ".join(rest)


def encodable(text: object) -> str:
    r"""Return a text that UTF-8 can hold: bytes of a file's name that it cannot become escapes.

    Examples
    --------
    >>> print(encodable("caf\udce9"))
    caf\xe9
    """
    found = str(text)
    return found if found.isascii() else _HALF.sub(lambda match: _escape(match.group()), found)


def to_json(value: Any, *, default: Callable[[Any], Any] | None = None, **how: Any) -> str:
    r"""Return JSON that is safe to look at: what `visible` shows is an escape, and none is lost.

    Examples
    --------
    >>> print(to_json("\u732b \u202e \x1b"))
    "猫 \u202e \u001b"
    """
    text = json.dumps(value, default=default, ensure_ascii=False, **how)
    if text.isascii() and "\x7f" not in text:
        return text

    def escaped(match: re.Match[str]) -> str:
        mark = match.group()
        kept = _belongs(text, match.start(), mark)
        return mark if kept else json.dumps(mark)[1:-1]

    return _IN_JSON.sub(escaped, text)


def _belongs(text: str, at: int, mark: str) -> bool:
    """Whether a mark is part of what is written there: of an emoji, or a word of many scripts."""
    before = text[at - 1] if at else ""
    if mark in _JOINERS:
        return not before.isascii() and unicodedata.category(before)[0] in "LMS"
    if "\U000e0020" <= mark <= "\U000e007f":
        return text[:at].rstrip("".join(map(chr, range(0xE0020, 0xE0080)))).endswith(_FLAG)
    return False


_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def _escape(mark: str) -> str:
    code = ord(mark)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file's name, as Python keeps it
        code -= 0xDC00
    if mark in _SHORT:
        return _SHORT[mark]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
