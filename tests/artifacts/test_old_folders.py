"""Folders that were made before there were seals and kinds still open."""

from __future__ import annotations

import json
import shutil
import warnings

import pandas as pd
import pytest
from PIL import Image
from tiny_commands import OLD, pictures, table

import landbridge
from landbridge.artifacts.free import OLD as OLD_KINDS
from landbridge.artifacts.kinds import KINDS, RUNS
from landbridge.backbones.open import open_backbone
from landbridge.base.errors import LandbridgeWarning, RunError
from landbridge.domains.read import read_domain

SEALED = ("federated",)
"""Kinds that came after seals."""
UNSEALED = {kind: KINDS.get(kind).facts for kind in OLD_KINDS}
ROWS = [{"tokens": ["ada", "in", "rome"], "tags": ["B-PER", "O", "B-LOC"]}]


def answers(kind, model, folder):
    if kind == "tuned":
        return model.predict(ROWS)
    if kind == "space":
        small = pictures()[:, ::4, ::4]
        Image.fromarray(small[0]).save(folder / "asked.png")
        rows = {"image": small, "tabular": pd.DataFrame(table(32)).drop(columns=["kind", "size"])}
        assert model.evaluate(rows)["n"] == 32
        return model.search(folder / "asked.png", among=rows)
    return model.predict(pd.DataFrame(table(6)).drop(columns=["kind", "size"]).to_numpy("f4"))


@pytest.mark.parametrize("kind", UNSEALED)
def test_a_folder_without_a_seal_opens_with_a_warning(kind, tmp_path):
    with pytest.warns(LandbridgeWarning, match="made by an older version of landbridge"):
        model = landbridge.load(OLD / kind)
    assert answers(kind, model, tmp_path)


def test_there_is_an_old_folder_of_each_kind():
    assert {*UNSEALED, *RUNS, *SEALED} == {*KINDS} == {folder.name for folder in OLD.iterdir()}


def test_a_sealed_folder_of_before_opens():
    with warnings.catch_warnings():
        warnings.simplefilter("error", LandbridgeWarning)
        model = landbridge.load(OLD / "federated")
    rows = pd.DataFrame(table(6)).drop(columns=["kind", "size"])
    for client in (None, "north", "south"):
        assert [row["predicted"] for row in model.predict(rows, client=client)] == table(6)["kind"]


@pytest.mark.parametrize("kind", RUNS)
def test_runs_of_before_are_sealed_and_open_without_one(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error", LandbridgeWarning)
        model = landbridge.load(OLD / kind)
    assert len(model.predict(pd.DataFrame(table(6)).drop(columns=["kind", "size"]))) == 6


@pytest.mark.parametrize("kind", UNSEALED)
def test_facts_that_are_none_or_newer_are_refused_by_name(kind, tmp_path):
    folder = shutil.copytree(OLD / kind, tmp_path / "copy")
    file = folder / UNSEALED[kind]
    facts = json.loads(file.read_text())
    for content, why in (
        ({}, "is damaged"),
        ([], "is damaged"),
        (facts | {"format": 2}, "format 2"),
    ):
        file.write_text(json.dumps(content))
        with pytest.raises(RunError, match=why), pytest.warns(LandbridgeWarning):
            landbridge.load(folder)


def test_the_network_of_an_old_folder_is_checked_as_a_backbone(tmp_path):
    examples = read_domain(pd.DataFrame(table()).drop(columns=["kind", "size"])).examples
    hint = type(examples).hint([examples])
    with pytest.warns(LandbridgeWarning, match="made by an older version of landbridge"):
        open_backbone(f"run/{OLD / 'multitask'}", hint, [examples])
    folder = shutil.copytree(OLD / "multitask", tmp_path / "copy")
    file = folder / "model.safetensors"
    content = bytearray(file.read_bytes())
    content[-2] ^= 0x40
    file.write_bytes(content)
    with pytest.raises(RunError, match="was changed"), pytest.warns(LandbridgeWarning):
        open_backbone(f"run/{folder}", hint, [examples])


@pytest.mark.parametrize("role", ["backbone", "source", "teacher"])
@pytest.mark.parametrize("how", ["damaged", "unfinished", "without its state"])
def test_a_run_that_load_refuses_is_refused_wherever_it_is_named(role, how, tmp_path):
    from landbridge.artifacts.state import mark

    folder = shutil.copytree(OLD / "run", tmp_path / "copy")
    if how == "damaged":
        file = folder / "labels.json"
        file.write_text(file.read_text() + " ")
    elif how == "unfinished":
        mark(folder, status="running")
    else:
        (folder / "run.json").unlink()
    frame = pd.DataFrame(table()).drop(columns="size")
    named = f"run/{folder}" if role == "backbone" else str(folder)
    source = named if role == "source" else frame
    more = {} if role == "source" else {role: named}
    with pytest.raises(
        landbridge.LandbridgeError, match=r"damaged|not finished|no finished|no run|not a run"
    ):
        landbridge.transfer(source, frame, label="kind", budget="20s", out=tmp_path / "out", **more)
    with pytest.raises(RunError):
        landbridge.merge([OLD / "run", folder], out=tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
