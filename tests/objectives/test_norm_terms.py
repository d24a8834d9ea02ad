"""AFN and BNM against their papers' formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from by_hand import draw, softmax

from landbridge.objectives.afn import AFN, longer_features
from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.objectives.bnm import BNM, batch_nuclear_norm

SHAPES = [(1, 2), (2, 2), (5, 3), (3, 10), (12, 4), (32, 10)]


# AFN -----------------------------------------------------------------------------------------


def norm_loss_by_hand(rows, radii):
    """Xu et al. (2019), the stepwise loss: mean of (‖x‖ − r)², r given."""
    norms = [math.sqrt(sum(v * v for v in row)) for row in rows.tolist()]
    return sum((n - r) ** 2 for n, r in zip(norms, radii, strict=True)) / len(norms)


@pytest.mark.parametrize("growth", [0.3, 1.0])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (4, 3), (7, 20)])
def test_longer_features_value_and_gradient(n, d, growth):
    x = draw(n, d)
    radii = [math.sqrt(sum(v * v for v in row)) + growth for row in x.tolist()]
    x.requires_grad_()
    value = longer_features(features=x, growth=growth)
    assert value.item() == pytest.approx(norm_loss_by_hand(x.detach(), radii), rel=1e-10)
    (grad,) = torch.autograd.grad(3 * value, x)
    for i in range(n):
        for j in range(d):
            sides = []
            for sign in (1, -1):
                moved = x.detach().clone()
                moved[i, j] += sign * 1e-6
                sides.append(norm_loss_by_hand(moved, radii))
            numeric = (sides[0] - sides[1]) / 2e-6
            assert float(grad[i, j]) == pytest.approx(3 * numeric, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [0.0, 1e-20, 1e4])
def test_longer_features_of_extreme_rows(dtype, scale):
    x = (draw(4, 3) * scale).to(dtype).requires_grad_()
    value = longer_features(features=x)
    assert value.dtype == torch.float32
    (grad,) = torch.autograd.grad(value, x)
    assert bool(grad.isfinite().all())
    assert bool(grad.any()) == (scale > 0)  # a row of zeros has no direction


def test_afn_lengthens_all_rows_of_both_sides_alike():
    fs, ft = draw(3, 4).requires_grad_(), (draw(5, 4, seed=1) * 9).requires_grad_()
    step = StepBatch(ViewOutputs(fs, fs), ViewOutputs(ft, ft), None, None, 0.0)
    AFN(4, 4, AFN.Config(growth=0.5))(step).backward()
    for x in (fs, ft):
        pull = -(x.grad * x.detach()).sum(1) / x.detach().norm(dim=1)
        assert pull.tolist() == pytest.approx([2 * 0.5 / 8] * len(x), rel=1e-10)
    with pytest.raises(TypeError):
        longer_features(fs)


# BNM -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_nuclear_norm_value(shape):
    """Cui et al. (2020): −(1/n) of the sum of the singular values, here roots of PᵀP's values."""
    z = draw(*shape)
    p = np.array([softmax(row) for row in z.tolist()])
    small = p.T @ p if shape[0] >= shape[1] else p @ p.T
    expected = -np.sqrt(np.linalg.eigvalsh(small).clip(0)).sum() / shape[0]
    assert float(batch_nuclear_norm(z)) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_fast_norm_value(shape):
    z = draw(*shape)
    n, c = shape
    p = [softmax(row) for row in z.tolist()]
    norms = sorted((math.sqrt(sum(row[k] ** 2 for row in p)) for k in range(c)), reverse=True)
    expected = -sum(norms[: min(n, c)]) / n
    assert float(batch_nuclear_norm(z, fast=True)) == pytest.approx(expected, rel=1e-10)


def test_nuclear_norm_known_values():
    certain = torch.eye(5).double() * 1e3
    assert float(batch_nuclear_norm(certain)) == pytest.approx(-1, rel=1e-12)  # the least
    one = torch.tensor([[1e3, 0, 0, 0]] * 9).double()
    assert float(batch_nuclear_norm(one)) == pytest.approx(-3 / 9)  # certain, all the same
    uniform = torch.zeros(9, 4).double()
    assert float(batch_nuclear_norm(uniform)) == pytest.approx(-1 / 6)  # −1 / sqrt(n c)
    for fast in (False, True):
        assert float(batch_nuclear_norm(certain, fast)) == pytest.approx(-1, rel=1e-12)


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("shape", [(2, 2), (5, 3), (3, 5)])
def test_nuclear_norm_gradcheck(shape, fast):
    z = draw(*shape).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: batch_nuclear_norm(x, fast), (z,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nuclear_norm_gradient_is_finite_without_full_rank(dtype):
    """Equal rows, equal singular values, certain rows: where an SVD's own gradient is not."""
    for z in (torch.zeros(6, 3), torch.eye(3).repeat(2, 1) * 1e4, torch.eye(4)):
        z = z.to(dtype).requires_grad_()
        value = batch_nuclear_norm(z)
        assert value.dtype == torch.float32
        (grad,) = torch.autograd.grad(value, z)
        assert math.isfinite(value.item())
        assert bool(grad.isfinite().all())


def test_order_of_rows_does_not_matter_to_norms():
    z, order = draw(9, 4), torch.tensor([3, 1, 8, 0, 2, 7, 5, 6, 4])
    for fast in (False, True):
        before = float(batch_nuclear_norm(z, fast))
        assert float(batch_nuclear_norm(z[order], fast)) == pytest.approx(before, rel=1e-12)


def test_bnm_term():
    z = draw(6, 3)
    step = StepBatch(None, ViewOutputs(z, z), None, None, 0.0)
    assert torch.equal(BNM(2, 3)(step), batch_nuclear_norm(z))
    fast = BNM(2, 3, BNM.Config(fast=True))(step)
    assert torch.equal(fast, batch_nuclear_norm(z, fast=True))
