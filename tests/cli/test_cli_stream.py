"""`landbridge stream`: what it prints, writes and refuses."""

from __future__ import annotations

import csv
import sys
import types
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def streamed(pipeline, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Put a fake in the place of streaming; return what it was called with."""
    called: dict[str, Any] = {}

    def stream_data(run: Any, data: Any, **how: Any) -> dict[str, Any]:
        called.update(data=data, **how)
        row = {"name": "row 0", "predicted": "cat", "probability": {"cat": 0.9, "dog": 0.1}}
        part = {"first": 0, "last": 999, "n": 1000, "source": 0.5, "adapted": 0.625}
        return {
            "predictions": [row],
            "report": {
                "method": how["method"],
                "guarded": how["guard"],
                "batches": 16,
                "rows": 1000,
                "fallbacks": 128,
                "resets": 2,
                "filtered": 300,
                "steps": 12,
                "notes": ["no norms"],
            },
            "over_time": [part],
            "accuracy": {"source": 0.5, "adapted": 0.625},
        }

    module = types.ModuleType("landbridge.runs.stream")
    module.stream_data = stream_data  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return called


def test_json_is_one_object(cli, streamed, only_json):
    result = cli("stream", "r", "d", "--json")
    assert result.exit_code == 0, result.stderr
    found = only_json(result)
    assert found["accuracy"] == {"source": 0.5, "adapted": 0.625}
    assert found["predictions"][0]["predicted"] == "cat"
    assert streamed["method"] == "sar"
    assert streamed["batch_size"] == 64
    assert streamed["guard"] is True


def test_with_out_the_answers_are_a_file_and_the_summary_is_shown(cli, streamed):
    result = cli(
        "stream", "r", "d", "--method", "eata", "--batch-size", "1", "--no-guard", "--out", "a.csv"
    )
    assert result.exit_code == 0, result.stderr
    assert (streamed["method"], streamed["batch_size"], streamed["guard"]) == ("eata", 1, False)
    assert "1,000 rows in 16 batches with eata" in result.stdout
    assert "+12.5" in result.stdout
    assert "no norms" in result.stdout
    rows = list(csv.DictReader(Path("a.csv").read_text("utf-8").splitlines()))
    assert rows[0]["predicted"] == "cat"


def test_a_pipe_gets_csv(cli, streamed):
    result = cli("stream", "r", "d")
    assert result.stdout.splitlines()[0] == "name,predicted,confidence,p(cat),p(dog)"


def test_a_format_that_cannot_be_written_is_named(cli, streamed):
    result = cli("stream", "r", "d", "--out", "a.txt")
    assert result.exit_code == 2
    assert ".txt is not a format" in result.stderr
