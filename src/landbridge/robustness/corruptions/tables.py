"""Corruptions of tables: values that are missing, noise, drift, sensors that are gone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np

from ...base.seeds import numpy_rng
from ...domains.examples import Examples
from ...domains.modalities.table import TableExamples
from ..base import CORRUPTIONS, RawCorruption, Rows


def spreads(table: TableExamples) -> dict[str, float]:
    """Return the standard deviation of each column of numbers; 0 where it has none."""
    found = {}
    for name in table.numeric:
        there = table.columns[name][~np.isnan(table.columns[name])]
        found[name] = float(there.std()) if len(there) else 0.0
    return found


class TableCorruption(RawCorruption):
    """A corruption of columns."""

    modality = "tabular"

    def change(self, examples: Examples, strength: float, rows: Rows) -> Examples:
        """Return the table with columns changed."""
        assert isinstance(examples, TableExamples)
        columns = self.columns(examples, strength, rows)
        return TableExamples(columns, examples.names(), examples.schema)

    @abstractmethod
    def columns(
        self, table: TableExamples, strength: float, rows: Rows
    ) -> Mapping[str, np.ndarray]:
        """Return all columns, changed or not."""

    def _draws(self, rows: Rows, width: int, normal: bool = False) -> np.ndarray:
        """Return numbers (n, width), drawn for each row."""
        draws = [
            rng.standard_normal(width) if normal else rng.random(width)
            for rng in rows.generators("corruption", self.name)
        ]
        return np.array(draws).reshape(len(rows), width)


def _emptied(column: np.ndarray, where: np.ndarray) -> np.ndarray:
    out = column.copy()
    out[where] = None if out.dtype == object else np.nan
    return out


@CORRUPTIONS.register("missing-values")
class MissingValues(TableCorruption):
    """Cells that nobody filled in."""

    summary = "cells empty by chance"
    strengths = (0.05, 0.1, 0.2, 0.35, 0.5)
    unit = "of the cells"

    def columns(
        self, table: TableExamples, strength: float, rows: Rows
    ) -> Mapping[str, np.ndarray]:
        """Return columns with empty cells."""
        gone = self._draws(rows, len(table.columns)) < strength
        return {n: _emptied(c, gone[:, i]) for i, (n, c) in enumerate(table.columns.items())}


@CORRUPTIONS.register("missing-columns")
class MissingColumns(TableCorruption):
    """Sensors that are gone."""

    summary = "whole columns empty, the same ones in all rows"
    strengths = (0.1, 0.2, 0.3, 0.4, 0.5)
    unit = "of the columns"

    def columns(
        self, table: TableExamples, strength: float, rows: Rows
    ) -> Mapping[str, np.ndarray]:
        """Return columns, the first of an order by chance empty: a severity adds to the last."""
        names = sorted(table.columns)
        order = numpy_rng(rows.seed, "corruption", self.name).permutation(len(names))
        count = min(max(1, round(strength * len(names))), max(1, len(names) - 1))
        lost = {names[i] for i in order[:count]} if len(names) > 1 else set()
        everywhere = np.ones(len(rows), bool)
        return {n: _emptied(c, everywhere) if n in lost else c for n, c in table.columns.items()}


@CORRUPTIONS.register("noise")
class Noise(TableCorruption):
    """Instruments that are not exact."""

    summary = "normal noise on numbers"
    strengths = (0.1, 0.2, 0.4, 0.7, 1.0)
    unit = "standard deviations"

    def applies(self, rows: Rows) -> bool:
        """Whether there are numbers."""
        return super().applies(rows) and _has_numbers(rows)

    def columns(
        self, table: TableExamples, strength: float, rows: Rows
    ) -> Mapping[str, np.ndarray]:
        """Return numbers with noise in units of their spread."""
        noise, wide = self._draws(rows, len(table.numeric), normal=True), spreads(table)
        found = dict(table.columns)
        for i, name in enumerate(table.numeric):
            found[name] = found[name] + strength * wide[name] * noise[:, i]
        return found


@CORRUPTIONS.register("drift")
class Drift(TableCorruption):
    """Instruments that are off."""

    summary = "every column of numbers moved, all rows alike"
    strengths = (0.1, 0.25, 0.5, 0.75, 1.0)
    unit = "standard deviations"

    def applies(self, rows: Rows) -> bool:
        """Whether there are numbers."""
        return super().applies(rows) and _has_numbers(rows)

    def columns(
        self, table: TableExamples, strength: float, rows: Rows
    ) -> Mapping[str, np.ndarray]:
        """Return numbers moved up or down, a column all one way."""
        found, wide = dict(table.columns), spreads(table)
        for name in table.numeric:
            up = numpy_rng(rows.seed, "corruption", self.name, name).random() < 0.5
            found[name] = found[name] + (1 if up else -1) * strength * wide[name]
        return found


@CORRUPTIONS.register("unknown-categories")
class UnknownCategories(TableCorruption):
    """Words that nobody has seen before."""

    summary = "categories that the model does not know"
    strengths = (0.05, 0.1, 0.2, 0.35, 0.5)
    unit = "of the cells of words"

    def applies(self, rows: Rows) -> bool:
        """Whether there are words."""
        return super().applies(rows) and any(t.categorical for t in _tables(rows))

    def columns(
        self, table: TableExamples, strength: float, rows: Rows
    ) -> Mapping[str, np.ndarray]:
        """Return words replaced by unknown ones; one of each column stays, or nothing is read."""
        hit = self._draws(rows, len(table.categorical)) < strength
        found = dict(table.columns)
        for i, name in enumerate(table.categorical):
            column = found[name].copy()
            there = np.array([value is not None for value in column], bool)
            where = np.flatnonzero(hit[:, i] & there)
            if len(where) == int(there.sum()):
                where = where[1:]
            column[where] = "(unknown)"
            found[name] = column
        return found


def _tables(rows: Rows) -> list[TableExamples]:
    sides = (rows.examples, *getattr(rows.examples, "parts", {}).values())
    return [side for side in sides if isinstance(side, TableExamples)]


def _has_numbers(rows: Rows) -> bool:
    return any(table.numeric for table in _tables(rows))
