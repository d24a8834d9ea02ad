"""A finished run, opened from its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..artifacts.kinds import RUNS
from ..artifacts.making import check_finished
from ..base.config import RunConfig
from ..base.events import SILENT, Event, Events, read_log
from ..base.typed import EvalResult, JsonObject
from ..domains.domain import Domain
from ..domains.holdout.base import split_rule
from ..domains.input_rows import AnswerRow
from ..explanation.result import Explanations
from ..targets.codec import TargetCodec
from .model import Model
from .new_data import REFERENCE
from .records import read_config, read_record
from .unknown import unknown_rows


class Run:
    """One run: its model, its verdict, its report.

    Make one with `landbridge.transfer`, or open one with `landbridge.load_run`.

    Attributes
    ----------
    path : Path
    verdict, choice, data, plan, cost : dict
        As the JSON files of the same names.
    model : Model
        Loaded when first asked for.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.verdict: JsonObject = read_record(path, "verdict.json")
        self.choice: JsonObject = read_record(path, "choice.json")
        self.data: JsonObject = read_record(path, "data.json")
        self.plan: JsonObject = read_record(path, "plan.json")
        self.cost: JsonObject = read_record(path, "cost.json")
        self.config: RunConfig = read_config(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}: {self.choice['method']}, {self.verdict['outcome']})"

    @cached_property
    def model(self) -> Model:
        """θ₀ + Δ with preprocessing and class names."""
        return Model.load(self.path, offline=self.config.offline)

    @cached_property
    def reference(self) -> Model | None:
        """The model that the verdict compares with, of the first seed; None where none is kept."""
        if not (self.path / REFERENCE).is_dir():
            return None
        return Model.load(self.path, part=REFERENCE, offline=self.config.offline)

    @property
    def classes(self) -> tuple[str, ...]:
        """The answers, in the order of all probabilities."""
        return tuple(read_record(self.path, "labels.json")["classes"])

    def log(self) -> list[Event]:
        """Return the events of ``log.jsonl``."""
        return read_log(self.path / "log.jsonl")

    def summary(self) -> JsonObject:
        """Return what matters most, in plain values."""
        return {
            "method": self.choice["method"],
            "outcome": self.verdict["outcome"],
            "kind": self.verdict["kind"],
            "sentence": self.verdict["sentence"],
            "reason": self.choice["reason"],
            "chosen": self.verdict["chosen"],
            "baselines": self.verdict["baselines"],
            "difference": self.verdict["difference"],
            "wall_s": self.cost["wall_s"],
            "cpu_s": self.cost["cpu_s"],
            "report": str(self.path / "report.html"),
        }

    @property
    def groups_column(self) -> str | None:
        """The column of groups that the verdict is about, whose rows may be alike."""
        alike = self.verdict.get("judged_groups")
        return split_rule(self.config.data.holdout)[1] if alike else None

    def report(self, out: Path | str | None = None) -> Path:
        """Write the report again, to `out` or into the run folder, and return its path."""
        from ..report.run.build import write_report

        return write_report(self.path, None if out is None else Path(out))

    def predict(
        self,
        what: Any,
        *,
        unknown: float | None = None,
        outside: bool = False,
        events: Events = SILENT,
    ) -> list[AnswerRow]:
        """Return one dict per row of the input, in order: "name", "predicted", "probability".

        Where answers are numbers "predicted" is one and there is no "probability"; where they
        are several labels "predicted" is a list of names. "id" is what the data themselves call a
        row, where they do: an index, a column of ids, the path of its file.

        A row that could not be read is in its place: "predicted" None (NaN where answers are
        numbers), probabilities NaN, and "reason" saying why. Only then do the rows have "reason",
        which is None where there is an answer.

        Parameters
        ----------
        what : path, array or Domain
            Data like the run's target.
        unknown : float, optional
            Say of each row ("unknown": bool) whether it looks like no class that the run knows.
            Of rows like the source's validation rows at most this share is called unknown; on
            a target that differs from the source it may be more.
        outside : bool, default False
            Whether metadata and links in a folder of data may lead to files outside it.

        Raises
        ------
        RunError
            Where `unknown` is given and the run had no labelled source.
        """
        domain = self.model.read(what, labelled=False, outside=outside, events=events)
        reading = self.model.reading
        logits = self.model.logits(domain, events)
        values = reading.transform(logits)
        rows = example_rows(reading, domain.examples.names(), values)
        if unknown is not None:
            found, note = unknown_rows(self.path, logits, unknown)
            if note:
                events.log("warning", note)
            for row, strange in zip(rows, found.tolist(), strict=True):
                row["unknown"] = strange
        domain.input_rows.tell(domain.name, events)
        blank = blank_row(reading) | ({} if unknown is None else {"unknown": None})
        return domain.input_rows.answers(rows, blank)

    def explain(
        self,
        what: Any,
        *,
        rows: int | str | Sequence[str] | None = None,
        method: str = "auto",
        passes: int = 25,
        source: Any = None,
        out: Path | str | None = None,
        label: str | None = None,
        seed: int = 0,
        outside: bool = False,
        events: Events = SILENT,
    ) -> Explanations:
        """Say why rows of data are answered as they are, and check what is said.

        Parameters
        ----------
        what : path, array or Domain
            Data like the run's target; labels, where there are any, decide which rows are shown.
        rows : int, str or sequence of str, optional
            How many telling rows (20 where not given), or the names of rows.
        method : str, default "auto"
            A name in `landbridge.explanation.base.EXPLAINERS`, or "auto": what passes its checks
            best at the least cost.
        passes : int, default 25
            Forward passes that explaining a row may take (16 times as many for tables).
        source : path, array or Domain, optional
            The source, where it is not where the run read it; "none" leaves it out.
        out : Path, optional
            Write a page there.
        label, outside
            As for `evaluate`.
        seed : int, default 0

        Returns
        -------
        Explanations

        Raises
        ------
        ConfigError
            Where there is no such row or method, or the method cannot explain this model.
        DataError
            Where the data are of another modality than the run's.
        """
        from .explain import explain_data

        found = explain_data(
            self,
            what,
            rows=rows,
            method=method,
            passes=passes,
            source=source,
            label=label,
            seed=seed,
            outside=outside,
            events=events,
        )
        if out is not None:
            from ..report.explained import write_explained_page

            write_explained_page(found, Path(out))
        return found

    def evaluate(
        self,
        what: Any,
        *,
        label: str | None = None,
        keep_duplicates: bool = False,
        outside: bool = False,
        events: Events = SILENT,
    ) -> EvalResult:
        """Compare with the labels of other data, which the run has not seen.

        Rows that it learned from are left out, unless all are or `keep_duplicates` says otherwise.
        Labels are in `label`, or in the column that held the run's; `outside` as for `predict`.

        Returns
        -------
        dict
            "accuracy" with its 95 % interval "low" and "high", "balanced_accuracy",
            "macro_f1", "n", "left_out" (rows without a label), "unanswered" (how many rows could
            not be read, by the reason: they are not judged), "note" (where these are rows the run
            was made from), "seen" (how many rows it learned from, and what became of them; None
            where the run is of an earlier version), "judged_groups" (where the run was judged on
            whole groups and the data have their column: intervals go by them),
            "unseen_classes", "per_class"; "comparison"
            with the reference of the verdict on the same rows: "outcome", "sentence",
            "reference", "difference". Numbers and several labels: see
            `landbridge.targets.base.TargetType.evaluation`.

        Raises
        ------
        DataError
            Where no row has a label.
        """
        from .judged import judged_rows
        from .new_data import compared, given_labels

        own = judged_rows(
            self,
            what,
            label=label,
            keep_duplicates=keep_duplicates,
            outside=outside,
            events=events,
        )
        domain, rows, groups, seen = own.domain, own.rows, own.groups, own.seen
        values, reading = self.model.values_of(own.inputs), self.model.reading
        other = None
        if (reference := self.reference) is not None:
            other = reference.values(domain.select(rows), events)
        comparison = compared(self, domain, rows, values, other, groups)
        if seen is not None and seen.kept == "all" and comparison.outcome is not None:
            said = f"Can't tell whether the transfer helped: {seen.sentence()}."
            comparison = replace(comparison, outcome="can't tell", sentence=said)
        given = given_labels(domain, rows)
        return {
            **reading.target_type.evaluation(given, values, reading.classes, groups),
            "n": len(rows),
            **({} if groups is None else {"judged_groups": len(np.unique(groups))}),
            "left_out": own.left_out,
            "seen": None if seen is None else seen.to_json(),
            "unanswered": domain.input_rows.reasons(),
            "note": own.note,
            "comparison": comparison.to_json(),
        }


