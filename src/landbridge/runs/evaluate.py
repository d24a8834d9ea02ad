"""The verdict on a run: opens the seals, where there are any, and compares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ..domains.task import Task
from ..methods.core.resolve import Methods, Setting
from ..selection.portfolio import OF_THE_SOURCE, WHAT, transfers_nothing
from ..targets.base import objects
from ..targets.codec import TargetCodec
from ..verdict.evaluate import Predicted, Truth, evaluate_predictions, extra_metrics
from ..verdict.records import Chosen, Verdict
from ..verdict.settle import Unlabelled
from ..verdict.without_labels import cross_validated_verdict, label_free_verdict
from .compare import evidence
from .confidence import find_temperature
from .context import FitContext
from .folds import alike_rows, compared_rows, lone_rows
from .records import Plan
from .select import SelectionResult


@dataclass(frozen=True)
class Evaluated:
    """What came of a run.

    Attributes
    ----------
    verdict : Verdict
    truth : Truth or None
        Of the judged rows, opened; None where none were kept.
    reading : TargetCodec
        Reads the outputs of the chosen method, with its temperature.
    """

    verdict: Verdict
    truth: Truth | None
    reading: TargetCodec


def evaluate(context: FitContext, task: Task, plan: Plan, selected: SelectionResult) -> Evaluated:
    """Say whether the transfer helped. Nothing is chosen any more."""
    temperature = find_temperature(context, selected)
    reading = replace(context.data.reading, temperature=temperature.value)
    verdict, truth = _verdict(context, task, plan, selected, reading)
    return Evaluated(replace(verdict, temperature=temperature), truth, reading)


def what(method: str, situation: Setting, methods: Methods) -> str:
    """Return a method in plain words."""
    words = WHAT | OF_THE_SOURCE if situation.target == "none" else WHAT
    own = situation.target_type.method_what.get(method)
    return own or words.get(method) or methods[method].summary


def _choice(context: FitContext, selected: SelectionResult, reference: str | None) -> Chosen:
    """Return how the method was chosen, and what spoke for it, for the verdict to say."""
    rows = {row.method: row.figures for row in selected.choice.candidates if row.figures}
    kind = selected.choice.kind
    if kind != "cross-validation":
        return Chosen(kind, len(rows))
    metric = context.data.reading.target_type.metric.name
    value, other = (rows.get(name or "", {}).get(metric) for name in (selected.chosen, reference))
    return Chosen(kind, len(rows), int(context.data.target.labeled_mask.sum()), value, other)


def _verdict(
    context: FitContext, task: Task, plan: Plan, selected: SelectionResult, own: TargetCodec
) -> tuple[Verdict, Truth | None]:
    """Return the verdict; `own` reads the chosen method's outputs, with its temperature."""
    reading = context.data.reading
    situation = context.data.situation
    alone = transfers_nothing(selected.chosen, situation)
    reference = selected.chosen if alone else selected.reference
    said = partial(what, situation=situation, methods=context.methods)
    choice = _choice(context, selected, reference)
    if task.target.sealed is not None:
        predictions = [
            Predicted(
                method,
                "chosen" if method == selected.chosen else "baseline",
                said(method),
                selected.seeds,
                np.stack(
                    [
                        (own if method == selected.chosen else reading).transform(
                            fits[seed].output("judged")
                        )
                        for seed in selected.seeds
                    ]
                ),
                reading.transform(fits[selected.seeds[0]].output("judged"))
                if method == selected.chosen
                else None,
            )
            for method, fits in selected.fits.items()
        ]
        predictions += _teacher(context, task, selected)
        return evaluate_predictions(
            task.target.sealed,
            context.data.classes,
            predictions,
            reference,
            seeds_note=plan.seeds_note,
            target_type=reading.target_type,
            unlabelled=_unlabelled(context, task, selected),
            seen=task.target.seen,
            choice=choice,
            groups=alike_rows(task.target, task.target.test_mask),
        )
    if selected.chosen in selected.folds:
        labeled = compared_rows(context.data.target)
        labels = reading.decode(context.data.target.labels[labeled])
        values = {name: reading.transform(selected.folds[name]) for name in selected.compared}
        score = reading.target_type.metric.score
        verdict = cross_validated_verdict(
            chosen=selected.chosen,
            what={name: said(name) for name in selected.compared},
            correct={name: score(own, labels) for name, own in values.items()},
            reference=reference,
            target_type=reading.target_type,
            figures={
                name: extra_metrics(reading.target_type, labels, own)
                for name, own in values.items()
            },
            unlabelled=_unlabelled(context, task, selected),
            lone=lone_rows(context.data.target),
            seen=None if task.target.held is None else task.target.held.seen,
            scale=reading.target_type.spread(labels),
            groups=alike_rows(task.target.for_training(), labeled),
        )
        return verdict, None
    first = {name: fits[selected.seeds[0]] for name, fits in selected.fits.items()}
    predicted = {}
    if reading.target_type.class_scores:
        predicted = {name: fit.output("target").argmax(1) for name, fit in first.items()}
    found = None
    if selected.choice.kind == "label-free":
        found = selected.choice
    elif predicted and reference is not None and reference != selected.chosen:
        found = evidence(context, first, reference)
    verdict = label_free_verdict(
        chosen=selected.chosen,
        what=said(selected.chosen),
        baselines=[(name, said(name)) for name in first if name != selected.chosen],
        reference=reference,
        figures={} if found is None else {row.method: row.figures for row in found.candidates},
        best=None if found is None else found.method,
        seeds=selected.seeds,
        chosen_answers=predicted.get(selected.chosen),
        reference_answers=predicted.get(reference or ""),
        target_type=reading.target_type,
        rows=_named(task, np.flatnonzero(~task.target.held_out)),
        choice=choice,
    )
    return verdict, None


def _unlabelled(context: FitContext, task: Task, selected: SelectionResult) -> Unlabelled:
    """Return the usable rows that have no label, and where the stored model differs there."""
    usable = np.flatnonzero(~task.target.held_out)
    free = ~context.data.target.labeled_mask & ~task.target.test_mask[usable]
    if task.target.seen is not None:  # labelled, and left out of the judged ones
        free &= ~np.isin(usable, task.target.seen.at)
    chosen, reference = (
        selected.fits.get(selected.chosen),
        selected.fits.get(selected.reference or ""),
    )
    if chosen is None or reference is None or not context.data.reading.target_type.named:
        return Unlabelled(int(free.sum()))
    seed, reading = selected.seeds[0], context.data.reading
    first, second = (
        objects(reading.predict(reading.transform(fits[seed].output("target"))))
        for fits in (chosen, reference)
    )
    apart = np.array([a != b for a, b in zip(first, second, strict=True)], bool)
    return Unlabelled(int(free.sum()), _named(task, usable[free & apart]))


def _named(task: Task, rows: np.ndarray) -> list[tuple[int, str]]:
    names = task.target.examples.names()
    return [(int(row), str(names[row])) for row in rows]


def _teacher(context: FitContext, task: Task, selected: SelectionResult) -> list[Predicted]:
    """Return what the teacher says of the judged rows, where it sees all of them."""
    own = context.data.teacher_test
    if own is None or task.teacher is None or np.isnan(own).any():
        return []
    values = context.data.reading.transform(own)
    said = f"the teacher {task.teacher[0]!r}, on what it sees of the same rows"
    return [
        Predicted(
            "teacher", "baseline", said, selected.seeds, np.stack([values] * len(selected.seeds))
        )
    ]
