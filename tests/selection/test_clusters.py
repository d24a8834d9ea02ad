"""Whether classes form clusters, and what the choice does with the answer."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.methods.core.resolve import Setting
from landbridge.metrics.labelfree import Candidate
from landbridge.selection.choose import choose_label_free
from landbridge.selection.clusters import class_clusters
from landbridge.selection.portfolio import FEATURES, portfolio


def groups(k, spread, n=300, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % k
    return rng.normal(size=(n, 6)) + spread * np.eye(k, 6)[labels], labels


@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (1e-3, 5), (1e4, -1e5)])
def test_groups_are_seen_at_any_scale(scale, offset):
    x, labels = groups(4, 6)
    x = x * np.array([1, 1, 1, 1, scale, 1.0]) * scale + offset
    found = class_clusters(x, labels)
    assert found.found
    assert found.agreement > 0.9
    assert class_clusters(x, labels) == found


def test_classes_that_are_no_groups_and_two_classes():
    x, labels = groups(4, 0)
    assert not class_clusters(x, labels).found
    assert abs(class_clusters(x, labels).agreement) < 0.05
    two = class_clusters(*groups(2, 8))
    assert two.agreement > 0.9
    assert not two.found
    assert "two clusters" in two.reason
    assert not class_clusters(x[:4], labels[:4]).found


def candidate(name, answers, k=3):
    p = np.full((len(answers), k), 0.02)
    p[np.arange(len(answers)), answers] = 1 - 0.02 * (k - 1)
    return p, name


def test_without_clusters_the_score_of_clusters_does_not_count():
    x, labels = groups(3, 8)
    rng = np.random.default_rng(1)
    noisy = np.where(rng.random(300) < 0.4, rng.integers(0, 3, 300), labels)
    rows = [candidate("follows-groups", labels), candidate("one", noisy), candidate("two", noisy)]
    pool = [Candidate(name, p, x) for p, name in rows]
    base = Candidate("probe", rows[1][0], x)
    with_groups = choose_label_free([base, pool[0], pool[2]], "probe")
    without = choose_label_free([base, pool[0], pool[2]], "probe", clusters=False)
    assert with_groups.method == "follows-groups"
    ranks = {row.method: row.rank for row in without.candidates}
    own = {row.method: row.rank for row in with_groups.candidates}
    assert ranks["follows-groups"] == own["follows-groups"] - 1  # its first place by ClassAMI


def test_on_features_the_closed_forms_are_tried_and_the_probe_is_the_reference():
    situation = Setting("labelled", "none", shared_classes=True, pretrained=True)
    found = portfolio(situation, labels_per_class=0, on_features=True)
    assert found.candidates == FEATURES
    assert found.reference == "probe"
    assert "source-only" not in found.references
    still = portfolio(situation, labels_per_class=0, still=True)
    assert still.candidates == FEATURES  # what moves features would train the head alone
    assert {"source-only", "probe"} <= set(still.references)
    few = Setting("labelled", "few", shared_classes=True, pretrained=True)
    assert "weighted-joint" in portfolio(few, labels_per_class=3, on_features=True).candidates
