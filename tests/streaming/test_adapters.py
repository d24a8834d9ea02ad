"""Each adapter against its paper's formulas, written out here."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch

from landbridge.base.errors import ConfigError, MethodError
from landbridge.streaming.adabn import AdaBN
from landbridge.streaming.base import ADAPTERS
from landbridge.streaming.eata import EATA
from landbridge.streaming.norms import StreamNorm, install
from landbridge.streaming.sar import SAR


def adapter(kind, kit, network=None, rows=None, **options):
    return kind(copy.deepcopy(network or kit.network), 3, options, rows)


def entropies(logits):
    p = torch.softmax(logits.double(), 1)
    return -(p * p.log()).sum(1)


@pytest.mark.parametrize("name", list(ADAPTERS))
def test_every_adapter_keeps_its_contract(kit, name):
    x = kit.encode(kit.rows(21)[0])
    with torch.no_grad():
        source = kit.network(x)[1]
    one = adapter(ADAPTERS.get(name), kit)
    assert one.summary
    answers = [one.answer(part) for part in (x[:16], x[16:20], x[20:])]
    assert [a.shape for a in answers] == [(16, 3), (4, 3), (1, 3)]
    assert all(torch.isfinite(a).all() and not a.requires_grad for a in answers)
    one.reset()
    with torch.no_grad():
        assert torch.equal(one.network(x)[1], source)


@pytest.mark.parametrize("name", list(ADAPTERS))
def test_state_resumes_to_the_same_answers(kit, name):
    x = kit.encode(kit.rows(64)[0])
    options = {"learning_rate": 0.05, "reliable": 2.0} if name in ("eata", "sar") else {}
    one = adapter(ADAPTERS.get(name), kit, **options)
    one.answer(x[:32])
    state = one.state()
    after = one.answer(x[32:])
    other = adapter(ADAPTERS.get(name), kit, **options)
    other.load(state)
    assert torch.equal(other.answer(x[32:]), after)


def test_an_unknown_option_is_named(kit):
    with pytest.raises(ConfigError, match="prior"):
        adapter(AdaBN, kit, priors=3)


def test_plain_statistics_are_the_papers_mixture(kit):
    x = kit.encode(kit.rows(40)[0])
    one = adapter(AdaBN, kit, prior=16.0, balanced=False)
    first = one.statistics.norms[0]
    conv = kit.network.backbone.blocks[0][0]
    norm = kit.network.backbone.blocks[0][1]
    one.answer(x)
    with torch.no_grad():
        maps = conv(x).double()
    n, prior = 40, 16
    mean, var = maps.mean((0, 2, 3)), maps.var((0, 2, 3), unbiased=False)
    want_mean = (prior * norm.running_mean + n * mean) / (prior + n)
    want_var = (prior * norm.running_var + n * var) / (prior + n)
    torch.testing.assert_close(first.mean.double(), want_mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(first.var.double(), want_var, rtol=1e-5, atol=1e-6)


def test_old_rows_count_half_after_a_half_life(kit):
    x = kit.encode(kit.rows(20)[0])
    one = adapter(AdaBN, kit, half_life=10.0, balanced=False)
    one.answer(x[:10])
    one.answer(x[10:])
    assert one.statistics.counts.item() == pytest.approx(10 * 0.5 + 10)


def test_balanced_statistics_are_those_of_each_class_mixed(kit):
    x = kit.encode(kit.rows(30)[0])
    prior = 12.0
    one = adapter(AdaBN, kit, prior=prior)
    with torch.no_grad():
        p = kit.network(x)[1].double().softmax(1)
        maps = kit.network.backbone.blocks[0][0](x).double()
    one.answer(x)
    norm = kit.network.backbone.blocks[0][1]
    share, mean, square = 0.0, 0.0, 0.0
    for k in range(3):
        rows = p[:, k].sum()
        weight = (1 / 3) * rows / (rows + prior / 3)
        own = p[:, k, None, None, None] / rows
        mean = mean + weight * (own * maps).sum(0).mean((1, 2))
        square = square + weight * (own * maps**2).sum(0).mean((1, 2))
        share += weight
    mean, square = mean / share, square / share
    want_mean = (1 - share) * norm.running_mean + share * mean
    want_var = (1 - share) * norm.running_var + share * (square - mean**2)
    first = one.statistics.norms[0]
    torch.testing.assert_close(first.mean.double(), want_mean, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(first.var.double(), want_var, rtol=1e-5, atol=1e-6)


def test_a_single_class_moves_the_statistics_by_at_most_its_share(kit):
    x = kit.encode(np.full((500, 1, 16, 16), 255, np.uint8))
    one = adapter(AdaBN, kit, half_life=1e9)
    norm = one.statistics.norms[0]
    certain = torch.eye(3)[[1] * 500]
    with torch.no_grad():
        one.network(x)
    batch = norm.seen[0].double().mean(0)
    one.statistics.update(certain)
    gone = (norm.mean - norm.source_mean).double() / (batch - norm.source_mean)
    assert (gone <= 1 / 3 + 1e-6).all()


def test_installing_changes_no_answer_and_keeps_the_running_statistics(kit):
    network = copy.deepcopy(kit.network)
    x = kit.encode(kit.rows(9)[0])
    with torch.no_grad():
        before = network(x)[1]
        found = install(network)
        after = network(x)[1]
    assert len(found) == 3
    assert all(isinstance(norm, StreamNorm) for norm in found)
    assert torch.equal(before, after)


def test_the_anchor_pulls_back_and_more_so_where_the_weight_is_larger(kit):
    one = adapter(EATA, kit, learning_rate=0.1, anchor=1.0)
    nothing = {name: torch.zeros_like(p) for name, p in one.moving.items()}
    name = next(iter(one.moving))
    one.weights[name][0] = 3.0
    with torch.no_grad():
        one.moving[name].add_(1.0)
    one.step(nothing, rows=64)
    moved = one.moving[name].detach() - one.start[name]
    torch.testing.assert_close(moved[1].item(), 1 - 0.1 * 2 * 1.0, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(moved[0].item(), 1 - 0.1 * 2 * 3.0, rtol=1e-5, atol=1e-6)


def test_a_small_batch_takes_a_small_step(kit):
    one = adapter(EATA, kit, learning_rate=0.1, anchor=0.0)
    pull = {name: torch.ones_like(p) for name, p in one.moving.items()}
    one.step(pull, rows=16)
    name = next(iter(one.moving))
    torch.testing.assert_close(
        one.moving[name].detach(), one.start[name] - 0.1 * 16 / 64, rtol=1e-5, atol=1e-6
    )


def test_eata_teaches_with_reliable_rows_that_are_new(kit):
    one = adapter(EATA, kit, learning_rate=0.0, redundant=0.9)
    logits = torch.tensor([[6.0, 0, 0], [0, 0.1, 0], [0, 6.0, 0], [0, 0, 6.0]], requires_grad=True)
    one.mean_answer = torch.tensor([1.0, 0, 0])  # the first row says nothing new
    taken = {}
    one.gradients = lambda loss: taken.update(loss=loss) or {}
    one.step = lambda gradients, rows: None
    one.learn(torch.zeros(4), logits)
    h = entropies(logits)
    limit = 0.4 * math.log(3)
    assert h[1] > limit > h[0]
    want = (torch.exp(limit - h[2:]) * h[2:]).mean()
    torch.testing.assert_close(taken["loss"].double(), want, rtol=1e-4, atol=1e-6)
    assert one.tally["filtered"] == 2
    p = torch.softmax(logits.detach(), 1)
    want_mean = 0.9 * torch.tensor([1.0, 0, 0]) + 0.1 * p[2:].mean(0)
    torch.testing.assert_close(one.mean_answer, want_mean)


def test_fisher_is_the_mean_square_gradient_of_the_own_answers(kit):
    x = kit.encode(kit.rows(5)[0])
    one = adapter(EATA, kit, rows=x)
    bias = kit.network.backbone.top[1].bias
    found = torch.zeros(len(bias), dtype=torch.float64)
    for row in x:
        network = copy.deepcopy(kit.network)
        log_p = network(row[None])[1].log_softmax(1)
        log_p.max().backward()
        found += network.backbone.top[1].bias.grad.double() ** 2
    own = one.weights["backbone.top.1.bias"].double()
    torch.testing.assert_close(own / own.sum(), found / found.sum(), rtol=1e-4, atol=1e-7)
    every = torch.cat([w.flatten() for w in one.weights.values()])
    assert every.mean().item() == pytest.approx(1, rel=1e-5)


def test_sar_climbs_by_the_radius_along_the_gradient_and_comes_back_exactly(kit):
    one = adapter(SAR, kit, radius=0.3)
    slope = {
        name: torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
        for name, p in one.moving.items()
    }
    start = {name: p.detach().clone() for name, p in one.moving.items()}
    before = one.climb(slope)
    way = torch.cat([(p.detach() - start[n]).flatten() for n, p in one.moving.items()])
    whole = torch.cat([g.flatten() for g in slope.values()])
    torch.testing.assert_close(way, 0.3 * whole / whole.norm(), rtol=1e-4, atol=1e-6)
    one.descend(before)
    assert all(torch.equal(p.detach(), start[n]) for n, p in one.moving.items())


def test_sar_steps_with_the_gradient_of_the_place_it_climbed_to(kit):
    x = kit.encode(kit.rows(32)[0])
    one = adapter(
        SAR, kit, learning_rate=0.01, radius=0.2, anchor=0.0, reliable=10.0, collapsed=0.0
    )
    plain = copy.deepcopy(one)  # nothing has moved yet: the statistics are the source's
    one.learn(x, one.logits(x))
    moving = list(plain.moving.values())
    gradients = torch.autograd.grad(entropies(plain.network(x)[1]).mean(), moving)
    norm = math.sqrt(sum(float((g**2).sum()) for g in gradients))
    with torch.no_grad():
        for p, g in zip(moving, gradients, strict=True):
            p.add_(0.2 * g / norm)
    there = torch.autograd.grad(entropies(plain.network(x)[1]).mean(), moving)
    for name, g in zip(one.moving, there, strict=True):
        want = one.start[name] - 0.01 * 0.5 * g  # 32 of 64 rows: half the rate
        torch.testing.assert_close(one.moving[name].detach(), want, rtol=1e-4, atol=1e-6)


def test_sar_starts_again_near_collapse(kit):
    x = kit.encode(kit.rows(32)[0])
    one = adapter(SAR, kit, learning_rate=0.1, reliable=10.0, collapsed=10.0)
    one.answer(x)
    assert one.tally["resets"] == 1
    assert all(torch.equal(p.detach(), one.start[n]) for n, p in one.moving.items())
    assert one.average is None


@pytest.mark.parametrize(("kind", "more"), [(EATA, {"redundant": 2.0}), (SAR, {})])
def test_only_scale_and_shift_move(kit, kind, more):
    one = adapter(kind, kit, learning_rate=0.05, reliable=10.0, **more)
    before = {k: v.clone() for k, v in one.network.state_dict().items()}
    one.answer(kit.encode(kit.rows(64)[0]))
    moved = {k for k, v in one.network.state_dict().items() if not torch.equal(v, before[k])}
    statistics = {k for k in before if k.endswith((".mean", ".var"))}
    assert set(one.moving) <= moved <= {*one.moving, *statistics}


def test_networks_without_batch_normalisation_say_so(kit):
    x = kit.encode(kit.rows(32)[0])
    one = adapter(EATA, kit, kit.plain("layer"), learning_rate=0.1, reliable=10.0, redundant=2.0)
    assert "no batch normalisation" in one.notes[0]
    one.answer(x)
    assert one.tally["steps"] == 1  # LayerNorm's scale and shift move
    bare = adapter(SAR, kit, kit.plain(None))
    assert len(bare.notes) == 2
    with torch.no_grad():
        assert torch.equal(bare.answer(x), kit.plain(None)(x)[1])


def test_a_head_without_a_gradient_is_named(kit):
    class Hard(torch.nn.Module):
        def forward(self, x):
            return torch.eye(3)[x.argmax(1) % 3]

    network = copy.deepcopy(kit.network)
    network.head = Hard()
    with pytest.raises(MethodError, match="adabn"):
        adapter(SAR, kit, network).answer(kit.encode(kit.rows(4)[0]))
