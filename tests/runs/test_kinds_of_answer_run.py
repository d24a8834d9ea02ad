"""Whole small runs whose answers are numbers, or several labels at once."""

from __future__ import annotations

import json

import numpy as np
import pytest

import landbridge
from landbridge.base.errors import DataError, MethodError
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 4))
YEARS = 50 + 10 * (X @ [1.0, -0.5, 0.2, 0.0]) + RNG.normal(size=400)
TAGS = np.stack([X[:, 0] > 0, X[:, 1] > 0.5, X[:, 2] > 0], 1).astype(int)
SOURCE, TARGET = slice(0, 200), slice(200, 400)
SMALL = {
    "seeds": 1,
    "training": {"steps": 30, "source_steps": 60, "threads": 1, "precision": "float32"},
    "progress": False,
}


def small_run(tmp_path, y, **more):
    options = {**SMALL, "out": tmp_path / "run", **more}
    target = options.pop("target", (X[TARGET] + 0.3, y[TARGET]))
    return landbridge.transfer((X[SOURCE], y[SOURCE]), target, **options)


def few_labels(y):
    return keep_labels(read_domain((X[TARGET] + 0.3, y[TARGET])), np.arange(200) < 40)


def test_numbers_from_few_labels(tmp_path):
    run = small_run(
        tmp_path,
        YEARS,
        target=few_labels(YEARS),
        backbone="identity",
        candidates=["weighted-joint", "coral"],
    )
    assert run.verdict["target_type"] == "regression"
    assert run.choice["kind"] == "cross-validation"
    assert "mean absolute error" in run.choice["reason"]
    assert run.verdict["chosen"]["mean"] < 2  # noise alone is 0.8, always the mean is 9
    assert run.verdict["chosen"]["figures"]["R²"] > 0.9
    labels = json.loads((run.path / "labels.json").read_text())
    known = np.concatenate([YEARS[SOURCE], YEARS[TARGET][:40]])
    assert labels["target_type"] == "regression"
    assert labels["mean"] == pytest.approx(known.mean())
    assert labels["spread"] == pytest.approx(known.std())
    # in the label's units again, from the folder alone
    loaded = landbridge.load_run(run.path)
    said = loaded.model.predict(X[TARGET] + 0.3)
    assert said.dtype == np.float64
    assert np.abs(said - YEARS[TARGET]).mean() < 2
    assert set(loaded.predict(X[:2])[0]) == {"name", "predicted"}
    gaps = X[:3].copy()
    gaps[1, 0] = np.nan  # a value that is missing, as in a table
    assert np.isfinite(loaded.model.predict(gaps)).tolist() == [True, True, True]
    found = loaded.evaluate((X[SOURCE], YEARS[SOURCE]))
    assert found["low"] < found["value"] < found["high"]
    assert found["figures"]["MAE"] == pytest.approx(found["value"])
    with pytest.raises(DataError, match="no probabilities"):
        loaded.model.predict_proba(X[:2])


def test_predictions_of_numbers(tmp_path):
    import pyarrow.parquet as pq

    run = small_run(tmp_path, YEARS, method="joint", backbone="mlp")
    table = pq.read_table(run.path / "predictions.parquet").to_pydict()
    errors = np.array(table["predicted"]) - np.array(table["true"])
    np.testing.assert_allclose(table["error"], errors)
    of_chosen = np.array(table["role"]) == "chosen"
    assert np.abs(errors[of_chosen]).mean() == pytest.approx(run.verdict["chosen"]["mean"])
    report = (run.path / "report.html").read_text()
    assert "Predicted and true" in report
    assert "Confusion matrix" not in report
    assert "Can its confidence be believed" not in report
    assert "mean absolute error" in report
    assert "missing or damaged" not in report


def test_several_labels(tmp_path):
    run = small_run(tmp_path, TAGS, method="finetune", backbone="mlp")
    assert run.verdict["metric"] == "Jaccard index"
    assert run.verdict["chosen"]["mean"] > 0.5
    report = (run.path / "report.html").read_text()
    assert "Label by label" in report
    assert "What is taken for what" not in report
    assert "missing or damaged" not in report
    one = run.predict(X[:1])[0]
    assert set(one["probability"]) == {"0", "1", "2"}
    assert one["predicted"] == [name for name, p in one["probability"].items() if p > 0.5]
    found = run.evaluate((X[SOURCE], TAGS[SOURCE]))
    assert set(found["per_label"]) == {"0", "1", "2"}


def test_without_target_labels_the_reference_is_kept_and_said(tmp_path):
    run = small_run(tmp_path, YEARS, target_labels="judge", backbone="mlp")
    assert run.choice["method"] == run.choice["reference"] == "probe"  # as best on the source
    assert "source rows kept apart" in run.choice["reference_reason"]
    assert run.choice["kept_reference"]
    assert "--method" in run.choice["reason"]
    assert {row["method"] for row in run.choice["not_tried"]} >= {"rsd", "dann", "coral"}
    assert run.verdict["kind"] == "judged"
    assert run.verdict["chosen"]["mean"] > 0


def test_sealed_numbers_change_neither_model_nor_scale(tmp_path):
    found = []
    for name, shift in (("one", 0.0), ("other", 500.0)):
        y = YEARS.copy()
        y[200:] += shift
        run = small_run(
            tmp_path, y, target_labels="judge", method="rsd", backbone="mlp", out=tmp_path / name
        )
        model = (run.path / "model.safetensors").read_bytes()
        found.append((model, (run.path / "labels.json").read_text()))
    assert found[0] == found[1]


def test_a_method_for_classes_says_so(tmp_path):
    with pytest.raises(MethodError, match=r"(?s)'mcc' cannot run here.*a number.*rsd"):
        small_run(tmp_path, YEARS, method="mcc", backbone="mlp")
