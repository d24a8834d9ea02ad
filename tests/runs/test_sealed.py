"""Labels kept for judging reach the verdict and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from run_processes import result

import landbridge
from landbridge.domains import sealed as vault
from landbridge.domains.sealed import SealedLabels

TINY = {
    "seeds": 1,
    "training": {
        "steps": 5,
        "source_steps": 5,
        "batch": 16,
        "threads": 1,
        "precision": "float32",
    },
}


def test_only_the_verdict_opens_the_seals(tmp_path, blobs, monkeypatch):
    callers = []
    usual = SealedLabels.open

    def open_and_tell(self):
        callers.append(sys._getframe(1).f_globals["__name__"])
        monkeypatch.setattr(vault, "_OPENERS", (__name__, "landbridge.verdict"))
        try:
            return usual(self)
        finally:
            monkeypatch.setattr(vault, "_OPENERS", ("landbridge.verdict",))

    monkeypatch.setattr(SealedLabels, "open", open_and_tell)
    run = landbridge.transfer(
        blobs(60), blobs(60, shift=1, seed=1), target_labels="judge", out=tmp_path / "run", **TINY
    )
    assert run.verdict["kind"] == "judged"
    assert callers
    assert {name.rpartition(".")[0] for name in callers} == {"landbridge.verdict"}


def permuted(y: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return labels with those at `rows` exchanged among themselves, so that all change."""
    new = y.copy()
    order = np.argsort(y[rows], kind="stable")
    new[rows[order]] = np.roll(y[rows[order]], len(rows) // 3)
    assert (new[rows] != y[rows]).mean() > 0.9
    return new


def both(tmp_path: Path, source, x, one, other, judge: str):
    """Return what two runs gave whose sealed labels differ."""
    found = []
    for name, y in (("one", one), ("other", other)):
        landbridge.transfer(
            source, (x, y), target_labels=judge, out=tmp_path / name, budget="10m", **TINY
        )
        found.append(result(tmp_path / name))
    return found


def same_choice_and_model(one, other):
    assert one["tensors"] == other["tensors"]
    for part in ("method", "kind", "reason", "kept_reference", "not_tried"):
        assert one["choice"][part] == other["choice"][part]
    assert one["choice"]["candidates"] == other["choice"]["candidates"]
    assert one["predictions"]["probability"] == other["predictions"]["probability"]
    # It did make a difference where it should.
    assert one["verdict"]["chosen"]["mean"] != other["verdict"]["chosen"]["mean"]


@pytest.mark.parametrize("method", ["auto"])
def test_sealed_labels_of_an_unlabelled_target_change_nothing(tmp_path, blobs, method):
    x, y = blobs(60, shift=1, seed=1)
    other = permuted(y, np.arange(60))
    same_choice_and_model(*both(tmp_path, blobs(60), x, y, other, "judge"))


def test_sealed_labels_of_held_out_rows_change_nothing(tmp_path, blobs):
    from landbridge.domains.domain import Domain
    from landbridge.domains.read import read_domain

    x, y = blobs(60, shift=1, seed=1)
    split = np.array(["train"] * 30 + ["test"] * 30)
    found = []
    for name, labels in (("one", y), ("other", permuted(y, np.arange(30, 60)))):
        target: Domain = read_domain((x, labels), split=split, name="target")
        landbridge.transfer(blobs(60), target, out=tmp_path / name, budget="10m", **TINY)
        found.append(result(tmp_path / name))
    assert found[0]["choice"]["kind"] == "cross-validation"
    same_choice_and_model(*found)


@pytest.mark.parametrize("keep", ["train", "none"])
def test_no_file_of_the_work_folder_holds_them(tmp_path, blobs, monkeypatch, keep):
    from landbridge.domains.read import read_domain
    from landbridge.runs import pipeline

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "finish", stop)
    x, y = blobs(60, shift=1, seed=1)
    # A class that only sealed labels have must appear nowhere, and neither must the codes.
    y[30:] = np.where(y[30:] == "cat", "zebra", y[30:])
    split = np.array(["train"] * 30 + ["test"] * 30)
    target = read_domain((x, y), split=split, name="target")
    judge = "use" if keep == "train" else "judge"
    with pytest.raises(KeyboardInterrupt):
        landbridge.transfer(blobs(60), target, target_labels=judge, out=tmp_path / "run", **TINY)
    codes = {name: i for i, name in enumerate(("ant", "bee", "cat", "zebra"))}
    sealed = np.array([codes[name] for name in y[30:]])
    files = [f for f in (tmp_path / "run").rglob("*") if f.is_file()]
    assert len([f for f in files if "work" in f.parts]) > 10
    for file in files:
        assert b"zebra" not in file.read_bytes(), file
        if file.suffix == ".npy":
            array = np.load(file)
            if array.ndim == 1 and array.dtype.kind in "iu" and len(array) >= 30:
                assert not (array[-30:] == sealed).all(), file
    known = np.load(tmp_path / "run" / "work" / "data" / "target_known.npy")
    assert len(known) == 30
    assert known.any() == (keep == "train")
