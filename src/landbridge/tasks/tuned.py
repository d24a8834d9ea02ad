"""A tuned model with structured answers, opened from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..artifacts.making import verified
from ..backbones.transformers_models import quietly
from ..base.errors import DataError
from ..base.events import SILENT, Events
from ..base.files import write_json
from .base import TASKS, Example, StructuredTask, TaskOptions
from .models import open_model
from .rows import read_rows

FILE = "tuned.json"
MODEL = "model"
_BATCH = 8


class Tuned:
    """A task's model that answers.

    Attributes
    ----------
    path : Path
    task : StructuredTask
    facts : dict
        What ``tuned.json`` holds: task, labels, options, verdict.

    Examples
    --------
    >>> tuned = landbridge.load_tuned("names-run")                             # doctest: +SKIP
    >>> tuned.predict([{"tokens": ["Ada", "lives", "in", "London"]}])          # doctest: +SKIP
    [{'name': 'rows row 1', 'predicted': ['B-PER', 'O', 'O', 'B-LOC']}]
    """

    def __init__(self, path: Path, task: StructuredTask, model: Any, facts: dict[str, Any]) -> None:
        self.path, self.task, self.model, self.facts = path, task, model, facts

    def __repr__(self) -> str:
        return f"Tuned({str(self.path)!r}: {self.task.name}, {self.verdict['outcome']})"

    @property
    def verdict(self) -> dict[str, Any]:
        """Whether transfer helped, and by how much."""
        found: dict[str, Any] = self.facts["verdict"]
        return found

    @classmethod
    def load(cls, path: Path | str) -> Tuned:
        """Open a finished folder.

        Raises
        ------
        RunError
            Where it is none.
        """
        path = Path(path)
        facts = verified(path, "tuned")
        task = TASKS.get(facts["task"])(TaskOptions(**facts["options"]), facts["labels"])
        task.open(path / MODEL)
        task.labels = list(facts["labels"])
        return cls(path, task, open_model(task, path / MODEL).model.eval(), facts)

    def report(self, out: Path | str | None = None) -> Path:
        """Write the report, to `out` or into the folder, and return its path."""
        from ..report.page import write_page
        from .page import page_of

        task = self.task
        page = page_of(self.path, self.facts, task.summary, task.architecture)
        return write_page(page, out or self.path / "report.html")

    def examples(self, data: Any, *, labelled: bool = False) -> list[Example]:
        """Return data as examples."""
        raw = read_rows(data)
        pairs = zip(raw.rows, raw.names, strict=True)
        return [self.task.example(row, name, raw.folder, labelled) for row, name in pairs]

    def answers(self, examples: Sequence[Example], events: Events = SILENT) -> list[Any]:
        """Return what the model says of each."""
        return answers_of(self.task, self.model, examples, events)

    def predict(self, data: Any, *, events: Events = SILENT) -> list[dict[str, Any]]:
        """Return "name" and "predicted" of each row."""
        examples = self.examples(data)
        said = self.answers(examples, events)
        return [
            {"name": e.name, "predicted": self.task.plain(one)}
            for e, one in zip(examples, said, strict=True)
        ]

    def evaluate(self, data: Any, *, events: Events = SILENT) -> dict[str, Any]:
        """Compare with the answers in other data.

        Raises
        ------
        DataError
            Where no row has one.
        """
        known = [e for e in self.examples(data, labelled=True) if e.truth is not None]
        if not known:
            raise DataError("no row has an answer to compare with", do="name the column: --output")
        said = self.answers(known, events)
        scores = {
            m.name: m.of([m.counts(a, e.truth) for a, e in zip(said, known, strict=True)])
            for m in self.task.metrics()
        }
        return {"task": self.task.name, "n": len(known), "scores": scores}


def answers_of(
    task: StructuredTask, model: Any, examples: Sequence[Example], events: Events = SILENT
) -> list[Any]:
    """Return a model's answers, a few rows at a time, rows of like length together."""
    import torch

    model.eval()
    order = np.argsort([_size(e.given) for e in examples], kind="stable").tolist()
    found: list[Any] = [None] * len(examples)
    with torch.inference_mode(), events.progress("answer", len(examples)) as bar:
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            said = task.answer(model, [examples[i] for i in rows])
            for i, one in zip(rows, said, strict=True):
                found[i] = one
            bar.advance(len(rows))
    return found


def _size(given: Any) -> int:
    if isinstance(given, Path):
        return given.stat().st_size
    return len(given)


def save_tuned(path: Path, task: StructuredTask, model: Any, facts: dict[str, Any]) -> None:
    """Write model, what stands before it, and at last the facts, which mark it as finished."""
    with quietly():
        model.save_pretrained(path / MODEL)
    task.save(path / MODEL)
    own = {"format": 1, "task": task.name, "labels": task.labels, "options": asdict(task.options)}
    write_json(path / FILE, own | facts)


def load_tuned(path: Path | str) -> Tuned:
    """Open a folder that `landbridge.tune` or `landbridge tune` made.

    Raises
    ------
    RunError
        Where it is none.
    """
    return Tuned.load(path)
