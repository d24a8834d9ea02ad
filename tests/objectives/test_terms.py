"""Each term against its paper's formula, spelled out in float64 loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from by_hand import draw, softmax

from landbridge.base.errors import ConfigError
from landbridge.objectives.adversarial import (
    Adversarial,
    adversarial_ramp,
    domain_confusion,
)
from landbridge.objectives.adversary import reverse_gradient
from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.objectives.consistency import Consistency, class_thresholds, consistency
from landbridge.objectives.deep_coral import covariance_distance
from landbridge.objectives.infomax import infomax
from landbridge.objectives.mcc import mcc

SHAPES = [(1, 2), (1, 7), (2, 2), (5, 3), (12, 4), (3, 10)]


def entropy(p):
    return -sum(v * math.log(v) for v in p if v > 0)


# The references ------------------------------------------------------------------------------


def mcc_by_hand(logits, temperature, weights=None):
    """Eq. 2-7 of Jin et al. (2020), one number after the other."""
    z = np.asarray(logits, dtype=np.float64)
    n, c = z.shape
    p = [softmax(row / temperature) for row in z]
    if weights is None:
        raw = [1 + math.exp(-entropy(row)) for row in p]
        weights = [n * w / sum(raw) for w in raw]
    total = 0.0
    for j in range(c):
        row = [sum(weights[i] * p[i][j] * p[i][k] for i in range(n)) for k in range(c)]
        total += sum(row[k] / sum(row) for k in range(c) if k != j)
    return total / c, weights


def infomax_by_hand(logits, diversity):
    p = [softmax(row) for row in np.asarray(logits, dtype=np.float64)]
    mean = [sum(row[k] for row in p) / len(p) for k in range(len(p[0]))]
    return sum(entropy(row) for row in p) / len(p) - diversity * entropy(mean)


def consistency_by_hand(weak, strong, threshold):
    total = 0.0
    for w, s in zip(weak.tolist(), strong.tolist(), strict=True):
        p = softmax(w)
        if max(p) >= threshold:
            total -= math.log(softmax(s)[p.index(max(p))])
    return total / len(weak)


def covariance_by_hand(source, target):
    def covariance(x):
        n, d = len(x), len(x[0])
        mean = [sum(row[j] for row in x) / n for j in range(d)]
        return [
            [sum((r[j] - mean[j]) * (r[k] - mean[k]) for r in x) / (n - 1) for k in range(d)]
            for j in range(d)
        ]

    a, b = covariance(source.tolist()), covariance(target.tolist())
    d = len(a)
    return sum((a[j][k] - b[j][k]) ** 2 for j in range(d) for k in range(d)) / (4 * d * d)


def confusion_by_hand(source, target):
    def log_sigmoid(v):
        return -math.log1p(math.exp(-v)) if v > 0 else v - math.log1p(math.exp(v))

    s = -sum(log_sigmoid(v) for v in source.tolist()) / len(source)
    t = -sum(log_sigmoid(-v) for v in target.tolist()) / len(target)
    return (s + t) / 2


# Values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("shape", SHAPES)
def test_mcc_value(shape, temperature):
    z = draw(*shape)
    assert float(mcc(z, temperature)) == pytest.approx(mcc_by_hand(z, temperature)[0], rel=1e-10)


def test_mcc_gradient_takes_the_weights_as_given():
    """As in the authors' code, no gradient flows through the certainty weights."""
    z = draw(6, 3, seed=1)
    _, weights = mcc_by_hand(z, 2.5)
    z.requires_grad_()
    mcc(z).backward()
    for i in range(6):
        for k in range(3):
            sides = []
            for sign in (1, -1):
                moved = z.detach().clone()
                moved[i, k] += sign * 1e-6
                sides.append(mcc_by_hand(moved, 2.5, weights)[0])
            numeric = (sides[0] - sides[1]) / 2e-6
            assert float(z.grad[i, k]) == pytest.approx(numeric, rel=1e-5, abs=1e-9)


def test_mcc_known_values():
    assert float(mcc(torch.eye(4).double() * 1e3)) == pytest.approx(0, abs=1e-12)
    assert float(mcc(torch.zeros(5, 4).double())) == pytest.approx(3 / 4, rel=1e-12)


