"""What a finished run's folder holds: the model, answers, drawings, costs, the report."""

from __future__ import annotations

from pathlib import Path

from ..base.events import Events
from ..base.files import write_bytes, write_json
from ..domains.task import Task
from ..targets.codec import TargetCodec
from ..training.network_folder import DELTA, save_origin, save_tensors_of
from .context import FitContext
from .drawings import changed, feature_map
from .evaluate import Evaluated
from .fit import Fit
from .learned import save_learned
from .new_data import REFERENCE
from .parts import by_parts
from .predictions import save_predictions
from .records import Cost, Parameters, Plan
from .select import SelectionResult
from .transferred import what_changed
from .unknown import save_unknown


def write(
    context: FitContext,
    task: Task,
    planned: Plan,
    selected: SelectionResult,
    found: Evaluated,
    events: Events,
    source: Path | None = None,
) -> Parameters:
    """Write everything but costs and report. The fits stay, so it can be done again.

    `source`: the run that stands in the source's place.
    """
    path, truth, reading = context.path, found.truth, found.reading
    full, context = context, context.for_method(selected.chosen)
    write_json(path / "verdict.json", found.verdict.to_json())
    chosen = selected.fits[selected.chosen][selected.seeds[0]]
    parameters = _save_model(context, chosen, reading, path)
    for file in sorted((chosen.folder / "adapter").glob("*")):
        write_bytes(path / "adapter" / file.name, file.read_bytes())
    _save_reference(full, selected, found.verdict.reference)
    save_unknown(context, chosen)
    save_learned(context, source)
    save_predictions(context, task, selected, truth, found.verdict.kind, reading)
    if (parts := by_parts(context, selected, truth, events)) is not None:
        write_json(path / "parts.json", parts.to_json())
    write_json(path / "examples.json", changed(context, task, selected, truth, reading))
    write_json(path / "map.json", feature_map(context, task, selected, truth, events))
    explained = what_changed(full, task, planned, selected, truth, reading, events)
    write_json(path / "explained.json", explained.to_json())
    for one in explained.shortcuts:
        events.log("warning", one.sentence())
    return parameters


def write_last(path: Path, cost: Cost) -> None:
    """Write what it cost, the report and the model card."""
    from ..report.run.build import write_report
    from ..report.run.card import write_card

    write_json(path / "cost.json", cost.to_json())
    write_report(path)
    write_card(path)


def _save_reference(context: FitContext, selected: SelectionResult, name: str | None) -> None:
    """Keep the reference's model, so that labels that come later are compared with it as well."""
    if name is None or name == selected.chosen or name not in selected.fits:
        return
    own = context.for_method(name)
    fit = selected.fits[name][selected.seeds[0]]
    _save_model(own, fit, context.data.reading, context.path / REFERENCE)


def _save_model(context: FitContext, chosen: Fit, reading: TargetCodec, path: Path) -> Parameters:
    """Save Δ: tensors that differ from θ₀; all of them where θ₀ is our own net."""
    opened = context.backbone.opened(chosen.seed, Events())
    parameters = save_tensors_of(
        path,
        chosen.state(),
        {f"backbone.{k}": v for k, v in opened.module.state_dict().items()},
        DELTA if context.data.situation.pretrained else "whole",
        theta0=opened.identity.hash,
        method=chosen.method,
        seed=chosen.seed,
    )
    save_origin(path, opened.identity, context.backbone.preprocessing)
    write_json(path / "labels.json", reading.to_dict())
    for name, found in (("transfer", chosen.report.transfer), ("notes", chosen.report.notes)):
        if found:
            write_json(path / f"{name}.json", found)
    return parameters
