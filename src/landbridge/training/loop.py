"""The one loop: L_source + λ·L_target + Σ w_k·T_k, phase by phase, resumable at any step."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..backbones.surgery import Network
from ..base.errors import TrainingError
from ..base.events import SILENT, Events, Progress
from ..base.seeds import derive
from ..objectives.base import TERMS, StepBatch, ViewOutputs
from .average import Average
from .checkpoint import Position, load_state, restore_optimizer, save_state
from .data import TrainingData, phase_setting
from .groups import Pull, make_optimizer, parameter_groups, training_modes
from .inputs import FeatureInputs, InputSource, StoredInputs
from .losses import task_loss
from .normalisation import renormalise
from .plan import Phase
from .process_group import process_group
from .randomness import private_random_state, repeatable, set_seed
from .scene import BatchBuilder, make_pools
from .schedules import warm_cosine
from .shared_steps import Ranks
from .surgical import SURGICAL, choose_stages
from .terms import make_term


@dataclass
class LoopOptions:
    """How to run, not what: none of it but `precision` changes the result."""

    precision: str = "float32"
    checkpoint: Path | None = None
    checkpoint_seconds: float = 5.0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    fit: str = "fit"
    on_step: Callable[[], None] | None = None


def train(
    network: Network,
    phases: tuple[Phase, ...],
    data: TrainingData,
    *,
    seed: int,
    options: LoopOptions | None = None,
    events: Events = SILENT,
) -> dict[str, float]:
    """Train `network` in place and return the last losses.

    Every draw is a function of (seed, phase, step): with a checkpoint, an interrupted call
    that is made again ends in the same network, bit for bit.

    Raises
    ------
    TrainingError
        At the first loss that is not finite, naming phase, step and terms.
    """
    options = options or LoopOptions()
    # With inputs laid out alike, convolutions are a third faster.
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    position, saved = Position(), None
    begun = copy.deepcopy(network) if any(map(looks_back, phases)) else None
    if options.checkpoint is not None and options.checkpoint.exists():
        position, saved = load_state(options.checkpoint)
        network.load_state_dict(saved["network"])
        events.log("resume", fit=options.fit, phase=position.phase, step=position.step)
    job = _Job(network, begun, phases, data, seed, position, saved, options.precision)
    others = process_group()
    if others is None or all(phase.on_stored for phase in phases[position.phase :]):
        return _train(job, options, events, None)
    others.train(vars(job) | {"cuda": options.device.type == "cuda"})
    with others.at_work():
        return _train(job, options, events, others.ranks)


@dataclass
class _Job:
    """What is trained, from where on."""

    network: Network
    begun: Network | None
    phases: tuple[Phase, ...]
    data: TrainingData
    seed: int
    position: Position
    saved: dict[str, dict[str, torch.Tensor]] | None
    precision: str


def take_part(job_state: dict[str, Any], ranks: Ranks) -> None:
    """Take the steps of a training that rank 0 tells of; nothing is written."""
    options = LoopOptions(precision=job_state["precision"])
    if job_state.pop("cuda"):
        options.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    job = _Job(**job_state)
    for network in (job.network, job.begun):
        if network is not None:
            network.to(options.device)
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    _train(job, options, SILENT, ranks)


def _train(
    job: _Job, options: LoopOptions, events: Events, ranks: Ranks | None
) -> dict[str, float]:
    network, begun, phases, data = job.network, job.begun, job.phases, job.data
    seed, position, saved = job.seed, job.position, job.saved
    last = position.losses
    with private_random_state(options.device), repeatable(options.device):
        for index in range(position.phase, len(phases)):
            phase = phases[index]
            if phase.trainable.startswith(SURGICAL):  # chosen once: a resumed phase has it already
                chosen = position.trainable if index == position.phase else ""
                trainable = chosen or choose_stages(network, phase.trainable, data, options.device)
                events.log("choice", f"{options.fit}: {trainable} moves", phase=phase.name)
                phase = replace(phase, trainable=trainable)
            start = position.step if index == position.phase else 0
            if not (ranks is not None and ranks.rank and phase.on_stored):
                own = None if phase.on_stored else ranks
                runner = _PhaseRunner(
                    *(network, begun, index, phase, data, seed, options, events, own)
                )
                last = runner.run(start, saved)
            if ranks is not None and (apart := ranks.agree(network)) and not phase.on_stored:
                events.log(
                    "note",
                    f"{options.fit}: processes were {apart:.1g} apart after phase {phase.name!r}: "
                    "they add up differently; all go on with the first one's network",
                )
            saved = None
    network.requires_grad_(True)
    network.eval()
    return last


def looks_back(phase: Phase) -> bool:
    """Say whether a phase asks how the network was when the plan began."""
    return bool(phase.l2_sp_strength) or any(
        TERMS.get(spec.name).looks_back() for spec in phase.terms
    )


class _PhaseRunner:
    """One phase: its batches, optimiser, terms, and the steps."""

    def __init__(
        self,
        network: Network,
        begun: Network | None,
        index: int,
        phase: Phase,
        data: TrainingData,
        seed: int,
        options: LoopOptions,
        events: Events,
        ranks: Ranks | None = None,
    ) -> None:
        self.ranks = ranks
        self.network, self.index, self.phase, self.data = network, index, phase, data
        self.seed, self.options, self.events = seed, options, events
        self.where = (seed, index, phase.name)
        kinds = [TERMS.get(spec.name) for spec in phase.terms]
        views: frozenset[str] = frozenset().union(*(kind.views for kind in kinds))
        pools = make_pools(phase, views, data.source, data.target, self.where, options.fit)
        if begun is not None:
            begun.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
            begun.eval().requires_grad_(False)
        self.setting = phase_setting(network, begun, data, pools, options.device, phase.on_stored)
        set_seed(derive(*self.where, "terms"), options.device)
        self.terms: Any = nn.ModuleDict()  # of Terms, by name
        for spec in phase.terms:
            term = make_term(spec, network.backbone.dim, data.n_classes)
            term.prepare(self.setting)
            self.terms[spec.name] = term.to(options.device)
        self.scenes = BatchBuilder(
            network,
            self._inputs(),
            pools,
            phase,
            views,
            self.where,
            device=options.device,
            precision=options.precision,
            anchor=begun if any(kind.anchored for kind in kinds) else None,
            maps=any(kind.maps for kind in kinds),
            ranks=ranks,
        )
        self.optimizer = make_optimizer(parameter_groups(network, self.terms, phase), phase)
        self.l2_sp_strength: Pull | None = None
        if phase.l2_sp_strength and begun is not None:
            self.l2_sp_strength = Pull(network, begun, self.optimizer, phase.l2_sp_strength)
        self.average: Average | None = None

    def _inputs(self) -> InputSource:
        data = self.data
        if self.phase.on_stored:
            return FeatureInputs(
                self.network, data.preprocessing, self.options.device, data.features
            )
        return StoredInputs(data.preprocessing, self.options.device)

    def run(self, start: int, saved: dict[str, dict[str, torch.Tensor]] | None) -> dict[str, float]:
        """Take the steps from `start` on and return the last losses."""
        phase, options = self.phase, self.options
        if saved is not None and start:  # at the start of a phase all of these begin afresh
            self.terms.load_state_dict(saved.get("terms", {}))
            restore_optimizer(self.optimizer, saved.get("optimizer", {}))
        else:
            for term in self.terms.values():
                term.begin(self.setting)
        if phase.average is not None:
            own = saved["average"] if saved is not None and start else None
            self.average = Average(self.network, phase.average, own)
        training_modes(self.network)
        every, clock, losses = max(1, phase.steps // 40), time.monotonic(), {}
        with self.events.progress(f"{options.fit} · {phase.name}", phase.steps) as bar:
            bar.advance(start)
            for step in range(start, phase.steps):
                losses = self._step(step)
                if step % every == 0 or step == phase.steps - 1:
                    self._log(step, losses, bar)
                bar.advance(1)
                if options.on_step is not None:
                    options.on_step()
                due = time.monotonic() - clock >= options.checkpoint_seconds
                if options.checkpoint is not None and due and step + 1 < phase.steps:
                    self._save(Position(self.index, step + 1, losses, phase.trainable))
                    clock = time.monotonic()
        for note in filter(None, (term.note() for term in self.terms.values())):
            self.events.log("warning", f"{options.fit}: {note}", phase=phase.name)
        if self.average is not None:
            self.average.settle()
        if phase.renormalise and self.data.target is not None:
            renormalise(
                self.network,
                self.data.target.inputs,
                self.data.preprocessing,
                options.device,
                options.precision,
            )
        if options.checkpoint is not None:
            self._save(Position(self.index + 1, 0, losses), fresh=True)
        return losses

    def _save(self, position: Position, fresh: bool = False) -> None:
        assert self.options.checkpoint is not None
        optimizer = torch.optim.SGD([torch.zeros(1)]) if fresh else self.optimizer
        terms = nn.Module() if fresh else self.terms
        average = None if fresh or self.average is None else self.average.tensors
        save_state(self.options.checkpoint, position, self.network, optimizer, terms, average)

    def _step(self, step: int) -> dict[str, float]:
        phase = self.phase
        factor = warm_cosine(step, phase.steps, phase.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = phase.learning_rate * group["scale"] * factor
        set_seed(derive(*self.where, "dropout", step), self.options.device)
        seen, views = self.scenes.at(step)
        losses = self._task_losses(seen, views)
        for spec in phase.terms:
            losses[spec.name] = spec.strength(seen.progress) * self.terms[spec.name](seen)
        each = torch.stack([value.float() for value in losses.values()])
        total = each.sum()
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        if self.ranks is not None:
            groups = self.optimizer.param_groups
            self.ranks.mean_gradients([p for group in groups for p in group["params"]])
        norm = torch.zeros_like(total)
        if phase.clip is not None:
            moving = [p for group in self.optimizer.param_groups for p in group["params"]]
            norm = nn.utils.clip_grad_norm_(moving, phase.clip, foreach=True)
        # Read at once, and before anything moves: each reading lets a GPU run dry.
        read = torch.stack([total.detach(), norm.detach().float(), *each.detach()]).tolist()
        figures = dict(zip(losses, read[2:], strict=True))
        self._check_finite(read[0], figures, step)
        self._check_finite(read[1], figures, step, "gradient norm")
        self.optimizer.step()
        if self.l2_sp_strength is not None:
            self.l2_sp_strength.apply()
        if self.average is not None:
            self.average.update(step)
        return figures

    def _task_losses(
        self, seen: StepBatch, views: dict[str, ViewOutputs]
    ) -> dict[str, torch.Tensor]:
        phase, losses = self.phase, {}
        for name, weight in (("source", phase.source_weight), ("labelled", phase.target_weight)):
            if not weight or name not in views:
                continue
            labels = views[name].labels
            assert labels is not None
            losses[name] = weight * task_loss(
                self.data.target_type,
                views[name].logits,
                labels,
                smoothing=phase.smoothing,
                weights=self._source_weights(seen) if name == "source" else None,
            )
        return losses

    def _source_weights(self, seen: StepBatch) -> torch.Tensor | None:
        weights = None
        for term in self.terms.values():
            own = term.source_weights(seen)
            if own is not None:
                weights = own.detach() if weights is None else weights * own.detach()
        return weights

    def _check_finite(
        self, value: float, figures: dict[str, float], step: int, what: str = "loss"
    ) -> None:
        if math.isfinite(value):
            return
        bad = [name for name, figure in figures.items() if not math.isfinite(figure)]
        said = f"{', '.join(bad)} not finite" if bad else f"losses: {', '.join(figures)}"
        raise TrainingError(
            f"{self.options.fit}: the {what} is {value} at step {step + 1} of phase "
            f"{self.phase.name!r} ({said})",
            hint="lower training.learning_rate, set training.clip, or use "
            "training.precision=float32",
        )

    def _log(self, step: int, losses: dict[str, float], bar: Progress) -> None:
        total = sum(losses.values())
        self.events.log(
            "step",
            fit=self.options.fit,
            seed=self.seed,
            phase=self.phase.name,
            step=step + 1,
            steps=self.phase.steps,
            total=round(total, 5),
            losses={name: round(value, 5) for name, value in losses.items()},
            rate=self.optimizer.param_groups[0]["lr"],
        )
        bar.advance(0, loss=total)
