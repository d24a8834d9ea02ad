"""Classes in an order: read, learned, judged in ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.metrics import cohen_kappa_score

import landbridge
from landbridge.base.errors import DataError
from landbridge.targets.ordinal import (
    cumulative_link,
    median_rank,
    ordered,
    ordinal_metrics,
    rank_nearness,
)


def test_the_order_of_names():
    assert ordered(["10", "9", "-1"]) == ("-1", "9", "10")
    assert ordered(["grade 3", "grade 1", "grade 2"]) == ("grade 1", "grade 2", "grade 3")
    assert ordered(["Severe", "mild", "moderate"]) == ("mild", "moderate", "Severe")
    assert ordered(["高", "低", "中"]) == ("低", "中", "高")
    assert ordered(["III", "I", "II"]) == ("I", "II", "III")
    for names in (["cat", "dog"], ["1 a", "1 b"], ["low", "Low"], ["v2.1.3", "v2.1.4"]):
        with pytest.raises(DataError, match="write a number in front"):
            ordered(names, "a table")


@pytest.mark.parametrize("n_classes", [2, 3, 5, 7])
def test_cumulative_link_is_the_penalised_maximum(n_classes):
    rng = np.random.default_rng(n_classes)
    cuts = np.arange(n_classes - 1) + 0.4
    scores = rng.normal((n_classes - 1) / 2, 1.2, 300)
    labels = (1.5 * (scores[:, None] - cuts) + rng.logistic(size=(300, 1)) > 0).sum(1)
    slope, thresholds = cumulative_link(scores, labels, n_classes)

    def loss(at: np.ndarray) -> float:
        ends = np.concatenate([[-np.inf], at[1:], [np.inf]])
        with np.errstate(over="ignore"):
            p = [1 / (1 + np.exp(-at[0] * (ends[labels + i] - scores))) for i in (1, 0)]
        prior = np.square(at[1:] - np.arange(n_classes - 1) - 0.5).sum()
        prior += np.log(at[0] / 2) ** 2
        return float(-np.log(np.maximum(p[0] - p[1], 1e-300)).sum() + prior / 2)

    own = np.concatenate([[slope], thresholds / slope])
    other = minimize(loss, np.concatenate([[1.0], cuts]), method="Nelder-Mead", options={
        "maxiter": 20_000, "maxfev": 20_000, "xatol": 1e-7, "fatol": 1e-10})  # fmt: skip
    assert loss(own) <= other.fun + 1e-6
    assert np.abs(own - other.x).max() < 1e-2
    assert (np.diff(thresholds) > 0).all()


def test_cumulative_link_is_finite_where_classes_are_apart_or_missing():
    for scores, labels in (
        (np.zeros(0), np.zeros(0, int)),
        (np.array([1.0]), np.array([2])),
        (np.arange(40) / 10, np.arange(40) // 10),
        (np.arange(40) / 10, np.full(40, 2)),
    ):
        slope, thresholds = cumulative_link(scores, labels, 4)
        assert 0 < slope < 1e3
        assert np.isfinite(thresholds).all()
        assert (np.diff(thresholds) > 0).all()


def test_kappa_is_scikit_learns_and_ranks_are_distances():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, 200)
    probabilities = rng.dirichlet(np.ones(5), 200)
    probabilities[np.arange(200), truth] += 1
    probabilities /= probabilities.sum(1, keepdims=True)
    said = median_rank(probabilities)
    found = ordinal_metrics(truth, probabilities)
    kappa = cohen_kappa_score(truth, said, weights="quadratic", labels=range(5))
    assert found["quadratic-weighted kappa"] == pytest.approx(kappa, abs=1e-12)
    assert found["accuracy"] == (said == truth).mean()
    assert (-rank_nearness(probabilities, truth) == np.abs(said - truth)).all()
    assert rank_nearness(probabilities[:1], np.array([-1]))[0] == -4


def test_the_median_is_the_answer_of_least_expected_distance():
    rng = np.random.default_rng(1)
    p = rng.dirichlet(np.ones(5), 300)
    expected = (p[:, None, :] * np.abs(np.arange(5)[:, None] - np.arange(5))).sum(-1)
    chosen = expected[np.arange(300), median_rank(p)]
    assert np.allclose(chosen, expected.min(1))


def stars(n: int, shift: float, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    grade = np.digitize(x[:, 0] + 0.7 * x[:, 1] + 0.3 * rng.logistic(size=n), [-1, 0, 1])
    columns = {f"x{i}": x[:, i] + shift * (i == 2) for i in range(4)}
    return pd.DataFrame(
        {**columns, "grade": [["low", "medium", "high", "none"][(k - 1) % 4] for k in grade]}
    )


@pytest.mark.parametrize("method", ["probe", "coral", "joint", "boosted-trees"])
def test_a_transfer_of_grades_is_judged_in_ranks(tmp_path, method):
    target = stars(120, 1.0, 2)
    run = landbridge.transfer(
        None if method == "boosted-trees" else stars(150, 0.0, 1),
        target,
        label="grade",
        target_type="ordinal",
        method=method,
        seeds=1,
        budget="1m",
        training={"steps": 120, "source_steps": 60, "threads": 1},
        out=tmp_path / "run",
    )
    verdict = run.verdict
    assert run.classes == ("none", "low", "medium", "high")
    assert verdict["metric"] == "mean rank error"
    assert verdict["chosen"]["mean"] < 1.0
    assert {"quadratic-weighted kappa", "accuracy"} <= set(verdict["chosen"]["figures"])
    assert "ranks on average" in verdict["sentence"]
    assert 0 <= verdict["calibration"]["ece"] < 0.6
    again = landbridge.load(tmp_path / "run")
    fresh = stars(80, 1.0, 3)
    rows = again.predict(fresh.drop(columns="grade"))
    p = np.array([[row["probability"][name] for name in run.classes] for row in rows])
    assert np.allclose(p.sum(1), 1, atol=1e-5)
    assert (p >= 0).all()
    found = again.evaluate(fresh)
    place = {name: i for i, name in enumerate(run.classes)}
    apart = [
        abs(place[row["predicted"]] - place[true])
        for row, true in zip(rows, fresh["grade"], strict=True)
    ]
    assert found["value"] == pytest.approx(np.mean(apart))
    assert "Ranks" in (tmp_path / "run" / "report.html").read_text()
