"""Exact contributions, in closed form, where a model is a sum of what each column says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ...backbones.heads import ColumnsHead, StepModule, StepsHead
from ...backbones.identity import Flat
from ...inference.clip import Clip
from ...inference.layers import Affine
from ..base import BUDGET, EXPLAINERS, Explainer
from ..game import Game
from ..records import Attribution

if TYPE_CHECKING:
    from ...backbones.surgery import Network


@EXPLAINERS.register("contributions")
class Contributions(Explainer):
    """Weight times distance from the usual value, clipped as the model clips.

    Of a model that is affine in its inputs this is the Shapley value of each unit, and what hiding
    it alone changes.
    """

    summary = "exact: what each input adds, of a model that sums its inputs"
    paper = "Lundberg & Lee, 2017, NeurIPS (linear models, corollary 1)"
    sums = True

    def misfit(self, game: Game, budget: int = BUDGET) -> str:
        if additive(game.network) is None:
            return "the model is no sum over its inputs"
        nothing = game.view.folded(np.zeros(game.view.inputs(_ones(game)).shape[1:]))
        return "" if nothing is not None else "its inputs are no parts of these rows"

    def most_passes(self, game: Game) -> float:
        return 1.0

    def explain(self, game: Game, budget: int, seed: int) -> Attribution:
        found = additive(game.network)
        assert found is not None
        before, matrix = found
        ends = []
        with torch.inference_mode():
            for level in (1.0, 0.0):
                mask = _ones(game) * level
                mask[0][torch.from_numpy(game.view.labels < 0)] = 1.0
                x = game.view.inputs(mask)
                shape, flat = x.shape[1:], x.flatten(1).float()
                for module in before:
                    flat = module(flat)
                ends.append(flat[0].double().numpy())
        own = (ends[0] - ends[1]) * (matrix @ game.weights.double().numpy())
        detail = game.view.folded(own.reshape(tuple(shape)))
        assert detail is not None
        return Attribution(game.view.gathered(detail), detail, 1.0)


def additive(network: Network) -> tuple[list[StepModule], np.ndarray] | None:
    """Return steps that treat each input by itself, and the matrix after them; None where not.

    Returns
    -------
    list of StepModule
        Clipping and scaling of each input.
    ndarray, shape (inputs, outputs)
    """
    head = network.head
    if isinstance(head, ColumnsHead):
        head = head.steps
    elif not isinstance(network.backbone, Flat):
        return None
    if isinstance(head, torch.nn.Linear):
        return [], head.weight.detach().double().numpy().T
    if not isinstance(head, StepsHead):
        return None
    before: list[StepModule] = []
    matrix: np.ndarray | None = None
    for module in head:
        assert isinstance(module, StepModule)
        if module.step is Affine:
            own = module.get_buffer("matrix").double().numpy()
            if matrix is not None:
                matrix = matrix * own if own.ndim == 1 else matrix @ own
            elif own.ndim == 1:
                before.append(module)
            else:
                matrix = own
        elif module.step is Clip and matrix is None:
            before.append(module)
        else:
            return None
    return None if matrix is None else (before, matrix)


def _ones(game: Game) -> torch.Tensor:
    return torch.ones((1, *game.view.labels.shape))
