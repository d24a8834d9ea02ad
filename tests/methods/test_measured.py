"""What `landbridge methods` says was measured, and whether it is what the benchmarks found."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from landbridge.methods.core.base import METHODS
from landbridge.methods.core.measured import measured

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NOT_ALONE = {"combine", "consistency", "source-only"}
"""Made of others, or what others are measured against."""


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import tables

    yield tables
    for name in (
        "tables",
        "measured",
        "across_table",
        "choice_table",
        "class_shift_table",
        "clustering_table",
        "grid_tables",
        "hardening_table",
        "term_tables",
    ):
        sys.modules.pop(name, None)


def results():
    files = sorted(BENCHMARKS.glob("results/*.json"))
    return {path.stem: json.loads(path.read_text("utf-8")) for path in files}


@pytest.mark.parametrize("name", sorted(set(METHODS) - NOT_ALONE))
def test_every_method_has_a_figure_of_its_own(name):
    assert measured(METHODS.get(name))[1]


def test_what_is_said_is_what_the_results_hold(tables):
    found = tables.measured.measured(results())
    assert found == json.loads(tables.measured.OUT.read_text("utf-8"))


def test_the_pages_quote_the_results(tables):
    found, quoted = results(), 0
    for page in (BENCHMARKS.parent / "docs").glob("*.md"):
        text = page.read_text("utf-8")
        quoted += len(tables.QUOTED.findall(text))
        assert tables.quote(text, found) == text, f"{page.name}: run benchmarks/tables.py"
    assert quoted


def test_a_method_from_elsewhere_speaks_for_itself():
    class Mine:
        name, step_cost, evidence = "mine", "2 ×", "three points more on Mars"

    assert measured(Mine) == ("2 ×", "three points more on Mars")
    Mine.step_cost = Mine.evidence = ""
    assert measured(Mine) == ("", "")
