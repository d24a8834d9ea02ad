"""Monge, multi-Monge and linear maps as methods: what each does beyond the common contract."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, MethodError
from landbridge.features import LinearMap, Monge, MultiMonge


def blobs(n=150, d=5, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    return rng.normal(size=(n, d)) + 4 * np.eye(3, d)[labels], labels


@pytest.mark.parametrize("kind", [Monge, MultiMonge])
def test_a_symmetric_change_is_undone(kind):
    x, labels = blobs()
    half = np.random.default_rng(1).normal(size=(5, 5))
    changed = x @ (half @ half.T + 0.3 * np.eye(5)) - 7  # it is its own Monge map
    found = kind(reg=1e-9, scaling="none").fit(x, labels, changed)
    together = found.transform(
        np.concatenate([x, changed]), sample_domain=np.r_[np.ones(150), -np.ones(150)]
    )
    np.testing.assert_allclose(together[:150], together[150:], atol=1e-4)
    assert found.score(changed, labels) > 0.9


def test_multi_monge_brings_every_source_to_the_same_moments():
    x, labels = blobs(300)
    domain = np.repeat([1, 2, -1], 100)
    x[domain == 2] = 3 * x[domain == 2] + 5
    x[domain == -1] = 0.5 * x[domain == -1] - 2
    found = MultiMonge(reg=1e-9, scaling="none")
    mapped = found.fit_transform(x, labels, sample_domain=domain, labelled=domain > 0)
    first = mapped[domain == 1]
    for other in (2, -1):
        np.testing.assert_allclose(mapped[domain == other].mean(0), first.mean(0), atol=1e-6)
        np.testing.assert_allclose(np.cov(mapped[domain == other].T), np.cov(first.T), atol=1e-5)
    assert found.head_.notes["domains"] == 3


@pytest.mark.parametrize("kind", ["ridge", "orthogonal", "low-rank"])
def test_linear_map_between_widths_with_a_few_labels(kind):
    x, labels = blobs(240)
    rng = np.random.default_rng(2)
    other = x @ rng.normal(size=(5, 9)) + 3 + 0.1 * rng.normal(size=(240, 9))
    few = np.arange(240) < 24
    method = LinearMap(kind=kind).fit(x[:200], labels[:200], other, labels, labelled_t=few)
    assert method.score(other, labels) > 0.9
    assert method.head_.notes["by"] == "classes"
    assert method.map_.matrix.shape == (5, 9)


def test_linear_map_without_labels():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 80)
    x = rng.gamma(1.0, size=(160, 3)) * [4, 2, 1] + 12 * labels[:, None] * [1, 0, 0]
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    moved = x @ (turn * np.sign(np.linalg.det(turn)))
    by_moments = LinearMap().fit(x, labels, moved[::-1])
    assert by_moments.head_.notes["by"] == "moments"
    matched = LinearMap(by="matching", kind="orthogonal", scaling="none").fit(
        x, labels, moved[::-1]
    )
    assert matched.score(moved, labels) > 0.95
    assert matched.head_.notes["criterion"] >= 0
    wider = LinearMap().fit(x, labels, moved @ np.eye(3, 6) * 2)
    assert wider.predict(moved @ np.eye(3, 6)).shape == (160,)
    with pytest.raises(MethodError, match="no labelled target row"):
        LinearMap(by="classes").fit(x, labels, moved)


def test_out_of_range():
    x, labels = blobs(30)
    for method in (Monge(reg=-1), MultiMonge(reg=-1), LinearMap(rank=0)):
        with pytest.raises(ConfigError, match="give a number"):
            method.fit(x, labels, x)
