"""scikit-learn's own checks, of what numbers in a table go through."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from landbridge import TransferClassifier, TransferRegressor

EXPECTED: dict[str, str] = {}
"""Checks that do not apply, each with its reason."""

NETWORK = TransferClassifier(
    "scratch", backbone="mlp", training={"steps": 40, "learning_rate": 0.01, "precision": "float32"}
)


@parametrize_with_checks(
    [TransferClassifier(), TransferClassifier("probe"), NETWORK, TransferRegressor()],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
