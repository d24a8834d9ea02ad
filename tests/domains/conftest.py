"""Real files, written by the tests that read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import needs

Write = Callable[..., Path]


@pytest.fixture
def image() -> Write:
    """Write one picture: noise around a colour, in the format of the file's ending."""

    def write(path: Path, colour: int = 90, size: tuple[int, int] = (20, 16), **save) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(colour)
        pixels = np.clip(rng.normal(colour, 20, (size[1], size[0], 3)), 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(path, **save)
        return path

    return write


@pytest.fixture
def class_folder(tmp_path: Path, image: Write) -> Path:
    """A folder with 5 ants and 4 bees."""
    for i in range(5):
        image(tmp_path / "insects" / "ants" / f"{i}.jpg", 40 + i)
    for i in range(4):
        image(tmp_path / "insects" / "bees" / f"{i}.png", 140 + i)
    return tmp_path / "insects"


@pytest.fixture
def data_folder() -> Path:
    """The folder of real data."""
    return needs.data()
