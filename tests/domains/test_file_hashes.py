"""Files are hashed once, whoever asks first: the set, what is selected from it, or its twins."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landbridge.domains.modalities import file_hashes
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.twins import find_twins


def pictures(folder: Path) -> list[Path]:
    for i in range(6):
        Image.fromarray(np.full((4, 4), 40 * i, np.uint8)).save(folder / f"{i}.png")
    return sorted(folder.iterdir())


def sounds(folder: Path) -> list[Path]:
    import soundfile

    for i in range(6):
        soundfile.write(folder / f"{i}.wav", 0.1 * np.sin(np.arange(800) * (i + 1) / 9), 8000)
    return sorted(folder.iterdir())


KINDS = {"images": (pictures, ImageExamples), "recordings": (sounds, AudioExamples)}


@pytest.mark.parametrize("kind", KINDS)
def test_each_file_is_read_once_for_its_hash(kind, tmp_path, monkeypatch):
    made, examples = KINDS[kind]
    read: list[Path] = []
    hashed = file_hashes.file_digest
    monkeypatch.setattr(file_hashes, "file_digest", lambda p: read.append(p) or hashed(p))
    whole = examples(made(tmp_path))
    some = whole.select(np.array([4, 1]))
    find_twins(some, whole.select(np.arange(1, 4)))
    whole.fingerprint()
    some.fingerprint()
    assert sorted(read) == sorted(whole.items)
    assert some.prints() == [whole.prints()[4], whole.prints()[1]]
    assert examples(some.items).fingerprint() == some.fingerprint()


def test_a_selection_of_a_large_set_is_hashed_as_the_set(tmp_path, monkeypatch):
    files = pictures(tmp_path)
    monkeypatch.setattr(file_hashes, "_WHOLE_BYTES", files[0].stat().st_size)
    whole = ImageExamples(files)
    some = whole.select(np.array([0]))
    assert some.prints() != ImageExamples(files[:1]).prints()  # which is small enough alone
    assert some.prints() == whole.prints()[:1]


def test_bytes_are_known_by_their_content():
    out = io.BytesIO()
    Image.new("L", (3, 3), 7).save(out, "PNG")
    one, same = ImageExamples([out.getvalue()] * 2).prints()
    assert one == same
