"""Each word of `Phase.moves`, what stands still with it, and the way back to the start."""

from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from landbridge.backbones.identity import Flat
from landbridge.backbones.surgery import Network
from landbridge.base.errors import ConfigError
from landbridge.methods.finetuning.l2_sp import l2_sp_strength_for
from landbridge.training.groups import Pull, make_optimizer, parameter_groups, training_modes
from landbridge.training.plan import Phase
from landbridge.training.schedules import warm_cosine
from landbridge.training.trainable import CHOICES, moving_parameters

HEAD = {"head.weight", "head.bias"}
NORMS = {
    f"backbone.{m}.{p}" for m in ("blocks.0.1", "blocks.1.1", "top.1") for p in ("weight", "bias")
}
TOP = {"backbone.top.0.weight", "backbone.top.1.weight", "backbone.top.1.bias"}
LAST_BLOCK = {f"backbone.blocks.1.{p}" for p in ("0.weight", "1.weight", "1.bias")}
FIRST_BLOCK = {f"backbone.blocks.0.{p}" for p in ("0.weight", "1.weight", "1.bias")}
EVERYTHING = HEAD | TOP | LAST_BLOCK | FIRST_BLOCK

WORDS = {
    "all": EVERYTHING,
    "head": HEAD,
    "backbone": EVERYTHING - HEAD,
    "norms": HEAD | NORMS,
    "biases": HEAD | {name for name in NORMS if name.endswith("bias")},
    "last:1": HEAD | TOP,
    "last:2": HEAD | TOP | LAST_BLOCK,
    "last:3": EVERYTHING,
    "last:9": EVERYTHING,
    "stages:blocks.0": HEAD | FIRST_BLOCK,
    "stages:blocks.0,top": HEAD | FIRST_BLOCK | TOP,
}


def names_of(network, chosen):
    return {name for name, p in network.named_parameters() if id(p) in chosen}


@pytest.mark.parametrize("word", WORDS)
def test_words(word, kit):
    network = kit.network()
    assert names_of(network, moving_parameters(network, word)) == WORDS[word]


@pytest.mark.parametrize("word", WORDS)
def test_what_does_not_move_stands_still_statistics_included(word, kit, make_phase):
    network = kit.network()
    before = copy.deepcopy(network.state_dict())
    kit.train(make_phase(trainable=word, weight_decay=0.1), network=network)
    after = network.state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert {name for name in moved if name in EVERYTHING} == WORDS[word]
    norms = {name.rpartition(".")[0] for name in NORMS}
    for norm in norms:
        own = {f"{norm}.weight", f"{norm}.bias"} & WORDS[word]
        assert (f"{norm}.running_mean" in moved) == bool(own), norm


def test_every_word_is_tested():
    assert {word.partition(":")[0] for word in WORDS} | {"adapters"} == set(CHOICES) - {"surgical"}


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("heads", "did you mean 'head'"),
        ("everything", "write one of all, head"),
        ("last:0", "write last:1"),
        ("last:two", "write last:1"),
        ("last", "write last:1"),
        ("stages:blocks.7,top", "no stage blocks.7"),
        ("stages:", "stages of this backbone: blocks.0, blocks.1, top"),
        ("adapters", "use method lora"),
    ],
)
def test_wrong_words_say_what_to_write(word, says, kit):
    with pytest.raises(ConfigError, match=says):
        moving_parameters(kit.network(), word)


@pytest.mark.parametrize("word", ["norms", "biases"])
def test_a_backbone_without_them(word):
    with pytest.raises(ConfigError, match=f"moves = '{word}', and the backbone has no"):
        moving_parameters(Network(Flat(4), 3), word)


def test_a_normalisation_that_stands_still_keeps_its_statistics_within_a_stage_that_moves(kit):
    network = kit.network()
    network.requires_grad_(False)
    network.backbone.blocks[0][0].weight.requires_grad_(True)
    training_modes(network)
    assert network.backbone.blocks[0][0].training
    assert not network.backbone.blocks[0][1].training
    assert not network.backbone.blocks[1].training


