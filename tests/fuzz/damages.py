"""Damages to files of ours, drawn from a seed: bytes, lines and values of JSON."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 10**6, -(10**9), 10**30, 0.5, -0.5, 1e300, float("nan")),
    *(float("inf"), "", "x", "\x1b[2J", "\ud800", "a" * 5000, "../../x", "/etc/hostname", "1"),
    *([], [None], [[[]]], ["a", 1], {}, {"a": None}, {"": {}}, [1] * 100),
)
"""What stands in the place of a value."""

PIECES = (
    *(b"", b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\n", b"\r", b"\r\n", b"\t", b" "),
    *(b'"', b"'", b",", b";", b"|", b":", b"{", b"}", b"[", b"]", b"-", b"#", b"%", b"\\"),
    *(b"nan", b"inf", b"1e999", b"9" * 400, b"-0", b"NULL", b"\xe2\x80\xa8", b"\xed\xa0\x80"),
    *(b"\xf0\x9f\x98\x80", b"0x10", b"1,5", b"2024-02-30", b"true", b"__proto__", b"\x1b[31m"),
)


def damaged(raw: bytes, draw: random.Random) -> bytes:
    """Return the bytes after one to three changes."""
    content = bytearray(raw)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        _change(content, draw)
    return bytes(content)


def _change(content: bytearray, draw: random.Random) -> None:
    n = len(content)
    at = draw.randrange(n + 1)
    kind = draw.randrange(10)
    if kind == 0 and n:
        content[draw.randrange(n)] ^= 1 << draw.randrange(8)
    elif kind == 1:
        del content[at:]
    elif kind == 2:
        del content[at : at + draw.choice((1, 2, 7, 64))]
    elif kind in (3, 4):
        content[at:at] = draw.choice(PIECES)
    elif kind == 5 and n:
        piece = draw.choice(PIECES)
        content[at : at + len(piece)] = piece
    elif kind == 6:
        start = draw.randrange(n + 1)
        content[at:at] = content[start : start + draw.choice((1, 16, 200))]
    elif kind == 7 and n:
        length = draw.choice((1, 4, 8))
        content[at : at + length] = draw.choice((b"\x00", b"\xff", b"\x7f", b"\x80")) * length
    elif kind == 8:
        content[:0] = content[at : at + draw.choice((1, 8))]
    elif n:
        content[at : at + 4] = draw.randrange(2**32).to_bytes(4, draw.choice(("little", "big")))


def damaged_json(raw: bytes, draw: random.Random) -> bytes:
    """Return a JSON file with a value of another kind, a key that is gone, or damaged bytes."""
    if draw.random() < 0.15:
        return damaged(raw, draw)
    values = json.loads(raw)
    for _ in range(draw.choice((1, 1, 2))):
        values = _one_value(values, draw)
    return json.dumps(values).encode()


def _one_value(values: Any, draw: random.Random) -> Any:
    places: list[tuple[Any, Any]] = []
    todo = [values] if isinstance(values, dict | list) else []
    while todo:
        place = todo.pop()
        keys: Any = place if isinstance(place, dict) else range(len(place))
        for key in keys:
            places.append((place, key))
            if isinstance(place[key], dict | list):
                todo.append(place[key])
    if not places or draw.random() < 0.02:
        return copy.deepcopy(draw.choice(VALUES))
    place, key = draw.choice(places)
    kind = draw.randrange(8)
    if kind == 0:
        del place[key]
    elif kind == 1 and isinstance(place, dict):
        place[f"{key}x"] = place.pop(key)
    elif kind == 2:
        other, name = draw.choice(places)
        place[key] = copy.deepcopy(other[name])
    elif kind == 3 and isinstance(place, list):
        place.append(copy.deepcopy(place[key]))
    elif kind == 4 and isinstance(place[key], int | float):
        place[key] = draw.choice((-1, 0, 1)) + place[key] * draw.choice((-1, 0, 2, 10**9))
    else:
        place[key] = copy.deepcopy(draw.choice(VALUES))
    return values
