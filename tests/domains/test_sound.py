"""Sound: what is decoded and read, and what becomes of it as numbers."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
import torch

from landbridge.base.errors import DataError
from landbridge.domains.modalities.base import load_preprocessing
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.sound import NOTHING, AudioPreprocessing
from landbridge.domains.modalities.sound_files import decode, resample
from landbridge.domains.read import read_domain

RATE = 8000


def tone(hertz: float, seconds: float, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def wav(samples: np.ndarray, rate: int = RATE, width: int = 2, channels: int = 1) -> bytes:
    """Return a WAV file of 8, 16, 24 or 32 bits, written by the standard library."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        whole = np.rint(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
        if width == 1:
            whole = whole + 128
        raw = whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
        file.writeframes(raw.tobytes())
    return out.getvalue()


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_depths_and_channels(width):
    left, right = tone(440, 0.1), tone(880, 0.1)
    both = np.stack([left, right], 1).ravel()
    found, rate = decode(wav(both, width=width, channels=2))
    assert rate == RATE
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, (left + right) / 2, atol=0.01 if width == 1 else 1e-4)


def test_without_soundfile_plain_wav_still_reads(monkeypatch):
    import builtins

    real = builtins.__import__

    def no_soundfile(name, *args, **kwargs):
        if name == "soundfile":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    given = tone(440, 0.1)
    monkeypatch.setattr(builtins, "__import__", no_soundfile)
    for width in (1, 2, 4):
        found, _ = decode(wav(given, width=width))
        np.testing.assert_allclose(found, given, atol=0.01 if width == 1 else 1e-4)


def test_what_cannot_be_decoded_says_why(tmp_path):
    for content in (b"no sound", wav(tone(440, 0.1))[:20], wav(np.zeros(0))):
        file = tmp_path / "broken.wav"
        file.write_bytes(content)
        with pytest.raises(DataError, match=r"broken\.wav"):
            decode(file)


@pytest.mark.parametrize("wanted", [16000, 11025, 4000])
def test_resampling_keeps_a_tone(wanted):
    found = resample(tone(700, 1.0).astype(np.float32), RATE, wanted)
    assert len(found) == wanted
    spectrum = np.abs(np.fft.rfft(found * np.hanning(wanted)))
    assert abs(spectrum.argmax() - 700) <= 1
    assert found[wanted // 4 : -wanted // 4].max() == pytest.approx(0.5, abs=0.01)


def test_resampling_removes_what_the_new_rate_cannot_hold():
    assert np.abs(resample(tone(3500, 1.0).astype(np.float32), RATE, 4000)[200:-200]).max() < 0.01


def test_rows_are_padded_cut_and_said():
    short, long = tone(440, 0.1), tone(440, 0.5)
    said = []

    class Ear:
        def event(self, event):
            said.append(event["message"])

        def progress(self, what, total):
            raise AssertionError

    from landbridge.base.events import Events

    made = AudioPreprocessing(RATE, 1600)
    stored = made.prepare(AudioExamples([wav(short), wav(long)]), events=Events(None, Ear()))
    assert stored.dtype == np.int16
    assert made.lengths(stored).tolist() == [800, 1600]
    assert (stored[0, 800:] == NOTHING).all()
    np.testing.assert_allclose(stored[1] / 32767, long[1200:2800], atol=1e-3)
    assert "1 of 2 recordings are longer than 0.2 s: their middle is kept" in said[0]
    x = made.encode(torch.from_numpy(stored[:1]))
    assert x.shape == (1, 800)
    np.testing.assert_allclose(x[0], short, atol=1e-3)
    assert made.encode(torch.from_numpy(stored))[0, 800:].isnan().all()
    assert load_preprocessing(made.to_dict()) == made


def test_the_loudest_and_the_lowest_sample_are_no_end():
    made = AudioPreprocessing(RATE, 8)
    stored = made.prepare(AudioExamples([wav(np.array([1.0, -1.0, 1.0, -1.0]))]))
    assert made.lengths(stored).tolist() == [4]


def test_changed_views_keep_ends_and_differ():
    made = AudioPreprocessing(RATE, 4000)
    stored = torch.from_numpy(
        made.prepare(AudioExamples([wav(tone(440, 0.5)), wav(tone(300, 0.2))]))
    )
    plain = made.encode(stored)
    for strength in ("weak", "strong"):
        one, two, again = (
            made.augment(stored, strength, torch.Generator().manual_seed(seed))
            for seed in (0, 1, 0)
        )
        assert torch.equal(one.isnan(), plain.isnan())
        assert torch.equal(one.nan_to_num(), again.nan_to_num())
        assert not torch.equal(one.nan_to_num(), two.nan_to_num())
    assert torch.equal(
        made.augment(stored, "none", torch.Generator()).nan_to_num(), plain.nan_to_num()
    )


def test_a_picture_shows_the_tone_where_it_is():
    made = AudioPreprocessing(RATE, RATE)
    (stored,) = made.prepare(AudioExamples([wav(tone(2000, 1.0))]))
    picture = made.picture(stored)
    assert picture.dtype == np.uint8
    brightest = picture.shape[0] - 1 - picture.astype(float).mean(1).argmax()
    mel = 1127 * np.log1p(np.array([40, 2000, 4000]) / 700)
    assert brightest == pytest.approx(49 * (mel[1] - mel[0]) / (mel[2] - mel[0]) - 1, abs=1.5)


# --- reading


def test_a_folder_of_recordings(tmp_path):
    for label, hertz in (("high", 900), ("low", 200)):
        (tmp_path / "tones" / label).mkdir(parents=True)
        for i in range(3):
            (tmp_path / "tones" / label / f"{i}.wav").write_bytes(wav(tone(hertz + i, 0.1)))
    (tmp_path / "tones" / "low" / "9.wav").write_bytes(b"RIFF but no sound")
    domain = read_domain(tmp_path / "tones")
    assert domain.modality == "audio"
    assert domain.classes == ("high", "low")
    assert len(domain) == 6
    assert [o.what for o in domain.omissions] == ["unreadable recording"]
    hint = AudioExamples.hint([domain.examples])
    assert (hint.rate, hint.seconds) == (RATE, pytest.approx(0.1))


def test_a_table_of_paths(tmp_path):
    for i in range(4):
        (tmp_path / f"{i}.wav").write_bytes(wav(tone(200 + 100 * i, 0.1)))
    table = tmp_path / "clips.csv"
    rows = [f"{i}.wav,{'ab'[i % 2]}" for i in range(4)] + ["gone.wav,a"]
    table.write_text("\n".join(["file_name,label", *rows]))
    domain = read_domain(table)
    assert domain.modality == "audio"
    assert domain.classes == ("a", "b")
    assert [o.what for o in domain.omissions] == ["recording file that does not exist"]
    with pytest.raises(DataError, match=r"no column 'clip' \(audio=\)"):
        read_domain(table, audio="clip")
