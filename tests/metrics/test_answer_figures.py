"""Figures of numbers and of several labels against scikit-learn, SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import metrics

from landbridge.metrics.intervals import pairs_needed
from landbridge.metrics.multilabel import jaccard, multilabel_metrics, per_label_metrics
from landbridge.metrics.regression import regression_metrics
from landbridge.targets.registry import get_target_type

RNG = np.random.default_rng(0)
TRUE = RNG.normal(5, 2, 80).round(1)
SAID = TRUE + RNG.normal(0, 1, 80)
TABLE = RNG.random((60, 4)) < [0.5, 0.3, 0.1, 0.0]  # the last label never applies
P = np.clip(0.6 * TABLE + 0.5 * RNG.random((60, 4)), 0, 1)


def test_numbers():
    found = regression_metrics(TRUE, SAID)
    assert found["RMSE"] == pytest.approx(metrics.root_mean_squared_error(TRUE, SAID))
    assert found["MAE"] == pytest.approx(metrics.mean_absolute_error(TRUE, SAID))
    assert found["R²"] == pytest.approx(metrics.r2_score(TRUE, SAID))
    assert found["Spearman"] == pytest.approx(spearmanr(TRUE, SAID).statistic)
    nothing = regression_metrics(np.ones(3), np.ones(3))
    assert np.isnan(nothing["R²"])
    assert np.isnan(nothing["Spearman"])


def test_several():
    found, hard = multilabel_metrics(TABLE, P), P > 0.5
    assert found["micro F1"] == pytest.approx(metrics.f1_score(TABLE, hard, average="micro"))
    occurring = metrics.f1_score(TABLE[:, :3], hard[:, :3], average="macro")
    assert found["macro F1"] == pytest.approx(occurring)
    assert found["subset accuracy"] == pytest.approx(metrics.accuracy_score(TABLE, hard))
    precision = metrics.average_precision_score(TABLE[:, :3], P[:, :3], average="macro")
    assert found["mean average precision"] == pytest.approx(precision)
    one = metrics.jaccard_score(TABLE, hard, average="samples", zero_division=1)
    assert found["Jaccard index"] == pytest.approx(one)
    assert per_label_metrics(TABLE, P)["n"].tolist() == TABLE.sum(0).tolist()


def test_scores_are_better_the_higher():
    for kind, better, worse, truth in (
        ("multiclass", [[0.9, 0.1]], [[0.1, 0.9]], [0]),
        ("regression", [[2.1]], [[1.0]], [2.0]),
        ("multilabel", [[0.9, 0.1]], [[0.9, 0.9]], [[1, 0]]),
    ):
        currency = get_target_type(kind).metric
        scores = [currency.score(np.array(v), np.array(truth))[0] for v in (better, worse)]
        assert scores[0] > scores[1], kind
        figures = [currency.figure(float(s)) for s in scores]
        assert (figures[0] < figures[1]) == currency.lower_is_better


def test_jaccard_by_hand():
    truth = np.array([[1, 1, 0], [0, 0, 0], [0, 0, 0]])
    said = np.array([[0.9, 0.2, 0.9], [0.1, 0.1, 0.1], [0.9, 0.0, 0.0]])
    assert jaccard(said, truth).tolist() == [1 / 3, 1.0, 0.0]


def test_so_many_pairs_settle_it():
    n = pairs_needed(0.3, 1.0)
    rng = np.random.default_rng(1)
    draws = rng.normal(0.3, 1.0, (4000, n))
    z = draws.mean(1) / (draws.std(1, ddof=1) / np.sqrt(n))
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.03)
    with pytest.raises(ValueError, match="difference 0"):
        pairs_needed(0, 1.0)
