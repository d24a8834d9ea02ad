"""A digit seen, heard and written, each of them noisy; questions about pictures."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import data
from landbridge.base.seeds import numpy_rng

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS = "abcdefghijklmnopqrstuvwxyz"
HEARD_LATER = ("theo", "yweweler")
"""Speakers of the rows that judge: nobody who was heard in training."""
NOISE = {"image": 0.9, "audio": 0.0, "text": 0.5}
"""Spread of the noise on pixels in 0..1; decibels of the speech over the noise; share of letters
that are any letter."""

Rows = dict[str, Any]


@cache
def _recordings() -> dict[tuple[int, bool], list[Path]]:
    found: dict[tuple[int, bool], list[Path]] = {}
    for path in sorted((data.root() / "spoken_digits").glob("*.wav")):
        digit, speaker, _ = path.stem.split("_")
        found.setdefault((int(digit), speaker in HEARD_LATER), []).append(path)
    return found


def digits(n: int, part: str, seed: int, noise: bool) -> tuple[Rows, list[str]]:
    """Return n digits, each seen, heard and written, and which they are.

    Parameters
    ----------
    part : {"train", "test"}
        Of MNIST; test rows are heard from other speakers.
    noise : bool
        Whether each of the three is noisy.
    """
    rng = numpy_rng("several", part, seed)
    pixels, labels = data.mnist(part)
    chosen = rng.choice(len(pixels), n, replace=False)
    images, labels = pixels[chosen].reshape(n, 28, 28), labels[chosen].astype(int)
    heard = [rng.choice(_recordings()[(digit, part == "test")]) for digit in labels]
    words = [WORDS[digit] for digit in labels]
    if noise:
        dirty = images / 255 + rng.normal(0, NOISE["image"], images.shape)
        images = (np.clip(dirty, 0, 1) * 255).astype(np.uint8)
        heard = [_noisy(path, rng) for path in heard]
        words = [_mistyped(word, rng) for word in words]
    rows = {"image": images.astype(np.uint8), "audio": heard, "text": words}
    return rows, [str(digit) for digit in labels]


def _noisy(path: Path, rng: np.random.Generator) -> bytes:
    from scipy.io import wavfile

    rate, wave = wavfile.read(path)
    wave = wave.astype(float)
    spread = wave.std() / 10 ** (NOISE["audio"] / 20)
    dirty = wave + rng.normal(0, spread, wave.shape)
    out = io.BytesIO()
    wavfile.write(out, rate, np.clip(dirty, -32768, 32767).astype(np.int16))
    return out.getvalue()


def _mistyped(word: str, rng: np.random.Generator) -> str:
    wrong = rng.random(len(word)) < NOISE["text"]
    return "".join(
        LETTERS[rng.integers(26)] if bad else letter
        for letter, bad in zip(word, wrong, strict=True)
    )


def questions(part: str) -> tuple[Rows, list[str]]:
    """Return the questions about the pictures of a part, and the answers."""
    folder = data.root() / "easy_vqa" / part
    found = json.loads((folder / "questions.json").read_text("utf-8"))
    rows = {
        "image": [str(folder / "images" / f"{image}.png") for _, _, image in found],
        "text": [question for question, _, _ in found],
    }
    return rows, [answer for _, answer, _ in found]


def together(
    train: tuple[Rows, list[str]], test: tuple[Rows, list[str]]
) -> tuple[Rows, list, list]:
    """Return training and judged rows as one, their labels, and the split."""
    rows: Rows = {}
    for part, own in train[0].items():
        other = test[0][part]
        whole = isinstance(own, np.ndarray)
        rows[part] = np.concatenate([own, other]) if whole else list(own) + list(other)
    split = ["train"] * len(train[1]) + ["test"] * len(test[1])
    return rows, train[1] + test[1], split
