"""Each example of CONTRIBUTING.md is one file that works as it stands."""

from __future__ import annotations

import dataclasses
import re
import sys
import types
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.artifacts.kinds import KINDS
from landbridge.base.errors import RunError
from landbridge.base.fields import options_of
from landbridge.domains.holdout.base import SPLIT_RULES
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import seal
from landbridge.methods.core.base import METHODS, Features
from landbridge.structured.base import TASKS
from landbridge.structured.training import FitOptions

TEXT = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text("utf-8")
EXAMPLES = {
    title: re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    for title, section in re.findall(r"^## (Add [^\n]*)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.DOTALL)
}


@pytest.fixture
def example(monkeypatch):
    """Return a function that runs an example as a file of a package, for this test alone."""

    def run(title, name, registry):
        monkeypatch.setattr(registry, "_items", dict(registry.items()))
        (code,) = EXAMPLES[title]
        assert len(code.splitlines()) <= 45
        module = types.ModuleType(name)
        module.__package__ = name.rpartition(".")[0]
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(code, f"CONTRIBUTING.md, {title}", "exec"), module.__dict__)
        return module

    return run


def test_a_method(example):
    example("Add a method in 20 lines", "landbridge.methods.nearest_mean", METHODS)
    labels = np.repeat([0, 1, 2], 20)
    x = np.random.default_rng(0).normal(size=(60, 4)) + 5 * np.eye(4)[labels]
    target = Features(x.astype(np.float32), labels, np.ones(60, bool))
    head = METHODS.get("nearest-mean")().fit_head(None, target, 4, 0)
    assert (head.logits(x).argmax(1) == labels).mean() > 0.95


def test_a_split_rule(example):
    example("Add a split rule", "landbridge.domains.holdout.largest", SPLIT_RULES)
    table = pd.DataFrame(
        {
            "width": np.random.default_rng(0).normal(size=40),
            "site": ["a"] * 10 + ["b"] * 18 + ["c"] * 12,
            "kind": ["rose", "lily"] * 20,
        }
    )
    domain = read_domain(table, label="kind", holdout_by="site")
    target = seal(domain, "use", holdout="largest:site")
    assert np.flatnonzero(target.test_mask).tolist() == list(range(10, 28))
    assert any("all those of 'site' = b, and held out" in note for note in target.notes)


@pytest.mark.slow
def test_a_structured_task(example, translator, tmp_path):
    example("Add a structured task", "landbridge.structured.keywords", TASKS)
    rows = [
        {"text": f"a1 a2 a{i % 8}", "keywords": "b1 , b2" if i % 2 else "b3"} for i in range(12)
    ]
    tuned = landbridge.tune(
        "keywords",
        rows,
        model=str(translator),
        out=tmp_path / "tuned",
        fit=FitOptions(steps=2),
    )
    assert tuned.facts["verdict"]["metric"] == "F1"
    assert TASKS.get("keywords").metrics(tuned.task)[0].of([np.array([1.0, 4.0])]) == 0.5


def test_a_kind_of_artifact(example, tmp_path):
    made = example("Add a kind of artifact", "landbridge_centres", KINDS)
    x = np.array([[0.0, 0.0], [0.2, 0.0], [5.0, 5.0]])
    centres = made.centres(x, np.array(["near", "near", "far"]), tmp_path / "made")
    assert centres.predict([[4.0, 4.0]]) == ["far"]
    assert landbridge.load(tmp_path / "made").predict([[1.0, 0.0]]) == ["near"]
    with pytest.raises(RunError, match="class centres, finished"):
        made.centres(x, np.array(["a", "b", "c"]), tmp_path / "made")
    file = tmp_path / "made" / "centres.json"
    file.write_text(file.read_text().replace("5.0", "6.0"))
    with pytest.raises(RunError, match="is damaged"):
        landbridge.load(tmp_path / "made")
    with pytest.raises(IndexError):
        made.centres(x, np.array(["near"] * 9), tmp_path / "cut")
    assert not (tmp_path / "cut").exists()


def test_an_option():
    (code,) = EXAMPLES["Add an option"]
    place: dict = {}
    exec(f"from landbridge.base.fields import *\nclass Data:\n{code}", place)
    made = dataclasses.dataclass(place["Data"])
    assert options_of(made)["encoding"].flag == "--encoding"


def test_every_example_has_a_test():
    named = set(re.findall(r'(?:example\(|EXAMPLES\[)"([^"]+)"', Path(__file__).read_text("utf-8")))
    assert set(EXAMPLES) == named
