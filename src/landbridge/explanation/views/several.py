"""A row of several modalities: the units of each, and each modality's share."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ...domains.modalities.multimodal import ABSENT, MultimodalExamples
from ...domains.modalities.packed import MultimodalPreprocessing, Slot
from ..records import Drawn
from .base import VIEWS, Rows, RowView

_NOTHING = {True: float("nan"), False: -1.0}


@VIEWS.register("several")
class SeveralView(RowView):
    """Units are those of all parts that are there; where all of a part are hidden, it is missing.

    Where all of all parts are, they are there and hidden: no model answers for a row of nothing.
    """

    gradients: ClassVar[bool] = False
    pass_s: ClassVar[float] = 5e-3
    hidden: ClassVar[str] = "are hidden as in their own modality"

    def __init__(self, rows: Rows, row: int) -> None:
        super().__init__(rows, row)
        examples, preprocessing = rows.examples, rows.preprocessing
        assert isinstance(preprocessing, MultimodalPreprocessing)
        assert isinstance(examples, MultimodalExamples)
        self.preprocessing = preprocessing
        stored = torch.from_numpy(np.array(rows.stored[row : row + 1]))
        self.whole = preprocessing.encode(stored)[0]
        self.parts: list[tuple[int, Slot, RowView | None]] = []
        for number, slot in enumerate(preprocessing.slots):
            there = slot.name in examples.parts and examples.places[slot.name][row] != ABSENT
            if there and bool(self.whole[number]):
                own = preprocessing.parts[slot.name]
                one = examples.parts[slot.name].select(examples.places[slot.name][[row]])
                inner = preprocessing.stored_part(stored, slot.name).numpy()
                self.parts.append((number, slot, _view(Rows(one, inner, own, _middle(own)))))
        units = [1 if view is None else view.n_units for _, _, view in self.parts]
        self.part_of = np.repeat(np.arange(len(self.parts)), units)
        self.names = tuple(
            f"{slot.name}: {name}" if view is not None else slot.name
            for _, slot, view in self.parts
            for name in (view.names if view is not None else ("",))
        )
        self.keys = tuple(
            f"{slot.name}: {key}" if view is not None else slot.name
            for _, slot, view in self.parts
            for key in (view.keys if view is not None else ("",))
        )
        self.labels = np.arange(len(self.names))

    @property
    def modalities(self) -> tuple[str, ...]:
        """The parts that are there."""
        return tuple(slot.name for _, slot, _ in self.parts)

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.hide(mask.detach().numpy() > 0.5)

    def hide(self, kept: np.ndarray) -> torch.Tensor:
        out = self.whole.expand(len(kept), -1).clone()
        nothing = ~kept.any(1)
        for i, (number, slot, view) in enumerate(self.parts):
            own = kept[:, self.part_of == i]
            out[:, number] = torch.from_numpy((own.any(1) | nothing).astype(np.float32))
            if view is None:  # what is not known is the mean: 0 of standardised features
                out[torch.from_numpy(nothing), slot.start : slot.end] = 0.0
                continue
            some = np.flatnonzero((own.any(1) | nothing) & ~own.all(1))
            if not len(some):
                continue
            found, at = view.hide(own[some]), torch.from_numpy(some)
            if found.ndim == 2:
                out[at, slot.start : slot.end] = _NOTHING[found.is_floating_point()]
                found = found[:, : slot.end - slot.start]
            flat = found.flatten(1).float()
            out[at, slot.start : slot.start + flat.shape[1]] = flat
        return out

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        return [
            drawn
            for i, (_, _, view) in enumerate(self.parts)
            if view is not None
            for drawn in view.drawn(scores[self.part_of == i])
        ]


def _view(rows: Rows) -> RowView | None:
    return rows.view(0) if rows.preprocessing.name in VIEWS else None


def _middle(preprocessing: object) -> np.ndarray:
    """Return a table's row of means, which is 0 in standardised columns."""
    shape = getattr(preprocessing, "shape", (0,))
    return np.zeros(shape if len(shape) == 1 else (0,), np.float32)