@pytest.mark.parametrize("diversity", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_infomax_value(shape, diversity):
    z = draw(*shape)
    expected = infomax_by_hand(z, diversity)
    assert float(infomax(z, diversity)) == pytest.approx(expected, rel=1e-10, abs=1e-14)


def test_infomax_known_values():
    log = math.log(5)
    uniform, one_hot = torch.zeros(7, 5).double(), torch.eye(5).double() * 1e3
    same = torch.tensor([[1e3, 0, 0, 0, 0]] * 4).double()
    assert float(infomax(uniform, 0.0)) == pytest.approx(log)  # not certain
    assert float(infomax(uniform)) == pytest.approx(0, abs=1e-12)
    assert float(infomax(one_hot)) == pytest.approx(-log)  # certain and diverse: the least
    assert float(infomax(same)) == pytest.approx(0, abs=1e-9)  # certain, always the same


@pytest.mark.parametrize("threshold", [0.0, 0.6, 0.9, 1.1])
@pytest.mark.parametrize("shape", SHAPES)
def test_consistency_value(shape, threshold):
    weak, strong = draw(*shape), draw(*shape, seed=1)
    expected = consistency_by_hand(weak, strong, threshold)
    assert float(consistency(weak, strong, threshold)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    "learned", [[0, 0, 0], [0.5, 0, 0.1], [0.2, 0.2, 0.6], [0.01, 0.02, 0], [1, 0, 0]]
)
def test_flexible_thresholds(learned):
    """Eq. 6-8 of Zhang et al. (2021), with shares of rows in place of counts."""
    most = max(*learned, 1 - sum(learned))
    expected = [0.9 * (s / most) / (2 - s / most) for s in learned]
    found = class_thresholds(torch.tensor(learned, dtype=torch.float64), 0.9)
    assert found.tolist() == pytest.approx(expected, abs=1e-12)
    assert float(found.max()) <= 0.9 + 1e-12


def test_one_threshold_for_each_answer():
    weak, strong = draw(40, 3), draw(40, 3, seed=1)
    least = [0.3, 0.6, 0.95]
    expected = 0.0
    for w, s in zip(weak.tolist(), strong.tolist(), strict=True):
        p = softmax(w)
        answer = p.index(max(p))
        expected -= math.log(softmax(s)[answer]) * (p[answer] >= least[answer]) / 40
    found = consistency(weak, strong, torch.tensor(least).double())
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_consistency_remembers_the_shares_of_its_confident_answers():
    weak = torch.tensor([[9.0, 0, 0], [0, 9, 0], [9, 0, 0], [0.1, 0, 0]])
    strong = draw(4, 3).float()
    term = Consistency(2, 3, Consistency.Config(memory=0.75))
    share = np.zeros(3)
    for _ in range(3):
        share = 0.75 * share + 0.25 * np.array([0.5, 0.25, 0.0])
        step = StepBatch(None, ViewOutputs(weak, weak), ViewOutputs(strong, strong), weak, 0.0)
        value = term(step)
        assert term.learned.tolist() == pytest.approx(share.tolist(), rel=1e-5)
        least = class_thresholds(torch.from_numpy(share).float(), 0.9)
        assert float(value) == pytest.approx(float(consistency(weak, strong, least)), rel=1e-5)
    assert "learned" in term.state_dict()  # or a resumed run would have forgotten
    plain = Consistency(2, 3, Consistency.Config(flexible=False))
    assert float(plain(step)) == pytest.approx(float(consistency(weak, strong, 0.9)), rel=1e-6)
    assert not plain.learned.any()


def test_consistency_teaches_only_the_strong_view():
    weak = draw(6, 3, scale=4).requires_grad_()
    strong = draw(6, 3, seed=1).requires_grad_()
    consistency(weak, strong, 0.5).backward()
    assert weak.grad is None
    assert strong.grad is not None
    assert strong.grad.abs().sum() > 0


def test_consistency_leaves_doubtful_rows_out():
    weak = torch.tensor([[9.0, 0, 0], [0.1, 0, 0]]).double()
    strong = draw(2, 3).requires_grad_()
    consistency(weak, strong, 0.9).backward()
    assert strong.grad[0].abs().sum() > 0
    assert not strong.grad[1].any()


@pytest.mark.parametrize(
    ("n_s", "n_t", "d"), [(2, 2, 1), (5, 9, 3), (9, 2, 4), (3, 30, 8), (4, 3, 20)]
)
def test_covariance_distance_value(n_s, n_t, d):
    source, target = draw(n_s, d), draw(n_t, d, seed=1) * 3 + 50
    expected = covariance_by_hand(source, target)
    assert float(covariance_distance(source, target)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("d", [3, 7, 8, 20])  # wider than the nine rows, and narrower
def test_covariance_distance_gradcheck(d):
    source, target = draw(5, d).requires_grad_(), draw(4, d, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(covariance_distance, (source, target))


def test_covariance_distance_sees_no_shift_and_is_symmetric():
    source, target = draw(8, 3), draw(6, 3, seed=1)
    forward = float(covariance_distance(source, target))
    assert forward > 0
    assert float(covariance_distance(target, source)) == pytest.approx(forward, rel=1e-12)
    assert float(covariance_distance(source, target + 10)) == pytest.approx(forward, rel=1e-9)
    assert float(covariance_distance(source, source + 10)) == pytest.approx(0, abs=1e-20)


@pytest.mark.parametrize(("n_s", "n_t"), [(1, 5), (5, 1), (1, 1)])
def test_one_row_has_no_covariance(n_s, n_t):
    with pytest.raises(ConfigError, match="two rows"):
        covariance_distance(draw(n_s, 3), draw(n_t, 3))


@pytest.mark.parametrize(("n_s", "n_t"), [(1, 1), (4, 4), (3, 8), (9, 1)])
def test_domain_confusion_value(n_s, n_t):
    source, target = draw(n_s), draw(n_t, seed=1)
    found = domain_confusion(source_scores=source, target_scores=target)
    assert float(found) == pytest.approx(confusion_by_hand(source, target), rel=1e-10)


def test_the_two_domains_have_different_labels():
    """DeepDA's DAAN gave both the same one: a good discriminator must be told from a bad one."""
    source, target = torch.full((4,), 6.0).double(), torch.full((4,), -6.0).double()
    right = float(domain_confusion(source_scores=source, target_scores=target))
    wrong = float(domain_confusion(source_scores=target, target_scores=source))
    same = float(domain_confusion(source_scores=source, target_scores=source))
    assert right == pytest.approx(math.log1p(math.exp(-6)), rel=1e-5)
    assert wrong == pytest.approx(right + 6, rel=1e-5)
    assert same == pytest.approx(right + 3, rel=1e-5)
    with pytest.raises(TypeError):
        domain_confusion(source, target)


def test_each_domain_weighs_one_half():
    source, target = draw(3), draw(4, seed=1)
    once = domain_confusion(source_scores=source, target_scores=target)
    often = domain_confusion(source_scores=source, target_scores=target.repeat(5))
    assert float(often) == pytest.approx(float(once), rel=1e-12)


@pytest.mark.parametrize("strength", [0.0, 0.25, 1.0, 3.0])
def test_gradient_reversal(strength):
    x = draw(4, 3).requires_grad_()
    weight = draw(4, 3, seed=1)
    out = reverse_gradient(x, strength)
    assert torch.equal(out, x)
    (out * weight).sum().backward()
    assert torch.allclose(x.grad, -strength * weight)


def test_adversarial_ramp():
    assert adversarial_ramp(0.0) == 0.0
    assert adversarial_ramp(0.5) == pytest.approx(2 / (1 + math.exp(-5)) - 1)
    assert adversarial_ramp(1.0) == pytest.approx(2 / (1 + math.exp(-10)) - 1)
    assert adversarial_ramp(0.5, slope=2.0) == pytest.approx(2 / (1 + math.exp(-1)) - 1)


def test_dann_moves_features_and_discriminator_in_opposite_directions():
    torch.manual_seed(0)
    term = Adversarial(5, 3).double()
    source = draw(6, 5).requires_grad_()
    target = draw(4, 5, seed=1).requires_grad_()

    def loss(progress):
        return term(
            StepBatch(
                ViewOutputs(source, source), ViewOutputs(target, target), None, None, progress
            )
        )

    def plain():
        s, t = term.discriminator(source)[:, 0], term.discriminator(target)[:, 0]
        return confusion(s, t)

    def confusion(s, t):
        return domain_confusion(source_scores=s, target_scores=t)

    weights = list(term.parameters())
    assert loss(0.5).item() == pytest.approx(plain().item(), rel=1e-12)
    given = torch.autograd.grad(loss(0.5), [source, target, *weights])
    expected = torch.autograd.grad(plain(), [source, target, *weights])
    ramp = 2 / (1 + math.exp(-5)) - 1
    for found, wanted in zip(given[:2], expected[:2], strict=True):
        assert wanted.abs().max() > 0
        assert torch.allclose(found, -ramp * wanted, rtol=1e-10)
    for found, wanted in zip(given[2:], expected[2:], strict=True):
        assert torch.allclose(found, wanted, rtol=1e-10)  # the discriminator learns from step 0
    at_start = torch.autograd.grad(loss(0.0), [source, target])
    assert not any(g.any() for g in at_start)


# Gradients, number formats, extremes ----------------------------------------------------------

FUNCTIONS = {
    "mcc": lambda x, y: mcc(x),
    "infomax": lambda x, y: infomax(x, 0.7),
    "consistency": lambda x, y: consistency(y, x, 0.4),
    "covariance_distance": covariance_distance,
    "domain_confusion": lambda x, y: domain_confusion(source_scores=x[:, 0], target_scores=y[:, 0]),
}
functions = pytest.mark.parametrize("name", FUNCTIONS)


@functions
def test_gradcheck(name):
    rows = 1 if name == "mcc" else 5  # with one row mcc's weight is the constant 1
    x, y = draw(rows, 4).requires_grad_(), draw(5, 4, seed=1)[: rows if rows > 1 else 5]
    value = FUNCTIONS[name](x, y)
    assert value.dtype == torch.float64
    assert torch.autograd.gradcheck(lambda a: FUNCTIONS[name](a, y), (x,))
    if name in ("covariance_distance", "domain_confusion"):
        assert torch.autograd.gradcheck(lambda b: FUNCTIONS[name](x, b), (y.requires_grad_(),))


@functions
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_formats_are_computed_in_float32(name, dtype):
    x, y = draw(6, 4).to(dtype), draw(6, 4, seed=1).to(dtype)
    value = FUNCTIONS[name](x, y)
    assert value.dtype == torch.float32
    assert float(value) == pytest.approx(float(FUNCTIONS[name](x.double(), y.double())), rel=1e-5)


@functions
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_extreme_inputs_stay_finite(name, dtype):
    x = (torch.sign(draw(6, 4)) * 1e4).to(dtype).requires_grad_()
    y = (torch.sign(draw(6, 4, seed=1)) * 1e4).to(dtype)
    value = FUNCTIONS[name](x, y)
    (grad,) = torch.autograd.grad(value, x)
    assert math.isfinite(value.item())
    assert bool(grad.isfinite().all())


@functions
def test_order_of_rows_does_not_matter(name):
    x, y = draw(9, 4), draw(9, 4, seed=1)
    order = torch.from_numpy(np.random.default_rng(2).permutation(9))
    assert not torch.equal(x[order], x)
    before = float(FUNCTIONS[name](x, y))
    assert float(FUNCTIONS[name](x[order], y[order])) == pytest.approx(before, rel=1e-12)


def test_contrast_is_the_cross_entropy_of_the_paper():
    from landbridge.objectives.contrast import nt_xent

    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn(4, 3, generator=generator, dtype=torch.float64) for _ in "ab")
    every = [*first, *second]
    losses = []
    for i, one in enumerate(every):
        alike = [
            torch.cosine_similarity(one, other, dim=0) / 0.5
            for k, other in enumerate(every)
            if k != i
        ]
        partner = torch.cosine_similarity(one, every[(i + 4) % 8], dim=0) / 0.5
        losses.append(torch.logsumexp(torch.stack(alike), 0) - partner)
    assert torch.allclose(nt_xent(first, second, 0.5), torch.stack(losses).mean())
    assert torch.allclose(nt_xent(7 * first, second, 0.5), torch.stack(losses).mean())
    assert nt_xent(first[:1], second[:1]) == 0
    inputs = (first.requires_grad_(), second.requires_grad_())
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.5), inputs)
