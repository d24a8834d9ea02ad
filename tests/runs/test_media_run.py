"""A run on pictures or recordings without a scale of their own: learned, opened and asked alike."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import landbridge
import needs

pytestmark = pytest.mark.slow

SIDE, RATE = 16, 8000


def deep(rng, label: int, light: float) -> np.ndarray:
    """Return a picture of 12 bits: bright on the left or on the right."""
    values = rng.uniform(0, 800, (SIDE, SIDE))
    values[:, : SIDE // 2] += 3000 * (label == 0)
    values[:, SIDE // 2 :] += 3000 * (label == 1)
    return (values * light).astype(np.uint16)


def sound(rng, label: int, light: float) -> np.ndarray:
    """Return a tone on the scale of 16 bits, in two channels that cancel out."""
    time = np.arange(RATE // 4) / RATE
    wave = np.sin(2 * np.pi * (400, 1500)[label] * time) + rng.normal(0, 0.05, len(time))
    wave = (wave * 20_000 * light).astype(np.float32)
    return np.stack([wave, -wave], 1)


def written(folder, make, save, seed: int, light: float):
    rng = np.random.default_rng(seed)
    raw = []
    for i in range(24):
        own = make(rng, i % 2, light)
        place = folder / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        save(own, place / f"{i:02}")
        raw.append(own)
    return raw


def save_picture(values, path):
    Image.fromarray(values).save(path.with_suffix(".png"))


def save_sound(values, path):
    soundfile = needs.package("soundfile")
    soundfile.write(path.with_suffix(".wav"), values, RATE, subtype="FLOAT")


def one_picture(values, path):
    out = io.BytesIO()
    Image.fromarray(values).save(out, "PNG")
    return [path, str(path), values, Image.open(path), out.getvalue(), [path]]


def one_sound(values, path):
    pair = {"array": values, "sampling_rate": RATE}
    return [path, str(path), pair, (values, RATE), path.read_bytes(), [path], [pair]]


@pytest.mark.parametrize(
    ("make", "save", "singles", "rule", "backbone"),
    [
        (deep, save_picture, one_picture, {"value_range": [0.0, 4095.0]}, "convnet"),
        (sound, save_sound, one_sound, {"full_scale": 32768.0}, "logmelnet"),
    ],
    ids=["pictures", "sound"],
)
def test_a_darker_or_quieter_target(tmp_path, make, save, singles, rule, backbone):
    written(tmp_path / "source", make, save, 0, 1.0)
    raw = written(tmp_path / "target", make, save, 1, 0.05)
    run = landbridge.transfer(
        tmp_path / "source",
        tmp_path / "target",
        target_labels="judge",
        method="source-only",
        seeds=1,
        backbone=backbone,
        offline=True,
        training={"steps": 20, "source_steps": 60, "threads": 1},
        out=tmp_path / "run",
    )
    model = landbridge.load(tmp_path / "run").model
    kept = model.preprocessing.rule()
    assert {k: list(v) if isinstance(v, tuple) else v for k, v in kept.items()} == rule
    whole = model.predict_proba(tmp_path / "target")
    assert np.array_equal(whole, run.model.predict_proba(tmp_path / "target"))
    files = sorted((tmp_path / "target").rglob("*.*"))
    order = sorted(range(24), key=lambda i: ("ab"[i % 2], i))
    for row in (0, 13):
        for one in singles(raw[order[row]], files[row]):
            np.testing.assert_allclose(model.predict_proba(one), whole[[row]], atol=1e-5)
