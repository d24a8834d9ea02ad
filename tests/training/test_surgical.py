"""Surgical fine-tuning: the stage is the one that the formula says, and a resume keeps it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch.nn import functional as F

from landbridge.base.errors import ConfigError
from landbridge.training.surgical import choose_stages, relative_gradients

CPU = torch.device("cpu")


def by_hand(network, kit):
    """‖g‖₂ / ‖θ‖₂ for each stage, from the loss of all granted labels at once."""
    network = copy.deepcopy(network).eval()
    rows = kit.target.labeled_mask
    x = kit.preprocessing.encode(torch.from_numpy(kit.target.inputs[rows]))
    F.cross_entropy(network(x)[1], torch.from_numpy(kit.target.labels[rows])).backward()
    found = {}
    for name, modules in network.backbone.stages():
        parameters = [p for m in modules for p in m.parameters()]
        g = torch.cat([p.grad.flatten() for p in parameters]).norm()
        w = torch.cat([p.detach().flatten() for p in parameters]).norm()
        found[name] = float(g / w)
    return found


@pytest.mark.parametrize("kind", ["convnet", "mlp"])
def test_relative_gradients(make_kit, same_state, state_of, kind):
    kit = make_kit(kind, n_labelled=21)
    network = kit.network().train()
    network.head.requires_grad_(False)
    before = state_of(network)
    found = relative_gradients(network, kit.data, CPU)
    expected = by_hand(network, kit)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-3), name
    assert same_state(network, before)
    assert network.training
    assert not network.head.weight.requires_grad
    assert all(p.grad is None for p in network.parameters())


def test_more_rows_than_a_batch_are_one_loss(make_kit):
    kit = make_kit("convnet", n_target=90, n_labelled=70)
    network = kit.network()
    found = relative_gradients(network, kit.data, CPU)
    for name, value in by_hand(network, kit).items():
        assert found[name] == pytest.approx(value, rel=1e-3), name


def test_the_largest_are_chosen_in_the_networks_order(kit):
    network = kit.network()
    ratios = by_hand(network, kit)
    order = sorted(ratios, key=lambda name: -ratios[name])
    assert choose_stages(network, "surgical:1", kit.data, CPU) == f"stages:{order[0]}"
    both = [name for name in ratios if name in order[:2]]
    assert choose_stages(network, "surgical:2", kit.data, CPU) == f"stages:{','.join(both)}"
    everything = ",".join(ratios)
    assert choose_stages(network, "surgical:9", kit.data, CPU) == f"stages:{everything}"


def test_a_stage_that_is_small_for_its_gradient_wins(kit):
    """Scaled-down weights before a normalisation have a larger gradient: g/θ grows as 1/s²."""
    for stage in (0, 1):
        network = kit.network()
        with torch.no_grad():
            network.backbone.blocks[stage][0].weight.mul_(1e-3)
            network.backbone.blocks[stage][1].weight.mul_(0.1)
        assert choose_stages(network, "surgical:1", kit.data, CPU) == f"stages:blocks.{stage}"


@pytest.mark.parametrize("word", ["surgical", "surgical:0", "surgical:one"])
def test_wrong_words(kit, word):
    with pytest.raises(ConfigError, match="write surgical:1"):
        choose_stages(kit.network(), word, kit.data, CPU)


@pytest.mark.parametrize("cut", [1, 5, 7, 9, 11])
def test_a_resumed_phase_keeps_its_stage(kit, make_phase, same_state, tmp_path, cut):
    phases = [
        make_phase("head", trainable="head", source_weight=0.0, target_weight=1.0),
        make_phase(
            "tune", trainable="surgical:1", source_weight=0.0, target_weight=1.0, learning_rate=0.05
        ),
    ]
    heard = kit.Heard()
    whole, losses = kit.train(*phases, events=heard)
    resumed, last = kit.interrupted(*phases, after=cut, checkpoint=tmp_path / "c", events=heard)
    assert same_state(whole, resumed)
    assert last == losses
    said = {event["message"] for event in heard.of("choice")}
    assert len(said) == 1
    stage = said.pop().split("stages:")[1].split(" ")[0]
    start = dict(kit.network().named_parameters())
    for name, p in whole.named_parameters():
        moved = not torch.equal(p, start[name])
        assert moved == name.startswith((f"backbone.{stage}.", "head.")), name
