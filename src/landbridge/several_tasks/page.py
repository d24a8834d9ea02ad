"""The report of several tasks on one backbone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..base import formatting as fmt
from ..domains.holdout.sides import holdout_notes
from ..metrics.intervals import Interval
from ..report.page import Commands, Estimate, Estimates, Facts, Page, Section, Table, Verdict
from ..report.samples import sample_cards
from ..report.units import Units
from ..targets.base import target_type
from ..verdict.sentences import groups_sentence
from .verdicts import TaskVerdict

_OTHERS = {
    "helped": "the other tasks helped",
    "hurt": "the other tasks hurt",
    "can't tell": "it cannot be told whether the other tasks helped",
}


def page_of(folder: Path, facts: dict[str, Any]) -> Page:
    """Return what the report shows; `facts` are what ``multitask.json`` holds."""
    at = shlex.quote(str(folder))
    tasks = [TaskVerdict.from_json(task) for task in facts["verdict"]]
    compared = [task for task in tasks if task.difference is not None]
    sections: list[tuple[str, Section]] = []
    shares = [task for task in compared if task.metric == "accuracy"]
    if shares:
        sections.append(("together", _differences("What learning together gives", shares, True)))
    for number, task in enumerate(t for t in compared if t.metric != "accuracy"):
        title = f"What learning together gives for {task.task}"
        sections.append((f"numbers-{number + 1}", _differences(title, [task], False)))
    sections.append(("scores", _scores(tasks)))
    lead = "Half are rows with most wrong answers, half were taken from all others."
    sections += sample_cards(folder, "Judged rows and answers", lead)
    sections += [
        ("done", _done(facts)),
        (
            "next",
            Commands(
                "What to do with it",
                [
                    ("All answers for new rows", f"landbridge predict {at} DATA"),
                    (
                        "As a backbone for another task",
                        f"landbridge transfer --target DATA --backbone run/{at}",
                    ),
                ],
            ),
        ),
    ]
    return Page(
        title=f"{fmt.counted(len(tasks), 'task')} on one backbone · {facts['backbone']}",
        headline=_headline(tasks, bool(compared)),
        verdicts=[Verdict(task.outcome, sentence(task)) for task in tasks],
        sections=sections,
        fine=f"{fmt.counted(facts['rows'], 'row')} to learn from, "
        f"{fmt.count(facts['judged'])} kept for judging; "
        f"{fmt.counted(facts['seeds'], 'seed')}." + _seen(facts),
        notes=holdout_notes(facts),
    )


def _seen(facts: dict[str, Any]) -> str:
    said = facts.get("seen_sentence")
    return f" {said}." if said else ""


def sentence(task: TaskVerdict) -> str:
    """Say one task's verdict."""
    shares = task.metric == "accuracy"
    together = _said(task.together.value, shares)
    groups = groups_sentence(task.judged_rows, task.judged_groups)
    rest = f" {groups}" if groups else ""
    if task.difference is None:
        return f"{task.task}: {task.metric} {together}; it was not learned alone.{rest}"
    return (
        f"{task.task}: {task.metric} {together} together, {_said(task.alone, shares)} "
        f"alone; {_OTHERS[task.outcome]}.{rest}"
    )


def _headline(tasks: Sequence[TaskVerdict], compared: bool) -> str:
    if not compared:
        return f"{len(tasks)} tasks were learned together, and none of them alone to compare."
    counts = {outcome: sum(t.outcome == outcome for t in tasks) for outcome in _OTHERS}
    did = [f"{what} {counts[what]}" for what in ("helped", "hurt") if counts[what]]
    open_ = counts["can't tell"]
    if not did:
        return f"Whether it helped to learn {len(tasks)} tasks together cannot be told of any."
    rest = f"; of {open_} it cannot be told" if open_ else ""
    return f"Learning {len(tasks)} tasks together {' and '.join(did)} of them{rest}."


def _differences(title: str, tasks: Sequence[TaskVerdict], shares: bool) -> Estimates:
    rows = [
        Estimate.of_gap(
            task.task,
            task.difference,
            note=_OTHERS[task.outcome],
            said="" if shares else _gap(task.difference),
            chosen=task.outcome != "can't tell",
        )
        for task in tasks
        if task.difference is not None
    ]
    unit = "Points of accuracy" if shares else f"{tasks[0].metric.capitalize()} saved"
    lead = f"{unit}, together against alone, by paired rows with 95 % intervals; right is better."
    return Estimates(title, rows, lead, shares=shares, zero=True)


def _scores(tasks: Sequence[TaskVerdict]) -> Table:
    rows = [
        [
            task.task,
            task.metric,
            _said(task.together.value, task.metric == "accuracy"),
            _said(task.alone, task.metric == "accuracy"),
            fmt.count(task.judged_rows),
        ]
        for task in tasks
    ]
    return Table(
        "Every score", ["task", "score", "together", "alone", "rows"], rows, right=(2, 3, 4)
    )


def _done(facts: dict[str, Any]) -> Facts:
    weights = facts["weights"]
    if isinstance(weights, dict):
        weights = ", ".join(f"{name} {value:g}" for name, value in weights.items())
    pairs = [("Backbone", facts["backbone"]), ("Weights of the losses", str(weights))]
    for task in facts["tasks"]:
        what = ", ".join(task["classes"]) or target_type(task["kind"]).summary
        pairs.append((task["name"], fmt.shorten(what, 200)))
    return Facts("What was done", pairs)


def _said(value: float, shares: bool) -> str:
    return fmt.percent(value) if shares else fmt.figure(value)


def _gap(gap: Interval) -> str:
    return Units(percent=False).difference(gap)
