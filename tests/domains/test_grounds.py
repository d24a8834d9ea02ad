"""What transparent parts are laid on: one grey for a data set, on which what is drawn is seen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.read import read_domain
from landbridge.domains.read_like import read_like

SHAPES = np.zeros((4, 16, 16), np.uint8)
for _i in range(4):
    SHAPES[_i, 2 + _i : 10 + _i, 3:9] = 255
PREP = ImagePreprocessing(16, 16, 1, mean=(0.5,), std=(0.5,))


def drawn(ink: int, number: int) -> np.ndarray:
    """Return one shape in one grey on nothing, uint8 (16, 16, 4)."""
    return np.dstack([np.full((16, 16, 3), ink, np.uint8), SHAPES[number]])


def in_file(pixels: np.ndarray, mode: str) -> bytes:
    image = Image.fromarray(pixels)
    out = io.BytesIO()
    if mode == "P":  # one colour of the palette is transparent
        made = Image.fromarray((pixels[..., 3] > 0).astype(np.uint8))
        made.putpalette([9, 9, 9, *pixels[0, 0, :3].tolist()])
        made.save(out, "PNG", transparency=0)
    elif mode == "webp":
        image.save(out, "WEBP", lossless=True)
    else:
        image.convert(mode).save(out, "PNG")
    return out.getvalue()


def files(folder, inks, mode):
    folder.mkdir()
    for i, ink in enumerate(inks):
        (folder / f"{i}.png").write_bytes(in_file(drawn(ink, i), mode))
    return folder


def array(folder, inks, mode):
    return np.stack([drawn(ink, i) for i, ink in enumerate(inks)])


CARRIERS = [*((files, mode) for mode in ("RGBA", "LA", "P", "webp")), (array, "RGBA")]


@pytest.mark.parametrize(("carrier", "mode"), CARRIERS)
@pytest.mark.parametrize(
    ("inks", "ground", "said"),
    [
        ((255, 255, 250, 255), 0, "laid on black"),
        ((0, 10, 0, 30), 255, ""),
        ((255, 255, 0, 0), 128, "laid on grey"),
    ],
)
def test_what_is_drawn_is_seen_on_both_sides(tmp_path, carrier, mode, inks, ground, said):
    source = read_domain(carrier(tmp_path / "s", inks, mode))
    pixels = PREP.prepare(source.examples)
    assert (pixels[:, 0, 0, 0] == ground).all()
    assert all(np.ptp(one) > 90 for one in pixels)
    assert not said or any(said in note for note in source.notes)

    target = read_domain(carrier(tmp_path / "t", inks[:2], mode), like=source)
    assert np.array_equal(PREP.prepare(target.examples), pixels[:2])
    run = PREP.ruled(source.examples.rule())
    one = carrier(tmp_path / "one", inks[:1], mode)
    assert np.array_equal(run.prepare(read_like(run, one).examples), pixels[:1])
    if carrier is array:
        found = read_like(run, Image.fromarray(one[0]))
        assert np.array_equal(run.prepare(found.examples), pixels[:1])


def test_a_side_that_is_lost_on_the_ground_of_the_other_is_counted(tmp_path):
    source = read_domain(files(tmp_path / "s", (0, 0, 0), "RGBA"))
    target = read_domain(files(tmp_path / "t", (255, 255, 0, 255), "RGBA"), like=source)
    assert any("3 of 4 transparent images are nearly blank on white" in n for n in target.notes)
