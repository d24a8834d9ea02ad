"""Groups beside sealed labels: figures, intervals, and what is compared."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from landbridge.domains.sealed import SealedLabels
from landbridge.verdict.partition import (
    LabelAgreement,
    evaluate_groups,
    matched,
    mutual_information,
    partition_score,
)


def noisy(labels, share, seed=0):
    rng = np.random.default_rng(seed)
    return np.where(
        rng.random(len(labels)) < share, rng.integers(0, labels.max() + 1, len(labels)), labels
    )


def test_the_best_assignment_by_trying_all():
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, groups = rng.integers(0, 4, 30), rng.integers(0, 4, 30)
        best = max(
            np.mean([order[g] == y for g, y in zip(groups, labels, strict=True)])
            for order in itertools.permutations(range(4))
        )
        assert matched(labels, groups) == pytest.approx(best)


def test_more_groups_than_classes_leave_some_out():
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert matched(labels, np.array([0, 0, 1, 2, 2, 2])) == pytest.approx(5 / 6)


def test_the_same_partition_under_other_names_is_1():
    labels = np.arange(60) % 3
    found = partition_score(labels, (labels + 1) % 3, 0).to_json()
    for figure in found.values():
        assert figure["value"] == pytest.approx(1)
        assert 0.9 < figure["low"] < 1  # of rows that were not judged nobody knows


def test_chance_is_0():
    rng = np.random.default_rng(0)
    labels, groups = rng.integers(0, 5, 600), rng.integers(0, 5, 600)
    found = partition_score(labels, groups, 0).to_json()
    for name in ("ami", "ari"):
        assert found[name]["low"] < 0.01 < found[name]["high"] + 0.02
    assert found["ari"]["value"] == pytest.approx(adjusted_rand_score(labels, groups))


@pytest.mark.slow
def test_intervals_cover():
    """About 95 % of intervals hold what many more rows would give."""
    big = np.arange(40_000) % 4
    truth = mutual_information(big, noisy(big, 0.4))
    hits = []
    for seed in range(40):
        labels = np.random.default_rng(seed).integers(0, 4, 200)
        found = partition_score(labels, noisy(labels, 0.4, seed + 1), seed).to_json()["ami"]
        hits.append(found["low"] <= truth <= found["high"])
    assert np.mean(hits) > 0.85


def test_what_is_judged():
    labels = np.arange(200) % 4
    names = [None if i < 20 else f"class {c}" for i, c in enumerate(labels)]
    sealed = SealedLabels(names)
    own, other = noisy(labels, 0.1), noisy(labels, 0.8, 5)
    found = evaluate_groups(sealed, own, other).to_json()
    assert LabelAgreement.from_json(found).to_json() == found
    assert found["n"] == 180
    assert found["classes"] == [f"class {c}" for c in range(4)]
    assert np.sum(found["table"]) == 180
    assert found["difference"]["low"] > 0.3
    assert found["ami"]["value"] - found["reference"]["ami"]["value"] == pytest.approx(
        found["difference"]["value"]
    )
    turned = evaluate_groups(sealed, other, own).difference
    assert turned is not None
    assert turned.high < 0
    same = evaluate_groups(sealed, own, own).difference
    assert same is not None
    assert same.value == 0
    assert -0.02 < same.low == -same.high < 0
    assert evaluate_groups(sealed, own).difference is None
