"""Steps of a head that were made one give what they give in turn, for any shapes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import strategies as st

from landbridge.inference.layers import Affine, RBFKernel, UnitRows, apply, folded
from properties import holds

SIZES = st.integers(1, 12)


@st.composite
def heads(draw):
    """Rows, fewer or more of them than columns, and steps that fit one another."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    width = draw(SIZES)
    x = rng.normal(size=(draw(SIZES), width)).astype(dtype)
    steps = []
    # A kernel multiplies what rounding left of far rows: only double precision compares them.
    kinds = ["full", "diagonal", "unit", *["kernel"] * (dtype is np.float64)]
    for kind in draw(st.lists(st.sampled_from(kinds), max_size=7)):
        out = draw(SIZES) if kind in ("full", "kernel") else width
        scale = draw(st.sampled_from([1e-2, 1.0, 1e2]))
        if kind == "unit":
            if any(isinstance(step, RBFKernel) for step in steps):
                continue  # far from all anchors there is no length to divide by
            steps.append(UnitRows())
        elif kind == "kernel":
            steps.append(RBFKernel(rng.normal(size=(out, width)), np.array(0.5 / width)))
        else:
            shape = (width, out) if kind == "full" else (width,)
            own = rng.choice([np.float32, np.float64])
            matrix = scale * rng.normal(size=shape) / np.sqrt(width)
            steps.append(Affine(matrix.astype(own), rng.normal(size=out).astype(own)))
        width = out
    return x, steps


@holds(head=heads())
def test_folded_is_the_same_function(head):
    x, steps = head
    whole = folded(steps)
    ours, in_turn = apply(whole, x), apply(steps, x)
    assert ours.dtype == in_turn.dtype == x.dtype
    width = [x.shape[1], *filter(None, (step.width for step in steps))][-1]
    assert ours.shape == in_turn.shape == (len(x), width)
    exact = apply(steps, x.astype(np.float64))
    loose = 1e-11 if x.dtype == np.float64 else 2e-4
    scale = 1 + np.abs(exact).max(initial=0)
    if any(isinstance(step, UnitRows) for step in steps):
        loose *= 100  # rows of length near 0 become long
    np.testing.assert_allclose(ours, exact, rtol=0, atol=loose * scale)
    np.testing.assert_allclose(in_turn, exact, rtol=0, atol=loose * scale)


@holds(head=heads())
def test_no_two_affine_steps_are_neighbours(head):
    whole = folded(head[1])
    pairs = pairwise(whole)
    assert not any(isinstance(a, Affine) and isinstance(b, Affine) for a, b in pairs)
    assert [s.kind for s in whole if not isinstance(s, Affine)] == [
        s.kind for s in head[1] if not isinstance(s, Affine)
    ]


def test_no_step_at_all_gives_the_rows_back():
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert folded([]) == ()
    assert apply([], x) == pytest.approx(x)
