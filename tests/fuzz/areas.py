"""What is damaged: files of every carrier, configurations, every kind of folder."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from carriers import ROWS, Attempt, media, structured, tables, write_carriers
from damages import damaged, damaged_json
from foreign import foreign, write_foreign
from hub_models import hub, write_hub
from tiny_commands import call, make_data, pictures, table

# Configurations -----------------------------------------------------------------------------


_WHOLE = {
    "yaml": b"""# a run
data:
  source: a.csv
  target: 'b.csv'
  label: kind
  columns: [x0, "x1", x2]
  test_size: 0.25
  source_domains: &names [2019-05-01, no]
  target_domains: *names
backbone: mlp
backbone_options: {width: 32, depth: 2}
method: mcc
method_options:
  weight: 0.5
budget: 2m
seeds: 2
training: {steps: 100, learning_rate: 1e-3, batch_size: 16, augment: weak}
offline: true
""",
    "json": b"""{"data": {"target": "b.csv", "label": "kind", "columns": ["x0", "x1"]},
 "method": "infomax+mcc", "method_options": {"terms": {"mcc": 0.5}}, "seed": 3,
 "training": {"steps": 100, "learning_rate": 0.001}, "candidates": null, "budget": "90s"}""",
    "toml": b"""method = "mcc"
