"""One range of values for a data set: the source's, for both sides and for predictions."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from landbridge.base.errors import ConfigError, DataError, LandbridgeWarning
from landbridge.domains.domain import Domain
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.value_range import Extent, natural, range_for
from landbridge.domains.one import as_rows
from landbridge.domains.read import read_domain
from landbridge.domains.read_like import read_like

BRIGHT = np.linspace(0, 1, 6 * 64).reshape(6, 8, 8)
"""Six images that fill the range together; the first, by itself, is dark."""


def png(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF" if values.dtype in (np.int32, np.float32) else "PNG")
    return out.getvalue()


def paths(folder, images):
    folder.mkdir()
    names = []
    for i, image in enumerate(images):
        ending = "tif" if image.dtype in (np.int32, np.float32) else "png"
        names.append(folder / f"{i}.{ending}")
        names[-1].write_bytes(png(image))
    return names


def array(images, folder):
    return images


def colour(images, folder):
    return np.repeat(images[..., None], 3, axis=3)


def tensor(images, folder):
    import torch

    return torch.from_numpy(images.astype(np.float32))


def torch_items(images, folder):
    import torch

    class Items(torch.utils.data.Dataset):
        def __len__(self):
            return len(images)

        def __getitem__(self, i):
            return torch.from_numpy(images[i].astype(np.float32))

    return Items()


def files(images, folder):
    return [str(path) for path in paths(folder, images)]


def image_folder(images, folder):
    paths(folder, images)
    return folder


def csv(images, folder):
    names = paths(folder, images)
    (folder / "t.csv").write_text("\n".join(["image", *(path.name for path in names)]))
    return folder / "t.csv"


def metadata(images, folder):
    names = paths(folder, images)
    (folder / "metadata.csv").write_text("\n".join(["file_name", *(p.name for p in names)]))
    return folder


def frame_of_bytes(images, folder):
    import pandas as pd

    return pd.DataFrame({"image": [png(image) for image in images]})


def parquet(images, folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    cells = [{"bytes": png(image), "path": None} for image in images]
    pq.write_table(pa.table({"image": cells}), folder / "t.parquet")
    return folder / "t.parquet"


def shards(images, folder):
    parquet(images, folder)
    return folder


KINDS = {
    "8 bits as floats": (np.float64, 255, (0.0, 255.0)),
    "0 to 1": (np.float32, 1, (0.0, 1.0)),
    "-1 to 1": (np.float32, (-1, 1), (-1.0, 1.0)),
    "10 bits": (np.uint16, 1000, (0.0, 1023.0)),
    "12 bits": (np.int32, 4000, (0.0, 4095.0)),
    "16 bits": (np.uint16, 65000, (0.0, 65535.0)),
    "temperatures": (np.float32, (-40, 400), (-40.0, 400.0)),
}


def made(kind: str, scale: np.ndarray = BRIGHT) -> np.ndarray:
    dtype, ends, _ = KINDS[kind]
    low, high = ends if isinstance(ends, tuple) else (0, ends)
    return (low + scale * (high - low)).astype(dtype)


IN_FILES = (files, image_folder, csv, metadata, frame_of_bytes, parquet, shards)
CASES = [(k, c) for k in KINDS for c in (array, colour, tensor, torch_items)] + [
    (k, c) for k in ("10 bits", "12 bits", "16 bits", "temperatures", "0 to 1") for c in IN_FILES
]


def pixels(domain: Domain) -> np.ndarray:
    return ImagePreprocessing(8, 8, 1, mean=(0.5,), std=(0.5,)).prepare(domain.examples)


@pytest.mark.parametrize(("kind", "carrier"), CASES, ids=lambda x: getattr(x, "__name__", x))
def test_a_darker_side_is_read_by_the_range_of_the_source(tmp_path, kind, carrier):
    images = made(kind)
    source = read_domain(carrier(images, tmp_path / "source"))
    low, high = KINDS[kind][2]
    wanted = np.rint((np.clip(images.astype(float), low, high) - low) * 255 / (high - low))
    given = pixels(source)
    assert np.abs(given[:, 0].astype(int) - wanted).max() <= 1
    assert source.examples.rule()["value_range"] == pytest.approx([low, high])
    assert any(f"{low:g}..{high:g}" in note for note in source.notes)

    dark = read_domain(carrier(images[:2], tmp_path / "target"), like=source)
    assert np.array_equal(pixels(dark), given[:2])
    assert any("the other side's" in note for note in dark.notes)

    run = ImagePreprocessing(8, 8, 1, mean=(0.5,), std=(0.5,)).ruled(source.examples.rule())
    assert np.array_equal(pixels(read_like(run, carrier(images[:1], tmp_path / "one"))), given[:1])


@pytest.mark.parametrize("carrier", [array, tensor, files, image_folder, frame_of_bytes])
def test_a_stated_range_holds_for_all(tmp_path, carrier):
    images = made("12 bits")
    source = read_domain(carrier(images, tmp_path / "s"), value_range=[0, 8190])
    target = read_domain(carrier(images[:2], tmp_path / "t"), like=source, value_range=[0, 8190])
    assert np.array_equal(pixels(target), pixels(source)[:2])
    assert pixels(source).max() == pytest.approx(4000 / 8190 * 255, abs=1)
    assert source.limits == (0.0, 8190.0)
    with pytest.raises(ConfigError, match="value_range"):
        read_domain(images, value_range=[3, 3])


def test_a_stated_range_holds_for_bytes_too():
    """Small digits come as uint8 of 0 to 16."""
    images = np.rint(BRIGHT * 16).astype(np.uint8)
    found = read_domain(images, value_range=[0, 16])
    assert pixels(found).max() == 255
    run = ImagePreprocessing(8, 8, 1, mean=(0.5,), std=(0.5,)).ruled(found.examples.rule())
    assert np.array_equal(pixels(read_like(run, images[:2])), pixels(found)[:2])


def test_masks_of_zeros_and_ones_are_black_and_white():
    images = (BRIGHT > 0.5).astype(np.uint8)
    for given in (images, images.astype(bool), images.astype(np.int64)):
        assert set(np.unique(pixels(read_domain(given)))) == {0, 255}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_another_unit_on_the_other_side_is_told_and_said(dtype):
    source = read_domain(made("0 to 1"))
    target = read_domain((BRIGHT * 255).astype(dtype), like=source)
    assert np.abs(pixels(target).astype(int) - pixels(source)).max() <= 1
    if dtype != np.uint8:
        assert any("different units" in note for note in target.notes)


def test_what_lies_outside_is_counted():
    source = read_domain(made("12 bits"))
    target = read_domain(made("16 bits"), like=source)
    assert any("outside 0..4095" in note and "cut" in note for note in target.notes)


def singles(tmp_path):
    images = made("12 bits")
    one = tmp_path / "one.tif"
    one.write_bytes(png(images[0]))
    return {
        "array": images[0],
        "array of one": images[:1],
        "path": one,
        "name": str(one),
        "list of a path": [one],
        "image of Pillow": Image.open(one),
        "list of one of Pillow": [Image.open(one)],
        "bytes": one.read_bytes(),
    }


SINGLES = (
    "array",
    "array of one",
    "path",
    "name",
    "list of a path",
    "image of Pillow",
    "list of one of Pillow",
    "bytes",
)


@pytest.mark.parametrize("how", SINGLES)
def test_one_example_is_read_as_it_was_in_the_run(tmp_path, how):
    source = read_domain(made("12 bits"))
    run = ImagePreprocessing(8, 8, 1, mean=(0.5,), std=(0.5,)).ruled(source.examples.rule())
    found = read_like(run, singles(tmp_path)[how])
    assert len(found) == 1
    assert np.array_equal(pixels(found), pixels(source)[:1])


@pytest.mark.parametrize(
    ("shape", "channels", "rows"),
    [
        ((256, 256, 3), 3, 1),
        ((256, 256, 3), 1, 1),
        ((3, 64, 64), 3, 1),
        ((8, 64, 64), 3, 8),
        ((64, 64), 3, 1),
        ((64, 64, 1), 1, 1),
        ((64, 64, 4), 3, 1),
        ((5, 64, 64, 3), 3, 5),
        ((5, 3, 64, 64), 3, 5),
        ((3, 8, 8), 1, 3),
    ],
)
def test_axes_of_an_array_say_one_or_many(shape, channels, rows):
    run = ImagePreprocessing(8, 8, channels, mean=(0.5,) * channels, std=(0.5,) * channels)
    values = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    assert len(read_like(run, values)) == rows


def test_several_raw_examples_of_pillow():
    run = ImagePreprocessing(8, 8, 3)
    given = [Image.new(mode, (9, 9), 7) for mode in ("RGB", "L", "RGBA", "P", "CMYK", "1", "HSV")]
    found = as_rows(run, given)
    assert len(found) == len(given)
    assert found.modality == "image"


def test_the_rule_itself():
    assert natural(Extent(0.0, 16.0, True)) == (0.0, 16.0)
    assert natural(Extent(3.0, 70_000.0, True)) == (3.0, 70_000.0)
    taken, said = range_for(Extent(0.0, 60.0, True), (0.0, 255.0), fixed=False)
    assert taken == (0.0, 255.0)
    assert "the other side's" in said
    taken, said = range_for(Extent(0.0, 0.5, False), (0.0, 255.0), fixed=False)
    assert taken == (0.0, 1.0)
    assert "different units" in said
    with pytest.warns(LandbridgeWarning, match="another unit"):
        taken, _ = range_for(Extent(0.0, 0.5, False), (0.0, 255.0), fixed=True)
    assert taken == (0.0, 255.0)


@pytest.mark.parametrize("shape", [(3, 0, 8), (3, 8, 0, 3)])
def test_images_without_pixels_are_refused(shape):
    with pytest.raises(DataError, match="array has shape"):
        read_domain(np.zeros(shape))
