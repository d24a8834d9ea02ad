"""Runs the command line in this process, with a pipeline that takes no time."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from landbridge.artifacts.state import create

VERDICT = {
    "kind": "judged",
    "outcome": "helped",
    "sentence": "It is right 88.9 % of the time, 10.8 points more than without transfer.",
    "metric": "accuracy",
    "reference": "source-only",
    "judged_rows": 540,
    "seeds": [0, 1],
    "seeds_note": "",
    "chosen": {"method": "mcc", "what": "mcc", "mean": 0.889, "low": 0.861, "high": 0.912},
    "baselines": [
        {
            "method": "source-only",
            "what": "the source's model as it is",
            "mean": 0.781,
            "low": 0.75,
            "high": 0.812,
            "difference": {"mean": 0.108, "low": 0.089, "high": 0.128, "p": 0.001},
        }
    ],
    "unseen_classes": [],
}


class FakeRun:
    """What the command line uses of a run."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.verdict = VERDICT
        self.choice = {"method": "mcc"}

    def summary(self) -> dict[str, Any]:
        return {"method": "mcc", "outcome": "helped", "figures": {"accuracy": float("nan")}}

    def report(self, out: Path | None = None) -> Path:
        self.path.mkdir(parents=True, exist_ok=True)
        path = out or self.path / "report.html"
        path.write_text("<html>")
        return path

    def predict(
        self, what: Any, unknown: float | None = None, events: Any = None
    ) -> list[dict[str, Any]]:
        marked = {} if unknown is None else {"unknown": False}
        return [
            {"name": f"row {i}", "predicted": "cat", "probability": {"cat": 0.9, "dog": 0.1}}
            | marked
            for i in range(30)
        ]

    def evaluate(self, what: Any, label: str | None = None, events: Any = None) -> dict[str, Any]:
        return {"accuracy": 0.9, "low": 0.8, "high": 0.95, "n": 30, "label": label}


class FakePipeline:
    """Remembers the configuration; `happen` is called in the middle of a run."""

    def __init__(self) -> None:
        self.config: Any = None
        self.happen: Callable[[], None] = lambda: None

    def transfer(self, config: Any, *, out: Path, events: Any, **_: Any) -> FakeRun:
        self.config = config
        out.mkdir(parents=True, exist_ok=True)
        create(out, "run")
        (out / "config.json").write_text("{}")
        print("a library prints")
        events.log("stage", "reading [the] data")
        self.happen()
        with events.progress("training", 2) as bar:
            bar.advance(2, loss=0.1)
        return FakeRun(out)

    def resume(self, path: Path, *, events: Any) -> FakeRun:
        return FakeRun(path)

    def plan(self, config: Any, *, events: Any, **_: Any) -> dict[str, Any]:
        self.config = config
        fit = {"method": "mcc", "role": "chosen", "seeds": [0], "steps": 9, "seconds": 75.0}
        return {
            "setting": "source labelled, target unlabelled",
            "match": "the same classes",
            "backbone": "convnet",
            "backbone_reason": "it is small",
            "references": [],
            "candidates": ["mcc"],
            "seeds": [0],
            "fits": [{**fit, "why": ""}],
            "not_tried": [{"method": "dann", "why": "no time"}],
            "seconds": 75.0,
            "budget_s": 60.0,
            "memory_mb": 100.0,
        }


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> FakePipeline:
    """Put a fake in the place of the pipeline: the command line is what is tested here."""
    fake = FakePipeline()
    for name, names in (
        ("landbridge.runs.pipeline", {n: getattr(fake, n) for n in ("transfer", "resume", "plan")}),
        ("landbridge.runs.run", {"load_run": FakeRun}),
    ):
        module = types.ModuleType(name)
        for key, value in names.items():
            setattr(module, key, value)
        monkeypatch.setitem(sys.modules, name, module)
    return fake


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Return a function that runs one command in an empty folder."""
    from landbridge.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def only_json() -> Callable[[Result], dict[str, Any]]:
    """Return a function that reads stdout: one line, one object, nothing else."""

    def read(result: Result) -> dict[str, Any]:
        assert result.stdout.count("\n") == 1, result.stdout
        found = json.loads(result.stdout)
        assert isinstance(found, dict)
        return found

    return read
