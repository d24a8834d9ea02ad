"""A temperature: answers stay, probabilities are surer or less sure, sealed labels have no part."""

from __future__ import annotations

import json

import numpy as np
import pytest

import landbridge
from landbridge.solvers.calibration.softmax import softmax
from landbridge.solvers.calibration.temperature import (
    likeliest_temperature,
    temperature_for_confidence,
)
from landbridge.targets.codec import TargetCodec


def test_the_temperature_that_made_the_scores_is_found():
    rng = np.random.default_rng(0)
    z = 2 * rng.normal(size=(4000, 4))
    labels = np.array([rng.choice(4, p=p) for p in softmax(z)])
    assert likeliest_temperature(5 * z, labels) == pytest.approx(5, rel=0.1)


@pytest.mark.parametrize("wanted", [0.4, 0.7, 0.95])
def test_the_mean_confidence_is_what_was_asked_for(wanted):
    z = 8 * np.random.default_rng(1).normal(size=(500, 4))
    z[0, 0] = -np.inf  # a class that cannot be the answer
    found = softmax(z / temperature_for_confidence(z, wanted)).max(1).mean()
    assert found == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("temperature", [0.1, 3.0, 100.0])
def test_answers_stay_and_the_file_keeps_it(temperature):
    z = (10 * np.random.default_rng(2).normal(size=(3000, 5))).astype(np.float32)
    reading = TargetCodec("multiclass", tuple("abcde"), temperature=temperature)
    again = TargetCodec.from_dict(json.loads(json.dumps(reading.to_dict())))
    assert again == reading
    assert (again.transform(z).argmax(1) == z.argmax(1)).all()
    assert "temperature" not in TargetCodec("multiclass", ("a",)).to_dict()


def test_a_run_that_adapted_without_labels_is_no_surer_than_its_seeds_agree(tmp_path, blobs):
    x, y = blobs(150, shift=2.5, seed=1)
    runs = []
    for part, labels in (("own", y), ("turned", np.roll(y, 1))):
        runs.append(
            landbridge.transfer(
                blobs(150),
                (x, labels),
                target_labels="judge",
                method="infomax",
                seeds=3,
                budget="5s",
                training={"steps": 40, "threads": 1},  # in this process
                out=tmp_path / part,
            )
        )
    one, other = (run.verdict["temperature"] for run in runs)
    assert one == other  # sealed labels have no part in it
    assert one["value"] >= 1
    found = runs[0].verdict["calibration"]
    assert found["confidence"] <= found["before"]["confidence"] + 1e-9
    said = [list(row["probability"].values()) for row in runs[0].predict(x)]
    assert np.max(said, axis=1).mean() == pytest.approx(found["confidence"], abs=1e-5)
