"""Raw examples of one modality, and what a backbone is told about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypedDict

import numpy as np


class Rule(TypedDict, total=False):
    """How values of raw examples are read, where that was found in the whole set."""

    value_range: Sequence[float] | None
    """Black and white of deep images."""
    stated_range: bool
    """Whether a person said so."""
    ground: int | None
    """What stands behind transparent images."""
    full_scale: float
    """What recordings without a scale of their own are divided by."""


def merged_rules(rules: Iterable[Rule]) -> Rule:
    """Return several rules as one; what a later one says holds."""
    found: Rule = {}
    for rule in rules:
        found.update(rule)
    return found


@dataclass(frozen=True)
class InputSpec:
    """What raw examples look like, so that a backbone can choose its preprocessing.

    For images the greatest of the domains' median heights and widths, so that the sharper
    domain loses nothing, and the number of channels (1 only where every domain is grey); for
    tables the number of columns after encoding; for texts the share of Latin letters;
    for sound the most common rate, and the seconds that 95 % are at most as long as; for several
    modalities at once the hint of each.
    """

    modality: str
    height: int = 0
    width: int = 0
    channels: int = 0
    columns: int = 0
    latin: float = 1.0
    rate: int = 0
    seconds: float = 0.0
    parts: Mapping[str, InputSpec] = field(default_factory=dict)
    rule: Rule = field(default_factory=Rule)
    """How values of raw examples are read, see `Examples.rule`."""


_WORDS = {
    "image": "images",
    "text": "texts",
    "audio": "recordings",
    "tabular": "a table",
    "several": "several modalities",
}


def data_of(modality: str) -> str:
    """Return what data of a modality are, as people say it.

    Examples
    --------
    >>> data_of("tabular")
    'a table'
    """
    return _WORDS.get(modality, modality)


class Examples(ABC):
    """Raw examples in a fixed order, decoded only when asked."""

    modality: ClassVar[str]
    noun: ClassVar[str] = "rows"
    """What several of them are called."""

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hash of the content (not of paths or times)."""

    @abstractmethod
    def select(self, rows: np.ndarray) -> Examples:
        """Return the examples at integer `rows`, in that order."""

    @abstractmethod
    def names(self) -> list[str]:
        """Return what to call each example in messages: a path, or "row 12"."""

    @abstractmethod
    def contents(self) -> list[str]:
        """Return a hash of each example's content: equal where, and only where, it is equal."""

    def prints(self) -> list[str]:
        """Return a hash of each example that costs little: where it is equal, so is the content."""
        return self.contents()

    def near(self, other: Examples) -> np.ndarray | None:
        """Return pairs (row of these, row of the others) that are nearly the same, and the same.

        The likest pair of a row comes first. None, the default: nearness means nothing here.
        """
        return None

    def by_chance(self, rows: np.ndarray, other: Examples, total: int | None = None) -> np.ndarray:
        """Say of rows that are among the others too whether that may well be chance.

        `total`: how many others there are, where `other` stands for more rows like its own. Most
        examples are long enough that the same comes twice only where one is a copy; rows of a
        table with few values are not.
        """
        return np.zeros(len(rows), bool)

    def kinds(self) -> list[str] | None:
        """Return what kind each example is of: a script, a sample rate. None: all are alike."""
        return None

    def rule(self) -> Rule:
        """Return how values are read where that was found in the whole set: plain values.

        The other side and predictions are read by the same.
        """
        return {}

    def settled(self, rule: Rule, fixed: bool) -> tuple[Examples, list[str]]:
        """Return the examples with such a rule, and what there is to say; most need none.

        Parameters
        ----------
        rule : Rule
            That of the other side, or of a run.
        fixed : bool
            Whether that holds whatever the examples look like.
        """
        return self, []

    def values(self, row: int) -> Mapping[str, Any]:
        """Return what a report shows of one example in words."""
        return {}

    def pictures(self, row: int) -> list[np.ndarray]:
        """Return what can be seen of one raw example: uint8 (h, w) or (h, w, 3), one for each part.

        Empty where there is nothing to see. It is decoded now: where rows are at hand as they are
        stored, `Preprocessing.picture` needs no file, but features of an encoder show nothing.
        """
        return []

    def check_like(self, other: Examples, names: tuple[str, str]) -> None:
        """Raise DataError where `other`, of the same modality, does not go with these."""
        return

    def constants(self) -> Mapping[str, Any]:
        """Return columns that have one value in every row, and it; only tables have columns."""
        return {}

    def without(self, columns: Collection[str]) -> Examples:
        """Return the examples without some columns."""
        return self

    @classmethod
    @abstractmethod
    def hint(cls, parts: Sequence[Examples]) -> InputSpec:
        """Say what the examples of all domains look like together; all are of this class."""
