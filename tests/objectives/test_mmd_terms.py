"""MK-MMD, joint MMD and local MMD against the textbook double sums, in float64 loops."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
import torch
from by_hand import softmax

from landbridge.base.errors import ConfigError
from landbridge.objectives.base import StepBatch, ViewOutputs
from landbridge.objectives.dan import DAN, mk_mmd
from landbridge.objectives.dsan import DSAN, local_mmd
from landbridge.objectives.jan import JAN, joint_mmd
from landbridge.objectives.kernels import median_square, squared_distances

WIDTHS = (-3, -2, -1, 0, 1)
SHAPES = [(1, 1, 1), (4, 4, 3), (3, 8, 2), (9, 2, 5), (2, 7, 30)]
shapes = pytest.mark.parametrize(("n_s", "n_t", "d"), SHAPES)


def draw(*shape, seed=0, scale=1.0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape) * scale)


def gap(x, y):
    return sum((a - b) ** 2 for a, b in zip(x, y, strict=True))


def median_by_hand(rows):
    rows = rows.tolist()
    pairs = [gap(rows[i], rows[j]) for i in range(len(rows)) for j in range(i)]
    return statistics.median_low(pairs)


def kernel_by_hand(x, y, width, exponents):
    return sum(math.exp(-gap(x, y) / (2.0**k * width)) for k in exponents)


def mmd_by_hand(source, target, kernel, unbiased=False):
    """Gretton et al. (2012), eq. 3 (unbiased) and 5 (biased), for any kernel of two rows."""
    n, m = len(source), len(target)

    def within(rows):
        total = sum(
            kernel(a, b)
            for i, a in enumerate(rows)
            for j, b in enumerate(rows)
            if not (unbiased and i == j)
        )
        return total / (len(rows) * (len(rows) - 1) if unbiased else len(rows) ** 2)

    across = sum(kernel(a, b) for a in source for b in target) / (n * m)
    return within(source) + within(target) - 2 * across


def lmmd_by_hand(source, target, labels, p, width, exponents):
    """Eq. 6 of Zhu et al. (2021): the mean over classes of the weighted double sums."""
    xs, xt, labels, p = source.tolist(), target.tolist(), labels.tolist(), p.tolist()
    total, classes = 0.0, len(p[0])
    for c in range(classes):
        count, mass = sum(y == c for y in labels), sum(row[c] for row in p)
        if not count or not mass:
            continue
        ws = [(y == c) / count for y in labels]
        wt = [row[c] / mass for row in p]

        def part(rows, weights, others, more):
            return sum(
                a * b * kernel_by_hand(x, y, width, exponents)
                for x, a in zip(rows, weights, strict=True)
                for y, b in zip(others, more, strict=True)
            )

        total += part(xs, ws, xs, ws) + part(xt, wt, xt, wt) - 2 * part(xs, ws, xt, wt)
    return total / classes


# Values --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_median_square(n):
    rows = draw(n, 3) + 100
    found = float(median_square(squared_distances(rows)))
    assert found == pytest.approx(median_by_hand(rows), rel=1e-9)


def test_median_of_equal_rows_can_be_divided_by():
    assert float(median_square(squared_distances(torch.ones(5, 2)))) > 0
    assert float(mk_mmd(source=torch.ones(3, 2), target=torch.ones(2, 2))) == pytest.approx(
        0, abs=1e-5
    )


@pytest.mark.parametrize("exponents", [WIDTHS, (0,), (1, 0), (3, -1), (-4, 2)])
@shapes
def test_mk_mmd_is_the_double_sum(n_s, n_t, d, exponents):
    source, target = draw(n_s, d) + 5, draw(n_t, d, seed=1) * 1.5 + 5.5
    width = median_by_hand(torch.cat([source, target]))

    def kernel(x, y):
        return kernel_by_hand(x, y, width, exponents)

    expected = mmd_by_hand(source.tolist(), target.tolist(), kernel)
    found = float(mk_mmd(source=source, target=target, exponents=exponents))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)
    given = float(mk_mmd(source=source, target=target, exponents=exponents, width=width))
    assert given == pytest.approx(expected, rel=1e-9, abs=1e-12)
    if min(n_s, n_t) > 1:
        expected = mmd_by_hand(source.tolist(), target.tolist(), kernel, unbiased=True)
        found = float(mk_mmd(source=source, target=target, exponents=exponents, unbiased=True))
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_unbiased_needs_two_rows():
    with pytest.raises(ConfigError, match="two rows"):
        mk_mmd(source=draw(1, 3), target=draw(5, 3), unbiased=True)


@shapes
def test_joint_mmd_is_the_double_sum_of_products(n_s, n_t, d):
    fs, ft, zs, zt = draw(n_s, d), draw(n_t, d, seed=1), draw(n_s, 3, seed=2), draw(n_t, 3, seed=3)
    width = median_by_hand(torch.cat([fs, ft]))

    def pair(features, logits):
        return [(f, softmax(z)) for f, z in zip(features.tolist(), logits.tolist(), strict=True)]

    def kernel(x, y):
        answers = math.exp(-gap(x[1], y[1]) / 0.9)
        return kernel_by_hand(x[0], y[0], width, WIDTHS) * answers

    expected = mmd_by_hand(pair(fs, zs), pair(ft, zt), kernel)
    found = joint_mmd(source=(fs, zs), target=(ft, zt), answer_width=0.9)
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@shapes
def test_local_mmd_is_the_double_sum_of_each_class(n_s, n_t, d):
    source, target = draw(n_s, d), draw(n_t, d, seed=1) + 1
    labels = torch.arange(n_s) % 3  # some classes are missing in the smaller batches
    p = torch.softmax(draw(n_t, 4, seed=2, scale=3), dim=1)
    width = median_by_hand(torch.cat([source, target]))
    expected = lmmd_by_hand(source, target, labels, p, width, WIDTHS)
    found = local_mmd(source=source, target=target, labels=labels, probabilities=p)
    assert float(found) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_a_class_that_is_missing_on_either_side_counts_as_zero():
    source, target = draw(4, 2).requires_grad_(), draw(3, 2, seed=1)
    labels = torch.tensor([0, 0, 1, 1])
    never = torch.tensor([[0.0, 0, 1], [0, 0, 1], [0, 0, 1]]).double()  # and no source row has 2
    value = local_mmd(source=source, target=target, labels=labels, probabilities=never)
    assert value.item() == 0.0
    (grad,) = torch.autograd.grad(value, source)
    assert not grad.any()
    half = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 0, 1]]).double()
    value = local_mmd(source=source, target=target, labels=labels, probabilities=half)
    (grad,) = torch.autograd.grad(value, source)
    assert value.item() > 0
    assert grad[:2].any()
    assert not grad[2:].any()  # class 1 has no target row to be near to


@pytest.mark.parametrize("classes", [1, 4])
def test_local_mmd_of_one_class_is_mmd(classes):
    """All rows of one class: (1 / c) of the plain MMD."""
    source, target = draw(5, 3), draw(7, 3, seed=1)
    labels = torch.zeros(5, dtype=torch.int64)
    p = torch.nn.functional.one_hot(torch.zeros(7, dtype=torch.int64), classes).double()
    found = local_mmd(source=source, target=target, labels=labels, probabilities=p)
    expected = mk_mmd(source=source, target=target)
    assert float(found) == pytest.approx(float(expected) / classes, rel=1e-10)


def test_equal_sides_have_no_distance_and_far_ones_have_the_largest():
    x, z = draw(6, 3), draw(6, 4, seed=1)
    labels, p = torch.arange(6) % 4, torch.eye(4).double()[torch.arange(6) % 4]
    assert float(mk_mmd(source=x, target=x)) == pytest.approx(0, abs=1e-14)
    assert float(joint_mmd(source=(x, z), target=(x, z))) == pytest.approx(0, abs=1e-14)
    same = local_mmd(source=x, target=x, labels=labels, probabilities=p)
    assert float(same) == pytest.approx(0, abs=1e-14)
    # Two clusters of equal rows, apart by far more than the width: 1 + 1 − 0 for each kernel.
    one, other = torch.zeros(4, 2).double(), torch.full((3, 2), 1e3).double()
    assert float(mk_mmd(source=one, target=other, width=1.0)) == pytest.approx(2 * len(WIDTHS))
    # The same features with the answers swapped: nothing to plain MMD, much to joint MMD.
    swapped = torch.eye(2).double()[[0, 1]] * 100
    rows = torch.tensor([[0.0], [5.0]]).double()
    pairs = {"source": (rows, swapped), "target": (rows, swapped.flip(0))}
    assert float(mk_mmd(source=rows, target=rows)) == pytest.approx(0, abs=1e-14)
    assert float(joint_mmd(**pairs)) > 0.5


# Gradients, rows, formats --------------------------------------------------------------------

LABELS = torch.tensor([0, 1, 2, 0, 1])


def local(x, y):
    p = torch.softmax(draw(len(y), 4, seed=7), dim=1)
    return local_mmd(source=x, target=y, labels=LABELS[: len(x)], probabilities=p, width=3.0)


FUNCTIONS = {
    "mk_mmd": lambda x, y: mk_mmd(source=x, target=y, width=3.0),
    "mk_mmd, tensor width": lambda x, y: mk_mmd(source=x, target=y, width=x.new_tensor(3.0)),
    "mk_mmd, unbiased": lambda x, y: mk_mmd(source=x, target=y, width=3.0, unbiased=True),
    "mk_mmd, gaps": lambda x, y: mk_mmd(source=x, target=y, width=3.0, exponents=(2, -1)),
    "joint_mmd": lambda x, y: joint_mmd(source=(x, 2 * x), target=(y, 2 * y), width=3.0),
    "local_mmd": local,
}
functions = pytest.mark.parametrize("name", FUNCTIONS)


@functions
def test_mmd_gradcheck(name):
    x, y = draw(5, 3).requires_grad_(), draw(4, 3, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(FUNCTIONS[name], (x, y))
    # one side alone, as where the other is detached
    assert torch.autograd.gradcheck(lambda a: FUNCTIONS[name](a, y.detach()), (x,))


def test_joint_mmd_gradcheck_of_features_and_logits_apart():
    tensors = [draw(4, 3), draw(4, 2, seed=1), draw(3, 3, seed=2), draw(3, 2, seed=3)]

    def loss(a, b, c, d):
        return joint_mmd(source=(a, b), target=(c, d), width=3.0)

    assert torch.autograd.gradcheck(loss, [t.requires_grad_() for t in tensors])


@functions
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_mmd_in_other_formats(name, dtype):
    x, y = draw(5, 3).to(dtype), draw(4, 3, seed=1).to(dtype)
    value = FUNCTIONS[name](x, y)
    assert value.dtype == torch.float32
    expected = float(FUNCTIONS[name](x.double(), y.double()))
    assert float(value) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@functions
@pytest.mark.parametrize("scale", [0.0, 1e4])
def test_mmd_of_extreme_rows_is_finite(name, scale):
    x = (torch.sign(draw(5, 3)) * scale).float().requires_grad_()
    y = (torch.sign(draw(4, 3, seed=1)) * scale).float()
    value = FUNCTIONS[name](x, y)
    (grad,) = torch.autograd.grad(value, x)
    assert math.isfinite(value.item())
    assert bool(grad.isfinite().all())


def test_single_precision_keeps_its_digits_under_a_large_offset():
    x, y = draw(20, 8), draw(12, 8, seed=1) + 0.3
    expected = float(mk_mmd(source=x, target=y))
    found = mk_mmd(source=(x + 500).float(), target=(y + 500).float())
    assert float(found) == pytest.approx(expected, rel=1e-3)


@functions
def test_mmd_does_not_depend_on_the_order_of_target_rows(name):
    x, y = draw(5, 3), draw(4, 3, seed=1)
    order = torch.tensor([2, 0, 3, 1])
    if name == "local_mmd":
        p = torch.softmax(draw(4, 4, seed=7), dim=1)
        rest = {"source": x, "labels": LABELS, "width": 3.0}
        before = local_mmd(target=y, probabilities=p, **rest)
        after = local_mmd(target=y[order], probabilities=p[order], **rest)
    else:
        before, after = FUNCTIONS[name](x, y), FUNCTIONS[name](x, y[order])
    assert float(after) == pytest.approx(float(before), rel=1e-12)


def test_mmd_arguments_have_names():
    for function in (mk_mmd, joint_mmd, local_mmd):
        with pytest.raises(TypeError):
            function(draw(3, 2), draw(3, 2))


# Terms ---------------------------------------------------------------------------------------


def scene(n_s=6, n_t=4):
    fs, ft = draw(n_s, 3).requires_grad_(), (draw(n_t, 3, seed=1) + 1).requires_grad_()
    zs, zt = draw(n_s, 4, seed=2).requires_grad_(), draw(n_t, 4, seed=3).requires_grad_()
    return StepBatch(
        ViewOutputs(fs, zs, torch.arange(n_s) % 4), ViewOutputs(ft, zt), None, None, 0.5
    )


def test_terms_hand_over_what_they_should():
    step = scene()
    s, t = step.source, step.target
    assert torch.equal(DAN(3, 4)(step), mk_mmd(source=s.features, target=t.features))
    narrow = DAN(3, 4, DAN.Config(exponents=(0,), unbiased=True))(step)
    assert torch.equal(
        narrow, mk_mmd(source=s.features, target=t.features, exponents=(0,), unbiased=True)
    )
    assert torch.equal(
        JAN(3, 4)(step), joint_mmd(source=(s.features, s.logits), target=(t.features, t.logits))
    )
    p = torch.softmax(t.logits, dim=1)
    own = DSAN(3, 4)(step)
    assert torch.equal(
        own,
        local_mmd(source=s.features, target=t.features, labels=s.labels, probabilities=p.detach()),
    )
    own.backward()
    assert t.logits.grad is None  # the features move, not the weights
    assert t.features.grad.any()


@pytest.mark.parametrize("kind", [DAN, JAN, DSAN])
def test_a_few_steps_bring_the_features_nearer(kind):
    step = scene(12, 9)
    term = kind(3, 4).double()
    before = term(step).item()
    for _ in range(20):
        (grad,) = torch.autograd.grad(term(step), step.target.features)
        step.target.features.data -= 0.5 * grad
    assert term(step).item() < 0.8 * before
