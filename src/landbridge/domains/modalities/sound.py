"""Sound: decoded, resampled, cut to one length, kept as 16-bit samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...base.errors import ConfigError, DataError
from ...base.events import SILENT, Events
from ...base.hashing import digest
from ...base.stored import stored_array
from ...base.typed import JsonObject
from ..examples import Examples, Rule
from .base import PREPROCESSINGS, Preprocessing, Signal, Strength
from .pieces import Item
from .recordings import AudioExamples
from .sound_files import RATES, decode, in_turn, resample
from .spectrogram import spectrogram
from .threads import in_threads

if TYPE_CHECKING:
    import torch

NOTHING = -32768
"""Stored in the place of a sample: the recording is over. Sound itself begins at -32767."""
_FULL = 32767
_AT_ONCE = 256
_MOST_STORED = 20_000_000
_MOST_WIDTH = 1_000_000
_CHUNK_BYTES = 16_000_000


@dataclass(frozen=True)
class SoundChange:
    """How far a random change of a recording may go.

    Attributes
    ----------
    shift : float
        Seconds by which it may begin earlier or later.
    gain : float
        Decibels by which it may be louder or softer.
    time, band : float
        Greatest share of its length, and of its spectrum, that is silenced (SpecAugment, Park et
        al., 2019, arXiv:1904.08779, done on the wave).
    noise : float
        Standard deviation of noise beside a wave of power 1.
    """

    shift: float = 0.0
    gain: float = 0.0
    time: float = 0.0
    band: float = 0.0
    noise: float = 0.0


CHANGES = {
    "weak": SoundChange(shift=0.03, gain=3.0),
    "strong": SoundChange(shift=0.1, gain=6.0, time=0.2, band=0.2, noise=0.05),
}


@PREPROCESSINGS.register("sound")
@dataclass(frozen=True)
class AudioPreprocessing(Preprocessing):
    """One channel at one rate, at most so long.

    Parameters
    ----------
    rate : int
        Samples a second.
    samples : int
        Of a stored row. Of longer recordings the middle is kept, and that is said.
    width : int, default 1
        Numbers that a network makes of one sample: by it batches are sized.
    full_scale : float, optional
        What samples were divided by that have no scale of their own.

    Notes
    -----
    Stored rows are int16 with `NOTHING` behind the end. Encoded rows are float32 in [-1, 1] with
    NaN there, cut to the longest of the batch: a backbone asks ``isnan`` where there is sound.
    """

    rate: int
    samples: int
    width: int = 1
    full_scale: float | None = None
    modality: ClassVar[str] = "audio"
    stored_type: ClassVar[str] = "int16"

    def __post_init__(self) -> None:
        whole = {"rate": RATES, "samples": (1, _MOST_STORED), "width": (1, _MOST_WIDTH)}
        for name, (least, most) in whole.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise ConfigError(
                    f"sound preprocessing: {name} {value!r} (expected {least:,} to {most:,})",
                    hint="correct that option",
                )

        if self.full_scale is not None and not self.full_scale > 0:
            raise ConfigError(
                f"sound preprocessing: full_scale {self.full_scale!r} (expected above 0)",
                hint="correct that option",
            )

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Return int16 (n, samples); with `cache`, a memory map of a file below it."""
        if not isinstance(examples, AudioExamples):
            raise DataError(
                f"sound preprocessing was given {examples.modality} examples",
                hint="use the preprocessing of that modality",
            )
        if cache is None:
            return self._decoded(examples, events)
        return stored_array(
            cache / f"sound-{digest(self.key, examples.fingerprint())}.npy",
            (len(examples), self.samples),
            np.int16,
            lambda start: self._chunks(examples, start, events),
            what="decoded recordings",
            again="decoded",
            events=events,
            bar=events if len(examples) > _AT_ONCE else SILENT,
            label="decode recordings",
        )

    def _decoded(self, examples: AudioExamples, events: Events) -> np.ndarray:
        out = np.empty((len(examples), self.samples), np.int16)
        done = 0
        bars = events if len(examples) > _AT_ONCE else SILENT
        with bars.progress("decode recordings", len(examples)) as bar:
            for chunk in self._chunks(examples, 0, events):
                out[done : done + len(chunk)] = chunk
                done += len(chunk)
                bar.advance(len(chunk))
        return out

    def _chunks(self, examples: AudioExamples, first: int, events: Events) -> Iterator[np.ndarray]:
        """Yield decoded rows from `first` on, some MB at a time."""
        step = int(np.clip(_CHUNK_BYTES // (2 * self.samples), 16, 4096))
        cut = 0
        names = examples.names()

        def one(named: tuple[Item, str]) -> tuple[np.ndarray, bool]:
            return self._middle(*named, examples.full_scale)

        for start in range(first, len(examples), step):
            items = examples.items[start : start + step]
            out = np.full((len(items), self.samples), NOTHING, np.int16)
            named = zip(items, names[start : start + step], strict=True)
            for row, (own, longer) in enumerate(in_threads(one, named)):
                cut += longer
                out[row, : len(own)] = own
            yield out
        if cut:
            events.log(
                "note",
                f"{cut:,} of {len(examples):,} recordings are longer than "
                f"{self.samples / self.rate:.2g} s: their middle is kept",
                rows=cut,
            )

    def _middle(self, item: Item, name: str, full_scale: float | None) -> tuple[np.ndarray, bool]:
        """Return one recording as it is stored, and whether there was more of it."""
        with in_turn(item):
            try:
                own = resample(*decode(item, full_scale), self.rate)
            except DataError as error:
                if name in error.message:
                    raise
                raise DataError(f"{name}: {error.message}", hint=error.hint) from error
            middle = max(0, len(own) - self.samples) // 2
            kept = own[middle : middle + self.samples]
            return np.rint(np.clip(kept, -1, 1) * _FULL).astype(np.int16), len(own) > len(kept)

    @property
    def shape(self) -> tuple[int, ...]:
        """(samples,)."""
        return (self.samples,)

    @property
    def size(self) -> int:
        """Numbers that a network makes of a row."""
        return self.samples * self.width

    def lengths(self, stored: np.ndarray) -> np.ndarray:
        """Return the samples of each row."""
        return np.concatenate(
            [(stored[i : i + 1024] != NOTHING).sum(1) for i in range(0, len(stored), 1024)]
            or [np.zeros(0, np.int64)]
        )

    def signal(self) -> Signal:
        """Return that samples go from -1 to 1."""
        return Signal(float(_FULL), -1.0, 1.0, NOTHING, eps=0.001)

    def sketches(self, stored: np.ndarray) -> np.ndarray:
        """Return the slowest waves of the outline of each spectrogram."""
        from .likeness import SIDE
        from .sketches import picture_sketches
        from .spectrogram import outline

        rows = (outline(row[row != NOTHING] / _FULL, self.rate, SIDE) for row in stored)
        return picture_sketches(np.array(list(rows)).reshape(-1, 1, SIDE, SIDE))

    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Return float32 (n, samples of the longest)."""
        there = stored != NOTHING
        found = there.any(0).nonzero()
        longest = int(found.max()) + 1 if len(found) else 1
        wave = stored[:, :longest].float() / _FULL
        return wave.masked_fill(~there[:, :longest], float("nan"))

    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Shift in time and change loudness; "strong" silences a stretch and a band as well."""
        wave = self.encode(stored)
        return (
            wave if strength == "none" else changed(wave, CHANGES[strength], self.rate, generator)
        )

    def picture(self, stored: np.ndarray) -> np.ndarray:
        """Return the log-mel spectrogram, low frequencies at the bottom, uint8 (bands, frames)."""
        own = np.asarray(stored)
        return spectrogram(own[own != NOTHING].astype(float) / _FULL, self.rate)

    def many(self, what: Any) -> Any:
        """Return one recording, or recordings in memory, as several."""
        from .single import sound_or_sounds

        return sound_or_sounds(what, self.rate)

    def rule(self) -> Rule:
        """Return what samples without a scale of their own were divided by."""
        return {} if self.full_scale is None else {"full_scale": self.full_scale}

    def ruled(self, rule: Rule) -> AudioPreprocessing:
        """Return one that keeps it."""
        found = rule.get("full_scale")
        return self if found is None else replace(self, full_scale=float(found))

    @property
    def key(self) -> str:
        """A hash of everything that changes the network inputs."""
        return digest({k: v for k, v in self.to_dict().items() if k != "full_scale"})

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        own = {k: v for k, v in asdict(self).items() if v is not None}
        return {"kind": "sound", **own}


def changed(
    wave: torch.Tensor, change: SoundChange, rate: int, generator: torch.Generator
) -> torch.Tensor:
    """Return recordings after a random change; where nothing was, nothing is."""
    import torch

    n, length = wave.shape

    def draw(*shape: int) -> torch.Tensor:
        found = torch.rand(shape, generator=generator, device=generator.device)
        return found.to(wave.device)

    gone = wave.isnan()
    x = wave.masked_fill(gone, 0.0)
    lengths = (~gone).sum(1).clamp(min=1)
    if change.shift:
        by = ((2 * draw(n) - 1) * change.shift * rate).round().long()
        index = torch.arange(length, device=wave.device)[None] - by[:, None]
        inside = (index >= 0) & (index < lengths[:, None])
        x = torch.where(inside, x.gather(1, index.clamp(0, length - 1)), 0.0)
    if change.gain:
        x = x * 10 ** ((2 * draw(n, 1) - 1) * change.gain / 20)
    if change.time:
        span = draw(n) * change.time * lengths
        start = draw(n) * (lengths - span)
        at = torch.arange(length, device=wave.device)[None]
        x = x.masked_fill((at >= start[:, None]) & (at < (start + span)[:, None]), 0.0)
    if change.band:
        spectrum = torch.fft.rfft(x)
        bins = spectrum.shape[1]
        span = draw(n) * change.band * bins
        start = draw(n) * (bins - span)
        at = torch.arange(bins, device=wave.device)[None]
        spectrum = spectrum.masked_fill(
            (at >= start[:, None]) & (at < (start + span)[:, None]), 0.0
        )
        x = torch.fft.irfft(spectrum, n=length)
    if change.noise:
        power = (x.square().sum(1) / lengths).sqrt()[:, None]
        noise = torch.randn(x.shape, generator=generator, device=generator.device)
        x = x + change.noise * draw(n, 1) * power * noise.to(wave.device)
    return x.masked_fill(gone, float("nan"))
