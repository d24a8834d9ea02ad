"""What the report draws: a map of features before and after, and examples that changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.evenly import evenly
from ..base.events import Events
from ..domains.task import Task
from ..insight.changes import Changes, changed_examples
from ..insight.map import FeatureMap, MapSide, build_map
from ..targets.base import objects
from ..targets.codec import TargetCodec
from ..verdict.evaluate import Truth
from .context import FitContext
from .features import RowOutputs
from .fit import frozen_network, network_of
from .select import SelectionResult

MOST = 600
"""Rows of each side on the map."""


def feature_map(
    context: FitContext, task: Task, selected: SelectionResult, truth: Truth | None, events: Events
) -> FeatureMap:
    """Return ``map.json``: the judged rows where there are any, the usable ones otherwise.

    Labels of judged rows are in it: the verdict has opened them.
    """
    chosen, seed = selected.chosen, selected.seeds[0]
    fit = selected.fits[chosen][seed]
    before, after = frozen_network(context, seed, events), network_of(context, fit, events)
    frozen = fit.report.start == "frozen"

    reading = context.data.reading
    kind = reading.target_type
    groups = kind.grouping(_predictions(context, selected, chosen, truth).tolist())

    def shown(
        labels: np.ndarray, labeled: np.ndarray, classes: tuple[str, ...] = context.data.classes
    ) -> list[str | None]:
        safe = reading.decode(np.where(labeled.reshape(-1, *(1,) * (labels.ndim - 1)), labels, 0))
        found = groups(objects(kind.decode(safe, classes)))
        return [name if ok else None for name, ok in zip(found, labeled, strict=True)]

    first = RowOutputs(context, before, seed, events)
    second = RowOutputs(context, after, seed, events)

    def side(which: str, pick: np.ndarray, **said: Any) -> MapSide:
        features, logits = second(which, pick)
        return MapSide(first(which, pick)[0], logits if frozen else features, **said)

    source = None
    if context.data.source is not None and task.source is not None:
        own, labeled = context.data.source_own, context.data.source.labeled_mask
        pick = evenly(len(context.data.source), MOST)
        source = side(
            "source",
            pick,
            labels=shown(own[pick], labeled[pick], context.data.source_classes),
            rows=np.flatnonzero(~task.source.held_out)[pick].tolist(),
        )
    if truth is not None:
        which, rows = "judged", np.flatnonzero(task.target.test_mask)
        names = groups(truth.names)
    else:
        which, names = (
            "target",
            objects(shown(context.data.target.labels, context.data.target.labeled_mask)),
        )
        rows = np.flatnonzero(~task.target.held_out)
    pick = evenly(len(rows), MOST)
    target = side(
        which,
        pick,
        labels=names[pick].tolist(),
        predicted_after=groups(_predictions(context, selected, chosen, truth))[pick].tolist(),
        predicted_before=None
        if selected.reference is None
        else groups(_predictions(context, selected, selected.reference, truth))[pick].tolist(),
        rows=rows[pick].tolist(),
    )
    after_title = f"{'Class scores' if frozen else 'Features'} after {chosen}"
    return build_map(
        source, target, seed=context.config.seed, titles=("Features before", after_title)
    )


def changed(
    context: FitContext,
    task: Task,
    selected: SelectionResult,
    truth: Truth | None,
    reading: TargetCodec,
) -> Changes:
    """Return ``examples.json``: judged rows that went from wrong to right and back."""
    kind = context.data.situation.target_type
    if truth is None or selected.reference in (None, selected.chosen) or not kind.exclusive:
        return {
            "reference": selected.reference,
            "chosen": selected.chosen,
            "modality": task.target.modality,
            "fixed": [],
            "broken": [],
            "fixed_count": 0,
            "broken_count": 0,
        }
    rows = np.flatnonzero(task.target.test_mask)
    place = {int(row): i for i, row in enumerate(rows)}
    names = task.target.examples.names()

    def picture(row: int) -> np.ndarray | None:
        return context.backbone.preprocessing.picture(context.data.test_inputs[place[row]])

    sure = reading.transform(
        selected.fits[selected.chosen][selected.seeds[0]].output("judged")
    ).max(1)
    return changed_examples(
        _predictions(context, selected, str(selected.reference), truth).tolist(),
        _predictions(context, selected, selected.chosen, truth).tolist(),
        truth.names.tolist(),
        sure.tolist(),
        rows.tolist(),
        [names[row] for row in rows],
        picture,
        values=lambda row: task.target.examples.values(row) or None,
        reference=str(selected.reference),
        chosen=selected.chosen,
        modality=task.target.modality,
    )


def _predictions(
    context: FitContext, selected: SelectionResult, method: str, truth: Truth | None
) -> np.ndarray:
    """Return a method's answers with the first seed."""
    logits = selected.fits[method][selected.seeds[0]].output(
        "target" if truth is None else "judged"
    )
    return objects(context.data.reading.predict(context.data.reading.transform(logits)))