# The way back ---------------------------------------------------------------------------------


class Nothing(nn.Module):
    """No terms."""


@pytest.mark.parametrize("strength", [0.5, 3.0, 1e9])
def test_without_a_gradient_the_distance_shrinks_by_each_steps_share(kit, strength):
    """Π (1 − rate · pull), and all the way where that is over 1."""
    start, network = kit.network(), kit.network()
    with torch.no_grad():
        for p in network.parameters():
            p.add_(torch.randn(p.shape, generator=torch.Generator().manual_seed(1)))
    begun = copy.deepcopy(network.state_dict())
    phase = Phase(
        "x", 4, 0.1, optimizer="sgd", weight_decay=0.0, stage_decay=0.5, l2_sp_strength=strength
    )
    optimizer = make_optimizer(parameter_groups(network, Nothing(), phase), phase)
    l2_sp_strength = Pull(network, start, optimizer, strength)
    rates = [0.1, 0.05, 0.02]
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        l2_sp_strength.apply()
    stage = {"blocks.0": 0.25, "blocks.1": 0.5, "top": 1.0}
    theirs = dict(start.named_parameters())
    for name, p in network.named_parameters():
        if name in HEAD:
            assert torch.equal(p, begun[name]), "the head is new and is not pulled"
            continue
        scale = next(s for key, s in stage.items() if name.startswith(f"backbone.{key}."))
        left = math.prod(max(0.0, 1 - rate * scale * strength) for rate in rates)
        expected = theirs[name] + left * (begun[name] - theirs[name])
        assert torch.allclose(p, expected, atol=1e-6), name


def test_a_pull_costs_one_fused_operation_a_group(kit, monkeypatch):
    start, network = kit.network(), kit.network()
    phase = Phase("x", 4, 0.1)
    optimizer = make_optimizer(parameter_groups(network, Nothing(), phase), phase)
    l2_sp_strength = Pull(network, start, optimizer, 1.0)
    calls = []
    real = torch._foreach_lerp_
    monkeypatch.setattr(torch, "_foreach_lerp_", lambda *a: calls.append(len(a[0])) or real(*a))
    l2_sp_strength.apply()
    backbone = [g for g in optimizer.param_groups if g["name"] != "head"]
    assert len(calls) == len(backbone)
    assert sum(calls) == len(list(network.backbone.parameters()))


def test_a_whole_phase_of_pull_leaves_a_share_that_does_not_depend_on_rate_and_steps():
    for steps, rate, warmup in ((100, 1e-4, 0.1), (700, 3e-3, 0.0)):
        phase = Phase("x", steps, rate, warmup=warmup)
        l2_sp_strength = l2_sp_strength_for(phase, 1.0)
        left = math.prod(
            1 - rate * warm_cosine(s, steps, warmup) * l2_sp_strength for s in range(steps)
        )
        assert left == pytest.approx(math.exp(-1), rel=0.02)


def test_pulled_training_ends_nearer_to_its_start(kit, make_phase):
    start = kit.network()

    def distance(l2_sp_strength):
        network, _ = kit.train(make_phase(steps=12, l2_sp_strength=l2_sp_strength))
        pairs = zip(network.backbone.parameters(), start.backbone.parameters(), strict=True)
        return sum((a - b).square().sum().item() for a, b in pairs)

    plain, gently, strongly = distance(0.0), distance(20.0), distance(1e4)
    assert strongly < gently < plain
    assert strongly < 0.1 * plain


@pytest.mark.parametrize("cut", [1, 7, 8, 11])
def test_a_pull_goes_on_from_where_the_plan_began(kit, make_phase, same_state, tmp_path, cut):
    phases = [
        make_phase("one", trainable="last:1"),
        make_phase("two", l2_sp_strength=30.0, average=0.9),
    ]
    whole, _ = kit.train(*phases)
    resumed, _ = kit.interrupted(*phases, after=cut, checkpoint=tmp_path / "c")
    assert same_state(whole, resumed)
