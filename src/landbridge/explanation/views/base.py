"""The contract of a view: a row as units that can be hidden, and what is drawn of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...base.events import SILENT, Events
from ...base.registry import Registry
from ...domains.examples import Examples
from ...domains.modalities.base import Preprocessing
from ..records import Drawn

if TYPE_CHECKING:
    import torch

    from ...backbones.surgery import Network

FEWEST = 20
"""Rows of a table from which on their mean is taken for what is usual."""
UNITS = 24
"""Regions of an image or a recording at most: each is hidden once by occlusion."""


@dataclass(frozen=True)
class Rows:
    """Rows as a model takes them, and as they were read.

    Attributes
    ----------
    examples : Examples
        n examples, as `preprocessing` takes them.
    stored : ndarray, first axis n
        What `preprocessing.prepare` made of them.
    preprocessing : Preprocessing
    blank : ndarray
        One encoded row of what stands where nothing is known: of tables the mean.
    """

    examples: Examples
    stored: np.ndarray
    preprocessing: Preprocessing
    blank: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))

    @classmethod
    def of(
        cls,
        preprocessing: Preprocessing,
        examples: Examples,
        stored: np.ndarray | None = None,
        events: Events = SILENT,
    ) -> Rows:
        """Prepare examples; `stored` where that was done before."""
        if stored is None:
            stored = preprocessing.prepare(examples, events=events)
        blank = np.zeros(0, np.float32)
        if preprocessing.columnar:
            blank = usual(np.asarray(stored))
        return cls(examples, stored, preprocessing, blank)

    def view(self, row: int) -> RowView:
        """Return one row as units."""
        return VIEWS.get(self.preprocessing.name)(self, row)

    def encoded(self, row: int) -> torch.Tensor:
        """Return a row as the network takes it, (1, ...)."""
        import torch

        return self.preprocessing.encode(torch.from_numpy(np.array(self.stored[row : row + 1])))


def usual(stored: np.ndarray) -> np.ndarray:
    """Return an encoded table's mean; of few rows, which say little of it, that at fit, which is 0.

    Examples
    --------
    >>> usual(np.array([[1.0, 5.0]]))
    array([0., 0.], dtype=float32)
    """
    if len(stored) < FEWEST:
        return np.zeros(stored.shape[1:], np.float32)
    return stored.mean(0, dtype=np.float64).astype(np.float32)


class RowView(ABC):
    """One row as units, each of which can be there or hidden.

    A mask is of the view's finest detail (pixels, tokens, bins of a spectrogram, columns): 1 where
    something is there, 0 where it is hidden, and anything between. Each detail is of one unit.

    Attributes
    ----------
    names : tuple of str
        What each unit is called in this row.
    keys : tuple of str
        What a unit is called in every row: a word, a column, a place in an image.
    labels : int ndarray
        Of each detail its unit; −1 for what is never hidden.
    gradients : bool
        Whether outputs can be differentiated by the mask.
    regions : bool
        Whether details lie in a plane, so that a convolution's maps can be laid over them.
    cheap : bool
        Whether a network answers for such rows at next to no cost.
    pass_s : float
        About how many CPU seconds it takes to make the input of a pass, beside the pass.
    hidden : str
        What becomes of hidden parts, for a person: "are cut out".
    """

    names: tuple[str, ...]
    keys: tuple[str, ...]
    labels: np.ndarray
    gradients: ClassVar[bool] = True
    regions: ClassVar[bool] = False
    cheap: ClassVar[bool] = False
    pass_s: ClassVar[float] = 5e-4
    hidden: ClassVar[str]

    def __init__(self, rows: Rows, row: int) -> None:
        self.rows, self.row = rows, row

    @property
    def n_units(self) -> int:
        """How many units there are."""
        return len(self.names)

    @abstractmethod
    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        """Return network inputs (m, ...) for masks (m, *details)."""

    def outputs(self, network: Network, mask: torch.Tensor) -> torch.Tensor:
        """Return a network's outputs (m, n) for masks (m, *details)."""
        found: torch.Tensor = network(self.inputs(mask))[1]
        return found

    def hide(self, kept: np.ndarray) -> torch.Tensor:
        """Return network inputs for the units that are there, bool (m, units)."""
        import torch

        full = np.concatenate([kept, np.ones((len(kept), 1), bool)], axis=1)
        return self.inputs(torch.from_numpy(full[:, self.labels].astype(np.float32)))

    def gathered(self, detail: np.ndarray) -> np.ndarray:
        """Return the sum over the details of each unit, (units,)."""
        there = self.labels >= 0
        return np.bincount(self.labels[there], detail[there], minlength=self.n_units)

    def folded(self, own: np.ndarray) -> np.ndarray | None:
        """Return what inputs (...) contribute as details; None where details are no inputs."""
        return None

    def by_key(self, scores: np.ndarray, detail: np.ndarray | None = None) -> dict[str, float]:
        """Return scores by what units are called in every row."""
        found: dict[str, float] = {}
        for key, score in zip(self.keys, scores.tolist(), strict=True):
            found[key] = found.get(key, 0.0) + score
        return found

    def nudged(self, rng: np.random.Generator) -> RowView | None:
        """Return the row after a change that means nothing; None where there is none."""
        return None

    @abstractmethod
    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        """Return what shows the scores of units to a person."""


VIEWS: Registry[type[RowView]] = Registry("view", "landbridge.explanation.views")
"""By the name of the preprocessing."""


def float_input(rows: Rows, row: int) -> Any:
    """Return a row as the network takes it, without the axis of rows, in float32."""
    return rows.encoded(row)[0].float()
