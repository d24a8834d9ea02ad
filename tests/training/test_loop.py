"""What the loop does with a phase: losses, views, rates, what moves and what does not."""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from landbridge.base.errors import ConfigError, TrainingError
from landbridge.objectives.base import TERMS, Term
from landbridge.training.batches import Pool
from landbridge.training.groups import make_optimizer, parameter_groups
from landbridge.training.plan import Phase, TermSpec
from landbridge.training.schedules import warm_cosine


@pytest.fixture
def spy():
    """A term that keeps what it saw."""

    class Spy(Term):
        """Sees everything."""

        name, summary, paper = "spy", "spy", "none"
        views: ClassVar = frozenset({"source", "target", "strong"})
        seen: ClassVar[list] = []

        @dataclass(frozen=True)
        class Config:
            """No options."""

            value: float = 0.0

        def forward(self, step):
            self.seen.append(step)
            return step.target.logits.sum() * 0 + self.config.value

    TERMS._load()
    TERMS._items["spy"] = Spy
    yield Spy
    del TERMS._items["spy"]


def first_losses(kit, phase, **options):
    """Losses of the first step, before anything has moved."""
    heard = kit.Heard()
    kit.train(phase, events=heard, **options)
    return heard.of("step")[0]["losses"]


# The objective --------------------------------------------------------------------------------


def test_weights_of_both_losses(make_kit, make_phase):
    kit = make_kit("convnet")
    once = first_losses(kit, make_phase(steps=1, target_weight=1.0))
    both = first_losses(kit, make_phase(steps=1, source_weight=0.5, target_weight=3.0))
    assert set(once) == {"source", "labelled"}
    assert both["source"] == pytest.approx(0.5 * once["source"], rel=1e-4)
    assert both["labelled"] == pytest.approx(3 * once["labelled"], rel=1e-4)
    assert set(first_losses(kit, make_phase(source_weight=0.0, target_weight=1.0))) == {"labelled"}
    assert set(first_losses(kit, make_phase())) == {"source"}


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_first_loss_by_hand(kit, make_phase, smoothing):
    phase = make_phase(steps=1, batch_size=40, smoothing=smoothing)
    found = first_losses(kit, phase)["source"]
    network = kit.network().train()
    x = kit.preprocessing.encode(torch.from_numpy(kit.source.inputs))
    logits = network(x)[1].double().detach().numpy()
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    total = 0.0
    for row, label in zip(p, kit.source.labels, strict=True):
        wanted = np.full(3, smoothing / 3)
        wanted[label] += 1 - smoothing
        total -= (wanted * np.log(row)).sum() / 40
    assert found == pytest.approx(total, rel=1e-4)


def test_term_weight_and_ramp(kit, make_phase, spy):
    term = TermSpec("spy", 2.0, ramp=0.5, options={"value": 3.0})
    heard = kit.Heard()
    kit.train(make_phase(steps=8, terms=(term,)), events=heard)
    found = [e["losses"]["spy"] for e in heard.of("step")]
    assert found == pytest.approx([0, 1.5, 3, 4.5, 6, 6, 6, 6])
    totals = [(e["total"], sum(e["losses"].values())) for e in heard.of("step")]
    assert all(a == pytest.approx(b, abs=1e-4) for a, b in totals)


def test_terms_see_no_target_label(kit, make_phase, spy):
    kit.train(make_phase(target_weight=1.0, terms=(TermSpec("spy"),)))
    assert len(spy.seen) == 6
    for step in spy.seen:
        assert step.target.labels is None
        assert step.strong.labels is None
        assert torch.equal(step.teacher, step.target.logits.detach())
        assert not step.teacher.requires_grad
        assert step.labelled is None  # no term here asks for granted labels
        assert len(step.source.labels) == len(step.source.logits) == 8
        assert step.strong.logits.shape == step.target.logits.shape
    assert [s.progress for s in spy.seen] == pytest.approx([i / 6 for i in range(6)])


def test_unknown_target_labels_change_nothing(kit, make_phase, same_state):
    """Labels of rows that are not known must not leak into the network."""
    phase = make_phase(target_weight=1.0, terms=(TermSpec("mcc"), TermSpec("dann")))
    plain, _ = kit.train(phase)
    labels = kit.target.labels.copy()
    labels[~kit.target.labeled_mask] = 10**6
    target = replace(kit.target, labels=labels)
    other, _ = kit.train(phase, data=replace(kit.data, target=target))
    assert same_state(plain, other)


