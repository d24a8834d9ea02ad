"""What is damaged: files of every carrier, configurations, every kind of folder."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sys
import wave
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from damages import damaged, damaged_json

sys.path.insert(0, str(Path(__file__).parent.parent / "artifacts"))
from tiny_commands import call, make_data, pictures, table

Attempt = Callable[..., str]
ROWS = 24


# Files of every carrier ---------------------------------------------------------------------


def write_carriers(folder: Path) -> None:
    """Write one small valid file of each kind."""
    import pandas as pd
    from PIL import Image

    folder.mkdir()
    frame = pd.DataFrame(table(ROWS))
    frame["when"] = pd.date_range("2024-01-01", periods=ROWS, freq="h").astype(str)
    frame["zip"] = [f"{i:05d}" for i in range(ROWS)]
    frame["said"] = [f"a few words, number {i} and more of them" for i in range(ROWS)]
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_csv(folder / "a.tsv", index=False, sep="\t")
    frame.to_csv(folder / "a.data", index=False, sep=";")
    frame.to_json(folder / "a.jsonl", orient="records", lines=True)
    frame.to_parquet(folder / "a.parquet")
    (folder / "a.csv.gz").write_bytes(gzip.compress((folder / "a.csv").read_bytes(), mtime=0))
    x = np.array([table(ROWS)[f"x{i}"] for i in range(3)], np.float32).T
    np.savez(folder / "a.npz", x=x, y=np.arange(ROWS) % 2)
    np.save(folder / "a.npy", x)
    lines = [f"{i % 2} 1:{x[i, 0]} 2:{x[i, 1]} 3:{x[i, 2]}" for i in range(ROWS)]
    (folder / "a.svmlight").write_text("\n".join(lines) + "\n")
    (folder / "a.txt").write_text("".join(f"line {i} of words\n" for i in range(ROWS)))
    pixels = pictures(ROWS)
    media = folder / "media"
    media.mkdir()
    for i, ending in enumerate(("png", "jpg", "bmp", "tif", "webp", "gif", "ppm")):
        Image.fromarray(np.stack([pixels[i]] * 3, -1)).save(media / f"a.{ending}")
    Image.fromarray(pixels[8].astype(np.uint16) * 200).save(media / "deep.png")
    rng = np.random.default_rng(0)
    for ending, form in (("wav", "WAV"), ("flac", "FLAC"), ("ogg", "OGG")):
        import soundfile

        soundfile.write(media / f"s.{ending}", 0.1 * rng.normal(size=2000), 8000, format=form)
    with wave.open(str(media / "w.wav"), "wb") as file:
        file.setnchannels(2), file.setsampwidth(2), file.setframerate(8000)
        file.writeframes((1000 * rng.normal(size=1600)).astype("<i2").tobytes())
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for name in ("a.csv", "a.txt"):
            archive.write(folder / name, name)
    words = [("ada", "B-PER"), ("in", "O"), ("rome", "B-LOC")]
    (folder / "t.conll").write_text(
        "".join("\n".join(f"{w} {t}" for w, t in words) + "\n\n" for _ in range(6))
    )
    coco = folder / "coco"
    coco.mkdir()
    for i in range(3):
        Image.fromarray(pixels[i]).save(coco / f"{i}.png")
    (coco / "annotations.json").write_text(
        json.dumps(
            {
                "images": [
                    {"id": i, "file_name": f"{i}.png", "width": 16, "height": 16} for i in range(3)
                ],
                "categories": [{"id": 7, "name": "square"}],
                "annotations": [
                    {"id": i, "image_id": i, "category_id": 7, "bbox": [4, 4, 8, 8]}
                    for i in range(3)
                ],
            }
        )
    )
    with (coco / "metadata.csv").open("w") as file:
        file.write("file_name,label\n" + "".join(f"{i}.png,{'ab'[i % 2]}\n" for i in range(3)))


def _read(path: Path) -> None:
    """Read it as `transfer` would: the domain, then its rows as a network takes them."""
    from landbridge.backbones.open import open_backbone, own_network
    from landbridge.domains.hint import input_hint
    from landbridge.domains.read import read_domain

    domain = read_domain(path)
    hint = input_hint([domain])
    name = "identity" if hint.modality == "tabular" else own_network(hint)
    if name is not None and len(domain):
        opened = open_backbone(name, hint, [domain.examples])
        opened.preprocessing.prepare(domain.examples)


def tables(place: Path) -> Attempt:
    """Tables and texts of every ending."""
    whole = sorted(path for path in (place / "carriers").iterdir() if path.suffix not in _OTHERS)
    return _files([path for path in whole if path.is_file()])


_OTHERS = (".conll",)


def media(place: Path) -> Attempt:
    """A folder of one damaged picture or recording among whole ones."""
    files = sorted((place / "carriers" / "media").iterdir())

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        shutil.rmtree(tried, ignore_errors=True)
        file = draw.choice(files)
        alike = ("wav", "flac", "ogg") if file.suffix in (".wav", ".flac", ".ogg") else ("png",)
        for label in ("a", "b"):
            (tried / label).mkdir(parents=True)
            for other in files:
                if other.suffix[1:] in alike and other.name != "deep.png":
                    shutil.copy(other, tried / label / f"whole-{other.name}")
        raw = file.read_bytes()
        (tried / "a" / file.name).write_bytes(raw if whole else damaged(raw, draw))
        _read(tried)
        return ""

    return attempt


def _files(files: list[Path]) -> Attempt:
    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        tried.mkdir(exist_ok=True)
        file = draw.choice(files)
        raw = file.read_bytes()
        own = tried / f"t{''.join(file.suffixes)}"
        if file.suffix == ".gz" and draw.random() < 0.7:
            raw = gzip.compress(damaged(gzip.decompress(raw), draw), mtime=0)
            own.write_bytes(raw)
        else:
            own.write_bytes(raw if whole else damaged(raw, draw))
        _read(own)
        return ""

    return attempt


def structured(place: Path) -> Attempt:
    """Words with tags, and boxes: files of structured tasks."""
    from landbridge.tasks.base import TASKS, TaskOptions
    from landbridge.tasks.rows import read_rows

    carriers = place / "carriers"

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        shutil.rmtree(tried, ignore_errors=True)
        if draw.random() < 0.5:
            tried.mkdir()
            raw = (carriers / "t.conll").read_bytes()
            (tried / "t.conll").write_bytes(raw if whole else damaged(raw, draw))
            task, data = TASKS.get("token-classification")(TaskOptions()), tried / "t.conll"
        else:
            shutil.copytree(carriers / "coco", tried)
            raw = (tried / "annotations.json").read_bytes()
            if not whole:
                (tried / "annotations.json").write_bytes(damaged_json(raw, draw))
            (tried / "metadata.csv").unlink()
            task, data = TASKS.get("detection")(TaskOptions()), tried
        rows = read_rows(data)
        examples = [
            task.example(row, name, rows.folder, True)
            for row, name in zip(rows.rows, rows.names, strict=True)
        ]
        task.learn_labels([e for e in examples if e.truth is not None])
        return ""

    return attempt


# Configurations -----------------------------------------------------------------------------


_WHOLE = {
    "yaml": b"""# a run
