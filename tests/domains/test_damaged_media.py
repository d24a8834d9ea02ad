"""Pictures and recordings with flipped, cut and repeated bytes: read, or left out with a reason."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, features

import needs
from landbridge.base.errors import DataError
from landbridge.domains.modalities.decoding import flaw
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.sound import AudioPreprocessing
from landbridge.domains.modalities.sound_files import silent_or_broken
from landbridge.domains.modalities.threads import unreadable

pytestmark = pytest.mark.slow

TRIES = 150


def damaged(content: bytes, tries: int, seed: int) -> list[bytes]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(tries):
        own = bytearray(content)
        for _ in range(int(rng.integers(1, 6))):
            at = int(rng.integers(0, len(own))) if rng.random() < 0.5 else int(rng.integers(0, 60))
            own[min(at, len(own) - 1)] = int(
                rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)])
            )
        if rng.random() < 0.2:
            own = own[: int(rng.integers(0, len(own)))]
        if rng.random() < 0.1:
            own += own[: int(rng.integers(0, len(own) + 1))]
        made.append(bytes(own))
    return made


def picture(form: str) -> bytes:
    out = io.BytesIO()
    modes = {"PNG": "RGBA", "GIF": "P", "TIFF": "I;16"}
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels).convert("L" if form == "TIFF" else "RGB").convert(
        modes.get(form, "RGB")
    ).save(out, form)
    return out.getvalue()


FORMS = ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "JPEG2000", "ICO", "AVIF"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMS)
def test_damaged_pictures(form):
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    items = damaged(picture(form), TRIES, 1)
    flaws = unreadable(items, flaw, what="images")
    assert all(isinstance(reason, str) and reason for reason in flaws.values())
    assert 0 < len(flaws) < TRIES
    examples = ImageExamples([item for i, item in enumerate(items) if i not in flaws])
    prep = ImagePreprocessing(8, 8, 3)
    for i in range(len(examples)):
        one = examples.select(np.array([i]))
        with contextlib.suppress(DataError):  # JPEG is looked at in small, and read in full
            settled, _ = one.settled({}, False)
            assert prep.prepare(settled).shape == (1, 3, 8, 8)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("form", ["WAV", "FLOAT", "FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "W64"])
def test_damaged_recordings(form):
    soundfile = needs.package("soundfile")
    out = io.BytesIO()
    wave = np.random.default_rng(0).normal(0, 0.1, (800, 2)).clip(-1, 1)
    how = {"format": "WAV", "subtype": "FLOAT"} if form == "FLOAT" else {"format": form}
    soundfile.write(out, wave, 16_000, **how)
    items = damaged(out.getvalue(), TRIES, 2)
    flaws = unreadable(items, silent_or_broken, what="recordings")
    assert all(isinstance(reason, str) and reason for reason in flaws.values())
    assert 0 < len(flaws) < TRIES
    examples = AudioExamples([item for i, item in enumerate(items) if i not in flaws])
    prep = AudioPreprocessing(8000, 400)
    for i in range(len(examples)):
        one = examples.select(np.array([i]))
        with contextlib.suppress(DataError):  # its rate may make too much of it
            settled, _ = one.settled({}, False)
            assert prep.prepare(settled).shape == (1, 400)


_LARGEST = """
import io, resource, sys
from PIL import Image
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.decoding import flaw
from landbridge.domains.modalities.threads import unreadable
from landbridge.domains.modalities.images import ImageExamples

mode, side = sys.argv[1], int(sys.argv[2])
Image.MAX_IMAGE_PIXELS = None
out = io.BytesIO()
Image.new(mode, (side, side)).save(out, "PNG", optimize=False)
content = out.getvalue()
assert len(content) < 1_000_000, len(content)
items = [content] * 2
found = unreadable(items, flaw, what="images")
assert not found, found
examples, _ = ImageExamples(items).settled({}, False)
ImagePreprocessing(8, 8, 3).prepare(examples)
examples.shape_hint()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000)
"""


@pytest.mark.parametrize(("mode", "side"), [("1", 13_300), ("RGBA", 8_400), ("I;16", 7_100)])
def test_the_largest_pictures_of_a_few_kb_stay_below_four_gigabytes(mode, side):
    done = subprocess.run(
        [sys.executable, "-c", _LARGEST, mode, str(side)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 3_500
