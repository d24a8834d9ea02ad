"""Labels kept for judging reach the verdict and nothing else."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import landbridge
from landbridge.domains import sealed as vault
from landbridge.domains.sealed import SealedLabels

TINY = {
    "seeds": 1,
    "training": {
        "steps": 5,
        "source_steps": 5,
        "batch_size": 16,
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


@pytest.mark.parametrize("keep", ["train", "none"])
def test_no_file_of_the_work_folder_holds_them(tmp_path, blobs, monkeypatch, keep):
    from landbridge.domains.read import read_domain
    from landbridge.runs import pipeline

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "evaluate", stop)
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
