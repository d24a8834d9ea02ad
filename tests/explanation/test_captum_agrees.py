"""Where captum has the same method, it gives the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from planted_truth import image, table
from torch import nn

import needs
from landbridge.explanation.base import EXPLAINERS
from landbridge.explanation.methods.shapley import exact


@pytest.fixture(scope="module")
def attr():
    needs.package("captum")
    import captum.attr

    return captum.attr


class Score(nn.Module):
    def __init__(self, game):
        super().__init__()
        self.game = game

    def forward(self, x):
        return self.game.network(x)[1] @ self.game.weights


def ends(game):
    shape = (1, *game.view.labels.shape)
    return game.view.inputs(torch.ones(shape)), game.view.inputs(torch.zeros(shape))


@pytest.mark.parametrize("case", ["table", "image"])
def test_integrated_gradients(attr, case):
    made = {"table": table, "image": image}[case]()[0]
    game, _ = made.game(1)
    x, blank = ends(game)
    own = EXPLAINERS.get("integrated-gradients")().explain(game, 25, 0)
    right = attr.IntegratedGradients(Score(game)).attribute(
        x, blank, n_steps=50 if case == "table" else 12, method="gausslegendre"
    )
    right = right[0].sum(0) if case == "image" else right[0]
    np.testing.assert_allclose(own.detail, right.detach().numpy(), atol=1e-4)


@pytest.mark.parametrize("case", ["table", "image"])
def test_occlusion_is_feature_ablation(attr, case):
    made = {"table": table, "image": image}[case]()[0]
    game, _ = made.game(1)
    x, blank = ends(game)
    mask = torch.from_numpy(game.view.labels)
    mask = mask[None, None] if case == "image" else mask[None]
    found = attr.FeatureAblation(Score(game)).attribute(x, blank, feature_mask=mask)
    scores = EXPLAINERS.get("occlusion")().explain(game, 25, 0).scores
    right = found[0, 0].numpy() if case == "image" else found[0].numpy()
    np.testing.assert_allclose(scores[game.view.labels], right, atol=1e-4)


def test_grad_cam(attr):
    made, _ = image()
    game, _ = made.game(1)
    x, _ = ends(game)
    layer = attr.LayerGradCam(Score(game), game.network.backbone.body)
    right = layer.attribute(x.requires_grad_(), relu_attributions=False)
    own = EXPLAINERS.get("grad-cam")().explain(game, 25, 0)
    np.testing.assert_allclose(own.detail, right[0, 0].detach().numpy(), atol=1e-4)


def test_shapley(attr):
    made, _ = table()
    game, _ = made.game(1)
    x, blank = ends(game)
    mask = torch.from_numpy(game.view.labels)[None]
    right = attr.ShapleyValues(Score(game)).attribute(x, blank, feature_mask=mask)
    np.testing.assert_allclose(exact(game)[game.view.labels], right[0].numpy(), atol=1e-4)
