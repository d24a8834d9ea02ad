"""`TransferClassifier`: what it promises beyond scikit-learn's own checks."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from landbridge import TransferClassifier
from landbridge.base.errors import DataError, MethodError


@pytest.fixture
def domains():
    """Two classes in five columns; the target (−1) is scaled and moved."""
    rng = np.random.default_rng(0)
    y = np.tile(np.repeat(["ant", "bee"], 2), 40).astype(object)
    x = rng.normal(size=(160, 5)) + 3 * (y == "bee")[:, None]
    domain = np.tile([1, -1], 80)
    x[domain < 0] = 2 * x[domain < 0] + 4
    return x, y, domain


@pytest.mark.parametrize("method", ["auto", "coral", "feature-map", "probe"])
def test_unlabelled_target(domains, method):
    x, y, domain = domains
    model = TransferClassifier(method).fit(x, y, sample_domain=domain, labelled=domain > 0)
    target = domain < 0
    assert set(model.predict(x[target])) <= {"ant", "bee"}
    if method == "coral":
        assert model.score(x[target], y[target]) > 0.9
    if method == "auto":
        names = {row["method"] for row in model.choice_["candidates"]}
        assert "probe" in names
        why = {row["method"]: row["why"] for row in model.choice_["not_tried"]}
        assert "clusters" in why["consensus"]  # two classes: nothing tells whether it would help
    assert model.method_ == (method if method != "auto" else model.choice_["method"])


def test_labels_that_may_not_be_used_are_not_read(domains):
    x, y, domain = domains
    seen = TransferClassifier("coral").fit(x, y, sample_domain=domain, labelled=domain > 0)
    hidden = y.copy()
    hidden[domain < 0] = "nonsense"
    blind = TransferClassifier("coral").fit(x, hidden, sample_domain=domain, labelled=domain > 0)
    assert list(blind.classes_) == ["ant", "bee"]
    np.testing.assert_array_equal(seen.predict_proba(x), blind.predict_proba(x))
    numbers = np.where(domain < 0, np.nan, (y == "bee").astype(float))
    as_numbers = TransferClassifier("coral").fit(
        x, numbers, sample_domain=domain, labelled=domain > 0
    )
    assert list(as_numbers.classes_) == [0.0, 1.0]


def test_auto_without_a_source_takes_the_probe(domains):
    x, y, domain = domains
    x, y = x[domain > 0], y[domain > 0]
    model = TransferClassifier().fit(x, y)
    assert model.method_ == "probe"
    assert model.score(x, y) > 0.9


def test_auto_with_target_labels_cross_validates(domains):
    x, y, domain = domains
    model = TransferClassifier().fit(x, y, sample_domain=domain)
    assert model.choice_["kind"] == "cross-validation"
    assert model.score(x[domain < 0], y[domain < 0]) > 0.9


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_given_arrays_stay_as_they_are(domains, dtype):
    x, y, domain = domains
    x = x.astype(dtype)
    before = x.copy(), y.copy(), domain.copy()
    for array in (x, y, domain):
        array.setflags(write=False)
    model = TransferClassifier("coral").fit(x, y, sample_domain=domain)
    probabilities = model.predict_proba(x)
    assert probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    for now, then in zip((x, y, domain), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_clone_pickle_and_repeat(domains):
    x, y, domain = domains
    model = TransferClassifier(
        "mcc", backbone="mlp", training={"steps": 5, "source_steps": 5}, random_state=3
    )
    fitted = model.fit(x, y, sample_domain=domain, labelled=domain > 0)
    again = clone(model).fit(x, y, sample_domain=domain, labelled=domain > 0)
    restored = pickle.loads(pickle.dumps(fitted))
    expected = fitted.predict_proba(x)
    np.testing.assert_array_equal(again.predict_proba(x), expected)
    np.testing.assert_array_equal(restored.predict_proba(x), expected)


def test_pipeline_grid_search_and_cross_validation(domains):
    x, y, domain = domains
    x, y = x[domain > 0], y[domain > 0]
    pipeline = make_pipeline(StandardScaler(), TransferClassifier("probe"))
    assert cross_val_score(pipeline, x, y, cv=3).mean() > 0.9
    search = GridSearchCV(
        TransferClassifier(training={"steps": 10}), {"method": ["probe", "scratch"]}, cv=2
    )
    assert search.fit(x, y).best_params_["method"] in ("probe", "scratch")


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_images(shape):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.integers(0, 60, (60, *shape)).astype(np.uint8)
    x[y == 0, 3] += 180
    x[y == 1, :, 3] += 180
    model = TransferClassifier("finetune", training={"steps": 30, "source_steps": 30})
    domain = np.repeat([1, -1], 30)
    model.fit(x, y, sample_domain=domain)
    assert model.predict_proba(x).shape == (60, 2)
    assert model.score(x, y) > 0.8


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 200), (-2, 3)])
def test_pixels_of_other_rows_do_not_change_an_answer(low, high):
    rng = np.random.default_rng(0)
    x = rng.uniform(low, high, (40, 8, 8)).astype(np.float32)
    model = TransferClassifier("scratch", training={"steps": 5}).fit(x, np.arange(40) % 2)
    dark = x[:1] * 0.3
    among_others = model.predict_proba(np.concatenate([dark, x]))[:1]
    np.testing.assert_allclose(model.predict_proba(dark), among_others, atol=1e-6)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"sample_domain": [1, -1]}, "sample_domain has shape"),
        ({"sample_domain": np.zeros(160)}, "sample_domain has shape"),
        ({"sample_domain": np.ones(160)}, "no target row"),
        ({"labelled": np.zeros(160, bool)}, "no row is labelled"),
        ({"labelled": np.ones(160)}, "labelled has shape"),
    ],
)
def test_masks_that_make_no_sense(domains, how, message):
    x, y, _ = domains
    with pytest.raises(DataError, match=message):
        TransferClassifier("probe").fit(x, y, **how)


def test_a_method_that_needs_a_source(domains):
    x, y, _ = domains
    with pytest.raises(MethodError, match="needs a labelled source"):
        TransferClassifier("coral").fit(x, y)


def test_one_class(domains):
    x, _, _ = domains
    with pytest.raises(ValueError, match="1 class"):
        TransferClassifier("probe").fit(x, ["ant"] * len(x))


def test_images_are_read_by_the_range_of_fitting():
    from landbridge.estimator.base import _extent

    whole = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4) * 8
    assert _extent(whole) == (0.0, 255.0)
    assert _extent(whole.astype(np.uint16) * 16) == (0.0, 4095.0)
    assert _extent(np.zeros((2, 3))) is None
