"""One fit: a method, a seed, perhaps a fold. Finished fits lie on disk and are never redone."""

from __future__ import annotations

import copy
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..backbones.surgery import Network, TransferReport, transfer_tensors
from ..base.errors import RunError
from ..base.events import Events
from ..base.files import as_json, read_json, write_array, write_json
from ..base.hashing import digest, file_digest
from ..methods.core.base import Features
from ..methods.core.feature import FeatureMethod
from ..methods.core.network import NetworkMethod
from ..methods.core.strengths import chosen_sentence, fit_with_strengths
from ..training.batches import Side
from ..training.checkpoint import load_tensors, save_tensors
from .clipping import clipped_values
from .context import FitContext
from .features import (
    RowOutputs,
    backbone_hash,
    frozen_features,
    input_columns,
    stage_features,
)
from .folds import fold_rows, without
from .networks import State, new_network, restored_network, set_head
from .records import FitReport
from .trainer import Trainer
from .tuned import fit_chosen, tidy


@dataclass(frozen=True)
class FitSpec:
    """What to fit.

    Attributes
    ----------
    method : str
    seed : int
    role : {"baseline", "candidate", "chosen", "source"}
    repeat, fold, folds : int
        Which part of the target labels is held out; ``folds=0`` for none.
    """

    method: str
    seed: int
    role: str = "candidate"
    repeat: int = 0
    fold: int = 0
    folds: int = 0

    @property
    def id(self) -> str:
        """The name of its folder; the role is no part of it, so a fit serves several."""
        slug = self.method.replace("/", "_").replace(":", "~")
        part = f"-r{self.repeat}f{self.fold}of{self.folds}" if self.folds else ""
        return f"{slug}-s{self.seed}{part}"


@dataclass(frozen=True)
class Fit:
    """A finished fit, read from its folder.

    Attributes
    ----------
    spec_id : str
    folder : Path
    method : str
    seed : int
    cpu_s : float
    report : FitReport
    """

    spec_id: str
    folder: Path
    method: str
    seed: int
    cpu_s: float
    report: FitReport

    @classmethod
    def of(cls, folder: Path, facts: Mapping[str, Any]) -> Fit:
        """Return the fit that ``fit.json`` describes."""
        method, seed, cpu_s = (facts[name] for name in ("method", "seed", "cpu_s"))
        return cls(folder.name, folder, method, seed, cpu_s, FitReport.from_json(facts))

    def output(self, name: str) -> np.ndarray:
        """Return "target", "judged", "validation" or "fold" logits, or "target_features"."""
        return np.load(self.folder / f"{name}.npy", allow_pickle=False)

    def has(self, name: str) -> bool:
        """Say whether there is such an output: not every fit answers for every kind of row."""
        return (self.folder / f"{name}.npy").exists()

    def state(self) -> State:
        """Return the network's tensors."""
        return load_tensors(self.folder / "network.safetensors")[0]


def finished(context: FitContext, spec: FitSpec) -> Fit | None:
    """Return the fit if it is on disk."""
    folder = context.fits / spec.id
    if not (folder / "fit.json").exists() or not is_complete(folder):
        return None
    return Fit.of(folder, read_json(folder / "fit.json"))


def is_complete(folder: Path) -> bool:
    """Say whether a fit's files are what it wrote; those of an older version say no hashes."""
    try:
        facts = read_json(folder / "fit.json")
    except RunError:
        return False
    if not isinstance(facts, dict):
        return False
    if "seal" not in facts:
        return True
    return facts["seal"] == _seal(facts) and all(
        (folder / name).is_file() and file_digest(folder / name) == expected
        for name, expected in facts["files"].items()
    )


def _seal(facts: Mapping[str, Any]) -> str:
    return digest({key: value for key, value in facts.items() if key != "seal"})


def run_fit(context: FitContext, spec: FitSpec, events: Events) -> Fit:
    """Fit, or go on with a fit that was interrupted, or return the finished one."""
    done = finished(context, spec)
    if done is not None:
        return done
    folder = context.fits / spec.id
    if (folder / "fit.json").exists():
        events.log("note", f"the fit {spec.id} is damaged on disk: it is made anew")
        shutil.rmtree(folder)
    context = context.for_method(spec.method)
    method = copy.copy(context.methods[spec.method])  # what it learns is this fit's alone
    wall, cpu = time.perf_counter(), time.process_time()
    if isinstance(method, FeatureMethod):
        network, report = _fit_features(context, spec, method, events)
    else:
        network, report = _fit_network(context, spec, method, events)
    _write_outputs(context, spec, network, folder, events)
    facts = {
        **report.to_json(),
        "method": spec.method,
        "seed": spec.seed,
        "spec": asdict(spec),
        "wall_s": round(time.perf_counter() - wall, 3),
        "cpu_s": round(time.process_time() - cpu, 3),
    }
    facts["files"] = {
        file.name: file_digest(file)
        for file in sorted(folder.iterdir())
        if file.is_file() and not file.name.startswith((".", "checkpoint", "fit.json"))
    }
    facts = as_json(facts)
    write_json(folder / "fit.json", facts | {"seal": _seal(facts)})  # last: it is finished now
    tidy(folder)
    return Fit.of(folder, facts)


def _training_target(context: FitContext, spec: FitSpec) -> Side:
    """Return the target with the labels of the held-out fold taken away."""
    side = context.data.target
    if not spec.folds:
        return side
    return without(side, fold_rows(side, spec.repeat, spec.fold, spec.folds, context.config.seed))


# Networks -----------------------------------------------------------------------------------


