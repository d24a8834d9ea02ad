"""Columns that cannot tell rows apart, or are mostly not there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..base.formatting import percent
from ..domains.modalities.table import TableExamples, missing
from .base import CHECKS, DataCheck, Problem, Sides

GONE, NEARLY = 0.5, 0.99


@CHECKS.register("columns")
class ColumnsOfTables(DataCheck):
    """Constant, nearly constant and mostly missing columns of tables."""

    summary = "columns that are constant or mostly missing"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Look at each column's values."""
        for domain in sides.both:
            table = domain.examples
            if not isinstance(table, TableExamples):
                continue
            same, nearly, gone = [], [], []
            for name, column in table.columns.items():
                absent = missing(column)
                given = column[~absent]
                share = float(absent.mean()) if len(column) else 0.0
                if share > GONE:
                    gone.append(f"{name} ({percent(share, 0)})")
                if not len(given):
                    continue
                _, counts = np.unique(given.astype(str), return_counts=True)
                if len(counts) == 1 and share == 0:
                    same.append(name)
                elif counts.max() > NEARLY * len(given) and len(given) >= 100:
                    nearly.append(f"{name} ({percent(counts.max() / len(given))} are one value)")
            for names, severity, said in (
                (same, "warning", "columns have one value only"),
                (nearly, "note", "columns have almost one value only"),
                (gone, "warning", "columns are missing in most rows"),
            ):
                if names:
                    yield self.problem(
                        severity,  # type: ignore[arg-type]
                        f"{domain.name}: {len(names)} {said}",
                        names,
                        "leave them out: nothing can be learned from them",
                    )
