"""A plan and a choice are the same after a way through JSON, and methods are made once a run."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest

import landbridge
from landbridge.methods.core import resolve
from landbridge.methods.self_training.consensus import MEMBERS
from landbridge.runs.records import Plan
from landbridge.selection.records import Choice


@pytest.fixture
def made(monkeypatch):
    """Count the methods that are made, by name."""
    names: Counter[str] = Counter()
    real = resolve.make_method

    def counted(name, options=None):
        names[name] += 1
        return real(name, options)

    monkeypatch.setattr(resolve, "make_method", counted)
    return names


@pytest.fixture
def sides():
    x = np.random.default_rng(0).normal(size=(2, 40, 4)).astype(np.float32)
    labels = ["a", "b"] * 20
    return (x[0], labels), (x[1], labels)


@pytest.mark.parametrize("method", ["auto", "coral"])
def test_each_method_is_made_once(made, sides, tmp_path, method):
    run = landbridge.transfer(
        *sides,
        target_labels="judge",
        method=method,
        method_options={"reg": 0.5} if method == "coral" else None,
        backbone="identity",
        seeds=2,
        out=tmp_path / "run",
        training={"threads": 1, "steps": 3},
    )
    assert {"probe", run.choice["method"]} <= set(made)
    assert max((made - Counter(MEMBERS)).values()) == 1  # `consensus` makes its own

    for file, record in (("plan.json", Plan), ("choice.json", Choice)):
        found = json.loads((tmp_path / "run" / file).read_text())
        assert json.dumps(record.from_json(found).to_json()) == json.dumps(found)
