"""A run's model on a stream: order, figures over time, and labels that teach nothing."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from landbridge.base.errors import ConfigError, DataError
from landbridge.runs.model import Model
from landbridge.runs.stream import stream_data
from landbridge.targets.codec import TargetCodec


@pytest.fixture
def run(kit):
    return SimpleNamespace(model=Model(kit.network, kit.preprocessing, kit.classes, (0, 255)))


def test_answers_come_in_order_and_labels_only_change_the_figures(kit, run):
    stored, y = kit.rows(300, seed=4)
    names = np.array(kit.classes)[y]
    right = stream_data(run, (stored[:, 0], names), method="eata", batch_size=50)
    wrong = stream_data(run, (stored[:, 0], np.roll(names, 1)), method="eata", batch_size=50)
    bare = stream_data(run, stored[:, 0], method="eata", batch_size=50)
    assert right["predictions"] == wrong["predictions"] == bare["predictions"]
    assert right["report"] == wrong["report"]
    assert bare["over_time"] is None
    assert bare["accuracy"] is None
    predicted = np.array([row["predicted"] for row in right["predictions"]])
    assert right["accuracy"]["adapted"] == pytest.approx((predicted == names).mean())
    source = np.array(kit.classes)[run.model.predict_proba(stored[:, 0]).argmax(1)]
    assert right["accuracy"]["source"] == pytest.approx((source == names).mean())
    over = right["over_time"]
    assert [part["n"] for part in over] == [30] * 10
    assert (over[0]["first"], over[-1]["last"]) == (0, 299)
    assert over[2]["adapted"] == pytest.approx((predicted[60:90] == names[60:90]).mean())


def test_without_the_guard_the_source_is_still_shown(kit, run):
    stored, y = kit.rows(40, seed=4)
    names = np.array(kit.classes)[y]
    found = stream_data(run, (stored[:, 0], names), method="adabn", guard=False, batch_size=1)
    assert found["report"]["guarded"] is False
    source = np.array(kit.classes)[run.model.predict_proba(stored[:, 0]).argmax(1)]
    assert found["accuracy"]["source"] == pytest.approx((source == names).mean())


def test_wrong_batches_and_data_are_named(kit, run):
    stored = kit.rows(4)[0]
    with pytest.raises(ConfigError, match="0 rows"):
        stream_data(run, stored[:, 0], batch_size=0)
    with pytest.raises(DataError, match="holds a table"):
        # Columns: an array (9, 4) would be one grey picture to a run of pictures.
        stream_data(
            run, pd.DataFrame(np.random.default_rng(0).normal(size=(9, 4)), columns=[*"abcd"])
        )


def test_probabilities_have_the_runs_temperature_and_answers_stay(kit):
    stored, _ = kit.rows(60, seed=4)
    found = {}
    for temperature in (1.0, 2.5):
        reading = TargetCodec("multiclass", tuple(kit.classes), temperature=temperature)
        model = Model(kit.network, kit.preprocessing, kit.classes, (0, 255), reading=reading)
        run = SimpleNamespace(model=model)
        for method in ("none", "eata"):
            rows = stream_data(run, stored[:, 0], method=method, batch_size=20)["predictions"]
            found[method, temperature] = [
                (r["predicted"], max(r["probability"].values())) for r in rows
            ]
        sure = [c for _, c in found["none", temperature]]
        wanted = model.predict_proba(stored[:, 0]).max(1)
        np.testing.assert_allclose(sure, wanted, atol=2e-6)
    for method in ("none", "eata"):
        plain, warm = found[method, 1.0], found[method, 2.5]
        assert [name for name, _ in plain] == [name for name, _ in warm]
        assert all(w < p for (_, p), (_, w) in zip(plain, warm, strict=True))
