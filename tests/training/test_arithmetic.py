"""Task arithmetic against closed forms and the papers' own examples."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from landbridge.training.arithmetic import dare, difference, ties, total, trimmed


def delta(*values):
    return {"w": torch.tensor(values, dtype=torch.float64)}


def test_difference_leaves_counters_out():
    before = {"w": torch.tensor([1.0, 2.0]), "n": torch.tensor(3), "gone": torch.zeros(1)}
    after = {"w": torch.tensor([4.0, 0.0]), "n": torch.tensor(9), "new": torch.ones(1)}
    found = difference(after, before)
    assert found.keys() == {"w"}
    assert found["w"].tolist() == [3.0, -2.0]


def test_total():
    found = total([delta(1, 2), delta(3, -1), delta(0, 5)], [1.0, -2.0, 0.5])
    assert found["w"].tolist() == [-5.0, 6.5]


@pytest.mark.parametrize(
    ("density", "expected"),
    [
        (1.0, [0.1, -3.0, 2.0, 0.5, -0.4]),
        (0.4, [0.0, -3.0, 2.0, 0.0, 0.0]),
        (0.6, [0.0, -3.0, 2.0, 0.5, 0.0]),
        (0.01, [0.0, -3.0, 0.0, 0.0, 0.0]),
    ],
)
def test_trimmed_keeps_the_largest_of_all_tensors_together(density, expected):
    both = {"a": torch.tensor([0.1, -3.0, 2.0]), "b": torch.tensor([[0.5], [-0.4]])}
    found = trimmed(both, density)
    values = [*found["a"].tolist(), *found["b"].flatten().tolist()]
    assert values == pytest.approx(expected)


def test_ties_trims_elects_and_averages_what_agrees():
    """By hand, in the three steps of figure 1 of Yadav et al. (2023).

    Each Δ keeps its two largest of four. Then, by column: +3 and -1 elect plus, so 3 alone is
    taken; 2 and 4 agree, so their mean; -5 alone; nothing is left of the last.
    """
    a, b, c = delta(3, 2, 0.1, -0.2), delta(-1, 4, 0.5, 0.3), delta(0.1, 0.2, -5, 0.6)
    found = ties([a, b, c], [1.0, 1.0, 1.0], density=0.5)
    assert found["w"].tolist() == pytest.approx([3.0, 3.0, -5.0, 0.6])


def test_ties_value_by_value():
    rng = np.random.default_rng(0)
    deltas = rng.normal(size=(4, 30))
    weights = [1.0, 2.0, 0.5, 1.5]
    expected = np.zeros(30)
    kept = deltas.copy()
    for row in kept:
        row[np.argsort(-np.abs(row))[9:]] = 0  # 0.3 of 30
    for j in range(30):
        mass = sum(w * kept[i, j] for i, w in enumerate(weights))
        sign = np.sign(mass)
        pairs = [(w, kept[i, j]) for i, w in enumerate(weights) if kept[i, j] * sign > 0]
        if pairs:
            expected[j] = sum(w * v for w, v in pairs) / sum(w for w, _ in pairs)
    found = ties([{"w": torch.from_numpy(row)} for row in deltas], weights, density=0.3)
    assert found["w"].tolist() == pytest.approx(expected.tolist())
    assert 0 < np.count_nonzero(expected) < 30


def test_ties_of_one_is_its_trimmed_self():
    one = {"w": torch.randn(50, generator=torch.Generator().manual_seed(0))}
    assert torch.allclose(ties([one], [1.0], 0.2)["w"], trimmed(one, 0.2)["w"])


def test_dare_is_the_same_on_average_and_drops_as_many_as_it_says():
    one = delta(*np.random.default_rng(0).normal(size=400))
    draws = torch.stack([dare(one, 0.25, seed)["w"] for seed in range(600)])
    kept = (draws != 0).double()
    assert float(kept.mean()) == pytest.approx(0.25, abs=0.005)
    assert torch.equal(draws[kept > 0], (4 * one["w"]).expand(600, 400)[kept > 0])
    # A value's mean over 600 draws has the standard error |value| · √(3 / 600).
    z = (draws.mean(0) - one["w"]) / (one["w"].abs() * (3 / 600) ** 0.5)
    assert float(z.abs().max()) < 4.5
    assert abs(float(z.mean())) < 0.2


def test_dare_is_a_function_of_the_seed():
    one = delta(*range(1, 100))
    assert torch.equal(dare(one, 0.5, 3)["w"], dare(one, 0.5, 3)["w"])
    assert not torch.equal(dare(one, 0.5, 3)["w"], dare(one, 0.5, 4)["w"])
    assert torch.equal(dare(one, 1.0, 3)["w"], one["w"])


def test_the_sign_of_a_zero_is_no_difference():
    from landbridge.base.hashing import tensors_digest

    one, other = torch.tensor([0.0, 1.0]), torch.tensor([-0.0, 1.0])
    assert tensors_digest({"a": one}) == tensors_digest({"a": other})
    assert tensors_digest({"a": one}) != tensors_digest({"a": -one})
