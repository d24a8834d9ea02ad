"""The networks of our own: sizes, seeds, options."""

from __future__ import annotations

import pytest
import torch

from landbridge.backbones import BACKBONES, BackboneRequest, open_backbone
from landbridge.backbones.convnet import ConvNet, input_size
from landbridge.backbones.mlp import Mlp, default_width
from landbridge.base.errors import BackboneError
from landbridge.domains.modalities.base import InputSpec


@pytest.mark.parametrize(
    ("size", "expected"),
    [((8, 8), (16, 16)), ((28, 28), (28, 28)), ((32, 20), (32, 20)), ((96, 96), (64, 64))],
)
def test_input_size(size, expected):
    assert input_size(InputSpec("image", *size, 1)) == expected


def test_convnet_sizes_and_options():
    open_it = open_backbone
    small = open_it("convnet", InputSpec("image", 8, 8, 1), [])
    assert small.preprocessing.shape == (1, 16, 16)
    large = open_it("convnet", InputSpec("image", 96, 80, 3), [])
    assert large.preprocessing.shape == (3, 64, 64)
    assert len(large.module.blocks) == 4
    fixed = open_it(
        "convnet", InputSpec("image", 28, 28, 1), [], options={"height": 16, "width": 16}
    )
    assert fixed.preprocessing.shape == (1, 16, 16)
    assert any(isinstance(part, torch.nn.BatchNorm2d) for part in fixed.module.modules())
    with pytest.raises(BackboneError, match="at least 8 px"):
        ConvNet(4, 4)


def test_seeds_differ(digits, hinted):
    open_it = open_backbone
    hashes = {open_it("convnet", hinted(digits), [], seed=seed).identity.hash for seed in range(3)}
    assert len(hashes) == 3


def test_mlp():
    assert [default_width(n) for n in (1, 13, 100, 5000)] == [64, 64, 256, 512]
    assert Mlp(6, 64, 2, norm="batch")(torch.zeros(3, 6)).shape == (3, 64)
    assert Mlp(6, 64, 2)(torch.zeros(1, 6)).shape == (1, 64)  # in training, a batch of one
    with pytest.raises(BackboneError, match="norm 'group'"):
        Mlp(6, 64, 2, norm="group")


def test_identity_is_the_input(table, hinted):
    opened = BACKBONES.get("identity")().open(BackboneRequest("identity", hinted(table), [table]))
    x = torch.randn(4, 5)
    assert torch.equal(opened.module(x), x)
    assert opened.module.stages() == []


def test_columns_are_tokens():
    from landbridge.backbones.ft_transformer import FTTransformer

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = FTTransformer([1, 3, 2], dim=8, depth=2, heads=2).eval()
    x = torch.tensor([[0.5, 0.0, 1.0, 0.0, -2.0, 1.0]])
    own = net.tokens
    tokens = own(x)
    assert tokens.shape == (1, 4, 8)
    assert torch.allclose(tokens[0, 1], 0.5 * own.weight[0] + own.bias[0])
    assert torch.allclose(tokens[0, 2], own.weight[2] + own.bias[1])
    assert torch.allclose(tokens[0, 3], -2 * own.weight[4] + own.weight[5] + own.bias[2])
    features = net(torch.randn(5, 6, generator=torch.Generator().manual_seed(0)))
    assert features.shape == (5, 8)
    assert (features >= 0).all()
    with pytest.raises(BackboneError, match="multiple of heads"):
        FTTransformer([1], dim=10, heads=4)
