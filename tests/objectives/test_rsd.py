"""Representation subspace distance against the paper's formula, in float64 and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles

from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.objectives.rsd import leading_vectors, subspace_distance
from landbridge.training.plan import TermSpec
from landbridge.training.terms import make_term


def batch(n, d, seed, dtype=torch.float64):
    g = torch.Generator().manual_seed(seed)
    spread = torch.linspace(3, 0.5, d, dtype=dtype)
    turn = torch.linalg.qr(torch.randn(d, d, generator=g, dtype=dtype)).Q
    return (torch.randn(n, d, generator=g, dtype=dtype) * spread) @ turn


def paper(source, target, k, mismatch):
    """‖sin Θ‖₁ + γ ‖|P_s| − |P_t|‖²_F, the angles by SciPy's own routine."""
    us = np.linalg.svd(source.numpy().T, full_matrices=False)[0][:, :k]
    ut = np.linalg.svd(target.numpy().T, full_matrices=False)[0][:, :k]
    distance = np.sin(subspace_angles(us, ut)).sum()
    ps, _, pt = np.linalg.svd(us.T @ ut)
    return distance + mismatch * np.square(np.abs(ps) - np.abs(pt.T)).sum()


@pytest.mark.parametrize("shape", [(6, 5, 12), (9, 30, 12), (30, 20, 8)])
@pytest.mark.parametrize("mismatch", [0.0, 0.01, 1.0])
def test_against_the_formula(shape, mismatch):
    n, m, d = shape
    s, t = batch(n, d, 1), batch(m, d, 2)
    found = subspace_distance(s, t, 4, mismatch)
    assert float(found) == pytest.approx(paper(s, t, 4, mismatch), abs=1e-9)


def test_known_angles():
    e = torch.eye(4, dtype=torch.float64)
    angle = 0.3
    s = torch.stack([2 * e[0], e[1]])
    t = torch.stack([5 * (math.cos(angle) * e[0] + math.sin(angle) * e[2]), e[1]])
    assert float(subspace_distance(s, t, 2, 0.0)) == pytest.approx(math.sin(angle), abs=2e-3)
    swapped = torch.stack([e[0], 2 * e[1]])  # the same plane, its directions matter otherwise
    assert float(subspace_distance(s, swapped, 2, 0.0)) < 3e-3


def test_neither_scale_nor_signs_matter():
    s, t = batch(10, 6, 3), batch(10, 6, 4)
    one = subspace_distance(s, t, 3)
    assert float(subspace_distance(-7 * s, 0.01 * t, 3)) == pytest.approx(float(one), abs=1e-9)
    assert float(subspace_distance(t, s, 3)) == pytest.approx(float(one), abs=1e-9)


@pytest.mark.parametrize("shape", [(4, 5, 9), (12, 10, 6)])
@pytest.mark.parametrize("mismatch", [0.0, 0.5])
def test_gradcheck(shape, mismatch):
    n, m, d = shape
    s, t = batch(n, d, 5).requires_grad_(), batch(m, d, 6).requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: subspace_distance(a, b, 3, mismatch), (s, t))


def test_gradcheck_of_the_vectors():
    a = batch(7, 5, 7).requires_grad_()
    fixed = torch.linspace(-1, 1, 21, dtype=torch.float64).reshape(7, 3)
    assert torch.autograd.gradcheck(lambda x: (leading_vectors(x, 3) * fixed).sum(), (a,))


@pytest.mark.parametrize("what", ["equal rows", "dead columns", "all zero", "the same batch"])
def test_gradients_stay_finite(what):
    s, t = batch(8, 6, 8, torch.float32), batch(8, 6, 9, torch.float32)
    if what == "equal rows":
        s[:] = s[0]
    elif what == "dead columns":
        s[:, 2:] = 0
        t[:, 1:] = 0
    elif what == "all zero":
        s[:] = 0
    else:
        t = s.clone()
    s.requires_grad_()
    t.requires_grad_()
    value = subspace_distance(s, t, 4, 1.0)
    assert bool(value.isfinite())
    assert all(bool(g.isfinite().all()) for g in torch.autograd.grad(value, (s, t)))


def test_steps_bring_the_subspaces_together():
    s, t = batch(20, 10, 10), batch(20, 10, 11).requires_grad_()
    optimizer = torch.optim.Adam([t], lr=0.1)
    first = float(subspace_distance(s, t, 4).detach())
    for _ in range(150):
        optimizer.zero_grad()
        subspace_distance(s, t, 4).backward()
        optimizer.step()
    assert float(subspace_distance(s, t, 4).detach()) < 0.2 * first


def test_half_of_the_width_at_most():
    term = make_term(TermSpec("rsd"), 6, 1)
    s, t = batch(9, 6, 12), batch(9, 6, 13)
    seen = StepBatch(ViewOutputs(s, s[:, :1]), ViewOutputs(t, t[:, :1]), None, None, 0.5)
    assert float(term(seen)) == pytest.approx(paper(s, t, 3, 0.01) / 3, abs=1e-9)
