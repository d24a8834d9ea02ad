"""Layer Grad-CAM: where the last map of a convolutional net speaks for the answer."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ...backbones.surgery import Network
from ..base import BUDGET, EXPLAINERS, Explainer
from ..game import Game
from ..records import Attribution


@EXPLAINERS.register("grad-cam")
class GradCam(Explainer):
    """Maps of the last stage that has a plane, weighed by their mean slopes, laid over the image.

    What speaks against the answer is kept, below 0: captum's with ``relu_attributions=False``.
    """

    summary = "where the last maps of a convolutional net speak for the answer"
    paper = "Selvaraju et al., 2017, ICCV"
    gradients = True

    def misfit(self, game: Game, budget: int = BUDGET) -> str:
        if not game.view.regions:
            return "such rows have no regions"
        if not game.has_slopes:
            return "the model has no gradients"
        return "" if last_map(game.network, game) is not None else "no stage has maps"

    def explain(self, game: Game, budget: int, seed: int) -> Attribution:
        layer = last_map(game.network, game)
        assert layer is not None
        kept: list[torch.Tensor] = []

        def hold(module: nn.Module, given: object, found: torch.Tensor) -> torch.Tensor:
            kept.append(found.detach().requires_grad_())
            return kept[-1]

        handle = layer.register_forward_hook(hold)
        try:
            with torch.enable_grad():
                mask = torch.ones((1, *game.view.labels.shape))
                outputs = game.view.outputs(game.network, mask)
                score = (outputs.float() @ game.weights).sum()
                slope = torch.autograd.grad(score, kept[0])[0]
        finally:
            handle.remove()
        own = (slope.mean((2, 3), keepdim=True) * kept[0].detach()).sum(1, keepdim=True)
        size = game.view.labels.shape
        detail = F.interpolate(own.float(), size, mode="bilinear", align_corners=False)[0, 0]
        found = detail.double().numpy()
        return Attribution(game.view.gathered(found), found, 2.0)


def last_map(network: Network, game: Game) -> nn.Module | None:
    """Return the last module of a stage whose output is a plane of more than one place."""
    shapes: dict[nn.Module, tuple[int, ...]] = {}

    def look(module: nn.Module, given: object, found: object) -> None:
        if isinstance(found, torch.Tensor):
            shapes[module] = tuple(found.shape)

    modules = [group[-1] for _, group in network.backbone.stages() if group]
    handles = [module.register_forward_hook(look) for module in modules]
    try:
        with torch.inference_mode():
            game.view.outputs(network, torch.ones((1, *game.view.labels.shape)))
    finally:
        for handle in handles:
            handle.remove()
    fitting = [m for m in modules if len(shapes.get(m, ())) == 4 and np.prod(shapes[m][2:]) > 1]
    return fitting[-1] if fitting else None
