"""What is wrong is said with what to do, and nothing that was computed is lost."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from run_processes import SMALL, Command, assert_same, result

import landbridge
from landbridge.base import files
from landbridge.base.errors import (
    ConfigError,
    DataError,
    RunError,
    StorageError,
    TrainingError,
)

TRAINING = {"steps": 5, "source_steps": 5, "batch_size": 16, "threads": 1, "precision": "float32"}
HOW = {"seeds": 1, "training": TRAINING, "budget": "10m"}


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 4)), np.arange(40) % 2
    x[:, 0] += 4 * y
    folder = tmp_path_factory.mktemp("finished") / "run"
    landbridge.transfer((x, y), (x + 1, y), target_labels="judge", method="mcc", out=folder, **HOW)
    return folder


@pytest.fixture
def run(finished, tmp_path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "run"))


# A run folder that is not what was written ------------------------------------------------------

FILES = (
    *("run.json", "config.json", "data.json", "plan.json", "choice.json", "verdict.json"),
    *("model.safetensors", "backbone.json", "labels.json", "preprocessor.json", "transfer.json"),
    *("predictions.parquet", "map.json", "examples.json", "cost.json", "unknown.json"),
    *("explained.json",),
    *("learned.npy", "learned_sketches.npy"),
)


def test_these_are_all_files(finished):
    there = {f.name for f in finished.iterdir()}
    # beside the reference, kept so that `eval` can compare with it
    assert there == {*FILES, "log.jsonl", "report.html", "README.md", "reference"}


@pytest.mark.parametrize("name", FILES)
def test_one_byte_flipped(run, name):
    file = run / name
    content = bytearray(file.read_bytes())
    rng = np.random.default_rng(len(content))
    for place in rng.choice(len(content), 5, replace=False):
        changed = content.copy()
        changed[place] ^= 1 << int(rng.integers(7))
        file.write_bytes(changed)
        with pytest.raises(RunError, match=name.replace(".", r"\.")):
            landbridge.load_run(run)
    file.write_bytes(content)
    landbridge.load_run(run)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(run, name):
    (run / name).unlink()
    with pytest.raises(RunError, match=name.replace(".", r"\.")):
        landbridge.load_run(run)


def test_a_newer_format(run):
    state = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(state | {"format": 99, "landbridge": "9.9"}))
    for act in (landbridge.load_run, landbridge.resume):
        with pytest.raises(RunError, match=r"format 99 \(landbridge 9\.9\)") as caught:
            act(run)
        assert caught.value.hint == "update landbridge"


@pytest.mark.parametrize("act", [landbridge.load_run, landbridge.resume])
def test_no_run_at_all(tmp_path, act):
    with pytest.raises(RunError, match="is not a run folder"):
        act(tmp_path)


def test_an_unfinished_run_is_not_opened(run):
    from landbridge.artifacts.state import mark

    mark(run, status="running")
    with pytest.raises(RunError, match="not finished") as caught:
        landbridge.load_run(run)
    assert caught.value.hint == f"landbridge resume {run}"


@pytest.mark.parametrize("there", ["notes.txt", "run.json", "config.json"])
def test_out_is_never_overwritten(tmp_path, blobs, there):
    (tmp_path / there).write_text("{}")
    with pytest.raises(RunError, match="is there already"):
        landbridge.transfer(blobs(30), blobs(30), out=tmp_path, **HOW)
    assert (tmp_path / there).read_text() == "{}"


# Data ---------------------------------------------------------------------------------------


def test_different_modalities(tmp_path, blobs):
    images = np.zeros((30, 8, 8), np.uint8)
    with pytest.raises(DataError, match="holds images and the target") as caught:
        landbridge.transfer((images, np.arange(30) % 2), blobs(30), out=tmp_path / "run", **HOW)
    assert "one modality" in caught.value.hint
    assert not (tmp_path / "run").exists()


def test_predicting_for_another_modality(run):
    with pytest.raises(DataError, match="takes a table"):
        landbridge.load_run(run).predict(np.zeros((3, 8, 8), np.uint8))


def test_a_folder_for_a_model_of_tables_is_named_and_no_option_that_nobody_gave(run, tmp_path):
    from PIL import Image

    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / "a.png")
    with pytest.raises(DataError) as caught:
        landbridge.load_run(run).predict(tmp_path / "pictures")
    assert caught.value.message == "a folder of images was given, and the model takes a table"
    assert "columns=" not in str(caught.value)


def test_a_budget_that_is_no_time_is_named_once(tmp_path, blobs):
    with pytest.raises(ConfigError) as caught:
        landbridge.transfer(blobs(30), blobs(30), out=tmp_path / "run", budget="10mins")
    assert caught.value.message.startswith("budget '10mins' is not a time;")


@pytest.mark.parametrize("side", ["source", "target"])
def test_one_class_only(tmp_path, blobs, side):
    one = (blobs(30)[0], ["ant"] * 30)
    pair = (one, blobs(30)) if side == "source" else (None, one)
    with pytest.raises(DataError, match="one class only"):
        landbridge.transfer(*pair, out=tmp_path / "run", **HOW)
    assert not (tmp_path / "run").exists()


# Interrupted in the middle ---------------------------------------------------------------------


def stopped(tmp_path, monkeypatch, source, target, **how) -> Path:
    """Return a run that was stopped when all fits were done."""
    from landbridge.runs import pipeline

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "evaluate", stop)
        with pytest.raises(KeyboardInterrupt):
            landbridge.transfer(source, target, out=tmp_path / "run", **(HOW | how))
    return tmp_path / "run"


def test_objects_are_given_again_to_resume(tmp_path, monkeypatch, blobs):
    source, target = blobs(40), blobs(40, seed=1)
    folder = stopped(tmp_path, monkeypatch, source, target, method="joint")
    with pytest.raises(RunError, match=r"source and the target of .* came from memory"):
        landbridge.resume(folder)
    with pytest.raises(RunError, match=r"the source of .* came from memory"):
        landbridge.resume(folder, target=target)
    run = landbridge.resume(folder, source=source, target=target)
    whole = landbridge.transfer(source, target, method="joint", out=tmp_path / "whole", **HOW)
    assert_same(result(whole.path), result(run.path))


@pytest.mark.parametrize(
    "what", ["source", "source labels", "target", "target labels", "judged labels"]
)
def test_data_that_changed_before_resume(tmp_path, monkeypatch, blobs, what):
    from landbridge.domains.read import read_domain

    split = ["train"] * 20 + ["test"] * 20
    x, y = blobs(40, seed=1)

    def target():
        return read_domain((x, y), split=split, name="target")

    source = blobs(40)
    folder = stopped(tmp_path, monkeypatch, source, target(), method="joint")
    if what == "source":
        source[0][3, 1] += 1
    elif what == "source labels":
        source[1][3] = "bee" if source[1][3] == "ant" else "ant"
    elif what == "target":
        x[3, 1] += 1
    else:
        y[[3, 4] if what == "target labels" else [33, 34]] = y[
            [4, 3] if what == "target labels" else [34, 33]
        ]
    with pytest.raises(
        RunError, match=f"have changed since .* began: {what}$|: {what}\n"
    ) as caught:
        landbridge.resume(folder, source=source, target=target())
    assert "start a new run" in caught.value.hint


def test_a_target_file_that_changed_before_resume(tmp_path, monkeypatch):
    from test_settings import table

    source = table(tmp_path / "source.csv", 40, 0, 0.0)
    target = table(tmp_path / "target.csv", 40, 1, 1.0)
    folder = stopped(tmp_path, monkeypatch, source, target, method="coral")
    text = target.read_text()
    table(target, 40, 2, 1.0)
    with pytest.raises(RunError, match="data have changed"):
        landbridge.resume(folder)
    assert json.loads((folder / "run.json").read_text())["status"] == "failed"
    target.write_text(text)
    monkeypatch.chdir("/")  # paths in a run are whole
    assert landbridge.resume(folder).verdict["kind"] == "judged"


def test_inputs_that_a_cleaned_cache_took_away(tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(cache))
    x = np.random.default_rng(0).integers(0, 255, (30, 40, 40)).astype(np.uint8)
    y = np.arange(30) % 2
    folder = stopped(tmp_path, monkeypatch, (x, y), (255 - x, y), method="probe")
    shutil.rmtree(cache, ignore_errors=True)
    assert landbridge.resume(folder, source=(x, y), target=(255 - x, y)).model


# A full disk ------------------------------------------------------------------------------------


class Disk:
    """Has room for so many more files."""

    def __init__(self, monkeypatch, room: int) -> None:
        self.room, usual = room, os.fsync

        def fsync(handle: int) -> None:
            self.room -= 1
            if self.room < 0:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            usual(handle)

        monkeypatch.setattr(files.os, "fsync", fsync)


@pytest.mark.parametrize("room", [0, 1, 3, 8, 20, 33, 40])
def test_full_disk(tmp_path, monkeypatch, blobs, room):
    source, target = blobs(40), blobs(40, shift=1, seed=1)
    folder = tmp_path / "run"
    with monkeypatch.context() as patch:
        Disk(patch, room)
        with pytest.raises(StorageError, match="no space left while writing"):
            landbridge.transfer(source, target, method="joint", out=folder, **HOW)
    if (folder / "config.json").exists():
        run = landbridge.resume(folder, source=source, target=target)
    else:
        run = landbridge.transfer(source, target, method="joint", out=folder, **HOW)
    assert run.verdict["kind"] == "judged"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_is_really_full(tmp_path, uninterrupted):
    """All ways of writing meet a real ENOSPC, and workers pass it on."""
    import subprocess

    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=900k", "tmpfs", str(place)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this machine does not allow mounting")
    try:
        first = Command(["transfer", *SMALL, "--out", place / "run"], tmp_path / "first")
        assert first.end() == 8, first.text()
        assert "no space left while writing" in first.text()
        assert "Traceback" not in first.text()
        subprocess.run(["mount", "-o", "remount,size=200m", str(place)], check=True)
        second = Command(["resume", place / "run"], tmp_path / "second")
        assert second.end() == 0, second.text()
        assert_same(uninterrupted[1], result(place / "run"))
    finally:
        # Lazily: a worker that is still ending may hold a file of it.
        subprocess.run(["umount", "--lazy", str(place)], check=True)


# Training that diverges --------------------------------------------------------------------------


def test_a_given_method_that_diverges(tmp_path):
    args = [
        "transfer",
        *SMALL,
        "--set",
        "training.learning_rate=1e30",
        "--set",
        "training.threads=1",
    ]
    command = Command([*args, "--out", tmp_path / "run"], tmp_path / "log")
    assert command.end() == 7, command.text()
    assert "loss is nan" in command.text() or "loss is inf" in command.text()
    assert "lower training.learning_rate" in command.text()
    state = json.loads((tmp_path / "run" / "run.json").read_text())
    assert state["status"] == "failed"
    assert "loss is" in state["error"]


def diverge(monkeypatch, *which) -> None:
    """Make fits of some (method, seed) fail as a loss that is not finite does."""
    from landbridge.runs import fit

    usual = fit._fit_network

    def fit_network(context, spec, method, events):
        if (spec.method, spec.seed) in which or (spec.method, "any") in which:
            raise TrainingError(f"{spec.method}: the loss is nan at step 3", hint="lower the rate")
        return usual(context, spec, method, events)

    monkeypatch.setattr(fit, "_fit_network", fit_network)


@pytest.mark.parametrize("labels", ["judge", "use"])
def test_auto_goes_on_without_a_candidate_that_diverges(tmp_path, monkeypatch, blobs, labels):
    diverge(monkeypatch, ("mcc", "any"))
    run = landbridge.transfer(
        blobs(40),
        blobs(40, shift=1, seed=1),
        target_labels=labels,
        candidates=["mcc", "coral"],
        out=tmp_path / "run",
        **HOW,
    )
    gated = [row for row in run.choice["candidates"] if row["method"] == "mcc"]
    assert len(gated) == 1
    assert "the loss is nan" in gated[0]["gated"]
    assert gated[0]["rank"] is None
    log = [json.loads(x) for x in (run.path / "log.jsonl").read_text().splitlines()]
    assert any(e["event"] == "warning" and "mcc failed" in e.get("message", "") for e in log)


def test_a_reference_that_diverges_is_left_out_and_said(tmp_path, monkeypatch, blobs):
    diverge(monkeypatch, ("scratch", "any"))
    run = landbridge.transfer(
        blobs(40), blobs(40, seed=1), method="joint", out=tmp_path / "run", **HOW
    )
    assert run.verdict["reference"] not in (None, "scratch")
    assert "scratch" not in {row["method"] for row in run.verdict["baselines"]}
    assert {"method": "scratch", "why": "scratch: the loss is nan at step 3"} in run.choice[
        "not_tried"
    ]


def test_the_next_best_takes_the_place_of_one_that_fails_later(tmp_path, monkeypatch, blobs):
    from landbridge.runs import compare
    from landbridge.selection.records import Candidate, Choice

    def choose(candidates, reference, **_):
        names = ["mcc", "infomax", "source-only"]
        rows = (Candidate(name, {}, rank=rank) for rank, name in enumerate(names, 1))
        return Choice("mcc", "label-free", "mcc is best.", False, tuple(rows))

    monkeypatch.setattr(compare, "choose_label_free", choose)
    diverge(monkeypatch, ("mcc", 1))
    run = landbridge.transfer(
        blobs(40),
        blobs(40, shift=1, seed=1),
        target_labels="judge",
        candidates=["mcc", "infomax"],
        out=tmp_path / "run",
        **(HOW | {"seeds": 2}),
    )
    assert run.choice["method"] == run.verdict["chosen"]["method"] == "infomax"
    assert "mcc then failed with a further seed (mcc: the loss is nan" in run.choice["reason"]
    assert run.choice["candidates"][0]["gated"].startswith("mcc: the loss is nan")


def test_all_candidates_diverge(tmp_path, monkeypatch, blobs):
    diverge(monkeypatch, ("scratch", "any"), ("finetune", "any"))

    def no_trees(*_):
        raise TrainingError("boosted-trees: no tree grew", hint="")

    monkeypatch.setattr("landbridge.methods.probes.boosted_trees.BoostedTrees.fit_head", no_trees)
    with pytest.raises(TrainingError, match="scratch: the loss is nan"):
        landbridge.transfer(None, blobs(40), out=tmp_path / "run", **HOW)
