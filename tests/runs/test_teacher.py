"""A finished run that teaches, in the same modality and in another."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge
from landbridge.base.errors import ConfigError, DataError, MethodError, RunError


def table(n, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.choice(["ant", "bee", "fly"], n)
    middle = {"ant": (0, 0), "bee": (4, 0), "fly": (0, 4)}
    x = np.array([middle[name] for name in labels]) + rng.normal(size=(n, 2))
    words = {"ant": "it walks in a row", "bee": "it hums on a flower", "fly": "it sits on bread"}
    return x, [words[name] for name in labels], labels


def quick(target, out, **more):
    how = {"budget": "60s", "seeds": 1, "progress": False, "training": {"steps": 150}}
    return landbridge.transfer(None, target, out=out, **(how | more))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    x, _, labels = table(200)
    return quick((x, labels), tmp_path_factory.mktemp("t") / "run", method="scratch").path


def test_a_table_teaches_texts_without_labels(teacher, tmp_path):
    x, texts, labels = table(300, seed=1)
    run = quick(
        ({"tabular": x, "text": texts}, labels),
        tmp_path / "run",
        teacher=teacher,
        target_labels="judge",
        backbone="textnet",
    )
    assert run.choice["method"] == "distil"
    assert run.data["teacher"]["sees"] == "tabular"
    assert "distillation" in run.data["setting"]
    assert run.model.preprocessing.modality == "text"
    assert run.verdict["chosen"]["mean"] > 0.9
    assert [row["method"] for row in run.verdict["baselines"]] == ["teacher"]
    assert run.verdict["baselines"][0]["mean"] > 0.9
    assert "its teacher on" in run.verdict["sentence"]
    said = run.predict(["it hums on a flower", "it sits on bread"])
    assert [row["predicted"] for row in said] == ["bee", "fly"]
    both = {"tabular": x[:3], "text": ["it hums on a flower"] * 3}
    assert [row["predicted"] for row in run.predict(both)] == ["bee"] * 3
    lacking = run.predict({"tabular": x[:2], "text": ["it hums on a flower", None]})
    assert [row["predicted"] for row in lacking] == ["bee", None]
    assert lacking[1]["reason"]


def test_sealed_labels_do_not_reach_the_student(teacher, tmp_path):
    x, texts, labels = table(120, seed=2)
    rows = {"tabular": x, "text": texts}
    how = {"teacher": teacher, "target_labels": "judge", "backbone": "textnet", "method": "distil"}
    how["training"] = {"steps": 60, "threads": 1, "precision": "float32"}
    one = quick((rows, labels), tmp_path / "a", **how)
    other = quick((rows, labels[::-1].copy()), tmp_path / "b", **how)
    states = [run.model.network.state_dict() for run in (one, other)]
    assert all(bool((states[0][key] == states[1][key]).all()) for key in states[0])


def test_the_same_modality(teacher, tmp_path):
    x, _, labels = table(200, seed=3)
    some = np.array(labels, dtype=object)
    some[60:] = None
    run = quick((x, some), tmp_path / "run", teacher=teacher, method="distil", backbone="mlp")
    assert run.verdict["chosen"]["mean"] > 0.85


def test_what_is_wrong_is_said(teacher, tmp_path):
    x, texts, labels = table(60)
    with pytest.raises(RunError, match="is no run"):
        quick((x, labels), tmp_path / "a", teacher=tmp_path)
    with pytest.raises(ConfigError, match="without a teacher"):
        quick((x, labels), tmp_path / "b", student="text")
    with pytest.raises(DataError, match="sees a table"):
        quick((texts, labels), tmp_path / "c", teacher=teacher)
    rows = {"tabular": x, "text": texts}
    with pytest.raises(DataError, match="'sound'"):
        quick((rows, labels), tmp_path / "d", teacher=teacher, student="sound")
    with pytest.raises(DataError, match="at least two of the classes"):
        quick((x, [f"z{name}" for name in labels]), tmp_path / "e", teacher=teacher)
    with pytest.raises(MethodError, match="--teacher"):
        quick((x, labels), tmp_path / "f", method="distil")
