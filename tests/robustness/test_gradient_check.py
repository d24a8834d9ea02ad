"""When gradient attacks are not to be believed."""

from __future__ import annotations

import numpy as np
from subjects import subject

from landbridge.robustness.base import ATTACKS, Attacked
from landbridge.robustness.gradient_check import gradient_check


def attacked(withstood, loss=None):
    withstood = np.array(withstood, bool)
    loss = np.where(withstood, -1.0, 1.0) if loss is None else np.array(loss)
    return Attacked(withstood, loss, ())


RIGHT = np.ones(20, bool)


def first(n):
    return np.arange(20) >= n


def test_gradients_that_find_most_are_believed():
    at = {"pgd": attacked(first(15)), "square": attacked(first(9)), "random": attacked(first(1))}
    curves = {"pgd": [attacked(first(3)), attacked(first(15))]}
    assert gradient_check("chosen", RIGHT, at, curves).reliable is True


def test_what_scores_alone_or_chance_find_speaks_against_them():
    for name, who in (("square", "scores alone"), ("random", "chance alone")):
        at = {"pgd": attacked(first(3)), name: attacked(first(6))}
        check = gradient_check("chosen", RIGHT, at, {})
        assert check.reliable is False
        assert who in check.reasons[0]
        assert "15 %" in check.reasons[0]


def test_a_single_row_says_nothing():
    at = {"pgd": attacked(first(3)), "square": attacked(first(4))}
    assert gradient_check("chosen", RIGHT, at, {}).reliable is True


def test_a_curve_that_rises_speaks_against_them():
    at = {"pgd": attacked(first(10)), "square": attacked(first(5))}
    curves = {"pgd": [attacked(first(10)), attacked(first(6))]}
    assert "finds less" in gradient_check("chosen", RIGHT, at, curves).reasons[0]
    flat = {"pgd": [attacked(first(5), -np.ones(20)), attacked(first(5), -np.ones(20))]}
    assert "does not rise" in gradient_check("chosen", RIGHT, at, flat).reasons[0]


def test_without_anything_to_compare_with_nothing_is_said():
    assert gradient_check("chosen", RIGHT, {"pgd": attacked(first(3))}, {}).reliable is None
    assert gradient_check("chosen", RIGHT, {"square": attacked(first(3))}, {}) is None
    assert gradient_check("chosen", ~RIGHT, {"pgd": attacked(first(3))}, {}) is None


def test_scores_so_large_that_the_cross_entropy_is_flat_are_noticed():
    """In float32 the probability is 1 exactly, and the gradient 0 exactly."""
    own = subject("image", scale=1e6)
    everyone = np.arange(len(own))
    size = 0.3
    at = {name: ATTACKS.get(name)().run(own, everyone, size) for name in ("fgsm", "pgd", "square")}
    check = gradient_check("chosen", np.ones(len(own), bool), at, {})
    assert check.reliable is False
    ratio = ATTACKS.get("apgd-dlr")().run(own, everyone, size)
    assert ratio.withstood.sum() < at["pgd"].withstood.sum()
