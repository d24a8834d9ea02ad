"""CoNLL files: a token and its tag a line, an empty line between sentences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ..base.errors import DataError

_MARKED = re.compile(r"O|[BIMELSU]-\S+")
_UNIVERSAL = 8
"""Columns from which on a first one of running numbers is CoNLL-U's or CoNLL-X's."""


def conll_rows(path: Path) -> list[Mapping[str, list[str]]]:
    """Return the sentences as rows with "tokens" and "tags": the first and the last column.

    Columns are between tabs where the file has any, else between blanks; other spaces are part of
    a token. A line that begins with "#" is a comment, unless it is a token with a tag.

    Raises
    ------
    DataError
        Naming the line, where there is no tag or there are more columns than elsewhere.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8: {error}", hint="save it as UTF-8") from error
    lines = re.split("\r\n|\n|\r", text)
    tabs = any("\t" in line for line in lines if not line.startswith("#"))
    cells = [_cells(line, tabs) for line in lines]
    plain = [own for own, line in zip(cells, lines, strict=True) if _is_token(line)]
    width = Counter(map(len, plain)).most_common(1)[0][0] if plain else 2
    tags = {own[-1] for own in plain if len(own) == width}
    rows: list[Mapping[str, list[str]]] = []
    tokens: list[str] = []
    said: list[str] = []
    numbered = width >= _UNIVERSAL
    for number, (line, own) in enumerate(zip([*lines, ""], [*cells, []], strict=True), 1):
        if not own or line.startswith("-DOCSTART-"):
            if tokens:
                rows.append({"tokens": tokens, "tags": said})
            tokens, said = [], []
            continue
        if line.startswith("#") and not _is_tagged(own, width, tags):
            continue
        if len(own) < 2 or not own[0] or not own[-1]:
            raise DataError(
                f"{path}, line {number}: {line!r} has no tag",
                hint="write a token and its tag a line",
            )
        if len(own) != width:
            raise DataError(
                f"{path}, line {number}: {line!r} has {len(own)} columns, other lines have {width}",
                hint="put tabs between columns where tokens hold blanks",
            )
        tokens.append(own[0])
        said.append(own[-1])
        numbered = numbered and own[0].split("-")[0].split(".")[0].isdigit()
    if numbered and rows:
        raise DataError(
            f"{path} has {width} columns and numbers in the first: it looks like CoNLL-U, whose "
            "words are in the second column",
            hint="keep two columns, the word and its tag",
        )
    return rows


def _cells(line: str, tabs: bool) -> list[str]:
    if not line.strip():
        return []
    if tabs:
        return [cell.strip(" ") for cell in line.rstrip(" ").split("\t")]
    return [cell for cell in re.split("[ \t]+", line) if cell]


def _is_token(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("#", "-DOCSTART-"))


def _is_tagged(cells: list[str], width: int, tags: set[str]) -> bool:
    """Whether a line that begins with "#" is a token with as many columns and a known tag."""
    if len(cells) != width:
        return False
    return cells[-1] in tags or bool(_MARKED.fullmatch(cells[-1]))
