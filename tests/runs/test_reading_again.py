"""`predict` and `eval` read data as the run's target was read, not as they look alone."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest

import landbridge

TINY = {"steps": 10, "source_steps": 10, "threads": 1, "precision": "float32"}


def test_an_answer_does_not_depend_on_the_other_rows_of_an_array(tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 20)
    x = (rng.normal(size=(40, 8, 8)) + 2 * y[:, None, None]).astype(np.float32)
    run = landbridge.transfer(
        (x, y), (x * 1.5, y), method="source-only", target_labels="judge",
        out=tmp_path / "run", seeds=1, training=TINY,
    )  # fmt: skip
    whole = run.model.predict_proba(x * 1.5)
    alone = run.model.predict_proba((x * 1.5)[3:4])
    np.testing.assert_allclose(alone, whole[3:4], atol=1e-5)
    kept = np.array([list(p["probability"].values()) for p in run.predict(x * 1.5)])
    np.testing.assert_allclose(kept, whole, atol=1e-6)


def _write(path, rows, label):
    rng = np.random.default_rng(len(rows))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["age", "sex", "grade", *(["outcome"] if label else [])])
        for y in rows:
            line = [round(float(rng.normal(y)), 3), rng.choice(["f", "m"]), int(rng.integers(3))]
            writer.writerow(line + ([["ill", "well"][y]] if label else []))
    return path


@pytest.mark.parametrize("label", [True, False])
def test_a_table_keeps_its_features_with_a_label_column_or_without(tmp_path, label):
    source = _write(tmp_path / "source.csv", [0, 1] * 30, True)
    target = _write(tmp_path / "target.csv", [0, 1] * 20, True)
    run = landbridge.transfer(
        source, target, method="source-only", label="outcome", target_labels="judge",
        out=tmp_path / "run", seeds=1, training=TINY,
    )  # fmt: skip
    fresh = _write(tmp_path / "fresh.csv", [1, 0] * 8, label)
    predictions = run.predict(fresh)
    assert len(predictions) == 16
    assert {p["predicted"] for p in predictions} <= {"ill", "well"}
    if label:
        assert run.evaluate(fresh, label="outcome")["n"] == 16
        assert run.evaluate(fresh)["n"] == 16


def test_eval_says_when_it_sees_the_runs_own_rows(tmp_path):
    rng = np.random.default_rng(1)
    y = np.repeat(["a", "b"], 20)
    x = rng.normal(size=(40, 4)) + 2 * (y == "b")[:, None]
    run = landbridge.transfer(
        (x, y), (x + 1, y), method="source-only", target_labels="judge",
        out=tmp_path / "run", seeds=1, training=TINY,
    )  # fmt: skip
    assert "run's target" in run.evaluate((x + 1, y))["note"]
    assert "run's source" in run.evaluate((x, y))["note"]
    assert run.evaluate((x + 2, y))["note"] == ""


def test_a_run_on_classes_reads_numbers_as_classes(tmp_path):
    rng = np.random.default_rng(2)
    y = rng.integers(0, 12, 120)
    rows = pd.DataFrame({"a": y + rng.normal(size=120) / 9, "b": rng.normal(size=120)})
    rows["grade"] = y + 0.5  # as they look, they are numbers
    run = landbridge.transfer(
        target=rows, label="grade", target_type="multiclass", method="finetune",
        out=tmp_path / "run", seeds=1, training=TINY,
    )  # fmt: skip
    found = run.evaluate(rows.assign(b=rows["b"] + 1))
    assert set(found["per_class"]) == {str(k + 0.5) for k in range(12)}
