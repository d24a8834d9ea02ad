"""The report of several tasks on one backbone."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..base import formatting as fmt
from ..base.typed import JsonObject
from ..domains.holdout.sides import holdout_notes
from ..report.blocks import Estimate, Facts, Table, commands, forest, lead
from ..report.page import Outcome, Page, Section, noted
from ..report.samples import sample_cards
from ..report.units import Units
from ..verdict.sentences import groups_sentence
from .read import OneTask
from .verdicts import TaskVerdict

_OTHERS = {
    "helped": "the other tasks helped",
    "hurt": "the other tasks hurt",
    "can't tell": "it cannot be told whether the other tasks helped",
}


def page_of(folder: Path, facts: JsonObject) -> Page:
    """Return what the report shows; `facts` are what ``multitask.json`` holds."""
    at = shlex.quote(str(folder))
    tasks = [TaskVerdict.from_json(task) for task in facts["verdict"]]
    compared = [task for task in tasks if task.difference is not None]
    title = "What learning together gives"
    shares = [task for task in compared if _units(task).percent]
    alone = [task for task in compared if not _units(task).percent]
    what = "Half are rows with most wrong answers, half were taken from all others."
    transfer = f"landbridge transfer --target DATA --backbone run/{at}"
    lines = [
        ("All answers for new rows", f"landbridge predict {at} DATA"),
        ("As a backbone for another task", transfer),
    ]
    sections = [
        *([_differences("together", title, shares)] if shares else []),
        *(
            _differences(f"numbers-{number}", f"{title} for {task.task}", [task])
            for number, task in enumerate(alone, 1)
        ),
        _scores(tasks),
        *sample_cards(folder, "Judged rows and answers", what),
        _done(facts),
        Section("next", "What to do with it", commands(lines)),
    ]
    return Page(
        title=f"{fmt.counted(len(tasks), 'task')} on one backbone · {facts['backbone']}",
        headline=_headline(tasks, bool(compared)),
        outcomes=[Outcome(task.outcome, sentence(task)) for task in tasks],
        sections=sections,
        intro=noted(
            f"{fmt.counted(facts['rows'], 'row')} to learn from, "
            f"{fmt.count(facts['judged'])} kept for judging; "
            f"{fmt.counted(facts['seeds'], 'seed')}." + _seen(facts),
            holdout_notes(facts),
        ),
    )


def _seen(facts: JsonObject) -> str:
    said = facts.get("seen_sentence")
    return f" {said}." if said else ""


def sentence(task: TaskVerdict) -> str:
    """Say one task's verdict."""
    together = _said(task, task.together.value)
    groups = groups_sentence(task.judged_rows, task.judged_groups)
    rest = f" {groups}" if groups else ""
    if task.difference is None:
        return f"{task.task}: {task.metric} {together}; it was not learned alone.{rest}"
    return (
        f"{task.task}: {task.metric} {together} together, {_said(task, task.alone)} "
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


def _units(task: TaskVerdict) -> Units:
    return Units(percent=task.metric == "accuracy")


def _differences(id: str, title: str, tasks: Sequence[TaskVerdict]) -> Section:
    units = _units(tasks[0])
    rows = [
        Estimate.of_gap(
            task.task,
            task.difference,
            units,
            note=_OTHERS[task.outcome],
            chosen=task.outcome != "can't tell",
        )
        for task in tasks
        if task.difference is not None
    ]
    unit = "Points of accuracy" if units.percent else f"{tasks[0].metric.capitalize()} saved"
    what = f"{unit}, together against alone, by paired rows with 95 % intervals; right is better."
    return Section(id, title, [lead(what), forest(rows, units, zero=True)])


def _scores(tasks: Sequence[TaskVerdict]) -> Section:
    rows = [
        [
            task.task,
            task.metric,
            _said(task, task.together.value),
            _said(task, task.alone),
            fmt.count(task.judged_rows),
        ]
        for task in tasks
    ]
    heads = ["task", "score", "together", "alone", "rows"]
    return Section("scores", "Every score", [Table(heads, rows, (2, 3, 4), "Every score")])


def _done(facts: JsonObject) -> Section:
    weights = facts["weights"]
    if isinstance(weights, dict):
        weights = ", ".join(f"{name} {value:g}" for name, value in weights.items())
    pairs = [("Backbone", facts["backbone"]), ("Weights of the losses", str(weights))]
    for task in facts["tasks"]:
        what = ", ".join(task["classes"]) or OneTask.from_json(task).target_type.summary
        pairs.append((task["name"], fmt.shorten(what, 200)))
    return Section("done", "What was done", [Facts(pairs)])


def _said(task: TaskVerdict, value: float) -> str:
    return fmt.percent(value) if _units(task).percent else fmt.figure(value)
