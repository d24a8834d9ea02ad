"""An explanation that was interrupted goes on from the rows that are done, to the same result."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge
from landbridge.base.events import Events
from landbridge.explanation.game import Game
from landbridge.explanation.methods.occlusion import Occlusion


def pictures(seed, n):
    """Return noise, in which one class has a bright square."""
    rng = np.random.default_rng(seed)
    found, labels = rng.integers(60, 140, (n, 16, 16), dtype=np.uint8), rng.integers(0, 2, n)
    for row, label in zip(found, labels, strict=True):
        a, b = rng.integers(1, 10, 2)
        if label:
            row[a : a + 5, b : b + 5] = 240
    return found, np.where(labels == 1, "marked", "plain")


class Heard:
    def __init__(self):
        self.said = []

    def event(self, event):
        self.said.append(event.get("message", ""))

    def progress(self, what, total):
        return Events().progress(what, total)


@pytest.fixture
def run(tmp_path):
    return landbridge.transfer(
        source=pictures(1, 200),
        target=pictures(2, 60),
        target_labels="judge",
        backbone="convnet",
        method="source-only",
        seeds=1,
        out=tmp_path / "run",
        training={"source_steps": 40, "steps": 20, "batch_size": 16, "threads": 1},
    )


def test_rows_that_are_done_are_not_done_again(run, tmp_path, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))
    data, how = pictures(2, 60), {"rows": 12, "method": "occlusion"}
    whole = run.explain(data, **how)
    assert not list((tmp_path / "cache").rglob("*.json")), "what is whole needs nothing kept"

    right, calls, passes = Occlusion.explain, [], []
    asked = Game._asked

    def counted(self, kept):
        passes.append(len(kept))
        return asked(self, kept)

    def stopped(self, game, budget, seed):
        calls.append(game)
        if len(calls) == 24:
            raise KeyboardInterrupt
        return right(self, game, budget, seed)

    monkeypatch.setattr(Game, "_asked", counted)
    run.explain(data, **how)
    full = sum(passes)
    heard = Heard()
    monkeypatch.setattr(Occlusion, "explain", stopped)
    with pytest.raises(KeyboardInterrupt):
        run.explain(data, **how, events=Events(None, heard))
    assert any("is kept" in text for text in heard.said)
    assert list((tmp_path / "cache").rglob("*.json"))
    monkeypatch.setattr(Occlusion, "explain", right)
    passes.clear()
    again = run.explain(data, **how)
    assert sum(passes) < 0.8 * full
    assert again.to_json() == whole.to_json()
    assert not list((tmp_path / "cache").rglob("*.json"))