def _fit_network(
    context: FitContext, spec: FitSpec, method: NetworkMethod, events: Events
) -> tuple[Network, FitReport]:
    source_only = spec.method == "source-only"
    if source_only and (context.data.source_state is not None or spec.folds):
        # No target label is in it, so every fold has the same one.
        state = context.data.source_state or source_fit(context, spec.seed, events).state()
        network = restored_network(context, state, spec.seed, events)
        return network, FitReport({}, 0, "source")
    trainer = Trainer(
        context,
        spec.method if not spec.folds else f"{spec.method} (fold {spec.fold + 1})",
        spec.seed,
        _training_target(context, spec),
        lambda: source_fit(context, spec.seed, events).state(),
        events,
        source_only,
    )
    folder = context.fits / spec.id
    plans = {
        name: plan.scaled(context.settings.scale_of(spec.method))
        for name, plan in method.variants(context.plan_context()).items()
    }
    if len(plans) > 1 or any(plan.mix for plan in plans.values()):
        return fit_chosen(trainer, method, plans, folder)
    (plan,) = plans.values()
    network, trained, report = trainer.train(plan, folder)
    return network, FitReport(trained.losses, plan.steps, plan.start, report, trained.notes)


def source_fit(context: FitContext, seed: int, events: Events) -> Fit:
    """Return the fit on the source alone, which others start from."""
    return run_fit(context, FitSpec("source-only", seed, "source"), events)


# Frozen features ----------------------------------------------------------------------------


def _fit_features(
    context: FitContext, spec: FitSpec, method: FeatureMethod, events: Events
) -> tuple[Network, FitReport]:
    network, report = _frozen_network(context, spec.seed, events)
    training_side = _training_target(context, spec)
    budget = method.stage_budget()

    columns = method.on_columns and context.backbone.preprocessing.columnar

    def features(which: str) -> np.ndarray:
        if columns:
            return input_columns(context, which)
        if budget:
            return stage_features(context, network, which, budget, events)
        return frozen_features(context, network, which, spec.seed, events)

    kind = context.data.situation.target_type
    target = Features(
        *(features("target"), training_side.labels, training_side.labeled_mask),
        target_type=kind,
        bounded=context.bounded,
    )
    source = None
    side = context.data.source
    if side is not None and context.data.teaching.any():
        x, usable = features("source"), context.data.teaching
        every = np.ones(int(usable.sum()), bool)
        domain = None if side.domain is None else side.domain[usable]
        source = Features(x[usable], side.labels[usable], every, domain, kind)
    head = fit_with_strengths(method, source, target, len(context.data.classes), spec.seed)
    if method.searched:
        events.log("note", f"{method.name}: {chosen_sentence(head)}")
    clipped = clipped_values(head.steps, target.x)
    if clipped:
        head.notes["clipped"] = clipped
    set_head(network, head, budget, columns)
    transferred = report.to_dict() | {"sentence": report.sentence()}
    return network, FitReport({}, 0, "frozen", transferred, head.notes)


def frozen_network(context: FitContext, seed: int, events: Events) -> Network:
    """Return the network whose features stand still: θ₀, or our own net after the source."""
    return _frozen_network(context, seed, events)[0]


def _frozen_network(
    context: FitContext, seed: int, events: Events
) -> tuple[Network, TransferReport]:
    network = new_network(context, context.data.reading.n_outputs, seed, events)
    own = context.data.own_backbone
    if own:
        state = source_fit(context, seed, events).state()
    else:
        state = {f"backbone.{k}": v.clone() for k, v in network.backbone.state_dict().items()}
    report = transfer_tensors(
        state,
        network,
        from_classes=context.data.outputs_of(context.data.source_classes) if own else None,
        to_classes=context.data.outputs_of(context.data.classes),
    )
    context.backbone.frozen_hashes[seed] = backbone_hash(network)
    return network.eval(), report


def network_of(context: FitContext, fit: Fit, events: Events) -> Network:
    """Return a finished fit's network."""
    return restored_network(context, fit.state(), fit.seed, events)


# Outputs ------------------------------------------------------------------------------------


def _write_outputs(
    context: FitContext, spec: FitSpec, network: Network, folder: Path, events: Events
) -> None:
    def save(name: str, array: np.ndarray) -> None:
        write_array(folder / f"{name}.npy", array)

    source_only = spec.method == "source-only"
    rows_of = RowOutputs(context, network, spec.seed, events)

    def in_answer_order(logits: np.ndarray) -> np.ndarray:
        return _by_answer(context, logits) if source_only else logits

    if spec.folds:
        seed = context.config.seed
        rows = fold_rows(context.data.target, spec.repeat, spec.fold, spec.folds, seed)
        save("fold", in_answer_order(rows_of("target", rows)[1]))
        save("fold_rows", rows)
        return
    if not source_only or context.data.situation.shared_classes:
        features, logits = rows_of("target")
        save("target", in_answer_order(logits))
        save("target_features", features)
        among = len(context.data.test_rows) > 0
        save(
            "judged",
            in_answer_order(logits[context.data.test_rows] if among else rows_of("judged")[1]),
        )
        if context.data.validation.any():
            held = np.flatnonzero(context.data.validation)
            save("validation", in_answer_order(rows_of("source", held)[1]))
    save_tensors(folder / "network.safetensors", network.state_dict(), {"fit": spec.id})


def _by_answer(context: FitContext, logits: np.ndarray) -> np.ndarray:
    """Put a source head's logits in the order of the answers; what it does not know is last."""
    if context.data.source_classes == context.data.classes:
        return logits
    place = {name: i for i, name in enumerate(context.data.outputs_of(context.data.source_classes))}
    unknown = logits.min() - 30.0 if logits.size else 0.0
    result = np.full((len(logits), context.data.reading.n_outputs), unknown, np.float32)
    for i, name in enumerate(context.data.outputs_of(context.data.classes)):
        if name in place:
            result[:, i] = logits[:, place[name]]
    return result
