"""What a row costs in a network here: measured for a moment, then multiplied out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from ..base.seeds import torch_rng
from ..base.threads import threads as limited
from ..domains.modalities.base import Preprocessing
from ..objectives.base import TERMS
from .devices import wait
from .plan import Phase
from .precision import autocast, layout, step_seconds
from .randomness import private_random_state
from .terms import extra_passes

PROBE_SHARE = 0.05
"""Of the budget: what measuring may take."""
PER_PARAMETER = 4e-8
"""Seconds that a phase takes for each parameter that is there: a hash, and a checkpoint."""
PER_PARAMETER_STEP = 2e-9
"""Seconds that the optimiser and the average take for each parameter in a step."""
LEAST_STEP = 0.004
"""Seconds that a step takes however small the network is."""
EFFICIENCY = 0.85
"""Share of their time that processes train which share each step."""
ENOUGH = 0.25
"""Seconds of work after which no larger batch is timed."""


@dataclass(frozen=True)
class RowCosts:
    """Seconds of one row on this machine.

    Attributes
    ----------
    train, forward, augment : float
        Through a training step, an evaluation, an augmentation.
    step : float
        Seconds that a step takes beside its rows, however few they are.
    activations : int
        Bytes that a row leaves behind for the way back, until the step ends.
    probe_bytes : int
        What the largest step of the probe left behind.
    probe_s, probe_work_s : float
        How long measuring took, by the clock and in CPU time.
    parameters : int
        That the network has.
    """

    train: float
    forward: float
    augment: float
    probe_s: float = 0.0
    probe_work_s: float = 0.0
    parameters: int = 0
    step: float = 0.0
    activations: int = 0
    probe_bytes: int = 0

    def shared(self, processes: int) -> RowCosts:
        """Return the costs where processes share the rows of each step."""
        if processes == 1:
            return self
        share = 1 / (EFFICIENCY * processes)
        return replace(self, train=share * self.train, forward=share * self.forward)

    def phase(self, phase: Phase, *, source: bool = False) -> float:
        """Return estimated seconds of a phase.

        `source`: whether there is one, for terms that read its rows where they are there.
        """
        # Each phase is looked at (is the backbone as it was?) and kept, whatever it learns.
        kept = self.parameters * PER_PARAMETER
        if phase.on_stored:
            return kept + phase.steps * LEAST_STEP
        row = self.train + (self.augment if phase.augment != "none" else 0.0)
        if any(TERMS.get(term.name).anchored for term in phase.terms):
            row += self.forward  # the start is asked as well
        rows = (batches(phase, source) + extra_passes(phase)) * phase.batch_size
        return kept + phase.steps * max(LEAST_STEP, self.step + rows * row)


def batches(phase: Phase, source: bool) -> int:
    """Return how many batches go through the network in a step of a phase."""
    views = frozenset().union(*(TERMS.get(term.name).views for term in phase.terms))
    return (
        int(bool(phase.source_weight) or "source" in views)
        + int(bool(phase.target_weight) or "labelled" in views)
        + int(bool(views & {"target", "strong"}))
        + int("strong" in views)
        + 2 * int("other" in views and source)
    )


def measured(
    network: nn.Module,
    inputs: np.ndarray,
    preprocessing: Preprocessing,
    precision: str,
    *,
    threads: int,
    allowed: float,
    since: float | None = None,
) -> RowCosts:
    """Time a few small steps of a network on real rows, on one thread.

    In CPU time, which does not grow because others keep the machine busy (on a GPU in wall-clock
    time); more threads count by `speed_up`. Batches grow only while there is time for a larger one.

    Parameters
    ----------
    network : Module
        On the device that it is to train on.
    inputs : ndarray
        Stored rows.
    preprocessing : Preprocessing
    precision : str
    threads : int
        That training is to have.
    allowed : float
        Seconds that it may take by the clock.
    since : float, optional
        When measuring began, by `time.perf_counter`.
    """
    with limited(1):
        return _measured(network, inputs, preprocessing, precision, threads, allowed, since)


def _measured(
    network: nn.Module,
    inputs: np.ndarray,
    preprocessing: Preprocessing,
    precision: str,
    threads: int,
    allowed: float,
    since: float | None,
) -> RowCosts:
    device = next(network.parameters()).device
    clock = time.thread_time if device.type == "cpu" else time.perf_counter
    start, work_start = time.perf_counter() if since is None else since, clock()
    batch, before = 4, 0.0
    rows = _rows(inputs, preprocessing)
    while True:
        take = np.resize(rows, batch)
        stored = torch.from_numpy(np.ascontiguousarray(inputs[take])).to(device)
        x = preprocessing.encode(stored)
        began, work_began = time.perf_counter(), clock()
        step = step_seconds(network, x, precision, clock, repeats=2)
        spent, worked = time.perf_counter() - began, clock() - work_began
        left = allowed - (time.perf_counter() - start)
        # A batch four times as large takes up to four times as long, and as much comes after it.
        if batch >= MOST or worked > ENOUGH or 8 * spent > left:
            break
        batch, before = 4 * batch, step
    # What did not grow with the batch is the step's: at most all that the smaller batch took.
    alone = max(0.0, min(before, (4 * before - step) / 3)) if batch > 4 else 0.0
    generator = torch_rng("cost", device=device)
    augment = _seconds(lambda: preprocessing.augment(stored, "strong", generator), device, clock)
    network.eval()
    with torch.inference_mode():
        forward = _seconds(lambda: network(layout(x)), device, clock)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    faster = speed_up(threads) if device.type == "cpu" else 1.0
    activations = kept_bytes(network, layout(x[:4]), precision) // min(4, batch)
    return RowCosts(
        train=(step - alone) / batch / faster,
        forward=forward / batch / faster,
        augment=augment / batch / faster,
        probe_s=time.perf_counter() - start,
        probe_work_s=clock() - work_start,
        parameters=parameters,
        step=(alone + PER_PARAMETER_STEP * parameters) / faster,
        activations=activations,
        probe_bytes=batch * activations,
    )


MOST = 64
"""Rows of the largest batch."""


def _rows(inputs: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """Return rows to measure with, the longest first: so long are all of a batch of training."""
    rows = np.unique(np.linspace(0, len(inputs) - 1, MOST).astype(int))
    lengths = preprocessing.lengths(np.ascontiguousarray(inputs[rows]))
    return rows if lengths is None else rows[np.argsort(-lengths, kind="stable")]


def kept_bytes(network: nn.Module, x: torch.Tensor, precision: str) -> int:
    """Return the bytes of what a forward pass keeps for the way back, parameters left out.

    Examples
    --------
    >>> kept_bytes(nn.Linear(3, 2), torch.zeros(5, 3), "float32")  # its input, float32 (5, 3)
    60
    """
    own = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    mode = network.training
    held = []  # what is kept stays at its place until all of it is counted
    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    state = private_random_state(x.device)
    with hooks, torch.enable_grad(), state, autocast(precision, x.device):
        held.append(network(x))
    network.train(mode)
    return sum(seen.values())


def speed_up(count: int) -> float:
    """Return how much faster a step is taken to be on so many threads."""
    return float(max(1, count) ** 0.7)


def _seconds(work: Callable[[], object], device: torch.device, clock: Callable[[], float]) -> float:
    """Return how long `work` takes the second time, when kernels and memory are there."""
    found = 0.0
    for _ in range(2):
        wait(device)
        before = clock()
        work()
        wait(device)
        found = clock() - before
    return found
