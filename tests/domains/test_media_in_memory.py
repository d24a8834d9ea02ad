"""Pictures and recordings in memory: lists, cells of tables, one row of several modalities."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from PIL import Image

from landbridge.base.errors import DataError
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.packed import MultimodalPreprocessing
from landbridge.domains.modalities.sound import AudioPreprocessing
from landbridge.domains.read import read_domain
from landbridge.domains.read_like import read_like


def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


WAVE = 0.5 * np.sin(np.arange(400) / 3)
PICTURES = [Image.new("RGB", (8 + i, 8), (40 * i, 9, 9)) for i in range(4)]
FILES = [png(one) for one in PICTURES]
PREP = ImagePreprocessing(8, 8, 3, mean=(0.0,) * 3, std=(1.0,) * 3)


@pytest.mark.parametrize(
    "what",
    [
        PICTURES,
        pd.DataFrame({"image": PICTURES}),
        pd.DataFrame({"x": [np.asarray(one) for one in PICTURES]}),
        {"image": PICTURES},
        pd.Series(PICTURES),
        pd.Series([np.asarray(one) for one in PICTURES]),
        pd.Series(FILES, index=list("abcd")),
        np.array([*PICTURES, None], dtype=object)[:4],
        [np.asarray(one) for one in PICTURES],
        tuple(PICTURES),
        FILES,
    ],
    ids=[
        *("list", "frame of pictures", "frame of arrays", "dict", "series", "series of arrays"),
        *("series of files", "array of pictures", "list of arrays", "tuple", "files"),
    ],
)
def test_pictures_of_other_sizes_are_read_alike(what):
    for found in (read_domain(what), read_domain((what, list("abab"))), read_like(PREP, what)):
        assert found.modality == "image"
        pixels = PREP.prepare(found.examples)
        assert [int(one[0, 0, 0]) for one in pixels] == [0, 40, 80, 120]


def test_a_series_of_arrays_is_as_the_array():
    rows = np.random.default_rng(0).random((4, 8, 8))
    one, other = (read_domain(what).examples for what in (pd.Series(list(rows)), rows))
    np.testing.assert_array_equal(one.pixels, other.pixels)
    waves = pd.Series([{"array": WAVE, "sampling_rate": 8000}] * 2)
    assert len(read_like(AudioPreprocessing(8000, 400), waves)) == 2


def test_a_palette_is_looked_up():
    red = Image.new("P", (8, 8), 1)
    red.putpalette([0, 0, 0, 200, 10, 10])
    assert PREP.prepare(read_domain([red, red]).examples)[0, :, 0, 0].tolist() == [200, 10, 10]


def heard(scale, kind):
    return {"array": (WAVE * scale).astype(kind), "sampling_rate": 8000}


@pytest.mark.parametrize(
    "what",
    [
        pd.DataFrame({"audio": [heard(32767, np.int16)] * 3}),
        pd.DataFrame({"sound": [heard(1, np.float64), None, heard(1, np.float64)]}),
        pa.table({"audio": [{**heard(1, np.float32), "array": WAVE.tolist()}] * 3}),
        {"audio": [heard(1, np.float32)] * 3},
    ],
    ids=["frame", "frame with a gap", "Arrow", "dict"],
)
def test_recordings_in_cells(what):
    found = read_domain(what)
    assert found.modality == "audio"
    stored = AudioPreprocessing(8000, 400).prepare(found.examples)
    assert np.abs(stored / 32767 - WAVE).max() < 1e-3


def test_a_cell_that_cannot_be_read_is_named():
    cells = [heard(1, np.float32), {"array": WAVE, "sampling_rate": 0}]
    with pytest.raises(DataError, match="row 1, column 'audio' has 0 samples a second"):
        read_domain(pd.DataFrame({"audio": cells}))


def test_one_row_of_several_modalities():
    run = MultimodalPreprocessing({"image": PREP, "audio": AudioPreprocessing(8000, 400)})
    out = io.BytesIO()
    PICTURES[3].save(out, "PNG")
    wanted = None
    for picture in (PICTURES[3], np.asarray(PICTURES[3]), out.getvalue()):
        for wave in (WAVE, heard(1, np.float32), [WAVE]):
            found = read_like(run, {"image": picture, "audio": wave})
            assert len(found) == 1
            stored = run.prepare(found.examples)
            assert wanted is None or np.array_equal(stored, wanted)
            wanted = stored
    assert len(read_like(run, {"image": PICTURES, "audio": [WAVE] * 4})) == 4


# What is said of files ---------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["GIF", "TIFF", "WEBP", "PNG"])
def test_files_with_several_pictures_are_counted(tmp_path, form):
    PICTURES[0].save(
        tmp_path / f"a.{form.lower()}",
        form,
        save_all=True,
        append_images=[Image.new("RGB", (8, 8), 99)],
    )
    PICTURES[1].save(tmp_path / "b.png")
    found = read_domain(tmp_path)
    assert any("1 of 2 files hold several pictures" in note for note in found.notes)


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_is_not_finite_says_nothing_of_the_range(tmp_path, odd):
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    Image.fromarray(values).save(tmp_path / "a.tif")
    Image.fromarray(np.where(values > 0.9, np.float32(odd), values)).save(tmp_path / "b.tif")
    found = read_domain(tmp_path)
    assert found.examples.rule()["value_range"] == [0.0, 1.0]
    assert any("1 of them hold values that are not finite" in note for note in found.notes)
    assert PREP.prepare(found.examples).max() == 255


def test_a_range_without_effect_is_said(tmp_path):
    PICTURES[0].save(tmp_path / "a.png")
    found = read_domain(tmp_path, value_range=[0, 100])
    assert any("without effect" in note for note in found.notes)


def test_recordings_in_tensors_are_as_arrays():
    model = AudioPreprocessing(8000, 400)
    wave = torch.tensor(WAVE, dtype=torch.float32)
    wanted = model.prepare(read_like(model, [WAVE.astype(np.float32)]).examples)
    for what in (wave, wave[None], [wave], (wave, 8000), (wave[None].T, 8000)):
        np.testing.assert_array_equal(model.prepare(read_like(model, what).examples), wanted)
