"""Files of every carrier that is read: tables, texts, media, and those of structured tasks."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from damages import damaged, damaged_json

sys.path.insert(0, str(Path(__file__).parent.parent / "artifacts"))
from tiny_commands import pictures, table

Attempt = Callable[..., str]
ROWS = 24


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
    x = np.array([table(ROWS)[f"x{i}"] for i in range(3)], np.float32).T
    lines = [f"{i % 2} 1:{x[i, 0]} 2:{x[i, 1]} 3:{x[i, 2]}" for i in range(ROWS)]
    (folder / "a.svmlight").write_text("\n".join(lines) + "\n")
    (folder / "a.svmlight.gz").write_bytes(
        gzip.compress((folder / "a.svmlight").read_bytes(), mtime=0)
    )
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


def read_whole(what: Any) -> None:
    """Read it as `transfer` would: the domain, then its rows as a network takes them."""
    from landbridge.backbones.open import open_backbone, own_network
    from landbridge.domains.hint import input_hint
    from landbridge.domains.read import read_domain

    domain = read_domain(what)
    hint = input_hint([domain])
    name = "identity" if hint.modality == "tabular" else own_network(hint)
    if name is not None and len(domain):
        opened = open_backbone(name, hint, [domain.examples])
        opened.preprocessing.prepare(domain.examples)


def tables(place: Path) -> Attempt:
    """Tables and texts of every ending."""
    return _files(tables_of(place / "carriers"))


def tables_of(folder: Path) -> list[Path]:
    """Return the files of tables and texts; all of them are read."""
    return sorted(p for p in folder.iterdir() if p.is_file() and p.suffix not in _OTHERS)


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
        read_whole(tried)
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
        read_whole(own)
        return ""

    return attempt


def structured(place: Path) -> Attempt:
    """Words with tags, and boxes: files of structured tasks."""
    from landbridge.structured.base import TASKS
    from landbridge.structured.options import TaskOptions
    from landbridge.structured.rows import read_rows

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
