"""Decoding, the cache of decoded images, and augmentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.base.events import Events
from landbridge.domains import ImageExamples, ImagePreprocessing
from landbridge.domains.modalities import image as image_module
from landbridge.domains.modalities.base import load_preprocessing

PLAIN = {"mean": (0.0,), "std": (1.0,)}


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def event(self, event) -> None:
        self.kinds.append(event["event"])


def one(path: Path, channels: int = 3, size: int = 4) -> np.ndarray:
    plain = {"mean": (0.0,) * channels, "std": (1.0,) * channels}
    prep = ImagePreprocessing(size, size, channels, **plain)
    return prep.prepare(ImageExamples([path]))[0]


def test_exif_orientation(tmp_path: Path) -> None:
    pixels = np.zeros((40, 20, 3), np.uint8)
    pixels[:20] = 255  # white above
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(pixels).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    found = one(tmp_path / "turned.jpg")
    assert found[:, 0].max() < 20
    assert found[:, 3].min() > 235
    exif[0x0112] = 6
    Image.fromarray(pixels).save(tmp_path / "side.jpg", exif=exif)
    assert ImageExamples([tmp_path / "side.jpg"]).shape_hint() == (20, 40, 1)


def test_sixteen_bits(tmp_path: Path) -> None:
    pixels = np.full((6, 6), 257 * 100, np.uint16)
    Image.fromarray(pixels).save(tmp_path / "deep.png")
    assert (one(tmp_path / "deep.png", 1) == 100).all()
    assert ImageExamples([tmp_path / "deep.png"]).shape_hint() == (6, 6, 1)


def test_alpha_is_laid_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (6, 6), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (one(tmp_path / "clear.png") == 255).all()
    Image.new("RGBA", (6, 6), (255, 0, 0, 255)).save(tmp_path / "red.png")
    assert one(tmp_path / "red.png")[:, 0, 0].tolist() == [255, 0, 0]
    Image.new("LA", (6, 6), (7, 255)).save(tmp_path / "grey.png")
    assert (one(tmp_path / "grey.png", 1) == 7).all()


def test_palette_grey_and_cmyk(tmp_path: Path) -> None:
    red = Image.new("RGB", (6, 6), (250, 10, 10))
    red.convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "p.png")
    assert abs(int(one(tmp_path / "p.png")[0, 0, 0]) - 250) < 6
    red.convert("CMYK").save(tmp_path / "c.jpg")
    assert one(tmp_path / "c.jpg")[0].mean() > 200
    Image.new("1", (6, 6), 1).save(tmp_path / "b.png")
    assert (one(tmp_path / "b.png") == 255).all()
    Image.fromarray(np.full((6, 6), 0.5, np.float32)).save(tmp_path / "f.tif")
    assert abs(int(one(tmp_path / "f.tif", 1)[0, 0, 0]) - 128) <= 1


def test_channels_hint(tmp_path: Path) -> None:
    Image.new("RGB", (9, 5), (8, 8, 8)).save(tmp_path / "grey.png")
    Image.new("RGB", (9, 5), (8, 8, 9)).save(tmp_path / "colour.png")
    assert ImageExamples([tmp_path / "grey.png"]).shape_hint() == (5, 9, 1)
    both = ImageExamples([tmp_path / "grey.png", tmp_path / "colour.png"])
    assert both.shape_hint() == (5, 9, 3)


def test_crop_keeps_proportions(tmp_path: Path) -> None:
    pixels = np.zeros((10, 30), np.uint8)
    pixels[:, 10:20] = 255
    Image.fromarray(pixels).save(tmp_path / "wide.png")
    images = ImageExamples([tmp_path / "wide.png"])
    crop = ImagePreprocessing(10, 10, 1, resize="crop", **PLAIN).prepare(images)
    assert (crop == 255).all()
    stretch = ImagePreprocessing(10, 30, 1, **PLAIN).prepare(images)
    assert np.array_equal(stretch[0, 0], pixels)
    half = ImagePreprocessing(4, 4, 1, resize="crop", crop_fraction=0.5, **PLAIN)
    assert (half.prepare(images) == 255).all()


def test_file_that_breaks_later(tmp_path: Path, image) -> None:
    path = image(tmp_path / "a.jpg")
    images = ImageExamples([path])
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match=r"a\.jpg cannot be decoded"):
        ImagePreprocessing(8, 8).prepare(images)
    path.unlink()
    with pytest.raises(DataError, match=r"a\.jpg"):
        ImagePreprocessing(8, 8).prepare(images)
    with pytest.raises(DataError, match=r"a\.jpg"):
        images.fingerprint()


def test_fingerprint_is_of_content(class_folder: Path, tmp_path: Path) -> None:
    files = sorted(class_folder.rglob("*.jpg"))
    moved = tmp_path / "other.jpg"
    moved.write_bytes(files[0].read_bytes())
    first = ImageExamples(files)
    assert first.fingerprint() == ImageExamples([moved, *files[1:]]).fingerprint()
    assert first.fingerprint() != first.select(np.arange(len(files))[::-1]).fingerprint()
    assert first.select(np.array([1])).fingerprint() == ImageExamples(files[1:2]).fingerprint()


def test_pixels_bytes_and_files_agree(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (3, 12, 9, 3)).astype(np.uint8)
    files = []
    for i, x in enumerate(pixels):
        files.append(tmp_path / f"{i}.png")
        Image.fromarray(x).save(files[-1])
    prep = ImagePreprocessing(6, 7, 1, **PLAIN)
    expected = prep.prepare(ImageExamples(pixels=pixels))
    assert np.array_equal(prep.prepare(ImageExamples(files)), expected)
    assert np.array_equal(prep.prepare(ImageExamples([f.read_bytes() for f in files])), expected)


def test_cache_is_reused_and_resumed(class_folder: Path, tmp_path: Path, monkeypatch) -> None:
    images = ImageExamples(sorted(class_folder.rglob("*.*")))
    prep = ImagePreprocessing(1000, 800)  # big, so that 16 rows make a chunk
    images = ImageExamples((images.items or []) * 5)
    whole = prep.prepare(images)
    decode = image_module.decode
    calls: list[str] = []

    def stops(item, name, *args, **kwargs):
        calls.append(name)
        if len(calls) > 20:
            raise KeyboardInterrupt
        return decode(item, name, *args, **kwargs)

    monkeypatch.setattr(image_module, "decode", stops)
    with pytest.raises(KeyboardInterrupt):
        prep.prepare(images, cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.npy"))

    calls.clear()

    def counts(item, name, *args, **kwargs):
        calls.append(name)
        return decode(item, name, *args, **kwargs)

    monkeypatch.setattr(image_module, "decode", counts)
    heard = Heard()
    found = prep.prepare(images, cache=tmp_path / "cache", events=Events(None, heard))  # type: ignore[arg-type]
    assert np.array_equal(found, whole)
    assert len(calls) < len(images)
    assert heard.kinds == ["reuse"]

    calls.clear()
    other = ImagePreprocessing(1000, 800, mean=(0.5,) * 3, flip=True)  # decodes alike
    again = other.prepare(images, cache=tmp_path / "cache", events=Events(None, heard))  # type: ignore[arg-type]
    assert np.array_equal(again, whole)
    assert isinstance(again, np.memmap)
    assert not calls
    assert heard.kinds == ["reuse", "reuse"]
    left = sorted(p.suffix for p in (tmp_path / "cache").iterdir())
    assert left == [".lock", ".npy"], "something unfinished is left"


def test_damaged_cache_is_made_again(class_folder: Path, tmp_path: Path) -> None:
    images = ImageExamples(sorted(class_folder.rglob("*.jpg")))
    prep = ImagePreprocessing(8, 8)
    whole = prep.prepare(images, cache=tmp_path)
    expected = whole.copy()
    path = next(tmp_path.glob("*.npy"))
    path.write_bytes(path.read_bytes()[:100])
    assert np.array_equal(prep.prepare(images, cache=tmp_path), expected)


def test_encode_normalises() -> None:
    prep = ImagePreprocessing(2, 2, 3, mean=(0.5, 0.0, 1.0), std=(0.5, 1.0, 2.0))
    out = prep.encode(torch.full((1, 3, 2, 2), 255, dtype=torch.uint8))
    assert torch.allclose(out[0, :, 0, 0], torch.tensor([1.0, 1.0, 0.0]), atol=1e-6)
    assert out.dtype == torch.float32


@pytest.mark.parametrize("strength", ["none", "weak", "strong"])
@pytest.mark.parametrize(("channels", "side"), [(1, 8), (3, 33), (3, 224)])
def test_augment(strength, channels: int, side: int) -> None:
    mean, std = (0.5,) * channels, (0.25,) * channels
    prep = ImagePreprocessing(side, side + 3, channels, mean=mean, std=std, flip=True)
    stored = torch.randint(0, 256, (5, channels, side, side + 3), dtype=torch.uint8)
    first, again = (prep.augment(stored, strength, torch.Generator().manual_seed(3)) for _ in "ab")
    other = prep.augment(stored, strength, torch.Generator().manual_seed(4))
    assert first.shape == stored.shape
    assert first.dtype == torch.float32
    assert torch.equal(first, again)
    assert torch.isfinite(first).all()
    assert first.abs().max() <= 2.0 + 1e-5
    assert torch.equal(first, other) == (strength == "none")
    assert not stored.is_floating_point()


def test_augment_of_nothing_changes_little() -> None:
    """A weak view of a smooth image stays near it; a flip only comes where it is allowed."""
    ramp = torch.linspace(0, 255, 32).to(torch.uint8).expand(64, 1, 32, 32)
    prep = ImagePreprocessing(32, 32, 1, **PLAIN)
    weak = prep.augment(ramp, "weak", torch.Generator().manual_seed(0))
    rising = weak[..., 4:28].diff(dim=-1).mean(dim=(1, 2, 3)) > 0
    assert rising.all()
    mirrored = ImagePreprocessing(32, 32, 1, flip=True, **PLAIN)
    weak = mirrored.augment(ramp, "weak", torch.Generator().manual_seed(0))
    rising = weak[..., 4:28].diff(dim=-1).mean(dim=(1, 2, 3)) > 0
    assert 10 < rising.sum() < 54


def test_saved_and_loaded() -> None:
    prep = ImagePreprocessing(8, 9, 1, mean=(0.1,), std=(0.2,), resize="crop", crop_fraction=0.875)
    assert load_preprocessing(prep.to_dict()) == prep
    assert prep.key == ImagePreprocessing(**{**prep.__dict__, "flip": True}).key
    assert prep.key != ImagePreprocessing(**{**prep.__dict__, "std": (0.3,)}).key
    with pytest.raises(RunError, match="another version"):
        load_preprocessing({**prep.to_dict(), "zoom": 2})


@pytest.mark.parametrize(
    "change",
    [
        *({"channels": 2}, {"std": (0.0, 1, 1)}, {"mean": (0.5,)}, {"resize": "pad"}),
        *({"height": 0}, {"value_range": (3.0, 1.0)}, {"ground": 300}),
    ],
)
def test_wrong_options(change) -> None:
    with pytest.raises(ConfigError, match="image preprocessing"):
        ImagePreprocessing(**{"height": 8, "width": 8, **change})


def test_an_odd_margin_is_whole_pixels():
    """Cutting 7 of 10 pixels out at their own size copies them: nothing is blurred."""
    from PIL import Image

    from landbridge.domains.modalities.decoding import shrink

    pixels = np.random.default_rng(0).integers(0, 256, (10, 10), dtype=np.uint8)
    found = shrink(Image.fromarray(pixels), 7, 7, 1, 0.7, Image.Resampling.BILINEAR)
    assert np.array_equal(found[0], pixels[2:9, 2:9])
