"""The one loop: L_source + λ·L_target + Σ w_k·T_k, phase by phase, resumable at any step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..backbones.surgery import Network
from ..base.errors import ConfigError, TrainingError
from ..base.events import SILENT, Events, Progress
from ..base.options import make_options
from ..base.seeds import derive, torch_rng
from ..domains.modalities.base import Preprocessing, Strength
from ..objectives.base import TERMS, Step, Term, View
from .batches import Pool, Side
from .checkpoint import Position, load_state, restore_optimizer, save_state
from .groups import make_optimizer, parameter_groups
from .inputs import FeatureInputs, InputSource, StoredInputs
from .normalisation import renormalise
from .plan import Phase, TermSpec
from .precision import autocast, layout
from .randomness import private_random_state, set_seed
from .schedules import warm_cosine


@dataclass
class TrainingData:
    """What one fit may see.

    Attributes
    ----------
    source, target : Side or None
    preprocessing : Preprocessing
    n_classes : int
    features : callable (network, stored inputs) -> ndarray, optional
        Where features of a backbone that stands still are to be had; computed here otherwise.
    """

    source: Side | None
    target: Side | None
    preprocessing: Preprocessing
    n_classes: int
    features: Callable[[Network, np.ndarray], np.ndarray] | None = None


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
    if options.checkpoint is not None and options.checkpoint.exists():
        position, saved = load_state(options.checkpoint)
        network.load_state_dict(saved["network"])
        events.say("resume", fit=options.fit, phase=position.phase, step=position.step)
    last = position.losses
    with private_random_state(options.device):
        for index in range(position.phase, len(phases)):
            runner = _PhaseRunner(network, index, phases[index], data, seed, options, events)
            last = runner.run(position.step if index == position.phase else 0, saved)
            saved = None
    network.requires_grad_(True)
    network.eval()
    return last


class _PhaseRunner:
    """One phase: its batches, optimiser, terms, and the steps."""

    def __init__(
        self,
        network: Network,
        index: int,
        phase: Phase,
        data: TrainingData,
        seed: int,
        options: LoopOptions,
        events: Events,
    ) -> None:
        self.network, self.index, self.phase = network, index, phase
        self.seed, self.options, self.events = seed, options, events
        self.where = (seed, index, phase.name)
        set_seed(derive(*self.where, "terms"), options.device)
        self.terms = nn.ModuleDict(
            {
                spec.name: make_term(spec, network.backbone.dim, data.n_classes)
                for spec in phase.terms
            }
        ).to(options.device)
        self.views: frozenset[str] = frozenset().union(
            *(TERMS.get(spec.name).views for spec in phase.terms)
        )
        self.target, self.preprocessing = data.target, data.preprocessing
        self.inputs = self._inputs(data)
        self.pools = self._pools(data)
        self.optimizer = make_optimizer(parameter_groups(network, self.terms, phase), phase)
        self.average: dict[str, torch.Tensor] | None = None

    def _inputs(self, data: TrainingData) -> InputSource:
        if self.phase.moves == "head" and self.phase.augment == "none":
            return FeatureInputs(
                self.network, data.preprocessing, self.options.device, data.features
            )
        return StoredInputs(data.preprocessing, self.options.device)

    def _pools(self, data: TrainingData) -> dict[str, tuple[Side, Pool]]:
        phase, pools = self.phase, {}

        def add(name: str, side: Side | None, rows: np.ndarray, what: str) -> None:
            if side is None or len(rows) == 0:
                raise ConfigError(
                    f"phase {phase.name!r} of {self.options.fit} needs {what}, and there is none",
                    do="choose a method that this setting allows: `landbridge methods`",
                )
            pools[name] = (side, Pool(rows, phase.batch, *self.where, name))

        def labelled(side: Side | None) -> np.ndarray:
            return np.flatnonzero(side.known) if side is not None else np.array([], int)

        if phase.source_weight or "source" in self.views:
            add("source", data.source, labelled(data.source), "labelled source rows")
        if phase.target_weight:
            add("labelled", data.target, labelled(data.target), "labelled target rows")
        if self.views & {"target", "strong"}:
            rows = np.arange(len(data.target)) if data.target is not None else np.array([], int)
            add("target", data.target, rows, "target rows")
        return pools

    def run(self, start: int, saved: dict[str, dict[str, torch.Tensor]] | None) -> dict[str, float]:
        """Take the steps from `start` on and return the last losses."""
        phase, options = self.phase, self.options
        self.network.train()
        if phase.moves == "head":
            self.network.backbone.eval()
        if saved is not None and start:  # at the start of a phase all of these begin afresh
            self.terms.load_state_dict(saved.get("terms", {}))
            restore_optimizer(self.optimizer, saved.get("optimizer", {}))
            if phase.average is not None:
                own, kept = self.network.state_dict(), saved["average"]
                self.average = {k: torch.empty_like(v).copy_(kept[k]) for k, v in own.items()}
        if phase.average is not None and self.average is None:
            self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
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
                    self._save(Position(self.index, step + 1, losses))
                    clock = time.monotonic()
        if self.average is not None:
            self.network.load_state_dict(self.average)
        if phase.renormalise and self.target is not None:
            renormalise(
                self.network,
                self.target.inputs,
                self.preprocessing,
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
        average = None if fresh else self.average
        save_state(self.options.checkpoint, position, self.network, optimizer, terms, average)

    def _step(self, step: int) -> dict[str, float]:
        phase = self.phase
        factor = warm_cosine(step, phase.steps, phase.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = phase.rate * group["scale"] * factor
        set_seed(derive(*self.where, "dropout", step), self.options.device)
        views, labels = self._forward(step)
        losses: dict[str, torch.Tensor] = {}
        for name, weight in (("source", phase.source_weight), ("labelled", phase.target_weight)):
            if weight and name in views:
                losses[name] = weight * F.cross_entropy(
                    views[name].logits.float(), labels[name], label_smoothing=phase.smoothing
                )
        target = views.get("target")
        scene = Step(
            source=views.get("source"),
            target=target,
            strong=views.get("strong"),
            teacher=None if target is None else target.logits.detach(),
            progress=step / phase.steps,
        )
        for spec in phase.terms:
            losses[spec.name] = spec.strength(scene.progress) * self.terms[spec.name](scene)
        total = torch.stack([value.float() for value in losses.values()]).sum()
        figures = {name: float(value.detach()) for name, value in losses.items()}
        self._check_finite(float(total.detach()), figures, step)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        if phase.clip is not None:
            moving = [p for group in self.optimizer.param_groups for p in group["params"]]
            norm = float(nn.utils.clip_grad_norm_(moving, phase.clip, foreach=True))
            self._check_finite(norm, figures, step, "gradient norm")
        self.optimizer.step()
        if self.average is not None:
            self._update_average(step)
        return figures

    def _forward(self, step: int) -> tuple[dict[str, View], dict[str, torch.Tensor]]:
        phase = self.phase
        generator = torch_rng(*self.where, "augment", step)
        batches: dict[str, torch.Tensor] = {}
        labels: dict[str, torch.Tensor] = {}
        for name, (side, pool) in self.pools.items():
            rows = pool.at(step)
            if name == "target":
                weak: Strength = "none" if phase.augment == "none" else "weak"
                if "target" in self.views or "strong" in self.views:
                    batches["target"] = self.inputs.batch(side, rows, weak, generator)
                if "strong" in self.views:
                    batches["strong"] = self.inputs.batch(side, rows, "strong", generator)
            else:
                batches[name] = self.inputs.batch(side, rows, phase.augment, generator)
                labels[name] = torch.from_numpy(side.labels[rows]).to(self.options.device)
        views: dict[str, View] = {}
        for names in _passes(list(batches), phase.by_domain):
            sizes = [len(batches[name]) for name in names]
            together = layout(torch.cat([batches[name] for name in names]))
            with autocast(self.options.precision, self.options.device):
                features, logits = self.inputs.forward(self.network, together)
            for name, f, z in zip(names, features.split(sizes), logits.split(sizes), strict=True):
                # Labels of target rows are for L_target alone: no term sees them.
                views[name] = View(f, z, labels[name] if name == "source" else None)
        return views, labels

    def _update_average(self, step: int) -> None:
        assert self.average is not None
        assert self.phase.average is not None
        # Early on a long memory would hold mostly the starting point.
        decay = min(self.phase.average, (1 + step) / (10 + step))
        state = self.network.state_dict()
        floats = [name for name, value in state.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [self.average[name] for name in floats], [state[name] for name in floats], 1 - decay
        )
        for name in state.keys() - set(floats):
            self.average[name].copy_(state[name])

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
            do="lower training.rate, set training.clip, or use training.precision=float32",
        )

    def _log(self, step: int, losses: dict[str, float], bar: Progress) -> None:
        total = sum(losses.values())
        self.events.say(
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


def _passes(names: list[str], by_domain: bool) -> list[list[str]]:
    if not by_domain:
        return [names]
    sides = [[n for n in names if n == "source"], [n for n in names if n != "source"]]
    return [side for side in sides if side]


def make_term(spec: TermSpec, dim: int, n_classes: int) -> Term:
    """Build a term from its specification; unknown options are a ConfigError."""
    kind = TERMS.get(spec.name)
    config = make_options(kind.Config, dict(spec.options), f"term {spec.name!r}")
    return kind(dim, n_classes, config)
