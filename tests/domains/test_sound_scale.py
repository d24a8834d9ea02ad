"""Channels, scales and headers of recordings: one scale for a data set, nothing lost in mixing."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

import needs
from landbridge.base.errors import DataError, RunError
from landbridge.domains.modalities import sound_files
from landbridge.domains.modalities.base import load_preprocessing
from landbridge.domains.modalities.full_scale import Peak, natural, scale_for
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.sound import AudioPreprocessing
from landbridge.domains.modalities.sound_files import decode, resample
from landbridge.domains.one import as_rows
from landbridge.domains.read import read_domain
from landbridge.domains.read_like import read_like

soundfile = needs.package("soundfile")

RATE = 8000
PREP = AudioPreprocessing(RATE, 400)
QUIET, LOUD = (height * np.sin(2 * np.pi * 440 * np.arange(400) / RATE) for height in (0.01, 0.8))


def in_file(samples, subtype="PCM_16", rate=RATE, form="WAV") -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=form, subtype=subtype)
    return out.getvalue()


def stored(domain) -> np.ndarray:
    return PREP.prepare(domain.examples).astype(int)


# One scale for a data set ------------------------------------------------------------------------

SCALES = {
    "PCM_U8": lambda x: in_file(x, "PCM_U8"),
    "PCM_16": lambda x: in_file(x, "PCM_16"),
    "PCM_24": lambda x: in_file(x, "PCM_24"),
    "PCM_32": lambda x: in_file(x, "PCM_32"),
    "FLAC": lambda x: in_file(x, "PCM_24", form="FLAC"),
    "floats": lambda x: in_file(x, "FLOAT"),
    "doubles of 16 bits": lambda x: in_file(x * 32767, "DOUBLE"),
    "floats of 24 bits": lambda x: in_file(x * (2**23 - 1), "FLOAT"),
    "int16": lambda x: given((x * 32767).astype(np.int16)),
    "uint8": lambda x: given((x * 127 + 128).astype(np.uint8)),
    "int32 of 16 bits": lambda x: given(np.rint(x * 32767).astype(np.int32)),
    "int64 of 16 bits": lambda x: given(np.rint(x * 32767).astype(np.int64)),
    "int32 of 32 bits": lambda x: given(np.rint(x * (2**31 - 1)).astype(np.int32)),
    "float32": lambda x: given(x.astype(np.float32)),
    "float16": lambda x: given(x.astype(np.float16)),
    "float32 of 16 bits": lambda x: given((x * 32767).astype(np.float32)),
    "channels first": lambda x: given(np.stack([x, x]).astype(np.float32)),
    "channels last": lambda x: given(np.stack([x, x], 1).astype(np.float32)),
    "a list": lambda x: given(x.tolist()),
}


def given(samples) -> dict:
    return {"array": samples, "sampling_rate": RATE}


@pytest.mark.parametrize("kind", SCALES)
def test_a_quiet_side_is_read_by_the_scale_of_the_source(kind):
    source = read_domain({"audio": [SCALES[kind](QUIET), SCALES[kind](LOUD)]})
    found = stored(source)
    step = 32767 / 60 if kind in ("PCM_U8", "uint8") else 32 if kind == "float16" else 2
    assert np.abs(found - np.stack([QUIET, LOUD]) * 32767).max() <= step
    target = read_domain({"audio": [SCALES[kind](QUIET)]}, like=source)
    assert np.array_equal(stored(target), found[:1])

    run = PREP.ruled(source.examples.rule())
    assert load_preprocessing(run.to_dict()) == run
    assert run.key == PREP.key
    one = SCALES[kind](QUIET)
    assert np.array_equal(stored(read_like(run, one)), found[:1])
    divided = source.examples.rule().get("full_scale", 1) != 1
    assert divided == any("divided by" in note for note in source.notes)


def test_folders_and_tables_of_floats_have_one_scale(tmp_path):
    for side, waves in (("s", (QUIET, LOUD)), ("t", (QUIET,))):
        (tmp_path / side / "a").mkdir(parents=True)
        for i, wave in enumerate(waves):
            (tmp_path / side / "a" / f"{i}.wav").write_bytes(in_file(wave * 32767, "FLOAT"))
        (tmp_path / f"{side}.csv").write_text(
            "\n".join(["audio", *(f"{side}/a/{i}.wav" for i in range(len(waves)))])
        )
    wanted = np.rint(QUIET * 32767)
    for source, target in ((tmp_path / "s", tmp_path / "t"), ("s.csv", "t.csv")):
        ours = read_domain(tmp_path / source)
        theirs = read_domain(tmp_path / target, like=ours)
        assert np.abs(stored(theirs)[0] - wanted).max() <= 2
        assert theirs.examples.select(np.array([0])).fingerprint() == theirs.examples.fingerprint()
        run = PREP.ruled(ours.examples.rule())
        assert np.abs(stored(read_like(run, tmp_path / "t" / "a" / "0.wav"))[0] - wanted).max() <= 2


def test_the_rule_itself():
    assert [natural(Peak(h, False)) for h in (0.1, 3.9, 20.0, 500.0)] == [1, 1, 20, 32768]
    assert [natural(Peak(h, True)) for h in (1, 100, 130, 2**20, 2.0**40)] == [
        *(1, 128, 32768, 2**23),
        2.0**40,
    ]
    assert scale_for(Peak(0.5, False), 1.0) == (1.0, [])
    assert scale_for(Peak(900.0, True), 32768.0)[0] == 32768
    scale, (said,) = scale_for(Peak(0.5, False), 32768.0)
    assert scale == 1
    assert "another unit" in said
    scale, (said,) = scale_for(Peak(20_000.0, False), 1.0)
    assert scale == 32768
    assert "another unit" in said
    assert scale_for(Peak(1.0, True), 32768.0) == (32768.0, [])  # silence
    assert "what is beyond 1 is cut" in scale_for(Peak(1.5, False), None)[1][0]
    assert "same unit" in scale_for(Peak(1e-4, False), None)[1][0]


# Channels ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "AIFF"])
@pytest.mark.parametrize(
    ("channels", "wanted"),
    [
        ((LOUD, -LOUD), LOUD),
        ((-0.9 * LOUD, LOUD), LOUD),
        ((QUIET, -QUIET), QUIET),
        ((LOUD, LOUD), LOUD),
        ((LOUD, 0 * LOUD), LOUD / 2),
        ((LOUD, QUIET), (LOUD + QUIET) / 2),
        ((LOUD, -LOUD, LOUD, -LOUD), LOUD),
        ((LOUD, *[0 * LOUD] * 7), LOUD / 8),
    ],
)
def test_channels_that_cancel_out_are_not_averaged(form, channels, wanted):
    subtype = "VORBIS" if form == "OGG" else "PCM_16"
    found, _ = decode(in_file(np.stack(channels, 1), subtype, form=form))
    assert np.abs(np.abs(found) - np.abs(wanted)).max() < (0.15 if form == "OGG" else 1e-3)


def test_what_is_constant_in_all_channels_is_no_sound():
    found, _ = decode(in_file(np.stack([0.3 + LOUD / 2, 0.3 - LOUD / 2], 1)))
    np.testing.assert_allclose(found, 0.3 + LOUD / 2, atol=1e-3)


def test_channels_that_have_nothing_in_common_are_averaged():
    noise = np.random.default_rng(0).normal(0, 0.1, (8000, 16))
    found, _ = decode(in_file(noise))
    np.testing.assert_allclose(found, noise.mean(1), atol=1e-4)


def test_that_channels_cancel_out_is_counted_and_said(tmp_path):
    for i, pair in enumerate(((LOUD, -LOUD), (LOUD, LOUD), (QUIET, -QUIET))):
        (tmp_path / f"{i}.wav").write_bytes(in_file(np.stack(pair, 1)))
    domain = read_domain(tmp_path)
    assert any("channels of 2 of 3 recordings cancel out" in note for note in domain.notes)
    assert (np.abs(stored(domain)).max(1) > 300).all()
    found = as_rows(PREP, np.stack([LOUD, -LOUD], 1))
    assert len(found) == 1
    assert np.abs(stored(found)).max() > 20_000
    assert any("cancel out" in note for note in found.notes)


def test_long_recordings_are_mixed_alike(monkeypatch):
    pair = np.stack([LOUD, -LOUD], 1)
    whole, _ = decode(in_file(pair))
    monkeypatch.setattr(sound_files, "_BLOCK", 64)
    monkeypatch.setattr(sound_files, "_LARGE", 100)
    assert np.array_equal(decode(in_file(pair))[0], whole)


# Headers -----------------------------------------------------------------------------------------


def header(rate=RATE, channels=1, bits=16, size=None, samples=800) -> bytes:
    """Return a WAV file of silence whose header says what it likes."""
    data = b"\1\0" * samples
    size = len(data) if size is None else size
    align = channels * bits // 8
    return (
        b"RIFF"
        + struct.pack("<I", (36 + size) & 0xFFFFFFFF)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, channels, rate, 0, align, bits)
        + b"data"
        + struct.pack("<I", size)
        + data
    )


def flac_of(claim: int) -> bytes:
    made = bytearray(in_file(LOUD, form="FLAC"))
    made[21] = (made[21] & 0xF0) | (claim >> 32)
    made[22:26] = (claim & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(made)


LIES = {
    "rate 0": (header(0), ""),
    "rate 1": (header(1), "samples a second"),
    "rate 2^31 - 1": (header(2**31 - 1), "samples a second"),
    "rate 2^32 - 1": (header(2**32 - 1), ""),
    "no channels": (header(channels=0), ""),
    "30,000 channels": (header(channels=30_000), ""),
    "no samples": (header(samples=0), "no samples"),
    "twice the samples": (header(size=3200), "cut short"),
    "a gigabyte": (header(size=2**30), "cut short"),
    "cut": (in_file(LOUD)[:400], "cut short"),
    "AIFF, cut": (in_file(LOUD, form="AIFF")[:400], "cut short"),
    "AU, cut": (in_file(LOUD, form="AU")[:400], "cut short"),
    "FLAC, cut": (in_file(LOUD, form="FLAC")[:400], ""),
    "FLAC of 68 thousand million samples": (flac_of(2**36 - 1), "says that it has 68,719,476,735"),
    "FLAC of 100 million samples": (flac_of(10**8), ""),
    "FLAC without a length": (flac_of(0), "does not say how many"),
    "NaN": (in_file(np.where(np.arange(400) == 3, np.nan, LOUD), "FLOAT"), "not finite"),
    "infinite": (in_file(np.where(np.arange(400) == 3, np.inf, LOUD), "DOUBLE"), "not finite"),
    "no sound": (b"RIFF1234WAVEnothing", ""),
}


@pytest.mark.parametrize("lie", LIES)
def test_headers_that_lie_end_as_a_named_omission(tmp_path, lie):
    content, said = LIES[lie]
    with pytest.raises(DataError, match=said or "no sound|cut short"):
        decode(content)
    (tmp_path / "good.wav").write_bytes(in_file(LOUD))
    (tmp_path / "lie.wav").write_bytes(content)
    domain = read_domain(tmp_path)
    assert len(domain) == 1
    (left,) = domain.omissions
    assert left.what == "unreadable recording"
    assert left.rows[0].startswith("lie.wav")
    with pytest.raises(DataError, match=r"lie\.wav"):
        as_rows(PREP, tmp_path / "lie.wav")


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_recordings_that_were_streamed_are_whole(size):
    assert len(decode(header(size=size))[0]) == 800


def test_what_is_too_long_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(sound_files, "MOST_SAMPLES", 300)
    for form, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")):
        with pytest.raises(DataError, match="300"):
            decode(in_file(LOUD, subtype, form=form))
    with pytest.raises(DataError, match="more than 300"):
        resample(np.zeros(100, np.float32), 100, 16_000)


def test_the_file_whose_rate_makes_too_much_of_it_is_named(monkeypatch, tmp_path):
    (tmp_path / "slow.wav").write_bytes(header(100))
    domain = read_domain(tmp_path)
    monkeypatch.setattr(sound_files, "MOST_SAMPLES", 10_000)
    with pytest.raises(DataError, match=r"slow\.wav: 800 samples at 100 Hz are 64,000 at 8,000 Hz"):
        PREP.prepare(domain.examples)


@pytest.mark.parametrize(
    "change",
    [
        {"rate": 0},
        {"rate": 2**31},
        {"rate": 8000.5},
        {"samples": 0},
        {"samples": 2**40},
        {"width": -1},
        {"full_scale": 0},
    ],
)
def test_sizes_of_a_saved_preprocessing_are_bounded(change):
    with pytest.raises(RunError, match=next(iter(change))):
        load_preprocessing({**PREP.to_dict(), **change})


# One or many -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        (LOUD, 1),
        (LOUD.tolist(), 1),
        (LOUD[None], 1),
        (np.stack([LOUD, QUIET]), 2),
        ([LOUD, QUIET[:300]], 2),
        (np.stack([LOUD, QUIET], 1), 1),
        ([np.stack([LOUD, QUIET])], 1),
        ((LOUD, RATE), 1),
        ((RATE, LOUD), 1),
        (given(LOUD), 1),
        ([given(LOUD), given(QUIET)], 2),
        (in_file(LOUD), 1),
        ([in_file(LOUD), in_file(QUIET)], 2),
    ],
    ids=str,
)
def test_one_recording_or_many(what, rows):
    found = as_rows(PREP, what)
    assert len(found) == rows
    assert np.abs(stored(found)[0]).max() > 12_000


@pytest.mark.parametrize("what", [given([]), given("abc"), {**given(LOUD), "sampling_rate": 0}])
def test_what_is_no_recording_says_why(what):
    with pytest.raises(DataError, match="recording 0"):
        as_rows(PREP, what)


def test_sides_of_other_rates_are_brought_to_one():
    slow = AudioExamples([in_file(LOUD, rate=RATE)])
    fast = AudioExamples([in_file(np.repeat(LOUD, 2), rate=2 * RATE)])
    a, b = (AudioPreprocessing(RATE, 400).prepare(x).astype(float)[0, 50:350] for x in (slow, fast))
    assert np.corrcoef(a, b)[0, 1] > 0.98


def test_a_column_of_webp_is_of_images(tmp_path):
    import pandas as pd
    from PIL import Image

    cells = []
    for value in (0, 100, 200):
        out = io.BytesIO()
        Image.new("RGB", (8, 8), (value, 9, 9)).save(out, "WEBP")
        cells.append(out.getvalue())
    assert read_domain(pd.DataFrame({"x": cells})).modality == "image"
    assert read_domain(pd.DataFrame({"x": [in_file(LOUD)] * 3})).modality == "audio"
