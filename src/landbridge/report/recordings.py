"""A recording inside a page: its spectrogram, a time line, and the sound itself, small enough."""

from __future__ import annotations

import base64
import io
import wave

import numpy as np
from markupsafe import Markup

from landbridge.explanation.records import Sound

from .blocks import Recording

_RATE = 16_000
_LONGEST = 3.0
"""Seconds of a recording that can be played: those round what speaks most."""
_WIDTH, _HEIGHT = 300, 34
_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


def recording(sound: Sound, picture: str) -> Recording:
    """Return the block of a recording.

    Parameters
    ----------
    sound : Sound
    picture : str
        Its spectrogram with what speaks for and against laid over it, as the address of an image.
    """
    seconds = sound.seconds
    by_moment = sound.heat.sum(0) / max(1.0, float(np.abs(sound.heat.sum(0)).max()))
    start, end = (float(x) * seconds for x in strongest(by_moment))
    first = float(np.clip((start + end - _LONGEST) / 2, 0, max(0.0, seconds - _LONGEST)))
    last = min(seconds, first + _LONGEST)
    played = "" if last - first >= seconds - 1e-6 else f"; played are {first:.2f} to {last:.2f} s"
    what = (
        f"0 to {seconds:.2f} s, low pitch below, {sound.rate / 2000:.1f} kHz on top (mel){played}"
    )
    return Recording(
        picture,
        _line(by_moment, seconds, start / seconds, end / seconds),
        wav(sound.wave[round(first * sound.rate) : round(last * sound.rate)], sound.rate),
        what,
        (first / seconds, last / seconds),
        (max(start, first) - first, min(end, last) - first),
        f"Play {start:.2f} to {end:.2f} s",
    )


def strongest(by_moment: np.ndarray) -> tuple[float, float]:
    """Return where what speaks most for the answer begins and ends, as shares of the time.

    Examples
    --------
    >>> strongest(np.array([0.0, 0.8, 1.0, 0.1]))
    (0.25, 0.75)
    """
    n, peak = len(by_moment), int(by_moment.argmax())
    loud = by_moment >= max(0.5 * float(by_moment[peak]), 1e-9)
    first = last = peak
    while first > 0 and loud[first - 1]:
        first -= 1
    while last < n - 1 and loud[last + 1]:
        last += 1
    return first / n, (last + 1) / n


def wav(samples: np.ndarray, rate: int) -> str:
    """Return samples as the address of a WAV file of 8 bits, as loud as that allows.

    Examples
    --------
    >>> wav(np.zeros(8000), 8000)[:22], len(wav(np.zeros(8000), 8000)) < 11_000
    ('data:audio/wav;base64,', True)
    """
    own = np.asarray(samples, np.float64)
    if rate > _RATE:
        from scipy.signal import resample_poly

        own, rate = resample_poly(own, _RATE, rate), _RATE
    loudest = float(np.abs(own).max(initial=0))
    own = own * (0.95 / loudest) if loudest > 0 else own
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 1, rate, 0, "NONE", "not compressed"))
        out.writeframes(np.rint(128 + 127 * own).astype(np.uint8).tobytes())
    return "data:audio/wav;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _line(by_moment: np.ndarray, seconds: float, start: float, end: float) -> Markup:
    """Return the time line: what speaks when, above for and below against, and seconds."""
    middle, top = _HEIGHT / 2 - 5, _HEIGHT / 2 - 6
    x = (np.arange(len(by_moment)) + 0.5) / len(by_moment) * _WIDTH
    y = middle - top * by_moment
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    step = next((one for one in _TICKS if seconds / one <= 6), 120)
    ticks = [i * step for i in range(int(seconds / step + 1e-9) + 1)]
    at = [min(_WIDTH - 9, max(5, tick / seconds * _WIDTH)) for tick in ticks]
    marks = "".join(
        f'<text x="{place:.1f}" y="{_HEIGHT - 1}">{tick:g}</text>'
        for place, tick in zip(at, ticks, strict=True)
    )
    return Markup(
        f'<svg class="timeline" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" '
        f'role="img" aria-label="What speaks most lies between {start * seconds:.2f} and '
        f'{end * seconds:.2f} s"><rect class="strongest" x="{start * _WIDTH:.1f}" y="0" '
        f'width="{(end - start) * _WIDTH:.1f}" height="{_HEIGHT - 9}"/>'
        f'<path class="zero" d="M0 {middle}H{_WIDTH}"/><polyline points="{points}"/>{marks}</svg>'
    )
