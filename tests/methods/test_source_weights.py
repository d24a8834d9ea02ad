"""Weights by source: near sources count more, and a run says which source a row is of."""

from __future__ import annotations

import json

import numpy as np
import pytest

import landbridge
from landbridge.features import Probe, SourceWeights
from landbridge.solvers.density_ratio.source_mixture import source_mixture


def turned(angle, n, rng):
    """Two classes along a line at an angle: what tells them apart in one place misleads elsewhere.

    The third column says where a row is from.
    """
    y = rng.integers(2, size=n)
    along = np.array([np.cos(angle), np.sin(angle)])
    x = rng.normal(size=(n, 2)) + 4 * (y[:, None] - 0.5) * along
    return np.column_stack([x, 3 * angle + 0.3 * rng.normal(size=n)]), y


@pytest.fixture
def three():
    rng = np.random.default_rng(0)
    sides = [turned(angle, n, rng) for angle, n in ((0.1, 60), (1.8, 500), (0.0, 200))]
    x, y = (np.concatenate(part) for part in zip(*sides, strict=True))
    return x, y, np.repeat([1, 2, -1], [60, 500, 200])


def test_a_small_near_source_counts_as_much_as_a_large_far_one(three):
    x, y, domain = three
    target = domain < 0
    fits = [
        method.fit(x, y, sample_domain=domain, labelled=~target)
        for method in (Probe(), SourceWeights())
    ]
    plain, weighted = (fit.score(x[target], y[target]) for fit in fits)
    assert weighted > plain + 0.05
    weights = fits[1].weights_
    assert weights.mean() == pytest.approx(1)
    assert weights[:60].min() == weights[:60].max() > 4 * weights[60:].max()


def test_one_source_is_the_head_alone(three):
    x, y, domain = three
    near, target = domain == 1, domain < 0
    found = SourceWeights().fit(x[near], y[near], x[target])
    assert (found.weights_ == 1).all()
    expected = Probe().fit(x[near], y[near], x[target]).predict_proba(x[target])
    np.testing.assert_allclose(found.predict_proba(x[target]), expected, atol=1e-6)


def test_plain_pooling_is_an_option(three):
    x, y, domain = three
    found = SourceWeights(pooling=1).fit(x, y, sample_domain=domain, labelled=domain > 0)
    assert (found.weights_ == 1).all()


@pytest.mark.parametrize("labels", [(1, 2), (2, 1)])
def test_the_order_of_sources_does_not_matter(three, labels):
    x, y, domain = three
    named = np.select([domain == 1, domain == 2], labels, -1)
    found = SourceWeights(pooling=0).fit(x, y, sample_domain=named, labelled=named > 0)
    assert found.weights_[:60].mean() > 5


def test_shares_of_a_mixture_are_found():
    rng = np.random.default_rng(0)
    places = 3 * rng.normal(size=(3, 5))
    sources = [rng.normal(size=(300, 5)) + place for place in places]
    target = rng.normal(size=(400, 5)) + places[rng.choice(3, 400, p=[0.6, 0.3, 0.1])]
    found = source_mixture(sources, target, rng)
    np.testing.assert_allclose(found.shares, [0.6, 0.3, 0.1], atol=0.06)
    assert found.distance < 0.1 * found.distances.min()


def test_sources_that_are_all_one_point():
    same = [np.ones((5, 2)), np.ones((4, 2))]
    found = source_mixture(same, np.ones((3, 2)), np.random.default_rng(0))
    assert found.shares.sum() == pytest.approx(1)


def run_of(three, out, names):
    import pandas as pd

    x, y, domain = three
    frame = pd.DataFrame(x, columns=["a", "b", "c"])
    frame["kind"] = np.array(["off", "on"])[y]
    frame["site"] = np.select([domain == 1, domain == 2], names, "here")
    landbridge.transfer(
        target=frame,
        label="kind",
        domain="site",
        target_domains=["here"],
        target_labels="judge",
        method="source-weights",
        backbone="identity",
        seeds=1,
        budget="1m",
        out=out,
    )
    texts = [path.read_text("utf-8") for path in out.rglob("*.json")]
    return [json.loads(text) for text in texts if '"mixture"' in text]


def test_a_run_says_which_source_a_row_is_of(three, tmp_path):
    assert run_of(three, tmp_path / "two", ["near", "far"])
    assert not run_of(three, tmp_path / "one", ["near", "near"])
