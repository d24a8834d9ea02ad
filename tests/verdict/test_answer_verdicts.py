"""Verdicts on numbers and on several labels: the sign, the unit, the words."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.domains.sealed import SealedLabels
from landbridge.selection.choose import choose_by_validation
from landbridge.targets.registry import get_target_type
from landbridge.verdict.evaluate import Predicted, evaluate_predictions
from landbridge.verdict.without_labels import cross_validated_verdict, label_free_verdict

N = 300
TRUE = np.linspace(20, 80, N)


def numbers_off_by(chosen: float, other: float, noise: float = 0.1):
    rng = np.random.default_rng(0)
    sealed = SealedLabels([*TRUE.tolist(), None])

    def said(method: str, role: str, size: float) -> Predicted:
        signs = np.where(np.arange(N) % 2 == 0, 1.0, -1.0)
        values = TRUE + signs * (size + noise * rng.normal(size=(3, N)))
        with_unknown = np.concatenate([values, np.zeros((3, 1))], 1)
        return Predicted(method, role, method, (0, 1, 2), with_unknown[..., None])

    predictions = [said("rsd", "chosen", chosen), said("source-only", "baseline", other)]
    verdict, truth = evaluate_predictions(
        sealed, ("age",), predictions, "source-only", target_type="regression"
    )
    return verdict.to_json(), truth


def test_a_lower_error_helps():
    verdict, truth = numbers_off_by(2.0, 3.0)
    assert verdict["outcome"] == "helped"
    assert (verdict["metric"], verdict["lower_is_better"]) == ("mean absolute error", True)
    assert verdict["judged_rows"] == N  # the row without a label is not counted
    chosen = verdict["chosen"]
    assert chosen["mean"] == pytest.approx(2.0, abs=0.05)
    assert chosen["low"] <= chosen["mean"] <= chosen["high"]
    assert chosen["per_seed"] == pytest.approx([2.0] * 3, abs=0.05)
    assert chosen["figures"]["RMSE"] == pytest.approx(2.0, abs=0.05)
    assert chosen["figures"]["Spearman"] > 0.99
    gap = verdict["difference"]
    assert gap["mean"] == pytest.approx(1.0, abs=0.05)  # years saved
    assert gap["low"] > 0.9
    assert "rsd is off by 1.996 on average, 1.00 less" in verdict["sentence"]
    assert " less than using the source model as it is" in verdict["sentence"]
    assert verdict["calibration"] is None
    assert truth.index[:2].tolist() == TRUE[:2].tolist()


def test_a_higher_error_hurts():
    verdict, _ = numbers_off_by(3.0, 2.0)
    assert verdict["outcome"] == "hurt"
    assert verdict["difference"]["mean"] == pytest.approx(-1.0, abs=0.05)
    assert " more than using the source model" in verdict["sentence"]


def test_no_difference_in_numbers_says_how_many_labels():
    verdict, _ = numbers_off_by(2.0, 2.01, noise=0.5)
    assert verdict["outcome"] == "can't tell"
    assert verdict["settle"]["high"] > N


def test_several_labels():
    truth = [("a",), ("a", "b"), (), ("b", "new")] * 50
    good = np.array([[0.9, 0.1], [0.9, 0.9], [0.1, 0.1], [0.1, 0.9]] * 50)
    bad = np.array([[0.9, 0.9], [0.9, 0.9], [0.9, 0.1], [0.1, 0.9]] * 50)
    predictions = [
        Predicted("mcc", "chosen", "", (0, 1), np.stack([good] * 2)),
        Predicted("scratch", "baseline", "", (0, 1), np.stack([bad] * 2)),
    ]
    found, _ = evaluate_predictions(
        SealedLabels(truth), ("a", "b"), predictions, "scratch", target_type="multilabel"
    )
    verdict = found.to_json()
    # what the run cannot know is named, and lacks from the answer of its row: 1, 1, 1, 1/2
    assert verdict["unseen_classes"] == ["new"]
    assert verdict["chosen"]["mean"] == 0.875
    assert verdict["difference"]["mean"] == pytest.approx((0.5 + 1.0) / 4)
    assert verdict["outcome"] == "helped"
    assert "Jaccard" in verdict["sentence"]
    assert verdict["chosen"]["figures"]["subset accuracy"] == 0.75


def test_cross_validation_of_numbers():
    errors = {"joint": np.full((2, 40), -1.0), "scratch": np.full((2, 40), -1.5)}
    errors["scratch"][:, ::2] = -1.4
    verdict = cross_validated_verdict(
        chosen="joint", what={}, correct=errors, reference="scratch", target_type="regression"
    ).to_json()
    assert verdict["chosen"]["mean"] == 1.0
    assert verdict["outcome"] == "helped"
    assert "joint 1.000 (mean absolute error" in verdict["sentence"]
    assert "+0.450 saved against" in verdict["sentence"]


def test_choice_in_the_same_currency():
    scores = {"a": np.full((1, 50), -2.0), "b": np.full((1, 50), -1.0)}
    found = choose_by_validation(
        scores, ["a", "b"], ["a"], None, get_target_type("regression").metric
    )
    assert found.method == "b"
    assert [row.method for row in found.candidates] == ["b", "a"]
    assert found.candidates[0].figures["mean absolute error"] == 1.0
    assert "(mean absolute error): b 1.000." in found.reason


def test_without_labels_numbers_are_not_ranked():
    verdict = label_free_verdict(
        chosen="source-only",
        what="",
        baselines=[],
        reference="source-only",
        figures={},
        best=None,
        seeds=(0,),
        chosen_answers=None,
        reference_answers=None,
        target_type="regression",
    ).to_json()
    assert verdict["outcome"] == "can't tell"
    assert verdict["labels_to_settle"] is None
    assert "Nothing tells methods apart" in verdict["sentence"]
