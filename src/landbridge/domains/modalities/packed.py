"""Several modalities in one stored row: the bytes of each part, and which parts are there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.hashing import digest
from ...base.moved import old_names
from ...base.stored import stored_array
from ...base.typed import JsonObject
from ..examples import Examples, Rule, merged_rules
from .base import PREPROCESSINGS, Preprocessing, Reads, Strength, load_preprocessing
from .multimodal import MultimodalExamples
from .single import Partly

if TYPE_CHECKING:
    import torch

_ALIGNED = 8
"""Every part begins at a multiple of so many bytes, so that it can be seen as its own type."""
_ROWS = 1024
"""Rows that are packed at once."""
_ON_DISK = 64_000_000
"""Bytes from which on packed rows are kept in the cache and not in memory."""


@dataclass(frozen=True)
class Slot:
    """Where a part is in a stored row, and in an encoded one.

    Attributes
    ----------
    name : str
    first, last : int
        Bytes of a stored row.
    start, end : int
        Numbers of an encoded row.
    shape : tuple of int
        Of the part's own network input.
    stored_type : str
    """

    name: str
    first: int
    last: int
    start: int
    end: int
    shape: tuple[int, ...]
    stored_type: str


@PREPROCESSINGS.register("several")
@dataclass(frozen=True)
class MultimodalPreprocessing(Preprocessing):
    """The preprocessings of several parts, side by side.

    Parameters
    ----------
    parts : mapping of str to Preprocessing
    drop : float, default 0.2
        Chance that a changed view lacks a part that is there (never all of them): what is learned
        so still answers where one is missing.

    Notes
    -----
    Stored rows are uint8: one byte a part that says whether it is there, then each part as its
    own preprocessing stores it. Encoded rows are float32 (n, numbers): presence, then the parts
    laid flat. What is not there is 0, and a network must not look at it.
    """

    parts: Mapping[str, Preprocessing]
    drop: float = 0.2
    modality: ClassVar[str] = "several"
    stored_type: ClassVar[str] = "uint8"

    @cached_property
    def slots(self) -> tuple[Slot, ...]:
        """Where each part is."""
        found = []
        byte, number = _up(len(self.parts)), len(self.parts)
        for name, part in self.parts.items():
            count = math.prod(part.shape)
            size = count * np.dtype(part.stored_type).itemsize
            found.append(
                Slot(name, byte, byte + size, number, number + count, part.shape, part.stored_type)
            )
            byte, number = _up(byte + size), number + count
        return tuple(found)

    @property
    def row_bytes(self) -> int:
        """Bytes of a stored row."""
        return _up(self.slots[-1].last)

    @property
    def shape(self) -> tuple[int, ...]:
        """(numbers of an encoded row,)."""
        return (self.slots[-1].end,)

    @property
    def size(self) -> int:
        """Of all parts together."""
        return sum(part.size for part in self.parts.values())

    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Return uint8 (n, bytes); with `cache` and many rows a memory map of a file below it.

        Parts that the model does not know are left out, with a note; one that it knows and the
        examples lack is missing from every row, with a warning.

        Raises
        ------
        DataError
            Where the examples are of one modality, or some row has no part that is known.
        """
        if not isinstance(examples, MultimodalExamples):
            raise DataError(
                f"preprocessing of several modalities was given {examples.modality} examples",
                hint=f"give {', '.join(self.parts)} together; any may be missing from a row",
            )
        self._compare(examples, events)
        large = cache is not None and len(examples) * self.row_bytes >= _ON_DISK
        if not large:
            return self._packed(examples, cache, events)
        assert cache is not None
        return stored_array(
            cache / f"several-{digest(self.key, examples.fingerprint())}.npy",
            (len(examples), self.row_bytes),
            np.uint8,
            lambda start: self._chunks(examples, start, cache, events),
            what="packed rows",
            again="packed",
            events=events,
            label="pack rows",
        )

    def fitting(self, examples: Examples) -> Examples | None:
        """Take a single modality as rows that lack all others."""
        if examples.modality in self.parts:
            return MultimodalExamples({examples.modality: examples}, names=examples.names())
        return super().fitting(examples)

    def takes(self, examples: Examples) -> np.ndarray:
        """Return which rows have any of the parts."""
        found = np.ones(len(examples), bool)
        if isinstance(examples, MultimodalExamples):
            there = [examples.places[name] >= 0 for name in self.parts if name in examples.parts]
            found = np.any(there, axis=0) if there else ~found
        return found

    @property
    def taken(self) -> str:
        """Any of the parts."""
        return " or ".join(self.parts)

    def _compare(self, examples: MultimodalExamples, events: Events) -> None:
        extra = [name for name in examples.parts if name not in self.parts]
        lost = [name for name in self.parts if name not in examples.parts]
        if extra:
            events.log("note", f"left out, the model does not know them: {', '.join(extra)}")
        if lost:
            events.log("warning", f"no row has {' or '.join(lost)}: answered without")
        present = [name for name in self.parts if name in examples.parts]
        there = np.zeros(len(examples), bool)
        for name in present:
            there |= examples.places[name] >= 0
        empty = np.flatnonzero(~there)
        if not present or len(empty):
            where = "no row" if not present else f"{examples.names()[empty[0]]} and others do not"
            raise DataError(
                f"{where} have {' or '.join(self.parts)}, which is what the model takes",
                hint="give at least one of them in every row",
            )

    def _packed(
        self, examples: MultimodalExamples, cache: Path | None, events: Events
    ) -> np.ndarray:
        chunks = list(self._chunks(examples, 0, cache, events))
        return np.concatenate(chunks or [np.zeros((0, self.row_bytes), np.uint8)])

    def _chunks(
        self, examples: MultimodalExamples, first: int, cache: Path | None, events: Events
    ) -> Iterator[np.ndarray]:
        """Yield packed rows from `first` on, some at a time."""
        parts: list[tuple[int, Slot, np.ndarray, np.ndarray]] = []
        for number, slot in enumerate(self.slots):
            if slot.name not in examples.parts:
                continue
            own, rows = examples.part(slot.name)
            if len(rows):
                stored = self.parts[slot.name].prepare(own, cache=cache, events=events)
                place = np.full(len(examples), -1)  # where each row is in what is stored of it
                place[rows] = np.arange(len(rows))
                parts.append((number, slot, stored, place))
        for start in range(first, len(examples), _ROWS):
            out = np.zeros((min(_ROWS, len(examples) - start), self.row_bytes), np.uint8)
            for number, slot, stored, place in parts:
                at = place[start : start + len(out)]
                there = at >= 0
                if there.any():
                    some = np.ascontiguousarray(stored[at[there]], dtype=slot.stored_type)
                    out[there, number] = 1
                    out[there, slot.first : slot.last] = some.reshape(len(some), -1).view(np.uint8)
            yield out

    def stored_part(self, stored: torch.Tensor, name: str) -> torch.Tensor:
        """Return one part of stored rows (n, ...) as its own preprocessing stores it."""
        import torch

        slot = next(slot for slot in self.slots if slot.name == name)
        own = stored[:, slot.first : slot.last].contiguous()
        return own.view(getattr(torch, slot.stored_type)).reshape(len(own), *slot.shape)

    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Return float32 (n, numbers)."""
        parts = {
            name: part.encode(self.stored_part(stored, name)) for name, part in self.parts.items()
        }
        return self._joined(stored, stored[:, : len(self.parts)].float(), parts)

    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Change each part as it is changed alone, and leave out whole parts at random."""
        import torch

        present = stored[:, : len(self.parts)].float()
        if strength == "none":
            return self.encode(stored)
        changed = {
            name: part.augment(self.stored_part(stored, name), strength, generator)
            for name, part in self.parts.items()
        }
        draw = torch.rand(present.shape, generator=generator, device=generator.device)
        kept = present * (draw.to(stored.device) >= self.drop)
        none_left = ~kept.any(1, keepdim=True)
        return self._joined(stored, torch.where(none_left, present, kept), changed)

    def _joined(
        self, stored: torch.Tensor, present: torch.Tensor, parts: Mapping[str, torch.Tensor]
    ) -> torch.Tensor:
        out = stored.new_zeros((len(stored), self.shape[0]), dtype=present.dtype)
        out[:, : len(self.parts)] = present
        for slot in self.slots:
            own = parts[slot.name]
            if own.ndim == 2:  # rows with an end may have been cut to the longest
                nothing = float("nan") if own.is_floating_point() else -1
                out[:, slot.start : slot.end] = nothing
                out[:, slot.start : slot.start + own.shape[1]] = own
            else:
                out[:, slot.start : slot.end] = own.flatten(1)
        return out

    def forbidding(self, offline: bool) -> MultimodalPreprocessing:
        """Return one whose parts all do so."""
        parts = {name: part.forbidding(offline) for name, part in self.parts.items()}
        return replace(self, parts=parts)

    def without(self, stored: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
        """Return a copy of stored rows in which some parts are missing.

        Rows that would have nothing left are as they were in `stored`: ask `has` first.
        """
        out = np.array(stored)
        for number, name in enumerate(self.parts):
            if name in names:
                out[:, number] = 0
        return out

    def has(self, stored: np.ndarray) -> np.ndarray:
        """Return which parts stored rows have, bool (n, parts)."""
        return np.asarray(stored[:, : len(self.parts)]) > 0

    def picture(self, stored: np.ndarray) -> np.ndarray | None:
        """Return the first part of a row that is there and can be seen."""
        row = np.asarray(stored)
        for number, slot in enumerate(self.slots):
            if row[number]:
                own = row[slot.first : slot.last].copy().view(slot.stored_type)
                seen = self.parts[slot.name].picture(own.reshape(slot.shape))
                if seen is not None:
                    return seen
        return None

    def many(self, what: Any) -> Any:
        """Return one row, a mapping of its parts, as rows."""
        if not isinstance(what, Mapping) or not what or not set(what) <= set(self.parts):
            return what
        return {name: _listed(self.parts[name], name, value) for name, value in what.items()}

    def reads(self) -> Reads:
        """Return the columns of all parts, and that there are several."""
        found: Reads = {"parts": tuple(self.parts)}
        for part in self.parts.values():
            found.update(part.reads())
        return found

    def rule(self) -> Rule:
        """Return the rules of the parts together."""
        return merged_rules(part.rule() for part in self.parts.values())

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return {
            "kind": "several",
            "parts": {name: part.to_dict() for name, part in self.parts.items()},
            "drop": self.drop,
        }

    @classmethod
    def from_dict(cls, values: JsonObject) -> Self:
        """Undo `to_dict`."""
        parts = {name: load_preprocessing(own) for name, own in values["parts"].items()}
        return cls(parts, float(values["drop"]))


def _listed(part: Preprocessing, name: str, value: Any) -> Any:
    """Return one example of a part as a list of one, or as rows of an array; many as they are."""
    if value is None or (isinstance(value, str | bytes | Path) and name != "text"):
        return [value]
    found = part.many(value)
    if isinstance(found, Partly):
        return list(value) if found.left else getattr(found.examples, "items", value)
    return getattr(found, "items", value) if isinstance(found, Examples) else found


def _up(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


__getattr__ = old_names(__name__, SeveralPreprocessing="MultimodalPreprocessing")
