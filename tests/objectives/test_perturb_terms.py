"""Terms that train against changed inputs, where the worst change is known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from landbridge.backbones.base import Backbone
from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.surgery import Network
from landbridge.base.errors import ConfigError
from landbridge.objectives.base import TERMS, PhaseContext, StepBatch, ViewOutputs
from landbridge.objectives.fast_at import FastAT
from landbridge.objectives.perturb import InputRange, changed, drawn, in_evaluation
from landbridge.objectives.trades import trades

D, C, N = 5, 3, 40


class Flat(Backbone):
    """Inputs as features, with a dropout and statistics that a search must leave alone."""

    dim = D

    def __init__(self, plain: bool = True) -> None:
        super().__init__()
        self.layers = nn.Identity() if plain else nn.Sequential(nn.BatchNorm1d(D), nn.Dropout(0.5))

    def forward(self, x):
        return self.layers(x)

    def stages(self):
        return [("all", [self.layers])]


def linear(classes=C):
    torch.manual_seed(0)
    return Network(Flat(), classes).double()


def rows(seed=0):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.uniform(-1, 1, (N, D))), torch.from_numpy(rng.integers(0, 2, N))


def everywhere(scale=1.0, bound=100.0):
    return InputRange(*(torch.tensor([[x]]).double() for x in (scale, -bound, bound)), eps=0.1)


@pytest.mark.parametrize("scale", [1.0, 4.0])
@pytest.mark.parametrize(("norm", "dual"), [("linf", 1), ("l2", 2)])
def test_the_worst_change_of_a_linear_model_is_found(norm, dual, scale):
    """max over |δ| ≤ ε of the loss of two classes is log(1 + exp(−m + ε·|w|*)), m the margin."""
    network, (x, y), eps = linear(2), rows(), 0.3
    w = network.head.weight[1] - network.head.weight[0]
    b = network.head.bias[1] - network.head.bias[0]
    margin = (x @ w + b) * (2 * y - 1)
    expected = F.softplus(-margin + eps * scale * w.norm(p=dual))
    found = changed(
        x,
        lambda at: network(at)[1],
        lambda logits: F.cross_entropy(logits, y),
        everywhere(scale),
        eps=eps,
        step_size=0.2,
        steps=40,
        norm=norm,
    )
    loss = F.cross_entropy(network(found)[1], y, reduction="none")
    assert torch.allclose(loss, expected, atol=1e-9)


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_changes_stay_within_size_and_range(norm):
    x, y = rows()
    network = linear(2)
    x = x.masked_fill(torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.2, 2.5)
    where = InputRange(*(torch.tensor([[v]]).double() for v in (2.0, -1.0, 1.0)), eps=0.1)
    found = changed(
        x, lambda at: network(at)[1], lambda z: F.cross_entropy(z, y), where,
        eps=0.2, step_size=0.1, steps=9, norm=norm, start=drawn(x, 0.2, norm),
    )  # fmt: skip
    change = (found - x) / 2.0
    size = change.abs().amax(1) if norm == "linf" else change.norm(dim=1)
    assert size.max() <= 0.2 + 1e-9
    assert bool((found <= torch.maximum(x, torch.tensor(1.0))).all())  # no further out than it was
    assert bool((found >= -1).all())


def test_drawn_changes_fill_what_is_allowed():
    torch.manual_seed(0)
    x = torch.zeros(4000, 3)
    radius = drawn(x, 2.0, "l2").norm(dim=1)
    assert radius.max() <= 2.0
    assert float((radius < 1.0).double().mean()) == pytest.approx(1 / 8, abs=0.02)


def test_where_nothing_is_nothing_changes():
    network = linear(2)
    x, y = rows()
    x[:, -2:] = float("nan")

    def logits(at):
        return network(at.nan_to_num(0.0))[1]

    found = changed(
        x, logits, lambda z: F.cross_entropy(z, y), everywhere(), eps=0.1, step_size=0.1, steps=2
    )
    assert bool(found[:, -2:].isnan().all())
    assert not bool(found[:, :3].isnan().any())
    assert bool((found[:, :3] != x[:, :3]).all())


def test_a_search_leaves_statistics_modes_and_gradients_alone():
    network = Network(Flat(plain=False), C).double().train()
    network.backbone.layers[1].eval()  # as where a stage stands still
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x, y = rows()
    with in_evaluation(network):
        changed(
            x, lambda at: network(at)[1], lambda z: F.cross_entropy(z, y), everywhere(),
            eps=0.1, step_size=0.1, steps=3,
        )  # fmt: skip
    assert [m.training for m in network.backbone.layers] == [True, False]
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


def test_trades_is_the_divergence_of_the_paper():
    torch.manual_seed(1)
    one, other = (torch.randn(7, 4).double().requires_grad_() for _ in range(2))
    p, q = one.softmax(1), other.softmax(1)
    expected = (p * (p.log() - q.log())).sum(1).mean()
    assert torch.allclose(trades(one, other), expected, atol=1e-12)
    assert float(trades(one, one).detach()) == pytest.approx(0, abs=1e-12)
    assert torch.autograd.gradcheck(trades, (one, other))


def test_trades_compares_answers_of_one_mode():
    """Statistics of a batch are no change of the input: with no room to move there is no loss."""
    network = Network(Flat(plain=False), C).double().train()
    x, y = rows()
    for _ in range(3):
        network(x * 3 + 1)
    made = term("trades", network, {"eps": 0.1, "steps": 2})
    unchanged, search = [], made.search

    def look(at, loss, **how):
        with in_evaluation(network), torch.no_grad():
            unchanged.append(float(loss(network(at)[1])))
        return search(at, loss, **how)

    made.search = look
    made(step_of(network, x, y))
    assert unchanged == [pytest.approx(0, abs=1e-12)]


def term(name, network, options=None, where=None, loss=F.cross_entropy):
    kind = TERMS.get(name)
    made = kind(D, C, kind.Config(**(options or {})))
    context = PhaseContext(network=network, input_range=where or everywhere(), loss=loss)
    made.prepare(context)
    return made


def step_of(network, x, y):
    features, logits = network(x)
    view = ViewOutputs(features, logits, labels=y, inputs=x)
    return StepBatch(None, None, None, None, 0.5, taught=(view,))


def test_pgd_is_the_loss_at_the_worst_place():
    network, (x, y) = linear(2), rows()
    w = network.head.weight[1] - network.head.weight[0]
    b = network.head.bias[1] - network.head.bias[0]
    expected = F.softplus(-(x @ w + b) * (2 * y - 1) + 0.3 * w.abs().sum()).mean()
    found = term("pgd", network, {"eps": 0.3, "steps": 10})(step_of(network, x, y))
    assert float(found) == pytest.approx(float(expected), abs=1e-6)
    gradient = torch.autograd.grad(found, network.head.weight)[0]
    closed = torch.autograd.grad(expected, network.head.weight)[0]
    assert torch.allclose(gradient, closed, atol=1e-6)


def test_one_step_is_enough_for_a_linear_model_and_no_guard_is_called():
    network, (x, y) = linear(2), rows()
    fast = term("fast-at", network, {"eps": 0.3, "step_size": 0.7, "every": 1})
    thorough = term("pgd", network, {"eps": 0.3, "steps": 10})
    step = step_of(network, x, y)
    for _ in range(3):
        assert float(fast(step)) == pytest.approx(float(thorough(step)), abs=1e-6)
    assert (int(fast.taken), int(fast.guarded_at), fast.note()) == (3, 0, "")


def test_the_guard_sees_that_one_step_no_longer_teaches(monkeypatch):
    network, x = linear(2), torch.zeros(N, D).double()
    y = torch.zeros(N, dtype=torch.int64)
    fast = term("fast-at", network, {"eps": 0.3, "every": 2})
    held = iter([torch.tensor(0.9), torch.tensor(0.1)])
    monkeypatch.setattr(FastAT, "_held", lambda *_: next(held))
    steps = []
    search = FastAT.search
    monkeypatch.setattr(
        FastAT, "search", lambda self, *a, **k: steps.append(k["steps"]) or search(self, *a, **k)
    )
    step = step_of(network, x, y)
    for _ in range(4):
        fast(step)
    assert steps == [1, 1, 5, 3, 3]
    assert "after 2 steps" in fast.note()
    assert "90 % of a batch right, 10 % against 5 steps" in fast.note()
    again = term("fast-at", network, {"eps": 0.3, "every": 2})
    again.load_state_dict(fast.state_dict())  # as after an interruption
    assert again.note() == fast.note()


@pytest.mark.parametrize("name", ["pgd", "trades", "fast-at"])
@pytest.mark.parametrize(
    "options", [{"eps": -1.0}, {"steps": 0}, {"step_size": -0.1}, {"eps": 300.0}]
)
def test_what_makes_no_sense_is_said(name, options):
    with pytest.raises(ConfigError, match=name):
        term(name, linear(), options)


def test_it_works_on_numbers_as_well():
    network, (x, _) = Network(Flat(), 1).double(), rows()
    y = torch.zeros(N, 1).double()
    found = term("pgd", network, {"eps": 0.3}, loss=lambda z, y: (z - y).square().mean())(
        step_of(network, x, y)
    )
    w, b = network.head.weight[0], network.head.bias
    worst = ((x @ w + b).abs() + 0.3 * w.abs().sum()).square().mean()
    assert float(found) <= float(worst) + 1e-9
    assert float(found) > 0.9 * float(worst)


def test_a_convolutional_net_is_searched_in_its_own_precision():
    torch.manual_seed(0)
    network = Network(ConvNet(16, 16), C).train()
    x, y = torch.rand(6, 1, 16, 16), torch.arange(6) % C
    where = InputRange(*(torch.full((1, 1, 1, 1), v) for v in (1.0, 0.0, 1.0)), eps=0.1)
    for name in ("pgd", "trades", "fast-at"):
        made = term(name, network, where=where)
        torch.manual_seed(3)
        value = made(step_of(network, x, y))
        assert bool(value.isfinite())
        value.backward()
