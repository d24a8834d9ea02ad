"""A row of a table: columns, those of one category as one."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from ..records import Drawn, Values
from .base import VIEWS, Rows, RowView, float_input

_SHOWN = 12


@VIEWS.register("tabular")
class TableView(RowView):
    """Units are columns; a hidden one has the mean of the rows that were given."""

    cheap: ClassVar[bool] = True
    hidden: ClassVar[str] = "have the mean of their column"

    def __init__(self, rows: Rows, row: int) -> None:
        super().__init__(rows, row)
        self.x = float_input(rows, row)
        self.blank = torch.from_numpy(rows.blank)
        columns = rows.preprocessing.column_names()
        self.names = self.keys = tuple(dict.fromkeys(columns))
        place = {name: i for i, name in enumerate(self.names)}
        self.labels = np.array([place[name] for name in columns])
        given = rows.examples.values(row)
        self.holds = [_written(given.get(name)) for name in self.names]

    def inputs(self, mask: torch.Tensor) -> torch.Tensor:
        return self.blank + mask * (self.x - self.blank)

    def folded(self, own: np.ndarray) -> np.ndarray:
        return own

    def nudged(self, rng: np.random.Generator) -> TableView:
        """Move each number by about two hundredths of its spread; words stay."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        alone = np.bincount(self.labels)[self.labels] == 1
        noise = rng.normal(0, 0.02, len(alone)) * alone
        other.x = self.x + torch.from_numpy(noise.astype(np.float32))
        return other

    def drawn(self, scores: np.ndarray, detail: np.ndarray | None = None) -> list[Drawn]:
        order = np.argsort(-np.abs(scores), kind="stable")[:_SHOWN]
        rows = [(self.names[i], self.holds[i], float(scores[i])) for i in order]
        return [Values(rows, max(0, len(scores) - _SHOWN))]


def _written(value: object) -> str:
    if value is None or value != value:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
