"""Text files in whatever encoding they are, as UTF-8."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from ...base.errors import ConfigError, DataError
from ...base.registry import nearest

COMMON = (
    *("utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "koi8-r", "cp1253", "cp1254"),
    *("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp874", "mac_roman", "cp850"),
)
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 1 << 20
_WESTERN = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝßàáâãäåæçèéêëìíîïñòóôõöøùúûüýŒœŠšŽž€‘’“”„–—…•°§£«»¡¿ºª²³µ·´½¼\u00a0"
)
_SYMBOLS = frozenset("³¹¿¼¾£¥ª¢¶±²§»«„”‚‡†")


def to_utf8(path: Path, encoding: str | None = None, *, guess: bool = True) -> tuple[bytes, str]:
    """Return a file's content as UTF-8 without a mark, and what to say about it.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        The encoding of files that are no UTF-8.
    guess : bool, default True
        Whether one that looks Western is read so, and said.

    Raises
    ------
    ConfigError
        Where there is no encoding of that name.
    DataError
        Where it cannot be decoded, naming the line and the encoding that it looks like.
    """
    content = path.read_bytes()
    for mark, name in _MARKS:
        if content.startswith(mark):
            if name == "utf-8":
                return _valid(content[len(mark) :], path, encoding, guess)
            return _decoded(content, name, path), f"{path.name} is read as {name.upper()}"
    return _valid(content, path, encoding, guess)


def _valid(content: bytes, path: Path, encoding: str | None, guess: bool) -> tuple[bytes, str]:
    if encoding is not None:
        check_encoding(encoding)
    wide = _wide(content)
    if wide is None and encoding is not None and b"\x1b" in content:
        wide = encoding  # in seven bits, as ISO-2022-JP
    if wide is not None:
        name = encoding or wide
        return _decoded(content, name, path), f"{path.name} is read as {name.upper()}"
    if content.isascii():
        return content, ""
    try:
        content.decode("utf-8")
        return content, ""
    except UnicodeDecodeError as error:
        wrong = error
    if encoding is not None:
        return _decoded(content, encoding, path), f"{path.name} is read as {encoding}, as named"
    name, sure = looks_like(content)
    line = content[: wrong.start].count(b"\n") + 1
    where = f"line {line} (byte 0x{content[wrong.start]:02x})"
    if sure and guess:
        return _decoded(content, name, path), (
            f"{path.name} is not UTF-8, first in {where}: read as {name} (Western European); "
            "encoding= names another"
        )
    raise DataError(
        f"{path} is not UTF-8, first in {where}; it looks like {name}",
        hint=f"say so with --encoding {name} (encoding= in Python), name another, or save it as "
        "UTF-8",
    )


def check_encoding(encoding: str) -> None:
    """Raise ConfigError where there is no encoding of this name."""
    try:
        "".encode(codecs.lookup(encoding).name)
    except (LookupError, ValueError) as error:
        near = nearest(encoding, COMMON)
        raise ConfigError(
            f"there is no encoding {encoding!r}",
            hint=f"did you mean {near!r}?" if near else "such as " + ", ".join(COMMON),
        ) from error


def _decoded(content: bytes, encoding: str, path: Path) -> bytes:
    try:
        return content.decode(encoding).removeprefix("\ufeff").encode("utf-8")
    except (UnicodeError, ValueError) as error:
        start = getattr(error, "start", 0)
        line = content[:start].count(b"\n") + 1
        name, _ = looks_like(content)
        raise DataError(
            f"{path} is not {encoding}: {getattr(error, 'reason', error)} in line {line}",
            hint=f"it looks like {name}; name it with encoding=",
        ) from error


def _wide(content: bytes) -> str | None:
    """Return UTF-16 where every other byte of a file without a mark is nearly always zero."""
    some = content[:4096]
    if b"\0" not in some or len(some) < 4:
        return None
    even, odd = some[::2].count(0) / len(some[::2]), some[1::2].count(0) / len(some[1::2])
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.4 and odd < 0.1 else None


def looks_like(content: bytes) -> tuple[str, bool]:
    """Return the encoding that bytes which are no UTF-8 look like, and whether that is sure.

    Examples
    --------
    >>> looks_like("eine schöne Größe".encode("latin-1"))
    ('cp1252', True)
    >>> looks_like("送货很快，味道不错，下次还会再来的".encode("gb18030"))
    ('gb18030', False)
    """
    some = content[:_LOOKED_AT] if not content[:_LOOKED_AT].isascii() else content
    high = len(re.findall(rb"[\x80-\xff]", some))
    runs = re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])", some)
    pairs = re.findall(rb"(?<=[A-Za-z])[\x80-\xff]{2}(?![\x80-\xff])", some)
    alone = len(runs) + 2 * len(pairs)  # as the two of Größe
    if high and alone >= 0.85 * high:
        return _single(some)
    return max(_scores(some), default=(0.0, "cp1252"))[1], False


def _single(some: bytes) -> tuple[str, bool]:
    """Return the encoding of words with a foreign letter here and there."""
    inside = re.findall(rb"(?<=[A-Za-z])[\x80-\xff](?=[a-z])", some)
    text = some.decode("cp1252", "replace")
    letters = [char for char in text if not char.isascii()]
    strange = sum(char not in _WESTERN for char in letters)
    within = [one.decode("cp1252", "replace") for one in inside]
    symbols = sum(char in _SYMBOLS or char == "\ufffd" or char.isupper() for char in within)
    if within and symbols > 0.2 * len(within):
        low = sum(one < b"\xa0" for one in inside) / len(inside)
        if low < 0.5:
            return "cp1250", False
        macs = sum(
            one in b"\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x92\x96\x99\x9a\x9f" for one in inside
        )
        return ("mac_roman" if macs >= 0.7 * len(inside) else "cp850"), False
    return "cp1252", strange <= 0.05 * len(letters)


def _scores(some: bytes) -> list[tuple[float, str]]:
    """Return how much a text looks like what is written in each encoding of other scripts."""
    found = []
    for rank, (name, common) in enumerate(_SCRIPTS.items()):
        text = some.decode(name, "ignore" if len(some) >= _LOOKED_AT else "replace")
        letters = [char for char in text if not char.isascii()]
        if letters:
            share = sum(common.fullmatch(char) is not None for char in letters) / len(letters)
            wrong = letters.count("\ufffd") / len(letters)
            found.append((round(share - 2 * wrong, 2) - rank * 1e-3 + _kana(name, text), name))
    gb = _common_chinese(some)
    return [*found, (gb, "gb18030")] if gb else found


_SCRIPTS = {
    "euc_kr": re.compile("[\uac00-\ud7af]"),
    "cp1251": re.compile("[а-яё]"),
    "koi8-r": re.compile("[а-яё]"),
    "shift_jis": re.compile("[\u3040-\u30ff\u3000-\u303f\u4e00-\u9fff]"),
    "euc_jp": re.compile("[\u3040-\u30ff\u3000-\u303f\u4e00-\u9fff]"),
    "cp1253": re.compile("[ά-ώ]"),
    "cp1255": re.compile("[א-ת]"),
    "cp1256": re.compile("[ء-ي]"),
    "cp874": re.compile("[ก-๛]"),
    "big5": re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]"),
}


def _kana(name: str, text: str) -> float:
    """Return what Japanese without kana, which is not Japanese, loses."""
    if name not in ("shift_jis", "euc_jp"):
        return -0.1 if name == "big5" else 0.0
    kana = len(re.findall("[\u3040-\u30ff]", text))
    all_of = len(re.findall("[^\\x00-\\x7f]", text))
    return 0.05 if kana > 0.25 * all_of else -0.6


def _common_chinese(some: bytes) -> float:
    """Return the share of the 3755 most common characters of Chinese, in GB 2312's order."""
    pairs = re.findall(rb"([\x81-\xfe])([\x40-\xfe])", some)
    if not pairs:
        return 0.0
    common = sum(b"\xb0" <= a <= b"\xd7" and b >= b"\xa1" for a, b in pairs)
    marks = sum(a in (b"\xa1", b"\xa3") for a, b in pairs)
    return round((common + marks) / len(pairs), 2) - 0.02
