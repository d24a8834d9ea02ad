"""The end of a run: open the seals, save Δ and the figures, draw, report."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..base.events import Events
from ..base.files import write_bytes, write_json
from ..domains.task import Task
from ..methods.core.resolve import Methods
from ..selection.portfolio import TARGET_ALONE, WHAT
from ..targets.base import TargetType, objects
from ..targets.codec import TargetCodec
from ..training.network_folder import DELTA, save_origin, save_tensors_of
from ..verdict.judge import Predicted, Truth, extra_metrics, judge
from ..verdict.records import Chosen, Verdict
from ..verdict.settle import Unlabelled
from ..verdict.without_labels import cross_validated_verdict, label_free_verdict
from .compare import evidence
from .confidence import find_temperature
from .context import FitContext
from .drawings import changed, feature_map
from .evaluation import REFERENCE
from .fit import Fit
from .folds import alike_rows, compared_rows, lone_rows
from .learned import save_learned
from .parts import by_parts
from .predictions import save_predictions
from .race import SelectionResult
from .records import Plan
from .stages import Clock
from .unknown import save_unknown


def finish(
    context: FitContext,
    task: Task,
    plan: Plan,
    raced: SelectionResult,
    clock: Clock,
    events: Events,
    source: Path | None = None,
) -> None:
    """Write everything that a run folder holds. The fits stay, so it can be done again.

    `source`: the run that stands in the source's place.
    """
    path = context.path
    with clock.stage("judge", "judging"):
        temperature = find_temperature(context, raced)
        reading = replace(context.data.reading, temperature=temperature.value)
        verdict, truth = _verdict(context, task, plan, raced, reading)
        verdict = replace(verdict, temperature=temperature)
        whole, context = context, context.for_method(raced.chosen)
        write_json(path / "verdict.json", verdict.to_json())
        chosen = raced.fits[raced.chosen][raced.seeds[0]]
        moved = _save_model(context, chosen, reading, path)
        for file in sorted((chosen.folder / "adapter").glob("*")):
            write_bytes(path / "adapter" / file.name, file.read_bytes())
        _save_reference(whole, raced, verdict.reference)
        save_unknown(context, chosen)
        save_learned(context, source)
        save_predictions(context, task, raced, truth, verdict.kind, reading)
        if (parts := by_parts(context, raced, truth, events)) is not None:
            write_json(path / "parts.json", parts.to_json())
        write_json(path / "examples.json", changed(context, task, raced, truth, reading))
        write_json(path / "map.json", feature_map(context, task, raced, truth, events))
    _save_cost(context, clock, moved)
    events.log("verdict", verdict.sentence, outcome=verdict.outcome)
    from ..report import write_card, write_report

    write_report(path)
    write_card(path)


def what(method: str, kind: TargetType, methods: Methods) -> str:
    """Return a method in plain words."""
    return kind.method_what.get(method) or WHAT.get(method) or methods[method].summary


def _choice(context: FitContext, raced: SelectionResult, reference: str | None) -> Chosen:
    """Return how the method was chosen, and what spoke for it, for the verdict to say."""
    rows = {row.method: row.figures for row in raced.choice.candidates if row.figures}
    kind = raced.choice.kind
    if kind != "cross-validation":
        return Chosen(kind, len(rows))
    metric = context.data.reading.target_type.metric.name
    value, other = (rows.get(name or "", {}).get(metric) for name in (raced.chosen, reference))
    return Chosen(kind, len(rows), int(context.data.target.known.sum()), value, other)


def _verdict(
    context: FitContext, task: Task, plan: Plan, raced: SelectionResult, own: TargetCodec
) -> tuple[Verdict, Truth | None]:
    """Return the verdict; `own` reads the chosen method's outputs, with its temperature."""
    reading = context.data.reading
    reference = raced.chosen if raced.chosen in TARGET_ALONE else raced.reference
    said = partial(what, kind=reading.target_type, methods=context.methods)
    choice = _choice(context, raced, reference)
    if task.target.sealed is not None:
        predictions = [
            Predicted(
                method,
                "chosen" if method == raced.chosen else "baseline",
                said(method),
                raced.seeds,
                np.stack(
                    [
                        (own if method == raced.chosen else reading).transform(
                            fits[seed].output("judged")
                        )
                        for seed in raced.seeds
                    ]
                ),
                reading.transform(fits[raced.seeds[0]].output("judged"))
                if method == raced.chosen
                else None,
            )
            for method, fits in raced.fits.items()
        ]
        predictions += _teacher(context, task, raced)
        return judge(
            task.target.sealed,
            context.data.classes,
            predictions,
            reference,
            seeds_note=plan.seeds_note,
            target_type=reading.target_type,
            unlabelled=_unlabelled(context, task, raced),
            seen=task.target.seen,
            choice=choice,
            groups=alike_rows(task.target, task.target.judged),
        )
    if raced.chosen in raced.folds:
        known = compared_rows(context.data.target)
        labels = reading.decode(context.data.target.labels[known])
        values = {name: reading.transform(raced.folds[name]) for name in raced.compared}
        score = reading.target_type.metric.score
        verdict = cross_validated_verdict(
            chosen=raced.chosen,
            what={name: said(name) for name in raced.compared},
            correct={name: score(own, labels) for name, own in values.items()},
            reference=reference,
            target_type=reading.target_type,
            figures={
                name: extra_metrics(reading.target_type, labels, own)
                for name, own in values.items()
            },
            unlabelled=_unlabelled(context, task, raced),
            lone=lone_rows(context.data.target),
            seen=None if task.target.held is None else task.target.held.seen,
            scale=reading.target_type.spread(labels),
            groups=alike_rows(task.target.for_training(), known),
        )
        return verdict, None
    first = {name: fits[raced.seeds[0]] for name, fits in raced.fits.items()}
    answers = {}
    if reading.target_type.class_scores:
        answers = {name: fit.output("target").argmax(1) for name, fit in first.items()}
    found = None
    if raced.choice.kind == "label-free":
        found = raced.choice
    elif answers and reference is not None and reference != raced.chosen:
        found = evidence(context, first, reference)
    verdict = label_free_verdict(
        chosen=raced.chosen,
        what=said(raced.chosen),
        baselines=[(name, said(name)) for name in first if name != raced.chosen],
        reference=reference,
        figures={} if found is None else {row.method: row.figures for row in found.candidates},
        best=None if found is None else found.method,
        seeds=raced.seeds,
        chosen_answers=answers.get(raced.chosen),
        reference_answers=answers.get(reference or ""),
        target_type=reading.target_type,
        rows=_named(task, np.flatnonzero(~task.target.held_out)),
        choice=choice,
    )
    return verdict, None


