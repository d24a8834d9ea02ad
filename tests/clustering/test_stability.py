"""Groups that are there come back; a cloud without groups has none."""

from __future__ import annotations

import numpy as np
import pytest
from test_groupings import planted

from landbridge.base.errors import DataError
from landbridge.clustering.base import CLUSTERINGS
from landbridge.clustering.gaussian_mixture import GaussianMixtureGroups
from landbridge.clustering.kmeans import KMeansGroups
from landbridge.clustering.stability import (
    agreement,
    candidates,
    choose_number,
    gaussian_cloud,
    kept,
)


@pytest.mark.parametrize("name", ["gaussian-mixture", "k-means"])
@pytest.mark.parametrize("k", [2, 4, 7])
def test_the_planted_number_is_found(name, k):
    x, _ = planted(n=420, k=k, d=8, apart=6)
    tried = choose_number(CLUSTERINGS.get(name)(), x, range(2, 11), 0)
    best = max(tried, key=lambda one: one.gain)
    assert best.groups == k
    assert best.gain > 0.2


def test_a_cloud_without_groups_gains_nothing():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 6)) * [9, 3, 1, 1, 1, 1]  # long: two halves agree very well
    found = agreement(KMeansGroups(), x, 2, 0)
    assert found.values.mean() > 0.5
    assert abs(found.gain) < 0.15


def test_the_cloud_has_the_covariance_of_the_rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20000, 3)) @ rng.normal(size=(3, 3)) + [5, 0, -2]
    cloud = gaussian_cloud(x, 0)
    np.testing.assert_allclose(np.cov(cloud.T), np.cov(x.T), rtol=0.1, atol=0.1)
    np.testing.assert_allclose(cloud.mean(0), x.mean(0), atol=0.1)
    wide = rng.normal(size=(20, 50))  # more columns than rows
    assert gaussian_cloud(wide, 0).shape == wide.shape


def test_a_group_that_is_not_there_does_not_come_back():
    x, _ = planted(n=300, k=3, d=5, apart=9)
    clustering = GaussianMixtureGroups()
    true = clustering.fit(x, 3, 0).ordered(x)
    assert kept(clustering, x, true, 0).min() > 0.95
    split = clustering.fit(x, 5, 0).ordered(x)  # two are cut in two, somehow
    back = np.sort(kept(clustering, x, split, 0))
    assert back[0] < 0.8
    assert back[-1] > 0.9


def test_numbers_to_try():
    assert candidates(1000) == [*range(2, 13), 14, 16, 18, 20, 22, 24, 25]
    assert candidates(60) == [2, 3, 4, 5]
    assert candidates(1000, 3, 5) == [3, 4, 5]
    with pytest.raises(DataError, match="20 rows are too few"):
        candidates(20)
