"""What the report draws: a map of features before and after, and examples that changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base.events import Events
from ..domains.task import Task
from ..insight.changes import changed_examples
from ..insight.map import MapSide, build_map
from ..verdict.judge import Truth
from .fit import known_network, network_of
from .networks import outputs, softmax
from .race import Raced
from .workspace import Workspace


def feature_map(
    workspace: Workspace,
    task: Task,
    plan: dict[str, Any],
    raced: Raced,
    truth: Truth | None,
    events: Events,
    most: int = 600,
) -> dict[str, Any]:
    """Draw source and target features before and after; few enough rows to be quick."""
    seed, chosen = plan["seeds"][0], raced.choice["method"]
    fit = raced.fits[chosen][seed]
    before = known_network(workspace, seed, events)
    after = network_of(workspace, fit, events)
    frozen = fit.facts["start"] == "frozen"
    reference = raced.fits.get(plan["reference"] or "", {}).get(seed)

    def side(inputs: np.ndarray, pick: np.ndarray, **said: Any) -> MapSide:
        one = outputs(before, inputs[pick], workspace.preprocessing)[0]
        features, logits = outputs(after, inputs[pick], workspace.preprocessing)
        return MapSide(one, logits if frozen else features, rows=pick.tolist(), **said)

    classes = workspace.classes
    source = None
    if workspace.source is not None:
        own = workspace.source_own
        pick = spread(len(workspace.source), most)
        labels = [
            workspace.source_classes[own[i]] if workspace.source.known[i] else None for i in pick
        ]
        source = side(workspace.source.inputs, pick, labels=labels)
    # The judged rows where there are any: their labels are open now.
    judged = truth is not None
    inputs = workspace.judged if judged else workspace.target.inputs
    pick = spread(len(inputs), most)
    after_answers = fit.output("judged" if judged else "target").argmax(1)
    before_answers = (
        None if reference is None else reference.output("judged" if judged else "target").argmax(1)
    )
    known = workspace.target.known
    labels = [
        (truth.names[i] if truth is not None else classes[workspace.target.labels[i]] if known[i] else None)
        for i in pick
    ]
    target = side(
        inputs,
        pick,
        labels=labels,
        predicted_after=[classes[after_answers[i]] for i in pick],
        predicted_before=None
        if before_answers is None
        else [classes[before_answers[i]] for i in pick],
    )
    titles = (
        "Features before",
        f"Class scores after {chosen}" if frozen else f"Features after {chosen}",
    )
    return build_map(source, target, seed=workspace.config.seed, titles=titles)


def spread(n: int, most: int) -> np.ndarray:
    """Return at most `most` row numbers, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).astype(np.int64))


def changed(
    workspace: Workspace, task: Task, plan: dict[str, Any], raced: Raced, truth: Truth | None
) -> dict[str, Any]:
    seed, chosen, reference = plan["seeds"][0], raced.choice["method"], plan["reference"]
    if truth is None or reference is None or reference == chosen:
        return {
            "reference": reference,
            "chosen": chosen,
            "modality": task.target.modality,
            "fixed": [],
            "broken": [],
            "fixed_count": 0,
            "broken_count": 0,
        }
    classes = np.array(workspace.classes, dtype=object)
    p = softmax(raced.fits[chosen][seed].output("judged"))
    rows = np.flatnonzero(task.target.judged)
    place = {int(row): i for i, row in enumerate(rows)}

    def image(row: int) -> np.ndarray:
        return np.moveaxis(np.asarray(workspace.judged[place[row]]), 0, -1)

    def values(row: int) -> dict[str, Any]:
        one = task.target.examples.select(np.array([row]))
        return {name: column[0] for name, column in one.columns.items()}  # type: ignore[attr-defined]

    is_image = task.target.modality == "image"
    return changed_examples(
        classes[raced.fits[reference][seed].output("judged").argmax(1)].tolist(),
        classes[p.argmax(1)].tolist(),
        truth.names.tolist(),
        p.max(1).tolist(),
        rows.tolist(),
        [task.target.examples.names()[row] for row in rows],
        image if is_image else None,
        values=None if is_image else values,
        reference=reference,
        chosen=chosen,
        modality=task.target.modality,
    )
