"""A recording in a page: what is played is what was heard, and it stays small."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
import pytest
from chrome import Chrome

import needs
from landbridge.explanation.records import Sound
from landbridge.report.page import Page, Section, write_page
from landbridge.report.recordings import recording, wav

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK"
    "+kcQAAAABJRU5ErkJggg=="
)


def heard(address):
    content = base64.b64decode(address.removeprefix("data:audio/wav;base64,"))
    with wave.open(io.BytesIO(content)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
        return (samples.astype(float) - 128) / 127, file.getframerate()


def sound(seconds, rate, loud):
    """A recording whose heat speaks for the answer between two shares of its time."""
    wave_ = np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    heat = np.zeros((64, 100))
    heat[:, round(100 * loud[0]) : round(100 * loud[1])] = 1.0
    return Sound(np.zeros((64, 100), np.uint8), heat, 0.1 * wave_, rate)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_samples_are_those_of_the_recording(rate):
    own = sound(0.5, rate, (0.0, 0.5)).wave
    samples, said = heard(wav(own, rate))
    assert said == min(rate, 16000)
    assert len(samples) == pytest.approx(0.5 * said, abs=2)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.fft.rfftfreq(len(samples), 1 / said)[spectrum.argmax()] == pytest.approx(440, abs=3)
    assert np.abs(samples).max() == pytest.approx(0.95, abs=0.02)  # as loud as it can be


def test_a_short_recording_is_played_whole():
    block = recording(sound(0.8, 8000, (0.25, 0.5)), "data:,")
    assert block.part == (0.0, 1.0)
    assert block.span == pytest.approx((0.2, 0.4))
    assert block.button == "Play 0.20 to 0.40 s"
    assert "played are" not in block.what


def test_of_a_long_one_what_speaks_most_is_played():
    block = recording(sound(60.0, 16000, (0.5, 0.51)), "data:,")
    samples, rate = heard(block.sound)
    assert len(samples) / rate == pytest.approx(3.0, abs=0.01)
    first, last = (60 * share for share in block.part)
    assert first < 30.0 < 30.6 < last
    assert block.span[0] + first == pytest.approx(30.0, abs=0.01)
    assert len(block.sound) < 70_000
    assert "played are 28.80 to 31.80 s" in block.what


def test_silence_is_silence():
    samples, _ = heard(wav(np.zeros(800), 8000))
    assert not samples.any()


def test_a_browser_plays_the_span(tmp_path):
    needs.browser()
    block = recording(sound(0.8, 8000, (0.25, 0.5)), PIXEL)
    page = Page("a", "b", [], [Section("rows", "Rows", [block])])
    with Chrome() as chrome:
        chrome.open(write_page(page, tmp_path / "page.html"))
        chrome.until("document.querySelector('audio').readyState > 0")
        script = "(b => [b.x + b.width / 2, b.y + b.height / 2])"
        place = chrome.run(
            f"{script}(document.querySelector('.recording button').getBoundingClientRect())"
        )
        chrome.click(*place)
        head = "document.querySelector('.playhead')"
        chrome.until(f"!{head}.hidden && document.querySelector('audio').paused")
        audio = "document.querySelector('audio')"
        length, at = chrome.run(f"[{audio}.duration, {audio}.currentTime]")
        assert length == pytest.approx(0.8, abs=0.01)
        assert 0.4 <= at < 0.65  # it stops where what speaks most ends
        assert not chrome.messages