def answer_rows(reading: TargetCodec, domain: Domain, values: np.ndarray) -> list[AnswerRow]:
    """Return one dict per row of the input, as `Run.predict` does, from values (n, k)."""
    rows = example_rows(reading, domain.examples.names(), values)
    return domain.input_rows.answers(rows, blank_row(reading))


def example_rows(reading: TargetCodec, names: Sequence[str], values: np.ndarray) -> list[AnswerRow]:
    """Return one dict per example."""
    rows: list[AnswerRow] = []
    for name, own, said in zip(names, values, reading.predict(values), strict=True):
        row = {"name": name, "predicted": list(said) if isinstance(said, tuple) else said}
        if reading.target_type.named:
            row["probability"] = dict(
                zip(reading.classes, own.astype(np.float32).tolist(), strict=True)
            )
        rows.append(row)
    return rows


def blank_row(reading: TargetCodec) -> AnswerRow:
    """Return what stands where there is no answer."""
    if not reading.target_type.named:
        return {"name": "", "predicted": float("nan")}
    nothing = dict.fromkeys(reading.classes, float("nan"))
    return {"name": "", "predicted": None, "probability": nothing}


def load_run(path: Path | str) -> Run:
    """Open a finished run.

    Raises
    ------
    RunError
        Where there is no run, it is not finished, it is of a newer version, or a file was
        changed.
    """
    path = Path(path)
    check_finished(path, RUNS)
    return Run(path)