def _unlabelled(context: FitContext, task: Task, raced: SelectionResult) -> Unlabelled:
    """Return the usable rows that have no label, and where the stored model differs there."""
    usable = np.flatnonzero(~task.target.held_out)
    free = ~context.data.target.known & ~task.target.judged[usable]
    if task.target.seen is not None:  # labelled, and left out of the judged ones
        free &= ~np.isin(usable, task.target.seen.at)
    chosen, reference = raced.fits.get(raced.chosen), raced.fits.get(raced.reference or "")
    if chosen is None or reference is None or not context.data.reading.target_type.named:
        return Unlabelled(int(free.sum()))
    seed, reading = raced.seeds[0], context.data.reading
    first, second = (
        objects(reading.predict(reading.transform(fits[seed].output("target"))))
        for fits in (chosen, reference)
    )
    apart = np.array([a != b for a, b in zip(first, second, strict=True)], bool)
    return Unlabelled(int(free.sum()), _named(task, usable[free & apart]))


def _named(task: Task, rows: np.ndarray) -> list[tuple[int, str]]:
    names = task.target.examples.names()
    return [(int(row), str(names[row])) for row in rows]


def _teacher(context: FitContext, task: Task, raced: SelectionResult) -> list[Predicted]:
    """Return what the teacher says of the judged rows, where it sees all of them."""
    own = context.data.teacher_judged
    if own is None or task.teacher is None or np.isnan(own).any():
        return []
    values = context.data.reading.transform(own)
    said = f"the teacher {task.teacher[0]!r}, on what it sees of the same rows"
    return [
        Predicted("teacher", "baseline", said, raced.seeds, np.stack([values] * len(raced.seeds)))
    ]


def _save_reference(context: FitContext, raced: SelectionResult, name: str | None) -> None:
    """Keep the reference's model, so that labels that come later are compared with it as well."""
    if name is None or name == raced.chosen or name not in raced.fits:
        return
    own = context.for_method(name)
    fit = raced.fits[name][raced.seeds[0]]
    _save_model(own, fit, context.data.reading, context.path / REFERENCE)


def _save_model(
    context: FitContext, chosen: Fit, reading: TargetCodec, path: Path
) -> dict[str, Any]:
    """Save Δ: tensors that differ from θ₀; all of them where θ₀ is our own net."""
    seed = chosen.facts["seed"]
    opened = context.backbone.opened(seed, Events())
    parameters = save_tensors_of(
        path,
        chosen.state(),
        {f"backbone.{k}": v for k, v in opened.module.state_dict().items()},
        DELTA if context.data.situation.pretrained else "whole",
        theta0=opened.identity.hash,
        method=chosen.facts["method"],
        seed=seed,
    )
    save_origin(path, opened.identity, context.backbone.preprocessing)
    write_json(path / "labels.json", reading.to_dict())
    if chosen.facts.get("transfer"):
        write_json(path / "transfer.json", chosen.facts["transfer"])
    if chosen.facts.get("notes"):
        write_json(path / "notes.json", chosen.facts["notes"])
    return parameters


def _save_cost(context: FitContext, clock: Clock, parameters: dict[str, Any]) -> None:
    write_json(
        context.path / "cost.json",
        {
            "wall_s": round(sum(s["wall_s"] for s in clock.stages), 2),
            "cpu_s": round(sum(s["cpu_s"] for s in clock.stages), 2),
            "peak_mb": peak_mb(),
            "device": context.settings.device,
            "threads": context.settings.threads,
            "stages": clock.stages,
            "parameters": parameters,
        },
    )


def peak_mb() -> float:
    """Return the largest resident size of this process or of a finished worker, in MB."""
    try:
        import resource
    except ImportError:
        import psutil

        return round(psutil.Process().memory_info().rss / 2**20, 1)
    import sys

    unit = 2**20 if sys.platform == "darwin" else 2**10
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(w).ru_maxrss for w in who) / unit, 1)
