"""`auto` in every cell of modality, setting and kind of answer: ended early, resumed, opened."""

from __future__ import annotations

import wave
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.errors import LandbridgeError, RunError
from landbridge.base.events import Events
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels
from landbridge.runs import plan as planning

N = 36
NETS = {
    "image": "convnet",
    "text": "textnet",
    "audio": "logmelnet",
    "table": "auto",
    "features": "identity",
    "several": "fusion_net",
}
SOURCES = ("labelled", "model", "unlabelled", "pretrained", "none")
TARGETS = ("no", "few", "all")
ANSWERS = ("multiclass", "regression", "multilabel")
TRAINING = {"steps": 2, "source_steps": 2, "batch_size": 8, "threads": 1}


class Stopped(Exception):
    """What ends a run in the middle, as a person may."""


class StopsAt:
    """A listener that ends the run when it hears of `kind`."""

    def __init__(self, kind):
        self.kind = kind

    def event(self, event):
        if event["event"] == self.kind:
            raise Stopped

    def progress(self, what, total):
        return Events().progress(what, total)


def labels_of(answers, seed):
    rng = np.random.default_rng(seed)
    turn = np.arange(N) % 3
    if answers == "multiclass":
        return np.array(["ant", "bee", "cat"], object)[turn], turn
    if answers == "regression":
        return 3.0 * turn + rng.normal(size=N), turn
    return np.stack([turn > 0, turn < 2], 1).astype(int), turn


def rows_of(modality, turn, seed, folder):
    rng = np.random.default_rng(seed)
    if modality == "image":
        x = rng.integers(0, 90, (N, 12, 12), dtype=np.uint8)
        for image, kind in zip(x, turn, strict=True):
            image[4 * kind : 4 * kind + 3] += 150
        return x
    if modality == "text":
        words = np.array(["small", "middling", "large"])[turn]
        return [
            f"the {word} one of {int(k)} in town"
            for word, k in zip(words, rng.integers(99, size=N), strict=True)
        ]
    if modality == "audio":
        paths = []
        for i, kind in enumerate(turn):
            paths.append(folder / f"{seed}-{i}.wav")
            tone = np.sin(2 * np.pi * (300 + 400 * kind) * np.arange(1600 + 10 * i) / 8000)
            with wave.open(str(paths[-1]), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
                file.writeframes(np.int16(8000 * tone).tobytes())
        return pd.DataFrame({"audio": [str(path) for path in paths]})
    if modality == "several":
        return {
            "image": rows_of("image", turn, seed, folder),
            "text": rows_of("text", turn, seed, folder),
        }
    x = (4 * np.eye(3, 5)[turn] + rng.normal(size=(N, 5))).astype(np.float32)
    if modality == "features":
        return x
    frame = pd.DataFrame(x, columns=list("abcde"))
    return frame.assign(place=rng.choice(["north", "south"], N))


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Return a function that makes a domain, or a finished run, once for all cells."""
    folder = tmp_path_factory.mktemp("given")

    @cache
    def domain(modality, answers, side):
        seed = ("source", "target", "elsewhere").index(side)
        labels, turn = labels_of(answers, seed)
        x = rows_of(modality, turn, seed, folder)
        return read_domain(x, labels=labels, target_type=answers, name=side)

    @cache
    def run(modality, answers):
        out = folder / f"{modality}-{answers}"
        made = landbridge.transfer(
            None,
            domain(modality, answers, "elsewhere"),
            backbone="ft_transformer"
            if modality == "table"
            else "mlp"
            if modality == "features"
            else NETS[modality],
            method="scratch",
            seeds=1,
            out=out,
            training=TRAINING,
        )
        return made.path

    return domain, run


def unlabelled(domain):
    return keep_labels(domain, np.zeros(len(domain), bool))


def cell(given, modality, source, target, answers):
    """Return the arguments of `transfer` for a cell."""
    domain, run = given
    wanted = domain(modality, answers, "target")
    how = {"backbone": NETS[modality]}
    if target == "few":
        wanted = keep_labels(wanted, np.arange(N) < 15)
    elif target == "no" and source == "model":
        wanted = unlabelled(wanted)  # not even to judge with
    elif target == "no":
        how["target_labels"] = "judge"
    first = None
    if source == "labelled":
        first = domain(modality, answers, "source")
    elif source == "unlabelled":
        first = unlabelled(domain(modality, answers, "source"))
    elif source == "model":
        first = str(run(modality, answers))
        how["backbone"] = "auto"
    elif source == "pretrained":
        how["backbone"] = f"run/{run(modality, answers)}"
        if target != "all":
            first = domain(modality, answers, "source")
    return first, wanted, how


CELLS = [
    (modality, source, target, answers)
    for modality in NETS
    for source in SOURCES
    for target in TARGETS
    for answers in ANSWERS
    # Every modality in every setting; kinds of answer beside classes on what is quick.
    if answers == "multiclass"
    or modality in ("table", "features")
    or (source, target) == ("labelled", "few")
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("modality", "source", "target", "answers"),
    [pytest.param(*where, id="-".join(where)) for where in CELLS],
)
def test_auto(given, modality, source, target, answers, tmp_path, monkeypatch):
    first, wanted, how = cell(given, modality, source, target, answers)
    allot = planning.allot

    def once(**arguments):  # every candidate, compared once
        arguments |= {"budget": 1e6}
        found = allot(**arguments)
        return replace(found, folds=2 if found.folds else 0, repeats=1 if found.repeats else 0)

    monkeypatch.setattr(planning, "allot", once)
    monkeypatch.setattr(planning, "SCRATCH_SHARE", 0.0)  # scratch is a small net where it can be
    objects = {"source": None if isinstance(first, str) else first, "target": wanted}
    how |= {"seeds": 1, "training": TRAINING, "out": tmp_path / "run", "offline": True}
    if target == "no" and source in ("none", "unlabelled"):
        with pytest.raises(LandbridgeError, match="label"):
            landbridge.transfer(first, wanted, **how)
        return
    if source == "model" and answers != "multiclass":
        with pytest.raises(RunError, match="a source model has to tell classes apart"):
            landbridge.transfer(first, wanted, **how)
        return
    with pytest.raises(Stopped):
        landbridge.transfer(first, wanted, **how, events=Events(None, StopsAt("choice")))
    run = landbridge.resume(tmp_path / "run", **objects)
    assert run.verdict["outcome"]
    assert run.verdict["chosen"]["method"] == run.choice["method"]
    assert Path(run.report()).is_file()
    said = landbridge.load(run.path).predict(wanted)
    assert len(said) == N
    assert landbridge.resume(tmp_path / "run", **objects).verdict == run.verdict
