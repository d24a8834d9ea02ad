"""Groups that are there come back; a cloud without groups has none."""

from __future__ import annotations

import numpy as np
import pytest
from test_groupings import planted

from landbridge.base.errors import DataError
from landbridge.clustering.base import CLUSTERINGS
from landbridge.clustering.find import choose
from landbridge.clustering.gaussian_mixture import GaussianMixtureGroups
from landbridge.clustering.kmeans import KMeansGroups
from landbridge.clustering.stability import (
    Agreement,
    agreement,
    candidates,
    choose_number,
    gaussian_cloud,
    kept,
    plateaus,
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


def of(k, gain, error=0.02):
    values = gain + error * np.array([-1, 1])  # the standard error of their mean
    return Agreement(k, values, np.zeros(2))


def levels(gains, error=0.02):
    found = plateaus([of(k, gain, error) for k, gain in enumerate(gains, 2)])
    return [(one.low, one.high, one.taken.groups, one.valley) for one in found]


def test_numbers_stand_out_where_those_between_come_back_less():
    #        2    3    4    5     6     7    8    9
    gains = [0.8, 0.4, 0.5, 0.65, 0.66, 0.5, 0.3, 0.2]
    assert levels(gains) == [(2, 2, 2, None), (5, 6, 6, 3)]
    assert levels(gains, error=0.2) == [(2, 2, 2, None)]  # it may all be chance
    assert levels([0.8, 0.78, 0.79, 0.5]) == [(2, 4, 4, None)]
    assert levels([0.02, 0.01, 0.05, 0.01], error=0.001) == [
        (4, 4, 4, None)
    ]  # none is worth a word


def test_the_number_that_says_most_is_taken_not_the_coarsest():
    coarse, fine, chance = (
        plateaus([of(k, gain, error)])[0]
        for k, gain, error in [(2, 0.9, 0.02), (9, 0.5, 0.02), (20, 0.4, 0.3)]
    )
    assert choose([coarse, fine]) is fine
    assert choose([coarse, fine, chance]) is fine
    assert choose([chance]) is chance
    assert choose([coarse, plateaus([of(3, 0.2)])[0]]) is coarse
