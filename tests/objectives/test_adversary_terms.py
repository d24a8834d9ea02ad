"""CDAN, and the chain that adversarial terms end in, against the papers' formulas."""

from __future__ import annotations

import math

import pytest
import torch
from by_hand import draw, scene, softmax
from torch import nn
from torch.nn import functional as F

from landbridge.objectives.adversarial import Adversarial, domain_criterion
from landbridge.objectives.adversary import adversary_loss, small_head
from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.objectives.cdan import CDAN, certainty, multilinear, random_multilinear
from landbridge.objectives.mdd import disparity, margin_disparity
from landbridge.objectives.rows import together


def swapped(step):
    labels = torch.arange(len(step.target.features)) % step.target.logits.shape[1]
    source = ViewOutputs(step.target.features, step.target.logits, labels)
    return StepBatch(
        source, ViewOutputs(step.source.features, step.source.logits), None, None, step.progress
    )


# Domain labels -------------------------------------------------------------------------------


def weighted_confusion_by_hand(scores, n, weights):
    """Half of each domain's weighted mean of −log σ(s), and of −log(1 − σ(t))."""
    total = 0.0
    for rows, sign in ((range(n), 1), (range(n, len(scores)), -1)):
        mass = sum(weights[i] for i in rows)
        total += sum(weights[i] * math.log1p(math.exp(-sign * scores[i])) / mass / 2 for i in rows)
    return total


@pytest.mark.parametrize(("n", "m"), [(1, 1), (3, 3), (2, 7), (5, 1)])
def test_told_apart_value_and_gradient(n, m):
    scores = draw(n + m, 1).requires_grad_()
    weights = draw(n + m, seed=1).exp()
    value, slope = domain_criterion(n)(scores.detach())
    expected = weighted_confusion_by_hand(scores[:, 0].tolist(), n, [1.0] * (n + m))
    assert float(value) == pytest.approx(expected, rel=1e-12)
    labels = torch.cat([torch.ones(n), torch.zeros(m)]).double()
    half = torch.cat([torch.full((n,), 0.5 / n), torch.full((m,), 0.5 / m)]).double()
    plain = (
        F.binary_cross_entropy_with_logits(scores[:, 0], labels, reduction="none") * half
    ).sum()
    (grad,) = torch.autograd.grad(plain, scores)
    assert torch.allclose(slope, grad, rtol=1e-12)
    value, _ = domain_criterion(n, weights)(scores.detach())
    expected = weighted_confusion_by_hand(scores[:, 0].tolist(), n, weights.tolist())
    assert float(value) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", [Adversarial, CDAN])
