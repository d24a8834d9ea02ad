"""The end of a run: open the seals, save Δ and the figures, draw, report, tidy up."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np

from ..base.events import Events
from ..base.files import whole_file, write_json
from ..base.hashing import tensors_digest
from ..domains.task import Task
from ..insight.changes import changed_examples
from ..insight.map import MapSide, build_map
from ..methods.resolve import make_method
from ..selection.portfolio import WHAT
from ..training.checkpoint import save_tensors
from ..verdict.judge import Predicted, Truth, judge
from ..verdict.without_labels import cross_validated_verdict, label_free_verdict
from .fit import Fit, known_network, outputs
from .race import Raced, softmax
from .stages import Clock
from .workspace import Workspace


def finish(
    workspace: Workspace,
    task: Task,
    plan: dict[str, Any],
    raced: Raced,
    clock: Clock,
    events: Events,
) -> None:
    """Write everything that a run folder holds, then remove its work folder."""
    path = workspace.path
    verdict, truth = _verdict(workspace, task, plan, raced)
    write_json(path / "verdict.json", verdict)
    events.say("verdict", verdict["sentence"], outcome=verdict["outcome"])
    chosen = raced.fits[raced.choice["method"]][plan["seeds"][0]]
    moved = _save_model(workspace, chosen, events)
    _save_predictions(workspace, task, raced, truth)
    write_json(path / "map.json", _map(workspace, task, plan, raced, truth, events))
    write_json(path / "examples.json", _examples(workspace, task, plan, raced, truth))
    _save_cost(workspace, clock, moved)
    from ..report.build import write_report
    from ..report.card import write_card

    write_report(path)
    write_card(path)
    if not workspace.config.keep_work:
        shutil.rmtree(path / "work")


def _what(method: str) -> str:
    return WHAT.get(method) or make_method(method).summary


def _verdict(
    workspace: Workspace, task: Task, plan: dict[str, Any], raced: Raced
) -> tuple[dict[str, Any], Truth | None]:
    chosen, seeds = raced.choice["method"], tuple(plan["seeds"])
    if task.target.sealed is not None:
        predictions = [
            Predicted(
                method,
                "chosen" if method == chosen else "baseline",
                _what(method),
                seeds,
                np.stack([softmax(fits[seed].output("judged")) for seed in seeds]),
            )
            for method, fits in raced.fits.items()
        ]
        return judge(
            task.target.sealed,
            workspace.classes,
            predictions,
            plan["reference"],
            seeds_note=plan["seeds_note"],
            seed=workspace.config.seed,
        )
    if raced.folds and chosen in raced.folds:
        names = [chosen, *[r for r in plan["references"] if r in raced.folds and r != chosen]]
        return (
            cross_validated_verdict(
                chosen=chosen,
                what={name: _what(name) for name in names},
                correct={name: raced.folds[name] for name in names},
                reference=plan["reference"],
                seeds=seeds,
            ),
            None,
        )
    figures = {row["method"]: row["figures"] for row in raced.choice["candidates"]}
    answers = {
        name: fits[seeds[0]].output("target").argmax(1) for name, fits in raced.fits.items()
    }
    return (
        label_free_verdict(
            chosen=chosen,
            what=_what(chosen),
            baselines=[(name, _what(name)) for name in plan["references"]],
            reference=plan["reference"],
            figures=figures,
            seeds=seeds,
            chosen_answers=answers[chosen],
            reference_answers=answers.get(plan["reference"]),
        ),
        None,
    )


def _save_model(workspace: Workspace, chosen: Fit, events: Events) -> dict[str, Any]:
    """Save Δ: tensors that differ from θ₀; all of them where θ₀ is our own net."""
    import torch

    path, seed = workspace.path, chosen.facts["seed"]
    state = chosen.state()
    opened = workspace.opened(seed, events)
    base = {f"backbone.{k}": v for k, v in opened.module.state_dict().items()}
    pretrained = workspace.situation.pretrained
    kept = {
        name: tensor
        for name, tensor in state.items()
        if not pretrained or name not in base or not torch.equal(base[name], tensor)
    }
    facts = {
        "kind": "delta" if pretrained else "whole",
        "theta0": opened.identity.hash,
        "result": tensors_digest(state),
        "tensors": len(state),
        "method": chosen.facts["method"],
        "seed": seed,
    }
    save_tensors(path / "model.safetensors", kept, facts)
    write_json(path / "backbone.json", opened.identity.to_dict())
    write_json(path / "labels.json", {"classes": list(workspace.classes)})
    write_json(path / "preprocessor.json", workspace.preprocessing.to_dict())
    if chosen.facts.get("transfer"):
        write_json(path / "transfer.json", chosen.facts["transfer"])
    total = sum(t.numel() for t in state.values())
    moved = sum(
        t.numel()
        for name, t in state.items()
        if name not in base or not torch.equal(base[name], t)
    )
    return {
        "total": total,
        "moved": moved,
        "stored_bytes": (path / "model.safetensors").stat().st_size,
    }


def _save_predictions(
    workspace: Workspace, task: Task, raced: Raced, truth: Truth | None
) -> None:
    """One row per judged example, method and seed; usable rows where nothing is judged."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    judged = truth is not None
    rows = np.flatnonzero(task.target.judged if judged else ~task.target.held_out)
    names = np.array(task.target.examples.names(), dtype=object)[rows]
    classes = np.array(workspace.classes, dtype=object)
    columns: dict[str, list[Any]] = {
        key: []
        for key in ("row", "name", "method", "role", "seed", "predicted", "true", "correct")
    }
    probabilities = []
    n = len(rows)
    for method, fits in raced.fits.items():
        for seed, fit in fits.items():
            p = softmax(fit.output("judged" if judged else "target")).astype(np.float32)
            predicted = classes[p.argmax(1)]
            columns["row"] += rows.tolist()
            columns["name"] += names.tolist()
            columns["method"] += [method] * n
            columns["role"] += ["chosen" if method == raced.choice["method"] else "baseline"] * n
            columns["seed"] += [seed] * n
            columns["predicted"] += predicted.tolist()
            if truth is None:
                columns["true"] += [None] * n
                columns["correct"] += [None] * n
            else:
                columns["true"] += truth.names.tolist()
                columns["correct"] += [
                    bool(a == b) if b is not None else None
                    for a, b in zip(predicted, truth.names, strict=True)
                ]
            probabilities.append(p)
    table = pa.table(
        {
            "row": pa.array(columns["row"], pa.int64()),
            "name": pa.array(columns["name"], pa.string()),
            "method": pa.array(columns["method"], pa.string()),
            "role": pa.array(columns["role"], pa.string()),
            "seed": pa.array(columns["seed"], pa.int64()),
            "predicted": pa.array(columns["predicted"], pa.string()),
            "true": pa.array(columns["true"], pa.string()),
            "correct": pa.array(columns["correct"], pa.bool_()),
            "probability": pa.array(list(np.concatenate(probabilities)), pa.list_(pa.float32())),
        }
    )
    with whole_file(workspace.path / "predictions.parquet") as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _map(
    workspace: Workspace,
    task: Task,
    plan: dict[str, Any],
    raced: Raced,
    truth: Truth | None,
    events: Events,
    most: int = 600,
) -> dict[str, Any]:
    """Draw source and target features before and after; few enough rows to be quick."""
    from .fit import network_of

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


def _examples(
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


def _save_cost(workspace: Workspace, clock: Clock, parameters: dict[str, Any]) -> None:
    write_json(
        workspace.path / "cost.json",
        {
            "wall_s": round(sum(s["wall_s"] for s in clock.stages), 2),
            "cpu_s": round(sum(s["cpu_s"] for s in clock.stages), 2),
            "peak_mb": peak_mb(),
            "device": "cpu",
            "threads": workspace.threads,
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
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return round(max(resource.getrusage(w).ru_maxrss for w in who) / 1024, 1)


