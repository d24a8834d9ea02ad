"""The fits of several tasks: together and each alone; what is finished is not done again."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ..artifacts.state import CHECKPOINT
from ..backbones.base import LoadedBackbone
from ..backbones.surgery import Network, make_network
from ..base.errors import RunError
from ..base.events import Events
from ..base.hashing import tensors_digest
from ..methods.core.network import PlanContext
from ..methods.core.recipes import tune_phase
from ..training.batches import Side
from ..training.checkpoint import load_tensors, save_tensors
from ..training.devices import borrowed
from ..training.inputs import run_network
from ..training.loop import LoopOptions, TrainingData, train
from ..training.plan import Phase, TermSpec
from .read import OneTask

_FIT, _OUTPUTS, _NETWORK = "fit.safetensors", "outputs", "network."


@dataclass(frozen=True)
class Fits:
    """Fits of one start on the same rows.

    Attributes
    ----------
    opened : LoadedBackbone
        Where each begins.
    tasks : sequence of OneTask
    inputs : ndarray (n, ...)
        As the network takes them, of all rows.
    labels : float ndarray (n, tasks)
        NaN where a row may not teach, or is not labelled.
    test_rows : int ndarray
        Rows whose outputs are wanted.
    weights : tuple of float
        Of the tasks' losses; empty where they are learned.
    steps : int, optional
        Of each fit; the recipe's where not given.
    device : torch.device
    work : Path, optional
        Where finished fits and the checkpoint of the one in hand are kept.
    events : Events
    scale : float
        Factor on the recipe's steps.
    """

    opened: LoadedBackbone
    tasks: Sequence[OneTask]
    inputs: np.ndarray
    labels: np.ndarray
    test_rows: np.ndarray
    weights: tuple[float, ...]
    steps: int | None
    device: torch.device
    work: Path | None
    events: Events
    scale: float = 1.0

    def outputs(self, chosen: Sequence[int], seed: int) -> np.ndarray:
        """Return the outputs (test_rows, sizes) of a network that learned the chosen tasks."""
        return self._fitted(chosen, seed, keep=False)[0]

    def with_network(self, chosen: Sequence[int], seed: int) -> tuple[np.ndarray, Network]:
        """Return the outputs, and the network as well."""
        return self._fitted(chosen, seed, keep=True)

    def _fitted(self, chosen: Sequence[int], seed: int, keep: bool) -> tuple[np.ndarray, Network]:
        network = self.network(chosen, seed)
        place = self._place(chosen, seed)
        file = None if place is None else place / _FIT
        done = None if file is None else self._finished(file)
        if done is not None:
            state = {k.removeprefix(_NETWORK): v for k, v in done.items() if k != _OUTPUTS}
            if keep:
                network.load_state_dict(state)
            return done[_OUTPUTS].numpy(), network
        self._train(network, chosen, seed)
        outputs = run_network(network, self.inputs[self.test_rows], self.opened.preprocessing)[1]
        if file is not None:
            own_state = network.state_dict() if keep else {}
            tensors = {f"{_NETWORK}{key}": tensor for key, tensor in own_state.items()}
            tensors[_OUTPUTS] = torch.from_numpy(outputs)
            save_tensors(file, tensors, {"result": tensors_digest(tensors)})
        return outputs, network

    def network(self, chosen: Sequence[int], seed: int) -> Network:
        """Return a network for the chosen tasks as it begins."""
        start = copy.deepcopy(self.opened.module)
        opened = LoadedBackbone(start, self.opened.preprocessing, self.opened.identity)
        return make_network(opened, sum(self.tasks[i].size for i in chosen), seed)

    def phase(self, chosen: Sequence[int]) -> Phase:
        """Return the phase that the loop trains the chosen tasks in."""
        weights = tuple(self.weights[i] for i in chosen) if self.weights else ()
        own = [self.tasks[i] for i in chosen]
        return _phase(self.opened, own, len(self._rows(chosen)), weights, self.steps)

    def _rows(self, chosen: Sequence[int]) -> np.ndarray:
        """Return the rows that have a label of any chosen task."""
        return np.flatnonzero(~np.isnan(self.labels[:, chosen]).all(1))

    def _finished(self, file: Path) -> dict[str, torch.Tensor] | None:
        """Return what a finished fit left; None where there is none, or not what was written."""
        if not file.exists():
            return None
        try:
            tensors, facts = load_tensors(file)
        except RunError:
            tensors, facts = {}, {}
        if tensors and tensors_digest(tensors) == facts.get("result"):
            return tensors
        self.events.log("note", f"{file} is damaged: it is made anew")
        return None

    def _place(self, chosen: Sequence[int], seed: int) -> Path | None:
        """Return the folder of one fit: no other may go on from its checkpoint."""
        return None if self.work is None else self.work / f"{seed}-{'-'.join(map(str, chosen))}"

    def _train(self, network: Network, chosen: Sequence[int], seed: int) -> None:
        own = [self.tasks[i] for i in chosen]
        rows, phase = self._rows(chosen), self.phase(chosen).scaled(self.scale)
        labels = self.labels[rows][:, chosen].astype(np.float32)
        side = Side(self.inputs[rows], labels, np.ones(len(rows), bool))
        size = sum(task.size for task in own)
        place = self._place(chosen, seed)
        options = LoopOptions(
            device=self.device,
            fit=own[0].name if len(own) == 1 else "together",
            checkpoint=None if place is None else place / CHECKPOINT,
        )
        with borrowed(network, self.device):
            train(
                network,
                (phase,),
                TrainingData(None, side, self.opened.preprocessing, size),
                seed=seed,
                options=options,
                events=self.events,
            )


def _phase(
    opened: LoadedBackbone,
    tasks: Sequence[OneTask],
    rows: int,
    weights: tuple[float, ...],
    steps: int | None,
) -> Phase:
    context = PlanContext(
        n_classes=sum(task.size for task in tasks),
        n_target=rows,
        n_labelled=rows,
        pretrained=opened.identity.pretrained,
        steps=steps,
    )
    spec = TermSpec(
        "tasks",
        options={
            "sizes": tuple(task.size for task in tasks),
            "kinds": tuple(task.target_type.name for task in tasks),
            "weights": weights,
        },
    )
    return replace(tune_phase(context), name="tasks", target_weight=0.0, terms=(spec,))
