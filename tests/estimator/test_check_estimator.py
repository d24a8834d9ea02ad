"""scikit-learn's own checks."""

from __future__ import annotations

from sklearn.utils.estimator_checks import parametrize_with_checks

from landbridge import TransferClassifier

EXPECTED: dict[str, str] = {}
"""Checks that do not apply, each with its reason."""

FAST = {"steps": 20, "threads": 1}


@parametrize_with_checks(
    [TransferClassifier(), TransferClassifier(method="coral"), TransferClassifier(method="probe")],
    expected_failed_checks=lambda estimator: EXPECTED,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)
