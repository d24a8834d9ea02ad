"""What a modality gives: raw examples -> stored arrays -> network inputs and their views.

Decoding is done once (`prepare`); what training touches every step is cheap tensor work
(`encode`, `augment`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self, TypedDict

import numpy as np

from ...base.errors import ConfigError, RunError
from ...base.events import SILENT, Events
from ...base.hashing import digest
from ...base.registry import Registry
from ...base.typed import JsonObject, checked, wrong_field
from ..examples import Examples, Rule
from ..examples import InputSpec as InputSpec
from ..schema import TableSchema

if TYPE_CHECKING:
    import torch

Strength = Literal["none", "weak", "strong"]


class Reads(TypedDict, total=False):
    """Options of `read_domain` by which a table is read as at training."""

    columns: Sequence[str]
    text: str
    parts: Sequence[str]
    schema: TableSchema


class Signal(NamedTuple):
    """How stored rows are read as a signal, every number of which can be a little more or less.

    Attributes
    ----------
    unit : float
        How large 1 is stored.
    low, high : float
        The range of a signal.
    nothing : int or None
        What is stored where nothing is.
    eps : float
        A change of one number that is usual to ask about, where white, or full scale, is 1.
    """

    unit: float
    low: float
    high: float
    nothing: int | None = None
    eps: float = 4 / 255


class Preprocessing(ABC):
    """How raw examples become stored arrays, and stored arrays become network inputs.

    It is fitted before it is made, has only plain values, and is saved as
    ``preprocessor.json``.

    Attributes
    ----------
    stored_type : str
        NumPy's name for the type of stored rows, whose shape is that of network inputs.
    columnar : bool
        Whether each number of an input means something by itself, as a table's do.
    """

    modality: ClassVar[str]
    name: ClassVar[str]
    stored_type: ClassVar[str] = "float32"
    columnar: ClassVar[bool] = False

    @abstractmethod
    def prepare(
        self, examples: Examples, *, cache: Path | None = None, events: Events = SILENT
    ) -> np.ndarray:
        """Decode all examples into one array, first axis = rows.

        Images: uint8 (n, channels, height, width). Tables: float32 (n, columns). Texts: int32
        (n, tokens). With
        `cache`, the array is a read-only memory map of a file below it, keyed by content
        and by this preprocessing; a second call reads it, and an interrupted one goes on
        where it stopped.
        """

    def fitting(self, examples: Examples) -> Examples | None:
        """Return the examples as `prepare` takes them, None where they are of another modality.

        Of rows with several modalities the own one is taken, where every row has it.
        """
        if examples.modality == self.modality:
            return examples
        if self.modality in getattr(examples, "parts", {}):
            own, rows = examples.part(self.modality)  # type: ignore[attr-defined]
            return own if len(rows) == len(examples) else None
        return None

    def takes(self, examples: Examples) -> np.ndarray:
        """Return which examples have what `prepare` takes, bool (n,); all as far as is known."""
        found = np.ones(len(examples), bool)
        if examples.modality != self.modality and self.modality in getattr(examples, "parts", {}):
            found = examples.places[self.modality] >= 0  # type: ignore[attr-defined]
        return found

    @property
    def taken(self) -> str:
        """What that is called."""
        return self.modality

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Shape of one network input, without the batch axis."""

    def column_names(self) -> tuple[str, ...]:
        """Return of which column each number of an input is; () where it is of none."""
        return ()

    @abstractmethod
    def encode(self, stored: torch.Tensor) -> torch.Tensor:
        """Turn a batch of stored rows into network inputs: float32, int64 for texts."""

    @abstractmethod
    def augment(
        self, stored: torch.Tensor, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Like `encode`, after a random change that keeps the meaning.

        All draws come from `generator`, so a step can be repeated exactly.
        """

    @property
    def size(self) -> int:
        """About how many numbers a network holds for one input: batches are sized by it."""
        return math.prod(self.shape)

    def lengths(self, stored: np.ndarray) -> np.ndarray | None:
        """Return how long each stored row is, where a batch costs what its longest row costs."""
        return None

    def picture(self, stored: np.ndarray) -> np.ndarray | None:
        """Return one stored row as uint8 (h, w) or (h, w, channels), where it can be seen."""
        return None

    def signal(self) -> Signal | None:
        """Return how stored rows are read as a signal; None where they are none.

        Where they are, `encode` takes stored numbers that are not whole as well, and has gradients.
        """
        return None

    def sketches(self, stored: np.ndarray) -> np.ndarray | None:
        """Return what later copies of stored rows are known by, a few bytes each (n, k).

        As of `landbridge.domains.modalities.sketches`. None, the default: only the same are known.
        """
        return None

    def reads(self) -> Reads:
        """Return the options of `read_domain` by which a table is read as at training."""
        return {}

    def many(self, what: Any) -> Any:
        """Return what is given to a model as several examples: one is a set of one.

        `Examples`, or something that `read_domain` reads; what is not known is returned as it is.
        """
        return what

    def rule(self) -> Rule:
        """Return how values of raw examples are read (`Examples.rule`), kept for predictions."""
        return {}

    def ruled(self, rule: Rule) -> Preprocessing:
        """Return one that keeps how values of raw examples are read; for most itself."""
        return self

    def forbidding(self, offline: bool) -> Preprocessing:
        """Return one that opens nothing from a network where `offline`; for most itself."""
        return self

    @abstractmethod
    def to_dict(self) -> JsonObject:
        """Return plain values from which `from_dict` makes an equal one."""

    @classmethod
    def from_dict(cls, values: JsonObject) -> Self:
        """Undo `to_dict`, "kind" left out; errors are those of a constructor."""
        return cls(**values)

    @property
    def key(self) -> str:
        """A hash of everything that changes the network inputs (not of augmentation)."""
        return digest(self.to_dict())


PREPROCESSINGS: Registry[type[Preprocessing]] = Registry(
    "preprocessing",
    "landbridge.domains.modalities",
    "landbridge.backbones.multimodal",  # features of an encoder, as what a row is stored as
)


_WRONG_VALUES = (TypeError, ValueError, LookupError, AttributeError, OverflowError)


def load_preprocessing(values: JsonObject) -> Preprocessing:
    """Make a preprocessing from what `preprocessor.json` holds.

    Raises
    ------
    RunError
        Where a value is missing, or none that it can have.
    """
    checked(values, {"kind": str}, "preprocessor.json")
    kind = values["kind"]
    if kind not in PREPROCESSINGS:
        raise RunError(
            f"preprocessor.json speaks of an unknown kind {kind!r}",
            hint="the run was written by a newer landbridge: update it",
        )
    rest = {k: v for k, v in values.items() if k != "kind"}
    try:
        made = PREPROCESSINGS.get(kind).from_dict(rest)
        problem = wrong_field(made) or _wrong_shape(made)
    except (*_WRONG_VALUES, ConfigError) as error:
        raise RunError(
            f"preprocessor.json does not describe a preprocessing of the kind {kind!r}: {error}",
            hint="restore it, or run again",
        ) from error
    if problem:
        raise RunError(
            f"preprocessor.json of the kind {kind!r} is damaged: {problem}",
            hint="restore it, or run again",
        )
    return made


_LARGEST = 2**28
"""Numbers of one input."""


def _wrong_shape(made: Preprocessing) -> str:
    shape = made.shape
    right = all(n >= 1 for n in shape) and math.prod(shape) <= _LARGEST
    return "" if right else f"an input would have the shape {shape}"
