"""What one fit may see, and what its terms may know of a phase before the first step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import nn

from ..backbones.surgery import Network
from ..domains.modalities.base import Preprocessing
from ..objectives.base import PhaseContext
from ..objectives.perturb import InputRange
from ..targets.base import TargetType
from ..targets.registry import multiclass
from .batches import Pool, Side
from .inputs import run_network
from .losses import task_loss
from .precision import layout


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
    target_type : TargetType
        What kind of label they are.
    pretrained_head : Linear or None
        The head that θ₀ had for the classes it knew, where there is one.
    teacher : float32 ndarray (n, classes) or None
        What a teacher says of all target rows: logits, NaN where it says nothing.
    """

    source: Side | None
    target: Side | None
    preprocessing: Preprocessing
    n_classes: int
    features: Callable[[Network, np.ndarray], np.ndarray] | None = None
    target_type: TargetType = field(default_factory=multiclass)
    pretrained_head: nn.Linear | None = None
    teacher: np.ndarray | None = None


def phase_setting(
    network: Network,
    start: Network | None,
    data: TrainingData,
    pools: Mapping[str, tuple[Side, Pool]],
    device: torch.device,
    on_stored: bool = False,
) -> PhaseContext:
    """Return what the terms of a phase may know: sizes, the start, answers to all rows.

    `on_stored`: whether its steps are taken on stored features.
    """
    sides = {"source": data.source, "target": data.target}

    def side(name: str) -> Side:
        found = sides[name]
        assert found is not None, f"no {name}"
        return found

    def outputs(name: str) -> tuple[torch.Tensor, torch.Tensor]:
        both = run_network(network, side(name).inputs, data.preprocessing, device)
        features, logits = (torch.from_numpy(x).to(device) for x in both)
        return features, logits

    def labels(name: str) -> torch.Tensor:
        labeled_mask = torch.from_numpy(np.array(side(name).labeled_mask))
        own = torch.from_numpy(np.array(side(name).labels))
        labeled_mask = labeled_mask.view(-1, *(1,) * (own.ndim - 1))
        return torch.where(labeled_mask, own, torch.full_like(own, -1)).to(device)

    def labeled_mask(name: str) -> torch.Tensor:
        return torch.from_numpy(np.array(side(name).labeled_mask)).to(device)

    def inputs(name: str, rows: torch.Tensor) -> torch.Tensor:
        stored = torch.from_numpy(np.array(side(name).inputs[rows.cpu().numpy()]))
        return layout(data.preprocessing.encode(stored.to(device)))

    return PhaseContext(
        network=network,
        start=start,
        rows={
            name: len(pools[name][1].rows) if name in pools else 0
            for name in ("source", "target", "labelled")
        },
        sizes={name: 0 if found is None else len(found) for name, found in sides.items()},
        pretrained_head=None if data.pretrained_head is None else data.pretrained_head.to(device),
        outputs=outputs,
        labels=labels,
        labeled_mask=labeled_mask,
        loss=partial(task_loss, data.target_type),
        inputs=inputs,
        teacher=None if data.teacher is None else torch.from_numpy(np.array(data.teacher)),
        input_range=None if on_stored else input_range(data.preprocessing),
    )


def input_range(preprocessing: Preprocessing) -> InputRange | None:
    """Return where the numbers lie that go into a network; None where they are no signal."""
    signal = preprocessing.signal()
    if signal is None:
        return None

    def encoded(value: float) -> torch.Tensor:
        """Return one number a channel: the same for all places."""
        stored = torch.full((1, *preprocessing.shape), value * signal.unit)
        found = preprocessing.encode(stored)
        return found[:, :1] if found.ndim < 3 else found[:, :, :1, :1]

    zero = encoded(0.0)
    return InputRange(encoded(1.0) - zero, encoded(signal.low), encoded(signal.high), signal.eps)
