"""Several channels -> one: their mean, or the loudest of them where they cancel out."""

from __future__ import annotations

import numpy as np

from .full_scale import Peak

_LOST = 0.2
"""Of the loudest channel's deviation: with less left of two channels, they cancel out."""


class Mix:
    """The mean of channels, added up block by block.

    Parameters
    ----------
    channels : int
    scaled : bool
        Whether the samples have the scale of their format; else their peak is looked for.
    """

    def __init__(self, channels: int, *, scaled: bool) -> None:
        self.channels, self.scaled = channels, scaled
        self.length = 0
        self.peak = Peak()
        self._mono: list[np.ndarray] = []
        self._sums = np.zeros((2, channels + 1))

    def add(self, block: np.ndarray) -> None:
        """Add float32 (samples, channels)."""
        with np.errstate(all="ignore"):  # what is not finite is told at the end
            self._add(block)

    def _add(self, block: np.ndarray) -> None:
        mono = block[:, 0] if self.channels == 1 else block.mean(1, dtype=np.float32)
        self._mono.append(mono)
        self.length += len(block)
        if not self.scaled and len(block):
            height = float(np.abs(block).max())
            integers = (
                self.peak.integers and height < np.inf and bool((block == np.rint(block)).all())
            )
            self.peak |= Peak(height, integers)
        if self.channels > 1:
            for i, column in enumerate((*block.T, mono)):
                exact = column.astype(np.float64)
                self._sums[0, i] += exact.sum()
                self._sums[1, i] += exact @ exact

    def mono(self) -> np.ndarray:
        """Return float32 (samples,); the blocks are given up on the way."""
        return joined(self._mono, self.length)

    def forget(self) -> None:
        """Give up the mean, before another channel is read in its place."""
        self._mono.clear()

    def loudest(self) -> int | None:
        """Return the loudest channel where the mean has lost what the channels hold, else None.

        Of n channels that have nothing in common the mean keeps 1/√n, so that much is no loss.
        """
        if self.channels == 1 or not self.length or not np.isfinite(self._sums).all():
            return None
        mean, square = self._sums / self.length
        spread = np.sqrt(np.maximum(square - mean**2, 0))
        best = int(spread[:-1].argmax())
        least = _LOST * spread[best] * np.sqrt(2 / self.channels)
        return best if spread[-1] < least else None


def joined(blocks: list[np.ndarray], length: int) -> np.ndarray:
    """Return blocks one after the other, each let go once it is copied: they may be large."""
    out = np.empty(length, np.float32)
    end = length
    while blocks:
        block = blocks.pop()
        out[end - len(block) : end] = block
        end -= len(block)
    return out