def test_the_domains_of_a_term_have_different_labels(kind):
    """A discriminator that knows the domains has a loss near 0, and one that swaps them a large."""
    torch.manual_seed(0)
    step = scene(8, 6)
    step.source.features.data.fill_(1.0)
    step.target.features.data.fill_(-1.0)
    for view in (step.source, step.target):
        view.logits.data.zero_()
    term = kind(5, 3).double()
    optimizer = torch.optim.Adam(term.parameters(), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        term(step).backward()
        optimizer.step()
    assert term(step).item() < 0.01
    assert term(swapped(step)).item() > 3


# The chain -----------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_adversary_loss_is_the_chain_written_out(depth):
    torch.manual_seed(0)
    head = small_head(5, *[7] * (depth - 1), 3).double()
    assert [type(layer) for layer in head] == ([nn.Linear, nn.ReLU] * depth)[:-1]
    x = draw(6, 5).requires_grad_()
    answers = torch.arange(6) % 3
    fused = adversary_loss(x, head, disparity(answers, 4, 2.0), 0.3)
    scores = head(x)
    plain = margin_disparity(
        source=scores[:4],
        target=scores[4:],
        source_answers=answers[:4],
        target_answers=answers[4:],
        margin=2.0,
    )
    assert fused.item() == pytest.approx(plain.item(), rel=1e-12)
    tensors = [x, *head.parameters()]
    found = torch.autograd.grad(3 * fused, tensors)
    expected = torch.autograd.grad(3 * plain, tensors)
    assert expected[0].abs().max() > 0
    assert torch.allclose(found[0], -0.3 * expected[0], rtol=1e-10)
    for a, b in zip(found[1:], expected[1:], strict=True):
        assert torch.allclose(a, b, rtol=1e-10)


def test_adversary_loss_gradcheck():
    """With strength −1 it is a plain function of rows and parameters."""
    torch.manual_seed(0)
    head = small_head(4, 6, 1).double()
    x = draw(5, 4).requires_grad_()
    assert len(list(head.parameters())) == 4

    def loss(x, *_):  # gradcheck moves the head's own parameters in place
        return adversary_loss(x, head, domain_criterion(2), -1.0)

    assert torch.autograd.gradcheck(loss, (x, *head.parameters()))


def test_together_returns_the_whole_where_it_can():
    network = nn.Linear(3, 4)
    whole = network(torch.randn(7, 3))
    one, other = whole.split([5, 2])
    assert together(one, other) is whole
    for pair in ((other, one), (one, one), (one, whole[4:6]), (whole[:3], whole[4:])):
        assert torch.equal(together(*pair), torch.cat(pair))
        assert together(*pair) is not whole
    assert together(one.bfloat16(), other.bfloat16()).dtype == torch.float32
    still = together(one, other.detach())  # not the whole: no gradient may flow into the target
    assert still is not whole
    assert together(one.detach(), other.detach()).requires_grad is False
    weights = torch.randn(7, 4)
    (found,) = torch.autograd.grad(
        (together(one, other) * weights).sum(), network.weight, retain_graph=True
    )
    (expected,) = torch.autograd.grad((torch.cat([one, other]) * weights).sum(), network.weight)
    assert torch.allclose(found, expected)


# CDAN ----------------------------------------------------------------------------------------


def test_multilinear_is_the_outer_product():
    f, p = draw(4, 3), torch.softmax(draw(4, 2, seed=1), 1)
    found = multilinear(f, p).tolist()
    for i in range(4):
        expected = [float(p[i, k] * f[i, j]) for k in range(2) for j in range(3)]
        assert found[i] == pytest.approx(expected, rel=1e-12)


def test_random_map_keeps_inner_products_on_average():
    """Theorem 1 of Long et al. (2018): the expectation is that of the outer product."""
    torch.manual_seed(0)
    f, p = draw(3, 4, scale=1.0), torch.softmax(draw(3, 5, seed=1), 1)
    exact = multilinear(f, p) @ multilinear(f, p).T
    term = CDAN(4, 5, CDAN.Config(width=19)).double()
    assert term.random
    total, draws = torch.zeros(3, 3).double(), 4000
    for _ in range(draws):
        maps = (torch.randn(4, 19).double() * 19**-0.25, torch.randn(5, 19).double() * 19**-0.25)
        rows = random_multilinear(f, p, *maps)
        total += rows @ rows.T / draws
    assert torch.allclose(total, exact, atol=0.05 * float(exact.abs().max()))
    for matrix in (term.feature_map, term.answer_map):
        assert float(matrix.square().mean()) == pytest.approx(19**-0.5, rel=0.5)


def test_the_map_is_random_above_a_width_and_saved():
    exact = CDAN(4, 5, CDAN.Config(width=20))
    assert not exact.random
    assert exact.discriminator[0].in_features == 20
    assert not list(exact.buffers())
    random = CDAN(4, 5, CDAN.Config(width=19))
    assert random.discriminator[0].in_features == 19
    assert {"feature_map", "answer_map"} <= set(random.state_dict())
    assert not {"feature_map", "answer_map"} & {name for name, _ in random.named_parameters()}


def test_certainty():
    p = [softmax(row) for row in draw(5, 4).tolist()]
    expected = [1 + math.exp(sum(v * math.log(v) for v in row)) for row in p]
    assert certainty(torch.tensor(p, dtype=torch.float64)).tolist() == pytest.approx(
        expected, rel=1e-12
    )
    assert certainty(torch.eye(3)).tolist() == [2.0] * 3  # certain: 1 + exp(0)


@pytest.mark.parametrize("entropy", [True, False])
@pytest.mark.parametrize("width", [15, 14])
def test_cdan_value_and_gradients(entropy, width):
    """Eq. 7 and 9 of Long et al. (2018), each domain's weights summing to one half."""
    torch.manual_seed(0)
    step = scene()
    term = CDAN(5, 3, CDAN.Config(entropy=entropy, width=width, hidden=6)).double()
    features = torch.cat([step.source.features, step.target.features])
    p = torch.tensor(
        [softmax(z) for z in [*step.source.logits.tolist(), *step.target.logits.tolist()]],
        dtype=torch.float64,
    )
    if width == 14:
        seen = (features @ term.feature_map) * (p @ term.answer_map)
    else:
        seen = torch.stack([torch.outer(b, a).flatten() for a, b in zip(features, p, strict=True)])
    scores = term.discriminator(seen)[:, 0]
    w = [1 + math.exp(sum(v * math.log(v) for v in row)) if entropy else 1.0 for row in p.tolist()]
    expected = weighted_confusion_by_hand(scores.tolist(), 6, w)
    value = term(step)
    assert value.item() == pytest.approx(expected, rel=1e-10)
    value.backward()
    assert step.source.logits.grad is None  # answers condition, and are not moved
    w = torch.tensor(w, dtype=torch.float64)
    share = torch.cat([w[:6] / w[:6].sum(), w[6:] / w[6:].sum()]) / 2
    signs = torch.tensor([1.0] * 6 + [-1.0] * 4).double()
    plain = (share * F.softplus(-signs * scores)).sum()
    wanted = torch.autograd.grad(plain, [step.source.features, *term.parameters()])
    ramp = 2 / (1 + math.exp(-5)) - 1
    assert torch.allclose(step.source.features.grad, -ramp * wanted[0], rtol=1e-9)
    for parameter, grad in zip(term.parameters(), wanted[1:], strict=True):
        assert torch.allclose(parameter.grad, grad, rtol=1e-9, atol=1e-14)