def test_strong_and_weak_view_are_of_the_same_rows(make_phase, make_kit, spy):
    kit = make_kit("mlp")
    target = replace(
        kit.target, inputs=np.arange(30, dtype=np.float32)[:, None] * np.ones(6, np.float32) * 100
    )
    network = kit.network()
    kept = []

    class Echo(torch.nn.Module):
        dim = 12

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, x):
            kept.append(x.clone())
            return self.inner(x)

        def stages(self):
            return self.inner.stages()

        def fresh(self):
            return self.inner.fresh()

    network.backbone = Echo(network.backbone)
    phase = make_phase(steps=3, terms=(TermSpec("spy"),), augment="weak", clip=1.0)
    kit.train(phase, network=network, data=replace(kit.data, target=target))
    for x in kept:
        assert len(x) == 24  # source, weak and strong in one pass
        weak, strong = x[8:16], x[16:]
        rows = (weak.median(1).values / 100).round()
        assert len(set(rows.tolist())) == 8
        assert torch.equal((strong.max(1).values / 100).round(), rows)
        assert not torch.equal(weak, strong)


def test_by_domain_gives_batch_norm_one_domain_at_a_time(kit, make_phase):
    sizes = []
    network = kit.network()
    network.backbone.register_forward_pre_hook(lambda m, args: sizes.append(len(args[0])))
    phase = make_phase(steps=1, target_weight=1.0, terms=(TermSpec("consistency"),))
    kit.train(phase, network=network)
    kit.train(replace(phase, by_domain=True), network=network)
    assert sizes == [32, 8, 24]


@pytest.mark.parametrize(
    ("values", "which", "says"),
    [
        ({}, {"source": None}, "labelled source rows"),
        ({"target_weight": 1.0}, {"target": None}, "labelled target rows"),
        ({"terms": (TermSpec("mcc"),)}, {"target": None}, "target rows"),
    ],
)
def test_missing_data_is_named(kit, make_phase, values, which, says):
    with pytest.raises(ConfigError, match=says):
        kit.train(make_phase(**values), data=replace(kit.data, **which))


# What goes wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_names_phase_step_and_term(kit, make_phase, spy, value, tmp_path):
    phases = [
        make_phase("first", steps=2),
        make_phase("second", steps=5, terms=(TermSpec("spy", ramp=0.5, options={"value": 0.0}),)),
    ]
    spy.forward = lambda self, step: (
        step.target.logits.sum() * 0 + (value if step.progress >= 0.4 else 0.0)
    )
    with pytest.raises(TrainingError) as error:
        kit.train(*phases, checkpoint=tmp_path / "c", checkpoint_seconds=0, fit="mine")
    text = str(error.value)
    assert "mine" in text
    assert "'second'" in text
    assert "step 3" in text
    assert "(spy not finite)" in text
    from landbridge.training.checkpoint import load_state

    _, parts = load_state(tmp_path / "c")  # what is kept is from before
    assert all(bool(t.isfinite().all()) for t in parts["network"].values())


