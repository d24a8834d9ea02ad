"""The fits of a run in order: references, candidates, the choice, further seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.errors import TrainingError
from ..base.events import Events
from ..base.files import read_json, write_json
from ..metrics.labelfree import Candidate, ClassAMI, Pool
from ..selection.choose import choose_by_validation, choose_label_free
from .execute import Runner
from .fit import Fit, FitSpec
from .folds import possible_folds
from .stages import Clock
from .workspace import Workspace


@dataclass
class Raced:
    """What the fits of a run gave.

    Attributes
    ----------
    choice : dict
        As ``choice.json``.
    fits : dict of {seed: Fit} by method
        The chosen method and the references, for every seed of the verdict.
    folds : dict of bool ndarray (repeats, n) by method
        Out-of-fold hits, where there was a cross-validation.
    """

    choice: dict[str, Any]
    fits: dict[str, dict[int, Fit]]
    folds: dict[str, np.ndarray]


def race(workspace: Workspace, plan: dict[str, Any], clock: Clock, events: Events) -> Raced:
    """Run what the plan says. Nothing here can read a sealed label."""
    with Runner(workspace, plan["jobs"], events) as runner:
        return _race(workspace, plan, clock, events, runner)


def _race(
    workspace: Workspace, plan: dict[str, Any], clock: Clock, events: Events, runner: Runner
) -> Raced:
    config = workspace.config
    seeds, references = plan["seeds"], list(plan["references"])
    if workspace.situation.source == "labelled":
        with clock.stage("source", "training on the source"):
            everywhere = [FitSpec("source-only", seed, "source") for seed in seeds]
            runner.run(everywhere)
    file = workspace.path / "choice.json"
    folds: dict[str, np.ndarray] = {}
    if plan["given"]:
        choice: dict[str, Any] = _given(plan["given"])
    elif plan["folds"]:
        with clock.stage("race", "comparing candidates by cross-validation"):
            choice, folds = _cross_validation(workspace, plan, runner)
    elif workspace.situation.target == "none":
        with clock.stage("race", "comparing candidates without labels"):
            choice = _label_free(workspace, plan, runner)
    else:
        choice = _fallback(plan)
    if file.exists():
        choice = read_json(file)
    else:
        choice["not_tried"] = plan["not_tried"]
        write_json(file, choice)
    events.say("choice", f"{choice['method']}: {choice['reason']}", method=choice["method"])
    chosen = choice["method"]
    names = list(dict.fromkeys([chosen, *references]))
    with clock.stage("seeds", f"{chosen} and its baselines over {len(seeds)} seeds"):
        specs = [
            FitSpec(
                name,
                seed,
                "chosen" if name == chosen else "baseline",
                config.method_options if name == plan["given"] else {},
            )
            for seed in seeds
            for name in names
        ]
        done = runner.run(specs)
    fits: dict[str, dict[int, Fit]] = {}
    for spec in specs:
        fit = done[spec.id]
        assert isinstance(fit, Fit)
        fits.setdefault(spec.method, {})[spec.seed] = fit
    return Raced(choice, fits, folds)


def _given(method: str) -> dict[str, Any]:
    return {
        "method": method,
        "kind": "given",
        "reason": "you named it",
        "kept_reference": False,
        "candidates": [],
    }


def _fallback(plan: dict[str, Any]) -> dict[str, Any]:
    """One label a class: nothing can be compared, so the most dependable method is taken."""
    order = ["infomax+consistency", "mcc", "probe", "lp-ft", "finetune", "scratch"]
    method = next((m for m in order if m in plan["candidates"]), plan["candidates"][0])
    return {
        "method": method,
        "kind": "given",
        "reason": "some class has a single target label, which is too few to compare methods "
        "on; this one does well on average with few labels",
        "kept_reference": method in plan["references"],
        "candidates": [],
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities along the last axis."""
    shifted = np.exp(logits - logits.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def _label_free(workspace: Workspace, plan: dict[str, Any], runner: Runner) -> dict[str, Any]:
    seed = workspace.config.seed
    names = plan["candidates"]
    specs = {name: FitSpec(name, seed) for name in names}
    done = runner.run(list(specs.values()), tolerate=True)
    held = workspace.source.labels[workspace.validation] if workspace.source is not None else None
    candidates, costs = [], {}
    failed = []
    for name, spec in specs.items():
        fit = done[spec.id]
        if isinstance(fit, TrainingError):
            failed.append({"method": name, "figures": {}, "gated": fit.found, "rank": None})
            continue
        accuracy = None
        if held is not None and len(held):
            accuracy = float((fit.output("validation").argmax(1) == held).mean())
        candidates.append(
            Candidate(
                name, softmax(fit.output("target")), fit.output("target_features"), accuracy
            )
        )
        costs[name] = {"steps": fit.facts["steps"], "cpu_s": fit.facts["cpu_s"]}
    reference = plan["reference"] or plan["references"][0]
    choice = choose_label_free(candidates, reference)
    choice["candidates"] = [row | costs[row["method"]] for row in choice["candidates"]] + failed
    return choice


def _cross_validation(
    workspace: Workspace, plan: dict[str, Any], runner: Runner
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    side, seed = workspace.target, workspace.config.seed
    folds = possible_folds(side, plan["folds"])
    repeats = range(plan["repeats"])
    specs = [
        FitSpec(name, seed, repeat=repeat, fold=fold, folds=folds)
        for name in plan["candidates"]
        for repeat in repeats
        for fold in range(folds)
    ]
    done = runner.run(specs, tolerate=True)
    known = np.flatnonzero(side.known)
    place = {row: i for i, row in enumerate(known)}
    correct: dict[str, np.ndarray] = {}
    costs: dict[str, dict[str, float]] = {}
    failed: dict[str, str] = {}
    for spec in specs:
        fit = done[spec.id]
        if isinstance(fit, TrainingError):
            failed[spec.method] = fit.found
            continue
        hits = correct.setdefault(spec.method, np.zeros((len(repeats), len(known)), bool))
        rows = np.load(fit.folder / "fold_rows.npy", allow_pickle=False)
        right = fit.output("fold").argmax(1) == side.labels[rows]
        hits[spec.repeat, [place[row] for row in rows]] = right
        cost = costs.setdefault(spec.method, {"steps": fit.facts["steps"], "cpu_s": 0.0})
        cost["cpu_s"] = round(cost["cpu_s"] + fit.facts["cpu_s"], 2)
    for name in failed:
        correct.pop(name, None)
    ties = None
    if workspace.situation.target == "few":
        ties = _class_ami(workspace, list(correct), runner)
    order = [n for n in SIMPLE_FIRST if n in correct]
    order += [n for n in correct if n not in order]
    choice = choose_by_validation(correct, order, plan["references"], ties)
    choice["candidates"] = [
        row | costs.get(row["method"], {}) for row in choice["candidates"]
    ] + [{"method": n, "figures": {}, "gated": why, "rank": None} for n, why in failed.items()]
    return choice, correct


SIMPLE_FIRST = (
    "source-only", "probe", "coral", "feature-map", "head-only", "scratch", "joint", "mcc",
    "infomax", "lp-ft", "layerwise", "finetune", "structure", "infomax+consistency", "dann",
)
"""From the simplest to the most complex, for ties."""


def _class_ami(workspace: Workspace, names: list[str], runner: Runner) -> dict[str, float]:
    """ClassAMI on all usable target rows, from fits on all labels (which the verdict reuses)."""
    seed = workspace.config.seed
    specs = {name: FitSpec(name, seed) for name in names}
    done = runner.run(list(specs.values()), tolerate=True)
    scores = {}
    for name, spec in specs.items():
        fit = done[spec.id]
        if isinstance(fit, Fit):
            seen = Candidate(
                name, softmax(fit.output("target")), fit.output("target_features")
            )
            scores[name] = ClassAMI().score(seen, Pool((seen,), seed=seed))
    return scores
