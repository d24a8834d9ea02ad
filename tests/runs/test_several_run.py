"""Whole small runs on rows of several modalities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.files import read_json

SMALL = {"seeds": 1, "offline": True, "training": {"steps": 40, "source_steps": 60, "threads": 1}}


def animals(shift: float, n: int = 80, missing: bool = False):
    """Return rows whose class is told half by the picture and half by the text."""
    rng = np.random.default_rng(int(10 * shift))
    labels = rng.integers(0, 4, n)
    bright, big = labels % 2, labels // 2
    images = rng.normal(60 + 120 * bright + shift, 25, (8, 8, n)).transpose(2, 0, 1)
    words = [f"a {('small', 'huge')[b]} animal number {i}" for i, b in enumerate(big)]
    if missing:
        words = [None if i % 4 == 0 else word for i, word in enumerate(words)]
    rows = {"image": images.clip(0, 255).astype(np.uint8), "text": words}
    return rows, [f"kind {label}" for label in labels]


@pytest.mark.parametrize("method", ["mcc", "coral"])
def test_adapted_and_asked_with_parts_missing(tmp_path, method):
    run = landbridge.transfer(
        animals(0.0),
        animals(1.5, missing=True),
        backbone="fusion_net",
        method=method,
        target_labels="judge",
        out=tmp_path / "run",
        **SMALL,
    )
    found = read_json(run.path / "parts.json")
    score = {tuple(one["parts"]): one["mean"] for one in found["sets"]}
    assert score[("image", "text")] > 0.8
    assert score[("image", "text")] > max(score[("image",)], score[("text",)]) + 0.15
    assert found["present"] == {"image": 80, "text": 60}
    assert "What each modality gives" in (run.path / "report.html").read_text("utf-8")

    again = landbridge.load_run(run.path)
    rows, labels = animals(1.5, missing=True)
    said = again.model.predict(rows)
    assert (said == np.array(labels)).mean() > 0.7
    # One modality alone: told by the text, the right half of the classes is found.
    alone = again.model.predict(["a huge animal number 3", "a small animal number 4"])
    assert [int(name[-1]) // 2 for name in alone] == [1, 0]
    table = pd.DataFrame({"text": ["a huge animal number 1"], "other": [1.0]})
    assert int(again.model.predict(table)[0][-1]) // 2 == 1
