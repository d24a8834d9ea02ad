"""MDD and MCD: heads that disagree, against their papers' formulas."""

from __future__ import annotations

import math

import pytest
import torch
from by_hand import draw, scene, softmax
from torch.nn import functional as F

from landbridge.objectives.mcd import MCD, classifier_discrepancy
from landbridge.objectives.mdd import MDD, margin_disparity

# MDD -----------------------------------------------------------------------------------------


def disparity_by_hand(source, target, ys, yt, margin):
    """Zhang et al. (2019), section 4: γ E_s[−log σ_y] + E_t[−log(1 − σ_y)]."""
    s = sum(-math.log(softmax(z)[y]) for z, y in zip(source.tolist(), ys, strict=True))
    t = sum(-math.log(1 - softmax(z)[y]) for z, y in zip(target.tolist(), yt, strict=True))
    return margin * s / len(ys) + t / len(yt)


@pytest.mark.parametrize("margin", [1.0, 4.0])
@pytest.mark.parametrize(("n", "m", "c"), [(1, 1, 2), (4, 4, 3), (2, 7, 5), (5, 1, 10)])
def test_margin_disparity_value(n, m, c, margin):
    source, target = draw(n, c), draw(m, c, seed=1)
    ys, yt = [i % c for i in range(n)], [(2 * i + 1) % c for i in range(m)]
    found = margin_disparity(
        source=source,
        target=target,
        source_answers=torch.tensor(ys),
        target_answers=torch.tensor(yt),
        margin=margin,
    )
    assert float(found) == pytest.approx(
        disparity_by_hand(source, target, ys, yt, margin), rel=1e-10
    )


def test_margin_disparity_gradcheck():
    ys, yt = torch.tensor([0, 2, 1]), torch.tensor([1, 1])

    def loss(s, t):
        return margin_disparity(source=s, target=t, source_answers=ys, target_answers=yt)

    s, t = draw(3, 3).requires_grad_(), draw(2, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(loss, (s, t))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_margin_disparity_is_finite_where_the_head_is_sure(dtype):
    s = (torch.eye(3) * 1e4).to(dtype).requires_grad_()
    t = (torch.eye(3) * 1e4).to(dtype).requires_grad_()
    y = torch.arange(3)
    for ys in (y, (y + 1) % 3):
        value = margin_disparity(source=s, target=t, source_answers=ys, target_answers=y)
        assert value.dtype == torch.float32
        grads = torch.autograd.grad(value, (s, t))
        assert math.isfinite(value.item())
        assert all(bool(g.isfinite().all()) for g in grads)
        assert grads[1].any()  # it is most wrong, and learns


def test_a_head_that_agrees_on_the_source_and_differs_on_the_target_has_no_loss():
    y = torch.arange(3)
    agree, differ = torch.eye(3).double() * 50, torch.eye(3).double().roll(1, 1) * 50
    known = {"source_answers": y, "target_answers": y}
    assert float(margin_disparity(source=agree, target=differ, **known)) < 1e-6
    assert float(margin_disparity(source=differ, target=agree, **known)) > 50


def test_mdd_reverses_gently_and_by_the_ramp():
    torch.manual_seed(0)
    step = scene()
    term = MDD(5, 3, MDD.Config(reversal=0.1, margin=3.0)).double()
    features = torch.cat([step.source.features, step.target.features])
    scores = term.head(features)
    plain = margin_disparity(
        source=scores[:6],
        target=scores[6:],
        source_answers=step.source.logits.argmax(1),
        target_answers=step.target.logits.argmax(1),
        margin=3.0,
    )
    value = term(step)
    assert value.item() == pytest.approx(plain.item(), rel=1e-12)
    tensors = [step.source.features, step.target.features, *term.parameters()]
    found, wanted = (torch.autograd.grad(v, tensors) for v in (value, plain))
    ramp = 2 / (1 + math.exp(-5)) - 1
    for a, b in zip(found[:2], wanted[:2], strict=True):
        assert torch.allclose(a, -0.1 * ramp * b, rtol=1e-9)
    for a, b in zip(found[2:], wanted[2:], strict=True):
        assert torch.allclose(a, b, rtol=1e-9)
    start = scene(progress=0.0)
    assert not torch.autograd.grad(term(start), start.target.features)[0].any()


# MCD -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "c"), [(1, 2), (4, 3), (7, 10)])
def test_classifier_discrepancy_value(n, c):
    one, other = draw(n, c), draw(n, c, seed=1)
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    expected = sum(
        sum(abs(p - q) for p, q in zip(softmax(a), softmax(b), strict=True)) / c for a, b in pairs
    )
    found = classifier_discrepancy(one=one, other=other)
    assert float(found) == pytest.approx(expected / n, rel=1e-12)
    assert float(classifier_discrepancy(one=one, other=one)) == 0.0
    far = torch.eye(c).double() * 1e3
    assert float(classifier_discrepancy(one=far, other=far.roll(1, 1))) == pytest.approx(2 / c)


def test_classifier_discrepancy_gradcheck():
    one, other = draw(3, 4).requires_grad_(), draw(3, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda a, b: classifier_discrepancy(one=a, other=b), (one, other)
    )


def test_mcd_is_source_losses_less_discrepancy_and_features_make_heads_agree():
    torch.manual_seed(0)
    step = scene()
    term = MCD(5, 3, MCD.Config(hidden=6)).double()
    first, weight, bias = term.heads.first, term.heads.weight, term.heads.bias

    def head(x, k):
        hidden = torch.relu(x @ first.weight[6 * k : 6 * k + 6].T + first.bias[6 * k : 6 * k + 6])
        return hidden @ weight[k] + bias[k]

    labels = step.source.labels
    learned = sum(F.cross_entropy(head(step.source.features, k), labels) for k in (0, 1))
    p, q = (torch.softmax(head(step.target.features, k), 1) for k in (0, 1))
    differ = (p - q).abs().mean()
    value = term(step)
    assert value.item() == pytest.approx((learned - differ).item(), rel=1e-12)
    tensors = [step.target.features, step.source.features, *term.parameters()]
    found = torch.autograd.grad(value, tensors)
    wanted = torch.autograd.grad(learned - differ, tensors)
    ramp = 2 / (1 + math.exp(-5)) - 1
    assert torch.allclose(found[0], -ramp * wanted[0], rtol=1e-9)
    for a, b in zip(found[1:], wanted[1:], strict=True):
        assert torch.allclose(a, b, rtol=1e-9)
    # Going down the gradient of the target's features, the heads agree more.
    step.target.features.data -= 0.1 * found[0] / found[0].norm()
    p, q = (torch.softmax(head(step.target.features, k), 1) for k in (0, 1))
    assert (p - q).abs().mean().item() < differ.item()
