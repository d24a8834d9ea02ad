"""What a corruption and an attack are, and the registries that find them.

Whatever is drawn is a function of (seed, name, row): the row's number in the data, not its place in
a batch. So a row is changed alike whoever is asked about it, alone or among others.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..base.registry import Registry
from ..base.seeds import numpy_rng
from ..domains.examples import Examples
from ..domains.modalities.base import Preprocessing
from ..domains.modalities.multimodal import MultimodalExamples
from ..domains.modalities.packed import MultimodalPreprocessing

if TYPE_CHECKING:
    from .subject import Subject

SEVERITIES = (1, 2, 3, 4, 5)


@dataclass(frozen=True)
class Rows:
    """Rows of data as one model takes them.

    Attributes
    ----------
    examples : Examples
        As `preprocessing` takes them.
    preprocessing : Preprocessing
    numbers : int ndarray, shape (n,)
        Of each row in the data: what is drawn for it depends on it alone.
    seed : int
    """

    examples: Examples
    preprocessing: Preprocessing
    numbers: np.ndarray
    seed: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    @cached_property
    def stored(self) -> np.ndarray:
        """The rows as they are stored."""
        return self.prepared(self.examples)

    def prepared(self, examples: Examples) -> np.ndarray:
        """Return other examples of the same rows as they are stored."""
        return self.preprocessing.prepare(examples)

    def select(self, rows: np.ndarray) -> Rows:
        """Return some of the rows."""
        picked = replace(self, examples=self.examples.select(rows), numbers=self.numbers[rows])
        if "stored" in self.__dict__:
            picked.__dict__["stored"] = self.stored[rows]
        return picked

    def generators(self, *purpose: object) -> Iterator[np.random.Generator]:
        """Yield a generator for each row."""
        for number in self.numbers.tolist():
            yield numpy_rng(self.seed, *purpose, number)

    @property
    def modalities(self) -> tuple[str, ...]:
        """What a row can have."""
        if isinstance(self.preprocessing, MultimodalPreprocessing):
            return tuple(self.preprocessing.parts)
        return (self.preprocessing.modality,)


class Corruption(ABC):
    """One thing that happens to data, at five severities.

    Attributes
    ----------
    name : str
        Set by the registry.
    modality : str
        Of the rows, or of the part of rows with several modalities, that it changes.
    summary : str
        What happens, in words.
    strengths : tuple of float
        Of the five severities, from the least on.
    unit : str
        What a strength counts.
    """

    name: ClassVar[str]
    modality: ClassVar[str]
    summary: ClassVar[str]
    strengths: ClassVar[tuple[float, ...]]
    unit: ClassVar[str]

    def applies(self, rows: Rows) -> bool:
        """Whether there is something in the rows that it changes."""
        return self.modality in rows.modalities

    @abstractmethod
    def corrupted(self, rows: Rows, severity: int) -> np.ndarray:
        """Return the rows as stored, after a severity from 1 to 5."""

    def strength(self, severity: int) -> float:
        """Return what a severity stands for."""
        return self.strengths[severity - 1]


class StoredCorruption(Corruption):
    """Changes rows as the network takes them, one after the other: a picture, a recording.

    Attributes
    ----------
    stored_type : str
        NumPy's name of the type that rows of this modality are stored in.
    axes : int
        Of a stored row.
    """

    stored_type: ClassVar[str]
    axes: ClassVar[int]

    @abstractmethod
    def change(
        self, row: np.ndarray, strength: float, rng: np.random.Generator, own: Preprocessing
    ) -> np.ndarray:
        """Return one stored row changed, of the same shape and type."""

    def _fits(self, own: Preprocessing) -> bool:
        # features of an encoder are stored too, and show nothing
        return (
            own.modality == self.modality
            and own.stored_type == self.stored_type
            and len(own.shape) == self.axes
        )

    def applies(self, rows: Rows) -> bool:
        """Whether rows are stored as what they show or sound like."""
        own = rows.preprocessing
        if isinstance(own, MultimodalPreprocessing):
            part = own.parts.get(self.modality)
            return part is not None and self._fits(part)
        return self._fits(own)

    def corrupted(self, rows: Rows, severity: int) -> np.ndarray:
        """Return changed copies of all rows; rows that lack the modality stay as they are."""
        own, strength = rows.preprocessing, self.strength(severity)
        draws = rows.generators("corruption", self.name)
        if not isinstance(own, MultimodalPreprocessing):
            changed = [
                self.change(row, strength, rng, own)
                for row, rng in zip(np.asarray(rows.stored), draws, strict=True)
            ]
            return np.stack(changed) if changed else np.asarray(rows.stored)
        out, number = np.array(rows.stored), list(own.parts).index(self.modality)
        slot, part = own.slots[number], own.parts[self.modality]
        for i, rng in enumerate(draws):
            if out[i, number]:
                raw = np.ascontiguousarray(out[i, slot.first : slot.last])
                row = raw.view(slot.stored_type).reshape(slot.shape)
                changed_row = np.ascontiguousarray(self.change(row, strength, rng, part))
                out[i, slot.first : slot.last] = changed_row.reshape(-1).view(np.uint8)
        return out


class RawCorruption(Corruption):
    """Changes examples before they are stored: texts, tables."""

    @abstractmethod
    def change(self, examples: Examples, strength: float, rows: Rows) -> Examples:
        """Return the examples of `rows` (or their part of this modality) changed."""

    def corrupted(self, rows: Rows, severity: int) -> np.ndarray:
        """Return changed copies of all rows."""
        strength = self.strength(severity)
        if not isinstance(rows.examples, MultimodalExamples):
            return rows.prepared(self.change(rows.examples, strength, rows))
        if self.modality not in rows.examples.parts:
            return np.asarray(rows.stored)
        own, there = rows.examples.part(self.modality)
        part = replace(rows, examples=own, numbers=rows.numbers[there])
        changed = {**rows.examples.parts, self.modality: self.change(own, strength, part)}
        places = dict(rows.examples.places)
        places[self.modality] = np.full(len(rows), -1)
        places[self.modality][there] = np.arange(len(there))
        return rows.prepared(MultimodalExamples(changed, places, rows.examples.names()))


CORRUPTIONS: Registry[type[Corruption]] = Registry(
    "corruption", "landbridge.robustness.corruptions"
)
"""Every corruption by its name."""


@dataclass(frozen=True)
class Attacked:
    """What an attack found.

    Attributes
    ----------
    withstood : bool ndarray, shape (n,)
        Whether the answer stayed right.
    loss : float ndarray, shape (n,)
        The greatest margin for a wrong answer that was met: above 0 where one was found.
    changed : sequence
        The worst version of each row, as the attack's own kind has it: arrays, texts, rows.
    """

    withstood: np.ndarray
    loss: np.ndarray
    changed: Sequence[object]


class Attack(ABC):
    """A search for a small change that makes an answer wrong.

    Attributes
    ----------
    name : str
        Set by the registry.
    modalities : tuple of str
        Of the rows that it changes.
    summary : str
        How it searches, in words.
    norm : str
        In what the size of a change is measured.
    gradients : bool
        Whether it asks the model for gradients; all others ask for scores alone.
    search_kind : str
        "gradient", "black-box" or "random": what the check of gradients compares.
    curve : bool
        Whether it is run at all sizes; otherwise at the one that figures are about.
    default : bool
        Whether it is run where nobody names attacks.
    """

    name: ClassVar[str]
    modalities: ClassVar[tuple[str, ...]]
    summary: ClassVar[str]
    norm: ClassVar[str]
    gradients: ClassVar[bool] = False
    search_kind: ClassVar[str] = "black-box"
    curve: ClassVar[bool] = False
    default: ClassVar[bool] = False

    @abstractmethod
    def applies(self, subject: Subject) -> bool:
        """Whether the model's rows can be changed by it."""

    @abstractmethod
    def sizes(self, subject: Subject) -> tuple[float, ...]:
        """Return how large changes may be where nobody says, ascending: the curve.

        The one in the middle is what the figures are about.
        """

    @abstractmethod
    def largest(self, subject: Subject) -> float:
        """Return the largest change that means anything."""

    @abstractmethod
    def cost(self, subject: Subject) -> float:
        """Return about how many forward passes one row takes at one size."""

    @abstractmethod
    def run(self, subject: Subject, rows: np.ndarray, size: float) -> Attacked:
        """Attack some rows of the subject that are answered rightly, at one size."""

    @property
    def counted(self) -> str:
        """In what a size is counted, in words."""
        return self.norm

    def said(self, size: float) -> str:
        """Write a size in words."""
        return f"{size:g}"

    def ladder(self, size: float, largest: float) -> tuple[float, ...]:
        """Return the sizes of a curve around one that somebody asks for."""
        return tuple(sorted({size / 4, size / 2, size, min(2 * size, largest)}))

    @abstractmethod
    def shown(
        self, subject: Subject, row: int, changed: object
    ) -> tuple[list[tuple[np.ndarray, str]], list[tuple[str, str]]]:
        """Return pictures with what they show, and lines, of a row before and after."""


ATTACKS: Registry[type[Attack]] = Registry("attack", "landbridge.robustness.attacks")
"""Every attack by its name."""
