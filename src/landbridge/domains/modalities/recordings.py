"""Raw recordings: files, or their bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.errors import DataError
from ...base.evenly import evenly
from ...base.hashing import digest
from ...base.shown import encodable
from ..examples import Examples, InputSpec, Rule, merged_rules
from .file_hashes import FileHashes
from .full_scale import Peak, scale_for
from .pieces import Item, nameless
from .sound_files import decode, hear, in_turn, length_and_rate, needs_hearing
from .spectrogram import outline, sounding, spectrogram
from .threads import in_threads

_SAMPLED_FILES = 200
_Outlines = tuple[np.ndarray, np.ndarray]
"""Outlines of spectrograms (n, 1, side, side), and how many seconds each lasts."""


class AudioExamples(Examples):
    """Recordings in a fixed order.

    Parameters
    ----------
    items : sequence of Path or bytes
        Sound files, or their content.
    names : sequence of str, optional
        What to call each in messages; the path, or "row i" (from 0).
    full_scale : float, optional
        What samples are divided by that have no scale of their own; see `settled`.
    """

    modality = "audio"
    noun = "recordings"

    def __init__(
        self,
        items: Sequence[Item],
        names: Sequence[str] | None = None,
        full_scale: float | None = None,
    ) -> None:
        self.items = list(items)
        self.full_scale = full_scale
        self._loudest = False
        """Whether of some the loudest channel is taken: before, their mean was kept in caches."""
        self._names = None if names is None else list(names)
        self._hashes = FileHashes(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"AudioExamples({len(self)} recordings)"

    def names(self) -> list[str]:
        """Return a path, or "row i" from 0, for each recording."""
        if self._names is not None:
            return list(self._names)
        return [f"row {i}" if nameless(x) else encodable(x) for i, x in enumerate(self.items)]

    def select(self, rows: np.ndarray) -> AudioExamples:
        """Return the recordings at integer `rows`, in that order."""
        names = self.names()
        items = [self.items[i] for i in rows]
        picked = AudioExamples(items, [names[i] for i in rows], self.full_scale)
        picked._loudest = self._loudest
        picked._hashes = self._hashes
        return picked

    def fingerprint(self) -> str:
        """Return a hash of the recordings in their order, as of image files."""
        scaled = () if self.full_scale in (None, 1) else (self.full_scale,)
        loudest = ("loudest",) if self._loudest else ()
        return digest("recordings", self.contents(), *scaled, *loudest)

    def rule(self) -> Rule:
        """Return what samples without a scale of their own are divided by."""
        return {} if self.full_scale is None else {"full_scale": self.full_scale}

    def settled(self, rule: Rule, fixed: bool) -> tuple[AudioExamples, list[str]]:
        """Find the full scale of floats, or take the known; say where channels cancel out."""
        stated = rule.get("full_scale")
        scale = None if stated is None else float(stated)
        peak, cancelled = Peak(), 0
        rows = [i for i, need in enumerate(in_threads(needs_hearing, self.items)) if need]
        unscaled = 0
        names = self.names()
        for own, lost in in_threads(_heard, [(self.items[i], names[i]) for i in rows]):
            cancelled += lost
            if own is not None:
                unscaled += 1
                peak |= own
        notes = []
        if cancelled:
            notes.append(
                f"the channels of {cancelled:,} of {len(self):,} recordings cancel out: the "
                "loudest is taken, and not their mean"
            )
        if unscaled:
            scale, said = scale_for(peak, scale)
            notes += [f"{unscaled:,} recordings of floats: {one}" for one in said]
        found = AudioExamples(self.items, self._names, scale)
        found._hashes, found._loudest = self._hashes, cancelled > 0
        return found, notes

    def contents(self) -> list[str]:
        """Return a hash of each file."""
        return self._hashes.of(self.items)

    def near(self, other: Examples) -> np.ndarray | None:
        """Return pairs that last as long and whose spectrograms look the same: saved again.

        They are compared as they are, and without the silence before and after.
        """
        if not isinstance(other, AudioExamples):
            return None
        ours = self._outlines()
        theirs = ours if other is self else other._outlines()
        pairs = [_alike(a, b) for a, b in zip(ours, theirs, strict=True)]
        return np.array(list(dict.fromkeys(map(tuple, np.concatenate(pairs)))), np.int64).reshape(
            -1, 2
        )

    def _outlines(self) -> list[_Outlines]:
        """Return the outlines of the recordings, and of what of them is not silent."""
        from .likeness import SIDE

        def one(item: Item) -> list[tuple[np.ndarray, float]]:
            wave, rate = decode(item)
            parts = (wave, sounding(wave, rate))
            return [(outline(part, rate, SIDE), len(part) / rate) for part in parts]

        found = list(in_threads(one, self.items))
        sides = (
            (np.array([each[k][0] for each in found]), np.array([each[k][1] for each in found]))
            for k in (0, 1)
        )
        return [(p.reshape(-1, 1, SIDE, SIDE).astype(np.uint8), long) for p, long in sides]

    def kinds(self) -> list[str]:
        """Return the sample rate of each recording."""
        return [f"{length_and_rate(item)[1]:,} Hz" for item in self.items]

    def pictures(self, row: int) -> list[np.ndarray]:
        """Return a recording's spectrogram."""
        return [spectrogram(*decode(self.items[row], self.full_scale))]

    @classmethod
    def hint(cls, parts: Sequence[Examples]) -> InputSpec:
        """Return the most common rate, and the seconds that 95 % are at most as long as."""
        seconds: list[float] = []
        rates: list[int] = []
        for part in parts:
            assert isinstance(part, AudioExamples)
            count = min(len(part), _SAMPLED_FILES)
            for i in evenly(len(part), count) if count else ():
                length, rate = length_and_rate(part.items[i])
                seconds.append(length)
                rates.append(rate)
        if not rates:
            return InputSpec(cls.modality)
        values, counts = np.unique(rates, return_counts=True)
        return InputSpec(
            cls.modality,
            rule=merged_rules(part.rule() for part in reversed(parts)),  # the first one's holds
            rate=int(values[counts.argmax()]),
            seconds=float(np.quantile(seconds, 0.95)),
        )


def _alike(ours: _Outlines, theirs: _Outlines) -> np.ndarray:
    from .likeness import alike, unit_rows

    (first, lasting), (second, long) = ours, theirs
    units = [unit_rows(pictures.reshape(len(pictures), -1)) for pictures in (first, second)]
    pairs = alike(units[0], units[1], (first.__getitem__, second.__getitem__))
    a, b = lasting[pairs[:, 0]], long[pairs[:, 1]]
    return pairs[np.abs(a - b) <= np.maximum(0.1, 0.03 * a)]


def _heard(named: tuple[Item, str]) -> tuple[Peak | None, bool]:
    item, name = named
    try:
        with in_turn(item):
            found = hear(item)
    except DataError as error:
        if name in error.message:
            raise
        raise DataError(f"{name}: {error.message}", hint=error.hint) from error
    return found.peak, found.cancelled
