"""What stands inside a line: marks of a drawing with their names, names that may break, tags."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

_SIGNS = re.compile(r"([+_/.])(?=.)")


def key(name: str, kind: str = "chosen") -> Markup:
    """Return a mark of a drawing with what it stands for."""
    shape = (
        '<circle cx="7" cy="7" r="5.5" class="dot chosen"/>'
        if kind == "chosen"
        else '<path d="M7 1.5 12.5 7 7 12.5 1.5 7Z" class="dot baseline"/>'
    )
    drawn = Markup('<svg width="14" height="14" aria-hidden="true">{}</svg>').format(Markup(shape))
    return Markup('<span class="key">{} {}</span>').format(drawn, name)


def keys(names: Sequence[str]) -> Markup:
    """Return the chosen method's mark and, where there is one, the reference's."""
    kinds = ("chosen", "baseline")
    return Markup(" ").join(key(name, kind) for name, kind in zip(names, kinds, strict=False))


def soft(text: object) -> Markup:
    """Escape a name and let it break after its own signs rather than inside a word."""
    if isinstance(text, Markup):
        return text
    return Markup(_SIGNS.sub(r"\1<wbr>", str(Markup.escape(text))))


def tagged(name: str, *tags: str, small: str = "") -> Markup:
    """Return a name for a cell of a table, with tags and small print."""
    text = soft(name)
    for tag in tags:
        css = "tag" if tag in ("chosen", "changed") else "tag plain"
        text += Markup(' <span class="{}">{}</span>').format(css, tag)
    return text + Markup("<small>{}</small>").format(small) if small else text


def sentence(text: str) -> str:
    """Begin a text with a capital letter, whatever follows."""
    return text[:1].upper() + text[1:]
