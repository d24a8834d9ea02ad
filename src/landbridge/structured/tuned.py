"""A tuned model with structured answers, opened from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..artifacts.making import verified
from ..backbones.transformers_config import quietly
from ..base.errors import DataError, RunError
from ..base.events import SILENT, Events
from ..base.files import write_json
from ..base.libraries import library_errors
from ..base.typed import INTERVAL, EvalResult, JsonObject, Shape, amount, count, number
from ..domains.input_rows import AnswerRow, InputRows, LeftOut
from ..domains.learned import not_learned
from ..report.reported import Reported
from .base import TASKS, Example, StructuredTask
from .models import open_inputs, open_model
from .options import TaskOptions
from .predictions import predictions_of, predictions_or_errors
from .rows import read_rows

if TYPE_CHECKING:
    from ..explanation.result import Explanations
    from ..report.page import Page

FILE = "tuned.json"
MODEL = "model"
_OPTIONS: dict[str, Shape] = {
    "input": (str, None),
    "output": (str, None),
    "prefix": str,
    "size": (count, None),
    "length": count,
    "new_tokens": count,
    "seconds": amount,
    "threshold": number,
}
_MODEL = {
    "model": str,
    "scores": {str: float},
    "low": float,
    "high": float,
    "difference": (INTERVAL, None),
}
SHAPE: Shape = {
    "task": str,
    "labels": [str],
    "options": {f"{key}?": shape for key, shape in _OPTIONS.items()},
    "model": str,
    "origin": str,
    "fit": {"batch?": count, "batch_size?": count, "lora": bool, "rank": count, "seed": count},
    "rows": count,
    "rule?": {"value_range?": [number], "ground?": number, "full_scale?": number},
    "steps?": count,
    "parameters": {"total": count, "moved": count},
    "notes?": [str],
    "verdict": {
        "outcome": str,
        "sentence": str,
        "reference": (str, None),
        "metric": str,
        "higher_is_better": bool,
        "judged_rows": count,
        "judged_groups?": count,
        "models": [_MODEL],
    },
}
"""What ``tuned.json`` holds."""


class Tuned(Reported):
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

    kind = "tuned"

    def __init__(self, path: Path, task: StructuredTask, model: Any, facts: JsonObject) -> None:
        self.path, self.task, self.model, self.facts = path, task, model, facts

    def __repr__(self) -> str:
        return f"Tuned({str(self.path)!r}: {self.task.name}, {self.verdict['outcome']})"

    @property
    def verdict(self) -> JsonObject:
        """Whether transfer helped, and by how much."""
        found: JsonObject = self.facts["verdict"]
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
        facts = verified(path, "tuned", SHAPE)
        _check_scores(path, facts["verdict"])
        if facts["task"] not in TASKS:
            raise RunError(
                f"{path / FILE} names the task {facts['task']!r}",
                hint=f"restore it, or update landbridge: known are {', '.join(TASKS)}",
            )
        options = {key: facts["options"][key] for key in _OPTIONS if key in facts["options"]}
        task = TASKS.get(facts["task"])(TaskOptions(**options), facts["labels"])
        open_inputs(task, path / MODEL)
        task.labels = list(facts["labels"])
        if facts.get("rule"):
            task.rule = facts["rule"]
        return cls(path, task, open_model(task, path / MODEL).model.eval(), facts)

    def page(self, folder: Path) -> Page:
        """Return what the report of a folder shows."""
        from .page import page_of

        return page_of(folder, self.facts, self.task.summary, self.task.architecture)

    def examples(
        self, data: Any, *, labelled: bool = False, outside: bool = False
    ) -> list[Example]:
        """Return data as examples."""
        raw = read_rows(data, outside=outside)
        pairs = zip(raw.rows, raw.names, strict=True)
        return [self.task.example(row, name, raw.folder, labelled) for row, name in pairs]

    def predict_examples(self, examples: Sequence[Example], events: Events = SILENT) -> list[Any]:
        """Return what the model says of each."""
        with library_errors(
            RunError,
            f"the model in {self.path} cannot answer",
            hint="its files may not belong together: restore the folder",
        ):
            return predictions_of(self.task, self.model, examples, events)

    def predict(
        self, data: Any, *, outside: bool = False, events: Events = SILENT
    ) -> list[AnswerRow]:
        """Return "name" and "predicted" of each row of the input, in order.

        A row that could not be read has None, and "reason", as of `landbridge.Run.predict`, and so
        is `outside`.

        Raises
        ------
        DataError
            Where no row can be read.
        """
        examples, said, rows = self._said(data, False, outside, events)
        found = [
            {"name": e.name, "predicted": self.task.plain(one)}
            for e, one in zip(examples, said, strict=True)
        ]
        rows.tell("rows", events)
        return rows.answers(found, {"name": "", "predicted": None})

    def explain(
        self,
        what: Any,
        *,
        rows: int | str | Sequence[str] | None = None,
        method: str = "auto",
        passes: int = 25,
        out: Path | str | None = None,
        seed: int = 0,
        outside: bool = False,
        events: Events = SILENT,
    ) -> Explanations:
        """Say why words are tagged so, things are seen there, pixels have their class.

        Parameters
        ----------
        what : path, data frame, list of dict
            Rows; where they have answers, wrong ones are shown first.
        rows : int, str or sequence of str, optional
            How many parts of answers (20 where not given), or the names of rows.
        method, passes, out, seed, outside
            As of `landbridge.Run.explain`.

        Raises
        ------
        ConfigError
            Where the task's answers are of one piece: texts that are written or heard.
        """
        from .explain import explain_tuned

        found = explain_tuned(
            self,
            what,
            rows=rows,
            method=method,
            passes=passes,
            seed=seed,
            outside=outside,
            events=events,
        )
        if out is not None:
            from ..report.explained import write_explained_page

            write_explained_page(found, Path(out))
        return found

    def answered(
        self, data: Any, outside: bool, events: Events
    ) -> tuple[list[Example], list[Any], str]:
        """Return rows, what the model says of each, and what they are; truths where they are there.

        `data` is read once more than needed: whether it has truths shows in its columns.
        """
        raw = read_rows(data, outside=outside)
        try:
            labelled = any(self.task.has_truth(row) for row in raw.rows)
        except DataError:  # there is no such column
            labelled = False
        examples, said, rows = self._said(data, labelled, outside, events)
        rows.tell("rows", events)
        return examples, said, raw.what

    def _said(
        self, data: Any, labelled: bool, outside: bool, events: Events
    ) -> tuple[list[Example], list[Any], InputRows]:
        """Return the rows that can be read, what the model says of each, and where they were."""
        raw = read_rows(data, outside=outside)
        found: list[Example] = []
        places: list[int] = []
        left: list[LeftOut] = []
        first: DataError | None = None
        for i, (row, name) in enumerate(zip(raw.rows, raw.names, strict=True)):
            try:
                own = self.task.example(row, name, raw.folder, False)
            except DataError as error:
                first = first or error
                left.append(LeftOut(i, name, error.message.removeprefix(f"{name}: ")))
                continue
            found.append(self.task.example(row, name, raw.folder, True) if labelled else own)
            places.append(i)
        if not found:
            raise first or DataError("there is no row", hint="give at least one")
        labeled = [i for i, e in enumerate(found) if e.truth is not None or not labelled]
        some = [found[i] for i in labeled]
        with library_errors(
            RunError,
            f"the model in {self.path} cannot answer",
            hint="its files may not belong together: restore the folder",
        ):
            said, broken = predictions_or_errors(self.task, self.model, some, events)
        if some and len(broken) == len(some):
            raise broken[0]
        left += [
            LeftOut(places[labeled[i]], some[i].name, why.message) for i, why in broken.items()
        ]
        if left:
            what = "row that cannot be read"
            names = ", ".join(f"{one.name} ({one.why})" for one in left[:3])
            more = ", ..." if len(left) > 3 else ""
            events.log("warning", f"{raw.what}: left out {len(left)} x {what}: {names}{more}")
        rest = [i for i in range(len(some)) if i not in broken]
        at = np.array([places[labeled[i]] for i in rest], np.int64)
        unasked = len(found) - len(labeled)
        rows = InputRows(at, tuple(sorted(left, key=lambda one: one.row)), None, unasked)
        return [some[i] for i in rest], [said[i] for i in rest], rows

    def evaluate(
        self,
        data: Any,
        *,
        keep_duplicates: bool = False,
        outside: bool = False,
        events: Events = SILENT,
    ) -> EvalResult:
        """Compare with the answers in other data; `outside` as for `predict`.

        Parameters
        ----------
        data : path, data frame, list of dict
        keep_duplicates : bool, default False
            Judge on rows that were learned from as well, which are left out otherwise.
        outside : bool, default False
        events : Events

        Returns
        -------
        dict
            "task", "n", "scores"; "seen" (how many rows it learned from, and what became of them;
            None for folders of earlier versions); "left_out", rows without a truth, and
            "unanswered", how many could not be read: neither are judged.

        Raises
        ------
        DataError
            Where no row has one.
        """
        labeled, said, rows = self._said(data, True, outside, events)
        if not labeled:
            raise DataError(
                "no row has an answer to compare with", hint="name the column: --output"
            )
        left, seen = not_learned(
            self.path, self.task.raw(labeled), "rows to judge", keep_duplicates, events
        )
        labeled, said = list(compress(labeled, left)), list(compress(said, left))
        scores = {
            m.name: m.of([m.counts(a, e.truth) for a, e in zip(said, labeled, strict=True)])
            for m in self.task.metrics()
        }
        unanswered = {"row that cannot be read": len(rows.left)} if rows.left else {}
        return {
            "task": self.task.name,
            "n": len(labeled),
            "seen": None if seen is None else seen.to_json(),
            "left_out": rows.beyond,
            "unanswered": unanswered,
            "scores": scores,
        }


def _check_scores(path: Path, verdict: JsonObject) -> None:
    """Raise where a model has not the scores that the others have, its metric among them."""
    names = [set(row["scores"]) for row in verdict["models"]]
    if not names or any(own != names[0] for own in names) or verdict["metric"] not in names[0]:
        raise RunError(
            f"{path / FILE} is damaged: not every model has the scores {verdict['metric']!r} and "
            "those of the others",
            hint="restore the file, or make the folder again",
        )


def save_tuned(path: Path, task: StructuredTask, model: Any, facts: JsonObject) -> None:
    """Write model, what stands before it, and at last the facts, which mark it as finished."""
    with quietly():
        model.save_pretrained(path / MODEL)
    task.save(path / MODEL)
    own = {"format": 1, "task": task.name, "labels": task.labels, "options": asdict(task.options)}
    write_json(path / FILE, own | ({"rule": task.rule} if task.rule else {}) | facts)


def load_tuned(path: Path | str) -> Tuned:
    """Open a folder that `landbridge.tune` or `landbridge tune` made.

    Raises
    ------
    RunError
        Where it is none.
    """
    return Tuned.load(path)
