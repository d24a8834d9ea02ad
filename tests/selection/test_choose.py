"""The choice: ties go to the simplest or to ClassAMI, and a reference stays where it is best."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.metrics.labelfree import Candidate
from landbridge.selection.choose import choose_by_validation, choose_label_free

ORDER = ["probe", "scratch", "mcc", "finetune"]


def hits(*shares: float, n: int = 200) -> dict[str, np.ndarray]:
    """Return nested hits: a better method is right wherever a worse one is."""
    return {
        name: np.tile(np.arange(n) < round(share * n), (2, 1))
        for name, share in zip(ORDER, shares, strict=False)
    }


def test_the_clearly_best_is_chosen():
    found = choose_by_validation(hits(0.5, 0.6, 0.9, 0.7), ORDER, ["probe", "scratch"])
    assert (found.method, found.kind) == ("mcc", "cross-validation")
    assert not found.kept_reference
    assert "mcc 90.0 %" in found.reason
    assert "within" not in found.reason
    assert [row.rank for row in found.candidates] == [1, 2, 3, 4]
    assert found.candidates[0].method == "mcc"


def test_a_tie_goes_to_the_simplest():
    found = choose_by_validation(hits(0.9, 0.6, 0.9, 0.905), ORDER, ["probe", "scratch"])
    assert found.method == "probe"
    assert found.kept_reference
    assert "within one standard error of the best" in found.reason
    assert "the simplest of them was taken" in found.reason


def test_a_tie_goes_to_class_ami_where_it_is_known():
    ties = {"probe": 0.2, "mcc": 0.6, "finetune": 0.5, "scratch": 0.99}
    found = choose_by_validation(hits(0.9, 0.6, 0.9, 0.905), ORDER, ["probe"], ties)
    assert found.method == "mcc"  # scratch is not on the short list
    assert "follow groups in the target's rows best (ClassAMI)" in found.reason


def test_equal_class_ami_goes_to_the_simplest():
    ties = dict.fromkeys(ORDER, 0.5)
    assert choose_by_validation(hits(0.9, 0.9, 0.9, 0.9), ORDER, [], ties).method == "probe"


def test_what_knows_a_few_labels_alone_has_to_be_better():
    ties = {"probe": 0.2, "mcc": 0.3, "finetune": 0.1, "scratch": 0.99}
    tied = choose_by_validation(hits(0.9, 0.9, 0.88, 0.8), ORDER, [], ties, alone=("scratch",))
    assert tied.method == "probe"
    better = choose_by_validation(hits(0.6, 0.9, 0.7, 0.6), ORDER, [], ties, alone=("scratch",))
    assert better.method == "scratch"


def test_few_labels_are_compared_by_how_likely_they_were_held_to_be():
    right = {name: np.array([[1, 1, 1, 0, 0, 1]], bool) for name in ("probe", "mcc", "scratch")}
    sure = {
        "probe": np.log([0.6, 0.6, 0.6, 0.3, 0.3, 0.6]),
        "mcc": np.log([0.9, 0.9, 0.9, 0.4, 0.4, 0.9]),
        "scratch": np.log([0.4, 0.4, 0.4, 0.1, 0.1, 0.4]),
    }
    references = ["probe", "scratch"]
    assert choose_by_validation(right, ORDER, references).method == "probe"
    found = choose_by_validation(right, ORDER, references, likelihood=sure)
    assert found.method == "mcc"
    assert "on 6 target labels: mcc 66.7 %, by how likely it held them to be" in found.reason
    assert [row.method for row in found.candidates] == ["mcc", "probe", "scratch"]
    assert found.candidates[0].figures["log_likelihood"] == pytest.approx(sure["mcc"].mean())
    near = sure | {"mcc": sure["probe"] + np.array([0.3, -0.2, 0.3, -0.2, 0.3, -0.2])}
    assert choose_by_validation(right, ORDER, references, likelihood=near).method == "probe"


def test_one_candidate():
    found = choose_by_validation({"probe": np.ones((1, 10), bool)}, ["probe"], ["probe"])
    assert found.method == "probe"


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(3), 60)
    features = 6 * np.eye(3)[truth] + rng.normal(size=(180, 3))
    return truth, features


def candidate(name: str, answers: np.ndarray, features: np.ndarray, sure: float, **how):
    p = np.full((len(answers), 3), (1 - sure) / 2)
    p[np.arange(len(answers)), answers] = sure
    return Candidate(name, p, features, **how)


def test_the_reference_is_kept_where_nothing_passes_the_gate(rows):
    truth, x = rows
    base = candidate("source-only", truth, x, 0.6, source_accuracy=0.9)
    collapsed = candidate("dann", np.zeros_like(truth), x, 0.99, source_accuracy=0.9)
    forgetful = candidate("mcc", truth, x, 0.99, source_accuracy=0.5)
    found = choose_label_free([base, collapsed, forgetful], "source-only")
    assert found.method == "source-only"
    assert found.kept_reference
    gated = {row.method: row.gated for row in found.candidates if row.gated}
    assert set(gated) == {"dann", "mcc"}
    assert "fewer classes" in gated["dann"]
    assert "source accuracy" in gated["mcc"]
    assert all(row.rank is None for row in found.candidates if row.gated)


def test_equal_evidence_keeps_the_reference(rows):
    truth, x = rows
    base = candidate("source-only", truth, x, 0.8)
    twin = candidate("mcc", truth, x, 0.8)
    assert choose_label_free([base, twin], "source-only").method == "source-only"


def test_better_evidence_moves_away_from_it(rows):
    truth, x = rows
    rng = np.random.default_rng(1)
    muddled = np.where(rng.random(len(truth)) < 0.5, truth, rng.integers(0, 3, len(truth)))
    base = candidate("source-only", muddled, x, 0.6)
    better = candidate("mcc", truth, x, 0.95)
    found = choose_label_free([base, better], "source-only")
    assert found.method == "mcc"
    assert not found.kept_reference