def test_a_gradient_that_is_not_finite_does_not_reach_the_network(kit, make_phase, spy):
    class Bad(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sum() * 0

        @staticmethod
        def backward(ctx, g):
            return torch.full((8, 3), float("nan"))

    spy.forward = lambda self, step: Bad.apply(step.target.logits)
    with pytest.raises(TrainingError, match=r"gradient.*step 1 of phase 'tune'"):
        kit.train(make_phase(steps=1, terms=(TermSpec("spy"),)))


# What moves, and how fast ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["convnet", "mlp"])
def test_rates_by_stage(make_kit, make_phase, kind):
    kit = make_kit(kind)
    network = kit.network()
    phase = make_phase(learning_rate=0.1, stage_decay=0.5, head_factor=7.0, weight_decay=0.3)
    term = torch.nn.Linear(2, 2)
    groups = parameter_groups(network, term, phase)
    found = {id(p): (g.scale, g.weight_decay) for g in groups for p in g.params}
    stages = network.backbone.stages()
    expected = {}
    for i, (_, modules) in enumerate(stages):
        for p in (p for m in modules for p in m.parameters()):
            expected[id(p)] = 0.5 ** (len(stages) - 1 - i), 0.3 if p.ndim > 1 else 0.0
    for p in network.head.parameters():
        expected[id(p)] = 7.0, 0.3 if p.ndim > 1 else 0.0
    for p in term.parameters():
        expected[id(p)] = 1.0, 0.3 if p.ndim > 1 else 0.0
    assert found == expected
    assert sum(len(g.params) for g in groups) == len(expected)  # each one once
    assert len(stages) == (3 if kind == "convnet" else 2)


def test_the_rates_that_a_step_really_has(kit, make_phase):
    """With SGD and one step, the change of a parameter goes with its rate."""
    plain = make_phase(
        steps=1, learning_rate=0.1, warmup=0.0, optimizer="sgd", weight_decay=0.0, clip=None
    )
    before = dict(kit.network().named_parameters())
    same = dict(kit.train(plain)[0].named_parameters())
    phase = replace(plain, stage_decay=0.5, head_factor=3.0)
    scaled = dict(kit.train(phase)[0].named_parameters())
    stages = {"backbone.blocks.0": 0.25, "backbone.blocks.1": 0.5, "backbone.top": 1.0}
    for name, old in before.items():
        scale = next((v for k, v in stages.items() if name.startswith(k)), 3.0)
        assert (same[name] - old).abs().max() > 1e-5
        assert torch.allclose(scaled[name] - old, scale * (same[name] - old), atol=1e-6), name


def test_schedule():
    rises = [warm_cosine(i, 100, 0.1) for i in range(10)]
    assert rises == pytest.approx([(i + 1) / 10 for i in range(10)])
    assert warm_cosine(10, 100, 0.1) == 1.0
    assert warm_cosine(55, 100, 0.1) == pytest.approx(0.5)
    falls = [warm_cosine(i, 100, 0.1) for i in range(10, 100)]
    assert falls == sorted(falls, reverse=True)
    assert 0 < falls[-1] < 1e-3
    assert warm_cosine(0, 100, 0.0) == 1.0
    assert [warm_cosine(i, 4, 1.0) for i in range(4)] == [0.25, 0.5, 0.75, 1.0]
    assert all(0 < warm_cosine(i, n, w) <= 1 for n in (1, 2, 3) for i in range(n) for w in (0, 1))


def test_the_loop_follows_the_schedule(kit, make_phase):
    heard = kit.Heard()
    kit.train(make_phase(steps=10, learning_rate=0.2, warmup=0.3), events=heard)
    found = [e["rate"] for e in heard.of("step")]
    assert found == pytest.approx([0.2 * warm_cosine(i, 10, 0.3) for i in range(10)])


@pytest.mark.parametrize("average", [None, 0.9])
@pytest.mark.parametrize("augment", ["none", "weak"])
def test_head_alone_leaves_the_backbone_as_it_was(
    make_kit, make_phase, same_state, augment, average
):
    kit = make_kit("convnet")
    network = kit.network()
    backbone, head = (copy.deepcopy(m.state_dict()) for m in (network.backbone, network.head))
    phase = make_phase(trainable="head", target_weight=1.0, augment=augment, average=average)
    kit.train(phase, network=network)
    assert same_state(network.backbone, backbone)  # running statistics too
    assert not same_state(network.head, head)
    assert all(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize("kind", ["convnet", "mlp-batch"])
def test_moving_all_moves_all(make_kit, make_phase, kind):
    kit = make_kit(kind)
    network = kit.network()
    before = copy.deepcopy(network.state_dict())
    kit.train(make_phase(steps=3), network=network)
    assert [k for k, v in network.state_dict().items() if torch.equal(v, before[k])] == []
    assert not any(m.training for m in network.modules())


def test_head_alone_sees_each_row_once(make_kit, make_phase):
    kit = make_kit("convnet", n_source=40, n_target=30)
    network = kit.network()
    rows = []
    network.backbone.register_forward_hook(lambda m, args, out: rows.append(len(args[0])))
    phase = make_phase(trainable="head", steps=50, target_weight=1.0, terms=(TermSpec("mcc"),))
    kit.train(phase, network=network)
    assert sum(rows) == 40 + 30


def test_head_alone_by_hand(make_kit, make_phase):
    """One step of SGD on stored features is that step of logistic regression."""
    kit = make_kit("convnet")
    network = kit.network()
    phase = make_phase(
        trainable="head",
        steps=1,
        batch_size=40,
        optimizer="sgd",
        learning_rate=0.5,
        clip=None,
        weight_decay=0.0,
        warmup=0.0,
    )
    with torch.no_grad():
        x = kit.preprocessing.encode(torch.from_numpy(kit.source.inputs))
        features = network.eval().backbone(x).double()
    weight = network.head.weight.detach().double().requires_grad_()
    bias = network.head.bias.detach().double().requires_grad_()
    loss = F.cross_entropy(features @ weight.T + bias, torch.from_numpy(kit.source.labels))
    loss.backward()
    kit.train(phase, network=network)
    step = 0.5 * 1.9
    assert torch.allclose(network.head.weight.double(), weight - step * weight.grad, atol=1e-6)
    assert torch.allclose(network.head.bias.double(), bias - step * bias.grad, atol=1e-6)


def test_clipping(kit, make_phase):
    """With SGD, a clipped first step is as long as rate x clip (and 1.9, for Nesterov)."""
    values = {
        "steps": 1,
        "optimizer": "sgd",
        "learning_rate": 0.1,
        "warmup": 0.0,
        "weight_decay": 0.0,
    }
    lengths = []
    for clip in (None, 1e-3):
        network = kit.network()
        before = [p.detach().clone() for p in network.parameters()]
        kit.train(make_phase(**values, clip=clip), network=network)
        moved = [
            (p.detach() - b).square().sum()
            for p, b in zip(network.parameters(), before, strict=True)
        ]
        lengths.append(float(torch.stack(moved).sum().sqrt()))
    assert lengths[1] == pytest.approx(0.1 * 1.9 * 1e-3, rel=1e-3)
    assert lengths[0] > 10 * lengths[1]


def test_average_by_hand(make_kit, make_phase):
    kit = make_kit("convnet")
    network = kit.network()
    kept = []

    def keep():
        kept.append({k: v.double().clone() for k, v in network.state_dict().items()})

    keep()
    kit.train(make_phase(average=0.3), network=network, on_step=keep)
    mean = kept[0]
    for i, state in enumerate(kept[1:]):
        decay = min(0.3, (1 + i) / (10 + i))
        mean = {k: decay * mean[k] + (1 - decay) * state[k] for k in mean}
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            assert torch.allclose(value.double(), mean[name], atol=1e-5), name
        else:
            assert int(value) == 6  # a counter is not averaged


# Around the loop ------------------------------------------------------------------------------


def random_states():
    """The generators that a user's own program may be using."""
    return (
        torch.get_rng_state().tolist(),
        np.random.get_state()[1].tolist(),  # noqa: NPY002 - it is the global one that counts
        random.getstate(),
        torch.get_num_threads(),
    )


def test_the_users_random_state_and_threads_are_left_alone(make_kit, make_phase, tmp_path):
    kit = make_kit("mlp")
    torch.manual_seed(99)
    before = random_states()
    phase = make_phase(terms=(TermSpec("dann"), TermSpec("consistency")), augment="strong")
    kit.train(phase, checkpoint=tmp_path / "c")
    assert random_states() == before
    with pytest.raises(kit.Interrupted):
        kit.train(phase, on_step=_raise(kit.Interrupted))
    assert random_states() == before
    assert torch.is_grad_enabled()


def _raise(kind):
    def now():
        raise kind

    return now


def test_bfloat16_stays_near_float32(kit, make_phase):
    phase = make_phase(
        steps=12,
        target_weight=1.0,
        terms=(TermSpec("mcc"), TermSpec("dann"), TermSpec("deep-coral")),
    )
    single, losses = kit.train(phase)
    half, losses_half = kit.train(phase, precision="bfloat16")
    assert all(v.dtype in (torch.float32, torch.int64) for v in half.state_dict().values())
    assert any(
        not torch.equal(a, b) for a, b in zip(single.parameters(), half.parameters(), strict=True)
    )
    for name in losses:
        assert losses_half[name] == pytest.approx(losses[name], abs=0.15), name
    x = kit.preprocessing.encode(torch.from_numpy(kit.target.inputs))
    with torch.no_grad():
        p, q = (n(x)[1].softmax(1) for n in (single, half))
    assert float((p - q).abs().mean()) < 0.05


def test_it_learns(make_kit, make_phase):
    kit = make_kit("mlp", n_source=120)
    network, _ = kit.train(make_phase(steps=80, batch_size=32))
    with torch.no_grad():
        answers = network(torch.from_numpy(kit.source.inputs))[1].argmax(1).numpy()
    assert (answers == kit.source.labels).mean() > 0.85


# Batches --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "batch"), [(12, 4), (10, 4), (7, 7), (3, 8), (1, 5), (8, 16)])
def test_every_row_once_an_epoch(n, batch):
    rows = np.arange(100, 100 + n)
    pool = Pool(rows, batch, 1, "x")
    steps = 3 * n
    drawn = np.concatenate([pool.at(i) for i in range(steps)])
    assert len(drawn) == steps * batch
    for epoch in range(steps * batch // n):
        assert sorted(drawn[epoch * n : (epoch + 1) * n]) == rows.tolist()


def test_a_batch_depends_on_the_step_alone():
    rows = np.arange(10)
    forwards, backwards = Pool(rows, 4, 1, "x"), Pool(rows, 4, 1, "x")
    a = [forwards.at(i).tolist() for i in range(12)]
    b = [backwards.at(i).tolist() for i in reversed(range(12))][::-1]
    assert a == b
    assert a != [Pool(rows, 4, 2, "x").at(i).tolist() for i in range(12)]
    drawn = np.concatenate(a)
    assert drawn[:10].tolist() != drawn[10:20].tolist()  # the order is drawn anew
    assert rows.tolist() == list(range(10))


def test_an_empty_pool_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        Pool(np.array([], int), 4)


def test_optimisers(kit):
    network = kit.network()
    for name, kind in (("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW)):
        phase = Phase("x", 1, 0.1, optimizer=name)
        made = make_optimizer(parameter_groups(network, torch.nn.Module(), phase), phase)
        assert type(made) is kind
