"""Words that docs/glossary.md retires are no names in the code again."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def retired() -> set[str]:
    """Return the names in the left column of the glossary's last table."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").split("## Retired words")[1]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")][1:]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row.split("(")[0])}


def names(tree: ast.AST) -> Iterator[str]:
    """Yield what a module defines, takes and imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[-1]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def test_the_glossary_retires_something():
    assert {"Currency", "Reading", "plain_labels"} <= retired()


@pytest.mark.parametrize("package", sorted(p.name for p in (ROOT / "src/landbridge").iterdir()))
def test_no_retired_word_is_a_name(package):
    home = ROOT / "src" / "landbridge" / package
    files = [home] if home.is_file() else sorted(home.rglob("*.py"))
    # of other things: a folder's kind, a text's column, the points of a curve, what was looked for
    gone = retired() - {"kind_of", "column_of", "moves", "pull", "found", "do"}
    found = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        if file.suffix == ".py"
        for name in names(ast.parse(file.read_text(encoding="utf-8")))
        if name in gone
    ]
    assert not found, found