data:
  source: a.csv
  target: 'b.csv'
  label: kind
  columns: [x0, "x1", x2]
  judge_fraction: 0.25
  source_domains: &names [2019-05-01, no]
  target_domains: *names
backbone: mlp
backbone_options: {width: 32, depth: 2}
method: mcc
method_options:
  weight: 0.5
budget: 2m
seeds: 2
training: {steps: 100, rate: 1e-3, batch: 16, augment: weak}
offline: true
""",
    "json": b"""{"data": {"target": "b.csv", "label": "kind", "columns": ["x0", "x1"]},
 "method": "infomax+mcc", "method_options": {"terms": {"mcc": 0.5}}, "seed": 3,
 "training": {"steps": 100, "rate": 0.001}, "candidates": null, "budget": "90s"}""",
    "toml": b"""method = "mcc"
seed = 3
budget = "90s"
[data]
target = "b.csv"
columns = ["x0", "x1"]
[training]
steps = 100
rate = 1e-3
""",
}


def configuration(place: Path) -> Attempt:
    """Files of --config and values of --set, up to where data would be read."""
    from landbridge.cli.settings import resolve, usable
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
        json.dumps(config.model_dump(), allow_nan=False)
        check_asked(config)
        if not whole:
            usable("cluster", ("seed",), tried / f"c.{kind}", settings)
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
    elif area != "configuration":
        write_carriers(place / "carriers")
