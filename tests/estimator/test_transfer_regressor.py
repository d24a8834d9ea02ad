"""`TransferRegressor`: what it promises beyond scikit-learn's own checks."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from landbridge import TransferRegressor
from landbridge.base.errors import MethodError


@pytest.fixture
def domains():
    """A line in four columns; the target (−1) is scaled, moved, and in other units of y."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 4))
    y = 100 * (x @ [1.0, 2.0, 0.0, -1.0]) + 5000 + rng.normal(size=240)
    domain = np.tile([1, 1, -1], 80)
    x[domain < 0] = 2 * x[domain < 0] + 4
    return x, y, domain


def test_an_unlabelled_target_by_name(domains):
    x, y, domain = domains
    target = domain < 0
    hidden = np.where(target, np.nan, y)
    model = TransferRegressor("monge").fit(x, hidden, sample_domain=domain, labelled=~target)
    plain = TransferRegressor("probe").fit(x, hidden, sample_domain=domain, labelled=~target)
    assert model.predict(x[target]).dtype == np.float64
    assert model.score(x[target], y[target]) > 0.9 > plain.score(x[target], y[target])


def test_auto_chooses_by_folds_where_there_are_target_labels(domains):
    x, y, domain = domains
    target = domain < 0
    known = ~target | (np.cumsum(target) <= 15)
    model = TransferRegressor().fit(x, y, sample_domain=domain, labelled=known)
    judged = target & ~known
    assert model.choice_["kind"] == "cross-validation"
    assert model.score(x[judged], y[judged]) > 0.9


def test_auto_without_target_labels_keeps_the_probe(domains):
    x, y, domain = domains
    model = TransferRegressor().fit(x, y, sample_domain=domain, labelled=domain > 0)
    assert model.method_ == "probe"


def test_what_cannot_answer_with_numbers_says_so(domains):
    x, y, domain = domains
    with pytest.raises(MethodError, match="a number"):
        TransferRegressor("mcc", backbone="mlp").fit(
            x, y, sample_domain=domain, labelled=domain > 0
        )


def test_in_a_pipeline(domains):
    x, y, domain = domains
    x, y = x[domain > 0], y[domain > 0]
    model = make_pipeline(StandardScaler(), TransferRegressor("probe"))
    assert cross_val_score(model, x, y, cv=3).mean() > 0.95
