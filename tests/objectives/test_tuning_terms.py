"""Terms of fine-tuning, against what the papers write."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.maps import by_channel, stage_maps
from landbridge.backbones.surgery import Network
from landbridge.backbones.weights import seeded
from landbridge.objectives.base import Step, View
from landbridge.objectives.feature_maps import FeatureMaps, channel_weights, map_distance
from landbridge.objectives.spectral_shrinkage import spectral_shrinkage


def draw(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


# Batch spectral shrinkage ---------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 6), (6, 1)])
@pytest.mark.parametrize("smallest", [1, 2, 9])
def test_spectral_shrinkage_value(shape, smallest):
    """Eq. 5 of Chen et al. (2019): Σ σ_{-i}², from the eigenvalues of FᵀF."""
    x = draw(*shape)
    eigenvalues = np.linalg.eigvalsh(x.numpy() @ x.numpy().T)[::-1][: min(shape)]
    expected = sum(sorted(eigenvalues)[:smallest])
    assert float(spectral_shrinkage(x, smallest)) == pytest.approx(expected, rel=1e-9)


def test_spectral_shrinkage_of_known_singular_values():
    left, right = torch.linalg.qr(draw(6, 6))[0][:, :3], torch.linalg.qr(draw(4, 4, seed=1))[0]
    x = left @ torch.diag(torch.tensor([5.0, 0.5, 2.0]).double()) @ right[:3]
    assert float(spectral_shrinkage(x, 2)) == pytest.approx(0.0 + 0.25, abs=1e-12)
    assert float(spectral_shrinkage(x, 4)) == pytest.approx(25 + 4 + 0.25)


def test_spectral_shrinkage_gradient_leaves_large_directions_alone():
    x = draw(5, 3).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: spectral_shrinkage(a, 2), (x,))
    diagonal = torch.diag(torch.tensor([3.0, 1.0, 2.0]).double()).requires_grad_()
    spectral_shrinkage(diagonal, 1).backward()
    expected = torch.zeros(3, 3).double()
    expected[1, 1] = 2.0
    assert torch.allclose(diagonal.grad, expected, atol=1e-12)


# DELTA ----------------------------------------------------------------------------------------


def distance_by_hand(maps, anchors, weights):
    total = 0.0
    for now, then, weight in zip(maps, anchors, weights, strict=True):
        for j in range(len(weight)):
            squares = (now[:, j] - then[:, j]).flatten().tolist()
            total += float(weight[j]) * sum(d * d for d in squares) / len(squares)
    return total


def test_map_distance_value_and_gradient():
    maps = [draw(4, 3, 2, 5), draw(4, 6, seed=1)]
    anchors = [draw(4, 3, 2, 5, seed=2), draw(4, 6, seed=3)]
    weights = [draw(3, seed=4).abs(), draw(6, seed=5).abs()]
    found = map_distance(maps, anchors, weights)
    assert float(found) == pytest.approx(distance_by_hand(maps, anchors, weights), rel=1e-12)
    assert float(map_distance(maps, maps, weights)) == 0.0
    leaves = [m.requires_grad_() for m in maps]
    assert torch.autograd.gradcheck(lambda *a: map_distance(a, anchors, weights), leaves)


def test_tokens_have_their_channels_last():
    tokens = draw(2, 5, 3)
    assert torch.equal(by_channel(tokens)[:, 1], tokens[:, :, 1])
    image = draw(2, 3, 2, 4)
    assert torch.equal(by_channel(image)[:, 1], image[:, 1].flatten(1))
    assert by_channel(draw(2, 3)).shape == (2, 3, 1)


@pytest.fixture
def small():
    with seeded("delta", 0):
        network = Network(ConvNet(16, 16, 1, widths=(4, 6), dim=8), 3).double()
    x = draw(12, 1, 16, 16, seed=8)
    labels = torch.arange(12) % 3
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for _ in range(30):  # channels of an untrained network are all alike
        optimizer.zero_grad()
        F.cross_entropy(network(x)[1], labels).backward()
        optimizer.step()
    return network.eval(), x, labels


def test_channel_weights_go_by_what_the_loss_rises_without_the_channel(small):
    """Against the paper's own way: each channel scaled down a little in turn, two passes each."""
    network, x, labels = small
    found = channel_weights(network, x, labels)
    for stage, (_, modules) in enumerate(network.backbone.stages()):
        rises = []
        for j in range(len(found[stage])):
            losses = []
            for factor in (1 - 1e-5, 1 + 1e-5):

                def dim(module, given, out, j=j, factor=factor):
                    out = out.clone()
                    out[:, j] *= factor
                    return out

                handle = modules[-1].register_forward_hook(dim)
                with torch.no_grad():
                    losses.append(float(F.cross_entropy(network(x)[1], labels)))
                handle.remove()
            rises.append((losses[0] - losses[1]) / 2e-5)  # to first order: without all of it
        rises = np.array(rises)
        e = np.exp((rises - rises.mean()) / rises.std(ddof=1))
        expected = len(rises) * e / e.sum()
        assert found[stage].tolist() == pytest.approx(expected.tolist(), rel=1e-3)
        assert float(found[stage].mean()) == pytest.approx(1.0, rel=1e-5)
        assert float(found[stage].std()) > 0.1


def test_channel_weights_agree_with_channels_switched_off_in_turn(small):
    """The paper's way, exactly; a first-order answer need not be equal, but must go with it."""
    network, x, labels = small
    found = channel_weights(network, x, labels)[2]
    module = network.backbone.stages()[2][1][-1]
    rises = []
    with torch.no_grad():
        whole = float(F.cross_entropy(network(x)[1], labels))
        for j in range(len(found)):

            def off(module, given, out, j=j):
                out = out.clone()
                out[:, j] = 0
                return out

            handle = module.register_forward_hook(off)
            rises.append(float(F.cross_entropy(network(x)[1], labels)) - whole)
            handle.remove()
    assert np.corrcoef(np.log(found.numpy()), rises)[0, 1] > 0.6


def test_channel_weights_leave_no_trace(small):
    network, x, labels = small
    network.train().requires_grad_(False)
    network.zero_grad()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    channel_weights(network, x, labels)
    assert all(torch.equal(v, before[k]) for k, v in network.state_dict().items())
    assert network.training
    assert all(p.grad is None for p in network.parameters())
    assert not any(m._forward_hooks for m in network.modules())


def test_delta_is_zero_where_nothing_has_moved(small):
    network, x, labels = small
    term = FeatureMaps(8, 3)
    with torch.no_grad(), stage_maps(network, True) as maps:
        features, logits = network(x)
    for i, found in enumerate(maps):
        term.register_buffer(f"weight{i}", torch.ones(found.shape[1]))
    anchor = View(features, logits, maps=tuple(maps))
    view = View(features, logits, labels, maps=tuple(maps), anchor=anchor)
    assert float(term(Step(None, None, None, None, 0.0, view))) == 0.0
    moved = View(features, logits, labels, maps=tuple(m + 0.5 for m in maps), anchor=anchor)
    expected = 0.25 * sum(m.shape[1] for m in maps)
    assert float(term(Step(None, None, None, None, 0.0, moved))) == pytest.approx(expected)
    still = View(features, logits, labels, anchor=anchor)  # stored features have no maps
    assert float(term(Step(None, None, None, None, 0.0, still))) == 0.0
