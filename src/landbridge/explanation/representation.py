"""How far a representation moved, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..backbones.base import Backbone
from ..backbones.maps import by_channel
from ..base.typed import JsonObject
from ..training.precision import layout


@dataclass(frozen=True)
class StageMove:
    """How far one stage went from θ₀.

    Attributes
    ----------
    stage : str
    alike : float
        Linear CKA of what the stage gives before and after: 1 is the same up to a rotation.
    moved : float
        Norm of Δ over the norm of θ₀, of the stage's parameters.
    """

    stage: str
    alike: float
    moved: float

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {"stage": self.stage, "cka": round(self.alike, 4), "moved": round(self.moved, 6)}


def linear_cka(a: np.ndarray, b: np.ndarray) -> float:
    """Return the linear centred kernel alignment of features of the same rows.

    Kornblith et al. (2019, ICML): 1 where one is the other turned, mirrored or scaled.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(50, 4))
    >>> round(linear_cka(x, -3 * x[:, ::-1]), 6)
    1.0
    """
    a, b = (np.asarray(x, np.float64).reshape(len(x), -1) for x in (a, b))
    a, b = a - a.mean(0), b - b.mean(0)
    grams = [x @ x.T for x in (a, b)]
    lengths = [np.linalg.norm(gram) for gram in grams]
    if not min(lengths) > 0:
        return 1.0 if max(lengths) == 0 else 0.0
    return float((grams[0] * grams[1]).sum() / (lengths[0] * lengths[1]))


def stage_moves(before: Backbone, after: Backbone, inputs: torch.Tensor) -> list[StageMove]:
    """Return how far each stage went; both are of one architecture. Nothing where none moved."""
    pairs = zip(before.stages(), after.stages(), strict=True)
    moved = {name: _moved(old, new) for (name, old), (_, new) in pairs}
    if not any(moved.values()):
        return []
    ours, theirs = (_pooled(one, inputs) for one in (before, after))
    return [
        StageMove(name, linear_cka(ours[name], theirs[name]), size)
        for name, size in moved.items()
        if name in ours and name in theirs
    ]


def _moved(old: Sequence[nn.Module], new: Sequence[nn.Module]) -> float:
    """Return the norm of what was added to a stage's parameters, over theirs."""
    gap = size = 0.0
    for before, after in zip(old, new, strict=True):
        for a, b in zip(before.parameters(), after.parameters(), strict=True):
            gap += float(((a.detach() - b.detach()) ** 2).sum())
            size += float((a.detach() ** 2).sum())
    return float(np.sqrt(gap / size)) if size > 0 else 0.0


@torch.inference_mode()
def _pooled(backbone: Backbone, inputs: torch.Tensor) -> dict[str, np.ndarray]:
    """Return what each stage gives, its places averaged, by the stage's name."""
    found: dict[str, np.ndarray] = {}
    handles = []
    for name, modules in backbone.stages():

        def keep(module: object, given: object, out: object, name: str = name) -> None:
            first = out[0] if isinstance(out, tuple) else out
            if isinstance(first, torch.Tensor) and len(first) == len(inputs):
                found[name] = by_channel(first).float().mean(-1).numpy()

        handles.append(modules[-1].register_forward_hook(keep))
    try:
        backbone.eval()(layout(inputs))
    finally:
        for handle in handles:
            handle.remove()
    return found
