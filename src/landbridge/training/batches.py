"""Batches as a function of the step, so that a resumed run draws what it would have drawn."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..base.seeds import numpy_rng


@dataclass(frozen=True)
class Side:
    """Stored rows of one domain that training may use.

    Attributes
    ----------
    inputs : ndarray, first axis n
        As `Preprocessing.prepare` gives them.
    labels : int64 ndarray (n,)
        Index into the answers; meaningless where `labeled_mask` is False. float32 (n,) where the
        answers are numbers, float32 (n, labels) of 0 and 1 where they are several.
    labeled_mask : bool ndarray (n,)
    groups : int64 ndarray (n,) or None
        See `landbridge.domains.held.Held`.
    domain : int64 ndarray (n,) or None
        Which of several domains a row is of, where the data say so.
    """

    inputs: np.ndarray
    labels: np.ndarray
    labeled_mask: np.ndarray
    groups: np.ndarray | None = None
    domain: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def only(self, keep: np.ndarray) -> Side:
        """Return the same rows with labels known only where `keep` is True as well."""
        return replace(self, labeled_mask=self.labeled_mask & keep)


class Pool:
    """Draws rows epoch by epoch; the batch of a step depends on nothing but the step.

    Parameters
    ----------
    rows : int ndarray
        What to draw from.
    batch_size : int
        Rows a batch. A pool smaller than that gives rows more than once.
    where : tuple
        Seeds the order.
    """

    def __init__(self, rows: np.ndarray, batch_size: int, *where: object) -> None:
        if len(rows) == 0:
            raise ValueError("a pool needs at least one row")
        self.rows = rows
        self.batch_size = batch_size
        self.where = where
        self._epoch = -1
        self._order = rows

    def _epoch_order(self, epoch: int) -> np.ndarray:
        if epoch != self._epoch:
            self._order = numpy_rng(*self.where, "epoch", epoch).permutation(self.rows)
            self._epoch = epoch
        return self._order

    def at(self, step: int) -> np.ndarray:
        """Return the rows of this step's batch."""
        start, need = step * self.batch_size, self.batch_size
        parts = []
        while need:
            epoch, offset = divmod(start, len(self.rows))
            part = self._epoch_order(epoch)[offset : offset + need]
            parts.append(part)
            start, need = start + len(part), need - len(part)
        return np.concatenate(parts)
