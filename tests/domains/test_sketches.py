"""A few bytes of a row tell a later copy of it from other rows, in every modality that has them."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from landbridge.backbones.open import open_backbone
from landbridge.domains.hint import input_hint
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.sketches import (
    minima_sketch,
    nearly_among,
    picture_sketches,
    projection_sketches,
)
from landbridge.domains.read import read_domain

N = 20


def scene(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    smooth = np.stack([gaussian_filter(rng.normal(size=(60, 60)), 5) for _ in range(3)], 2)
    return np.uint8(255 * (smooth - smooth.min()) / np.ptp(smooth))


def saved(pixels: np.ndarray, side: int, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).resize((side, side)).save(out, **options)
    return out.getvalue()


@pytest.mark.parametrize(("height", "width"), [(32, 32), (9, 50), (224, 224)])
def test_pictures_saved_again_are_known(height, width):
    made = ImagePreprocessing(height, width, 3)
    theirs = [saved(scene(i), 60, format="PNG") for i in range(N)]
    ours = [saved(scene(i), 40, format="JPEG", quality=70) for i in range(5)]
    ours += [saved(scene(100 + i), 60, format="PNG") for i in range(N)]
    sketches = [made.sketches(made.prepare(ImageExamples(x))) for x in (ours, theirs)]
    assert sketches[1].nbytes == 64 * N
    assert np.flatnonzero(nearly_among(*sketches)).tolist() == list(range(5))


def test_flat_pictures_and_short_texts_are_like_no_other():
    flat = picture_sketches(np.full((3, 1, 20, 20), 90, np.uint8))
    assert not nearly_among(flat, flat).any()
    short = np.array([minima_sketch(np.arange(4))] * 2)
    assert not nearly_among(short, short).any()
    assert nearly_among(short[:0], short).tolist() == []


def test_sets_with_a_few_others_are_known():
    rng = np.random.default_rng(0)
    sets = [rng.integers(0, 10**6, 60) for _ in range(N)]
    again = [np.r_[own[:-4], rng.integers(0, 10**6, 4)] for own in sets[:5]]
    half = [np.r_[own[:30], rng.integers(0, 10**6, 30)] for own in sets[5:10]]
    theirs = np.array([minima_sketch(own) for own in sets])
    ours = np.array([minima_sketch(own) for own in again + half])
    assert theirs.nbytes == 64 * N
    assert nearly_among(ours, theirs).tolist() == [True] * 5 + [False] * 5


@pytest.mark.parametrize("columns", [4, 30])
def test_rounded_numbers_are_known_and_rows_that_are_close_by_nature_are_not(columns):
    x = np.random.default_rng(0).normal(size=(200, columns))
    theirs = projection_sketches(x)
    assert theirs.nbytes == 16 * 200
    ours = projection_sketches(np.r_[x[:10].round(2), x[10:20] + 0.2])
    assert nearly_among(ours, theirs).tolist() == [True] * 10 + [False] * 10
    crowded = projection_sketches(np.repeat(x, 2, 0) + 1e-3 * np.arange(400)[:, None] % 2)
    assert not nearly_among(ours, crowded).any()


@pytest.mark.parametrize("kind", ["image", "text", "audio", "tabular"])
def test_no_rows_have_sketches_as_wide_as_any(kind):
    """A second look at the rows of a run leaves none to sketch."""
    rng = np.random.default_rng(0)
    raw = {
        "image": rng.integers(0, 255, (4, 12, 12)).astype(np.uint8),
        "text": ["one two three four five six seven eight"] * 4,
        "audio": pd.DataFrame(
            {"clip": [{"array": 0.1 * rng.normal(size=4000), "sampling_rate": 8000}] * 4}
        ),
        "tabular": pd.DataFrame(rng.normal(size=(4, 3)), columns=list("abc")),
    }[kind]
    domain = read_domain(raw, labelled=False)
    opened = open_backbone("auto", input_hint([domain]), [domain.examples], seed=0)
    stored = opened.preprocessing.prepare(domain.examples)
    some, none = (opened.preprocessing.sketches(stored[:n]) for n in (4, 0))
    assert none.shape == (0, *some.shape[1:])
    assert none.dtype == some.dtype


@pytest.mark.parametrize("columns", [2, 3, 5, 12])
@pytest.mark.parametrize("rows", [60, 400])
def test_other_rows_of_one_table_are_not_known(columns, rows):
    rng = np.random.default_rng(columns)
    x, y = (projection_sketches(rng.normal(size=(rows, columns))) for _ in range(2))
    assert not nearly_among(x, y).any()
