"""Whoever opens a finished folder asks `check_finished`, and nobody what is behind it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import landbridge
from landbridge.artifacts.making import check_finished, is_sealed
from landbridge.artifacts.state import create, mark_complete
from landbridge.base.errors import LandbridgeWarning, RunError


def test_nobody_else_checks_by_himself():
    root = Path(landbridge.__file__).parent
    behind = {"check_complete", "warn_unsealed"}
    for path in root.rglob("*.py"):
        tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        asked = {
            name.name for node in tree if isinstance(node, ast.ImportFrom) for name in node.names
        }
        assert path.name == "making.py" or not behind & asked, path


def test_what_has_a_seal_opens_where_it_is_finished_and_of_the_kind(tmp_path):
    create(tmp_path, "space")
    with pytest.raises(RunError, match="not finished"):
        check_finished(tmp_path, ("space",))
    mark_complete(tmp_path)
    assert is_sealed(tmp_path)
    assert check_finished(tmp_path)["kind"] == "space"
    with pytest.raises(RunError, match="holds a space, expected groups"):
        check_finished(tmp_path, ("clusters",), older="space.json")


def test_what_has_none_opens_by_the_file_that_marks_it_alone(tmp_path):
    with pytest.raises(RunError, match="not a run folder"):
        check_finished(tmp_path, older="space.json")
    (tmp_path / "space.json").write_text("{}")
    with pytest.raises(RunError, match="not a run folder"):
        check_finished(tmp_path)
    with pytest.warns(LandbridgeWarning, match="cannot be checked"):
        assert check_finished(tmp_path, older="space.json")["kind"] == "space"
