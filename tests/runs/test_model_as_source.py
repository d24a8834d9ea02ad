"""A finished run is the source of another: its model is all that is read."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import landbridge
from landbridge.base.errors import ConfigError, DataError, MethodError, RunError
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels
from landbridge.runs.source_model import SourceModel, is_run

TRAINING = {"steps": 30, "source_steps": 30, "batch_size": 16, "threads": 1, "precision": "float32"}


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A run on labelled rows, whose model is a small net of its own."""
    rng = np.random.default_rng(5)
    y = np.arange(120) % 3
    x = (4 * np.eye(3, 6)[y] + rng.normal(size=(120, 6))).astype(np.float32)
    labels = np.array(["ant", "bee", "cat"], dtype=object)[y]
    out = tmp_path_factory.mktemp("given") / "lab"
    return landbridge.transfer(
        None, (x, labels), method="scratch", seeds=1, out=out, training=TRAINING
    )


def transfer(source, target, out, **how):
    how = {"seeds": 1, "training": TRAINING, "target_labels": "judge"} | how
    return landbridge.transfer(source, target, out=out, **how)


def test_what_is_a_run(given, tmp_path):
    assert is_run(given)
    assert is_run(given.path)
    assert is_run(str(given.path))
    assert not is_run(tmp_path)
    assert not is_run("sample:digits")
    assert not is_run(np.eye(3))
    assert not is_run(None)


def test_source_only_is_that_model_to_the_bit(given, blobs, tmp_path):
    target = blobs(60, seed=3)
    run = transfer(given.path, target, tmp_path / "run", method="source-only")
    assert run.data["setting"].startswith("Source: the model 'lab' of 3 classes, without its data")
    assert run.data["source"] is None
    assert run.data["source_model"]["hash"] == SourceModel.load(given).digest
    ours = [row["probability"] for row in run.predict(target[0])]
    theirs = [row["probability"] for row in given.predict(target[0])]
    assert ours == theirs


def test_an_object_and_a_path_are_the_same(given, blobs, tmp_path):
    known = keep_labels(read_domain(blobs(60, seed=3), name="field"), np.arange(60) < 12)
    how = {"method": "finetune", "target_labels": "use"}
    one = transfer(given, known, tmp_path / "one", **how)
    two = transfer(str(given.path), known, tmp_path / "two", **how)
    assert "fine-tuning from few labels of what a model knows" in one.data["setting"]
    rows = blobs(20, seed=9)[0]
    assert one.predict(rows) == two.predict(rows)
    assert {row["method"] for row in one.verdict["baselines"]} >= {"source-only", "scratch"}


def test_fine_tuning_starts_from_the_model(given, blobs, tmp_path):
    """With a rate of next to nothing the model's answers are what is left."""
    target = blobs(60, seed=3)
    small = TRAINING | {"steps": 1, "learning_rate": 1e-12}
    run = transfer(
        given, target, tmp_path / "run", method="finetune", target_labels="use", training=small
    )
    ours = np.array([list(r["probability"].values()) for r in run.predict(target[0])])
    theirs = np.array([list(r["probability"].values()) for r in given.predict(target[0])])
    assert np.allclose(ours, theirs, atol=1e-5)


def test_probe_stands_on_the_models_features(given, blobs, tmp_path):
    run = transfer(given, blobs(60, seed=3), tmp_path / "run", method="probe", target_labels="use")
    assert run.verdict["chosen"]["mean"] > 0.9


def test_what_needs_the_data_says_so(given, blobs, tmp_path):
    with pytest.raises(MethodError, match="the source is a model without its data"):
        transfer(given, blobs(60), tmp_path / "run", method="dann")
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_a_backbone_beside_a_model_is_refused(given, blobs, tmp_path):
    with pytest.raises(ConfigError, match="leave --backbone out"):
        transfer(given, blobs(60), tmp_path / "run", method="source-only", backbone="mlp")


def test_other_data_than_the_model_takes(given, tmp_path):
    images = np.zeros((30, 16, 16), np.uint8)
    with pytest.raises(DataError, match="the model 'lab' takes a table"):
        transfer(given, (images, np.arange(30) % 3), tmp_path / "run", method="source-only")


def test_a_damaged_model_is_named(given, blobs, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(given.path, broken)
    (broken / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(RunError, match=r"broken/model\.safetensors"):
        transfer(broken, blobs(60), tmp_path / "run", method="source-only")


def test_resume_goes_on_with_the_same_model_alone(given, blobs, tmp_path, monkeypatch):
    lab, out, target = tmp_path / "lab", tmp_path / "run", blobs(60, seed=3)
    shutil.copytree(given.path, lab)
    whole = transfer(lab, target, tmp_path / "whole", method="source-only")
    with monkeypatch.context() as patch:

        def stop(*_):
            raise RunError("stopped", hint="go on")

        patch.setattr("landbridge.runs.pipeline.evaluate", stop)
        with pytest.raises(RunError, match="stopped"):
            transfer(lab, target, out, method="source-only")
    kept = tmp_path / "kept"
    shutil.copytree(lab, kept)
    other = transfer(None, target, tmp_path / "other", method="scratch", target_labels="use")
    shutil.rmtree(lab)
    shutil.copytree(other.path, lab)
    with pytest.raises(RunError, match="source model"):
        landbridge.resume(out, target=target)
    shutil.rmtree(lab)
    shutil.copytree(kept, lab)
    run = landbridge.resume(out, target=target)
    assert run.predict(target[0]) == whole.predict(target[0])
