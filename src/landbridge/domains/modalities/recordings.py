"""Raw recordings: files, or their bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...base.hashing import digest
from ..examples import Examples, InputHint
from .decoding import Item
from .images import item_digests
from .pieces import nameless
from .sound_files import decode, length_and_rate
from .spectrogram import spectrogram

_SAMPLED_FILES = 200


class AudioExamples(Examples):
    """Recordings in a fixed order.

    Parameters
    ----------
    items : sequence of Path or bytes
        Sound files, or their content.
    names : sequence of str, optional
        What to call each in messages; the path, or "row i" (from 0).
    """

    modality = "audio"
    noun = "recordings"

    def __init__(self, items: Sequence[Item], names: Sequence[str] | None = None) -> None:
        self.items = list(items)
        self._names = None if names is None else list(names)
        self._digests: list[str] | None = None

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"AudioExamples({len(self)} recordings)"

    def names(self) -> list[str]:
        """Return a path, or "row i" from 0, for each recording."""
        if self._names is not None:
            return list(self._names)
        return [f"row {i}" if nameless(x) else str(x) for i, x in enumerate(self.items)]

    def select(self, rows: np.ndarray) -> AudioExamples:
        """Return the recordings at integer `rows`, in that order."""
        names = self.names()
        picked = AudioExamples([self.items[i] for i in rows], [names[i] for i in rows])
        if self._digests is not None:
            picked._digests = [self._digests[i] for i in rows]
        return picked

    def fingerprint(self) -> str:
        """Return a hash of the recordings in their order, as of image files."""
        if self._digests is None:
            self._digests = item_digests(self.items)
        return digest("recordings", self._digests)

    def contents(self) -> list[str]:
        """Return a hash of each file."""
        self.fingerprint()
        assert self._digests is not None
        return list(self._digests)

    def kinds(self) -> list[str]:
        """Return the sample rate of each recording."""
        return [f"{length_and_rate(item)[1]:,} Hz" for item in self.items]

    def pictures(self, row: int) -> list[np.ndarray]:
        """Return a recording's spectrogram."""
        return [spectrogram(*decode(self.items[row]))]

    @classmethod
    def hint(cls, parts: Sequence[Examples]) -> InputHint:
        """Return the most common rate, and the seconds that 95 % are at most as long as."""
        seconds: list[float] = []
        rates: list[int] = []
        for part in parts:
            assert isinstance(part, AudioExamples)
            count = min(len(part), _SAMPLED_FILES)
            for i in np.unique(np.linspace(0, len(part) - 1, count).astype(int)) if count else ():
                length, rate = length_and_rate(part.items[i])
                seconds.append(length)
                rates.append(rate)
        if not rates:
            return InputHint(cls.modality)
        values, counts = np.unique(rates, return_counts=True)
        return InputHint(
            cls.modality,
            rate=int(values[counts.argmax()]),
            seconds=float(np.quantile(seconds, 0.95)),
        )
