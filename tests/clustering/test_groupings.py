"""Every way of grouping: planted groups, affine scores, and what each equals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_mutual_info_score
from sklearn.mixture import GaussianMixture

from landbridge.base.seeds import derive
from landbridge.clustering.base import CLUSTERINGS, Groups
from landbridge.clustering.compress import Compression
from landbridge.clustering.gaussian_mixture import RIDGE, GaussianMixtureGroups
from landbridge.clustering.kmeans import KMeansGroups, centres_of
from landbridge.clustering.turtle import BALANCE, turtle_loss


def planted(n=240, k=3, d=6, apart=7.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(n) % k)
    return rng.normal(size=(n, d)) + apart * np.eye(k, d)[labels], labels


@pytest.mark.parametrize("name", list(CLUSTERINGS))
def test_planted_groups_are_found(name):
    clustering = CLUSTERINGS.get(name)()
    assert clustering.summary
    assert clustering.paper
    x, labels = planted()
    found = clustering.fit(x, 3, 0)
    assert adjusted_mutual_info_score(labels, found.assign(x)) > 0.95
    shares = found.shares(x)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert (shares.argmax(1) == found.assign(x)).all()
    again = clustering.fit(x, 3, 0)
    assert np.array_equal(again.weights, found.weights)


@pytest.mark.parametrize("name", list(CLUSTERINGS))
def test_neither_order_nor_scale_nor_type_matters(name):
    clustering = CLUSTERINGS.get(name)()
    x, _ = planted(seed=1)
    own = clustering.fit(x, 3, 0).assign(x)
    order = np.random.default_rng(0).permutation(len(x))
    for changed in (x[order], 1000 * x[order], (x[order] + 50).astype(np.float32).astype(float)):
        other = clustering.fit(changed, 3, 0).assign(changed)
        assert adjusted_mutual_info_score(own[order], other) > 0.98


@pytest.mark.parametrize("name", list(CLUSTERINGS))
def test_two_rows_more_than_groups(name):
    x, _ = planted(n=7, k=3, d=4)
    assert 1 <= len(CLUSTERINGS.get(name)().fit(x, 5, 0)) <= 5


def test_shares_are_the_posteriors_of_the_mixture():
    x, _ = planted(apart=2.5)
    found = GaussianMixtureGroups().fit(x, 3, 4)
    model = GaussianMixture(
        3,
        covariance_type="tied",
        means_init=centres_of(x, 3, 4),
        reg_covar=RIDGE * x.var(0).mean() + 1e-12,
        max_iter=200,
        random_state=derive("mixture", 4) % 2**32,
    ).fit(x)
    np.testing.assert_allclose(found.shares(x), model.predict_proba(x), atol=1e-8)


def test_long_groups_are_for_the_mixture():
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 3
    x = rng.normal(size=(600, 6)) * [4, 1, 1, 1, 1, 1] + 4 * np.eye(3, 6, 1)[labels]
    mixture, means = (
        adjusted_mutual_info_score(labels, way().fit(x, 3, 0).assign(x))
        for way in (GaussianMixtureGroups, KMeansGroups)
    )
    assert means < 0.6
    assert mixture > 0.9


def test_k_means_is_the_nearest_centre():
    x, _ = planted(apart=2)
    found = KMeansGroups().fit(x, 4, 0)
    centres = centres_of(x, 4, 0)
    gaps = np.square(x[:, None] - centres[None]).sum(2)
    assert (found.assign(x) == gaps.argmin(1)).all()
    inertia = KMeans(4, n_init=10, random_state=0).fit(x).inertia_
    assert gaps.min(1).sum() <= inertia * 1.01
    # Its shares are those of round Gaussians of the rows' own spread about their centres.
    spread = gaps.min(1).mean() / x.shape[1]
    wanted = np.exp(-gaps / (2 * spread))
    np.testing.assert_allclose(found.shares(x), wanted / wanted.sum(1, keepdims=True), atol=1e-9)


def test_the_loss_of_turtle_by_hand():
    rng = np.random.default_rng(0)
    task = rng.dirichlet(np.ones(4), 10)
    logits = rng.normal(size=(10, 4))
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    sizes = task.mean(0)
    wanted = -(task * log_p).sum(1).mean() + BALANCE * (sizes * np.log(sizes)).sum()
    soft = torch.from_numpy(task)
    assert float(turtle_loss(soft, torch.from_numpy(logits))) == pytest.approx(wanted)
    soft.requires_grad_()
    assert torch.autograd.gradcheck(lambda t: turtle_loss(t, torch.from_numpy(logits)), soft)


def test_groups_are_ordered_by_size_and_empty_ones_are_gone():
    groups = Groups(np.eye(3), np.array([0.0, 0.0, -100.0]))
    x = np.array([[1, 0, 0], [0, 1, 0], [0, 2, 0]], float)
    found = groups.ordered(x)
    assert len(found) == 2
    assert found.assign(x).tolist() == [1, 0, 0]


@pytest.mark.parametrize("shape", [(60, 8), (40, 90)])
@pytest.mark.parametrize("unit", [True, False])
def test_directions_are_the_principal_ones(shape, unit):
    x = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 1, shape[1])
    made = Compression.fit(x, unit=unit)
    rows = x - x.mean(0)
    if unit:
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    q = len(made.directions)
    assert q == shape[0] // 20
    np.testing.assert_allclose(
        np.abs(made.apply(x)), np.abs(PCA(q, svd_solver="full").fit_transform(rows)), atol=1e-7
    )
    np.testing.assert_allclose(made.directions @ made.directions.T, np.eye(q), atol=1e-9)


def test_each_domain_around_its_own_mean():
    x, _ = planted()
    both = np.concatenate([x, x + 100])
    means = np.repeat([x.mean(0), x.mean(0) + 100], len(x), axis=0)
    made = Compression.fit(both, means=means)
    np.testing.assert_allclose(
        made.apply(x, x.mean(0)), made.apply(x + 100, x.mean(0) + 100), atol=1e-9
    )