seed = 3
budget = "90s"
[data]
target = "b.csv"
columns = ["x0", "x1"]
[training]
steps = 100
learning_rate = 1e-3
""",
}


def configuration(place: Path) -> Attempt:
    """Files of --config and values of --set, up to where data would be read."""
    from landbridge.cli.settings import resolve
    from landbridge.runs.asked import check_asked

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        tried.mkdir(exist_ok=True)
        kind = draw.choice(list(_WHOLE))
        raw = _WHOLE[kind]
        if kind == "json" and not whole and draw.random() < 0.6:
            raw = damaged_json(raw, draw)
        elif not whole:
            raw = damaged(raw, draw)
        (tried / f"c.{kind}").write_bytes(raw)
        settings = []
        if not whole and draw.random() < 0.5:
            setting = draw.choice((b"training.steps=50", b"data.columns=[a, b]", b"seed=1"))
            settings = [damaged(setting, draw).decode("utf-8", "surrogateescape")]
        config = resolve(tried / f"c.{kind}", settings)
        json.dumps(config.to_dict(), allow_nan=False)
        check_asked(config)
        if not whole:
            resolve(tried / f"c.{kind}", settings, verb="cluster", keys=("seed",))
        return ""

    return attempt


# Folders ------------------------------------------------------------------------------------


KINDS = ("run", "merge", "cluster", "align", "multitask", "tune")


def write_folders(place: Path) -> None:
    """Make one finished folder of each kind."""
    data = place / "data"
    data.mkdir()
    make_data(data)
    folders = place / "folders"
    folders.mkdir()
    for kind in KINDS:
        if kind == "run":
            shutil.copytree(data / "a", folders / kind)
        else:
            call(kind, data, folders / kind)


def sealed(place: Path) -> Attempt:
    """A finished folder with one damaged file: always refused."""
    import landbridge
    from landbridge.artifacts.state import read_state
    from landbridge.base.errors import LandbridgeError

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        kind = draw.choice(KINDS)
        folder = _copy(place / "folders" / kind, tried)
        names = [*read_state(folder)["files"], _state(folder).name]
        file = folder / draw.choice(names)
        raw = file.read_bytes()
        content = raw if whole else damaged(raw, draw)
        file.write_bytes(content)
        try:
            landbridge.load(folder)
        except LandbridgeError:
            return "" if content != raw else f"{file.name}: refused, and nothing was changed"
        same = content == raw or (file == _state(folder) and _json(content) == _json(raw))
        return "" if same else f"{kind}/{file.name}: opened after a change"

    return attempt


def resealed(place: Path) -> Attempt:
    """A folder that was changed and then sealed again: opened, asked, shown, or refused by name."""
    import landbridge
    from landbridge.artifacts.state import mark_complete

    data = place / "data"

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        kind = draw.choice(KINDS)
        folder = _copy(place / "folders" / kind, tried)
        files = sorted(
            file
            for file in folder.rglob("*")
            if file.is_file() and file.suffix in (".json", ".safetensors", ".parquet", ".jsonl")
        )
        files = [file for file in files if file.name not in ("run.json", "artifact.json")]
        file = draw.choice([*(f for f in files if f.suffix == ".json"), *files])
        raw = file.read_bytes()
        if not whole:
            change = damaged_json if file.suffix == ".json" else damaged
            file.write_bytes(change(raw, draw))
            mark_complete(folder)
        model = landbridge.load(folder)
        if kind == "align":
            model.embed([f"a square {i}" for i in range(3)])
        else:
            model.predict(_rows(kind, data))
        model.report(tried.with_suffix(".html"))
        return ""

    return attempt


def _rows(kind: str, data: Path) -> Any:
    if kind == "tune":
        return str(data / "rows.jsonl")
    if kind == "cluster":
        return np.array([table(6)[f"x{i}"] for i in range(3)], np.float32).T
    if kind == "multitask":
        import pandas as pd

        return pd.DataFrame(table(6))
    return str(data / "t1.csv")


def _copy(folder: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))


def _state(folder: Path) -> Path:
    return folder / ("run.json" if (folder / "run.json").exists() else "artifact.json")


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


# Records of networks of every modality ------------------------------------------------------


NETS = ("mlp", "ft_transformer", "identity", "convnet", "textnet", "logmelnet", "fusion")


def records(place: Path) -> Attempt:
    """What backbone.json and preprocessor.json hold, of every net of ours: opened and asked."""
    import torch

    from landbridge.backbones.base import BackboneIdentity
    from landbridge.backbones.open import open_backbone, reopen
    from landbridge.backbones.surgery import make_network
    from landbridge.domains.hint import input_hint
    from landbridge.domains.modalities.base import load_preprocessing
    from landbridge.domains.read import read_domain
    from landbridge.training.inputs import saved_network

    carriers = place / "carriers"
    (place / "sounds").mkdir(exist_ok=True)
    shutil.copy(carriers / "media" / "s.wav", place / "sounds" / "s.wav")
    domains = {
        "mlp": read_domain(carriers / "a.csv", columns=["x0", "x1", "when"], label="kind"),
        "convnet": read_domain(pictures(ROWS)),
        "textnet": read_domain(carriers / "a.txt"),
        "logmelnet": read_domain(place / "sounds"),
        "fusion": read_domain(carriers / "a.csv", text="said", columns=["x0", "x1"], label="kind"),
    }
    made = []
    for name in NETS:
        domain = domains.get(name, domains["mlp"])
        opened = open_backbone(name, input_hint([domain]), [domain.examples])
        made.append(
            (
                domain.examples.select(np.arange(min(4, len(domain)))),
                json.dumps(opened.identity.to_dict()).encode(),
                json.dumps(opened.preprocessing.to_dict()).encode(),
            )
        )

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        examples, identity, preprocessing = draw.choice(made)
        if not whole and draw.random() < 0.5:
            identity = damaged_json(identity, draw)
        elif not whole:
            preprocessing = damaged_json(preprocessing, draw)
        try:
            said, how = json.loads(identity), json.loads(preprocessing)
        except ValueError:
            return ""
        kept = load_preprocessing(how)
        opened = reopen(BackboneIdentity.from_dict(said), kept, weights=False, offline=True)
        network = make_network(opened, 2).eval()
        own = kept.fitting(examples)
        if own is not None:
            outputs = saved_network(network, kept.prepare(own), kept)[1]
            assert torch.from_numpy(outputs).shape == (len(examples), 2)
        return ""

    return attempt


AREAS: dict[str, Callable[[Path], Attempt]] = {
    "tables": tables,
    "media": media,
    "foreign": foreign,
    "hub": hub,
    "structured": structured,
    "configuration": configuration,
    "records": records,
    "sealed": sealed,
    "resealed": resealed,
}
NEEDS_FOLDERS = ("sealed", "resealed")


def prepare(area: str, place: Path) -> None:
    """Write what an area damages."""
    if area in NEEDS_FOLDERS:
        write_folders(place)
    elif area == "foreign":
        write_foreign(place / "foreign")
    elif area == "hub":
        write_hub(place / "hub")
    elif area != "configuration":
        write_carriers(place / "carriers")
