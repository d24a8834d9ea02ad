"""What a reader is: it says whether it knows a thing, and makes a domain of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from ...base.errors import ConfigError, DataError
from ...base.events import SILENT, Events
from ...base.registry import Registry
from ...base.seeds import numpy_rng
from ..domain import Domain, Omission
from ..examples import Rule
from ..schema import TableSchema
from .decided import Together
from .labels import Wish

SPLITS: dict[str, str] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
UNLABELLED = frozenset(("unlabelled", "unlabeled", "unlabelled_data", "unlabeled_data"))


@dataclass(frozen=True)
class ReadOptions:
    """What the user may say about how to read; None everywhere means "find out".

    Attributes
    ----------
    name : str
        What to call the domain; the file's or folder's name where not given.
    label : str
        The column of a table that holds the labels.
    usual_label : str
        The column that held them in the data of a run: taken where it is there and `label` is not
        given; where it is not, a column is taken for them only where its name says so.
    labels : array-like, shape (n,)
        Labels of an array's rows: strings, integers, floats; None and NaN are missing.
    labelled : bool, or array-like of bool, shape (n,)
        False: leave all labels out. An array: which rows' labels count.
    columns : sequence of str
        Exactly the feature columns of a table to use.
    drop : sequence of str
        Columns of a table to leave out.
    categorical, numeric : sequence of str
        Columns of a table to read as words, or as numbers, whatever they look like.
    image : str
        The column of a table that holds images or their paths.
    text : str
        The column of a table that holds texts; several, joined by commas, are read as one.
    audio : str
        The column of a table that holds recordings or their paths.
    parts : sequence of str
        The modalities of a table that has several: any may be missing from a row, or from all.
    domain : str
        The column of a table, or the part of file names, that says which domain a row is of.
    holdout_by : str
        The column of a table, or the part of file names, that a split rule goes by
        (`Domain.holdout_by`); no feature, on either side.
    pattern : str
        How file names without ending are made up: "{label}_{speaker}_{take}".
    split : str, or sequence of str of shape (n,)
        The column of a table, or the values for an array: "train", "val" or "test".
    allow_missing : bool
        Whether NaN in an array is a missing value (a table's empty cells always are).
    max_rows : int
        Read at most so many rows, chosen evenly at random.
    like : Domain
        Read a table as this one was read: the same label column (no row is labelled where
        it is missing) and the same features.
    limits : (float, float)
        Which values of an array of images are black and white; found in the array where not
        given, and then noted in `Domain.limits`.
    stated_range : bool
        Whether `limits` are what a person named, and hold for bytes as well.
    rule : Rule
        How values were read on the other side or by the run, see `Examples.rule`.
    target_type : str
        What kind of answer the labels are; "auto": as in `like`, else as they look.
    offline : bool
        Forbid every download.
    schema : TableSchema
        What columns were taken for elsewhere, in a run for instance; as in `like` where not given.
    encoding : str
        The encoding of text files that are not UTF-8.
    outside : bool
        Whether what lies in a folder may name files outside it.
    together : Together
        What both sides decide; where given, `Otherwise` is raised for more of it.
    """

    name: str | None = None
    label: str | None = None
    usual_label: str | None = None
    labels: Any = None
    labelled: Any = None
    columns: Sequence[str] | None = None
    drop: Sequence[str] | None = None
    categorical: Sequence[str] | None = None
    numeric: Sequence[str] | None = None
    image: str | None = None
    text: str | None = None
    audio: str | None = None
    parts: Sequence[str] | None = None
    domain: str | None = None
    holdout_by: str | None = None
    pattern: str | None = None
    split: Any = None
    allow_missing: bool = False
    max_rows: int | None = None
    like: Domain | None = None
    limits: tuple[float, float] | None = None
    stated_range: bool = False
    rule: Rule = field(default_factory=Rule)
    target_type: Wish = "auto"
    offline: bool = False
    schema: TableSchema | None = None
    encoding: str | None = None
    outside: bool = False
    together: Together | None = None

    @property
    def wanted_schema(self) -> TableSchema:
        """What columns of another table were taken for, that this one is to be read like."""
        if self.schema is not None:
            return self.schema
        like = None if self.like is None else self.like.schema
        return like or TableSchema()

    @property
    def wish(self) -> Wish:
        """The kind of answer to read labels as: said, or that of `like` where it has any."""
        if self.target_type == "auto" and self.like is not None and self.like.classes:
            return self.like.target_type.name
        return self.target_type

    @property
    def other_range(self) -> tuple[float, float] | None:
        """The range of the other side's pixel values, where it has one."""
        found = self.rule.get("value_range")
        return None if found is None else (float(found[0]), float(found[1]))

    def refuse(self, what: str, *names: str) -> None:
        """Raise ConfigError where one of `names` was given and `what` has no use for it."""
        for name in names:
            if getattr(self, name) is not None:
                raise NoUseError(name, what)


class NoUseError(ConfigError):
    """An option that what is read has no use for."""

    def __init__(self, option: str, what: str) -> None:
        self.option, self.what = option, what
        super().__init__(
            f"{option}= was given, and {what} has no use for it", hint=f"leave {option}= out"
        )


class Reader(ABC):
    """Something that reads one kind of thing; registered in `READERS`.

    Attributes
    ----------
    summary : str
        One line on what it reads.
    order : int
        Where several readers accept the same thing, the one with the least order reads it.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    order: ClassVar[int] = 100

    @abstractmethod
    def accepts(self, what: Any) -> bool:
        """Whether it can read `what`, from its type and name alone."""

    @abstractmethod
    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Return the domain; every label that counts is known, and nothing is judged yet."""


READERS: Registry[type[Reader]] = Registry("reader", "landbridge.domains.readers")


def is_a(what: Any, package: str, *names: str) -> bool:
    """Whether a class of a package, of one of these names, is an ancestor; imports nothing."""
    return any(
        kind.__name__ in names and kind.__module__.startswith(package)
        for kind in type(what).__mro__
    )


def chosen_rows(n: int, max_rows: int | None) -> np.ndarray:
    """Return the rows to keep, in order, chosen without looking at anything."""
    if max_rows is None or n <= max_rows:
        return np.arange(n)
    if max_rows < 1:
        raise ConfigError(f"max_rows is {max_rows}", hint="give at least 1")
    return np.sort(numpy_rng("max_rows", n, max_rows).permutation(n)[:max_rows])


def over_limit(keep: np.ndarray, names: Sequence[str]) -> list[Omission]:
    """Return the omission for rows beyond `max_rows`: all of `names` that are not kept."""
    if len(keep) == len(names):
        return []
    rest = np.setdiff1d(np.arange(len(names)), keep)
    return [Omission("row beyond max_rows", tuple(names[i] for i in rest.tolist()), beyond=rest)]


def mask_labels(labels: list[Any], labelled: Any, what: str) -> list[Any]:
    """Return the labels with None where `labelled` says that they do not count.

    Raises
    ------
    DataError
        Where the mask has another length, or is not of bools.
    """
    if labelled is None or labelled is True:
        return labels
    if labelled is False:
        return [None] * len(labels)
    mask = np.asarray(labelled)
    if mask.shape != (len(labels),) or mask.dtype != bool:
        raise DataError(
            f"labelled= has shape {mask.shape} and type {mask.dtype}; {what} has "
            f"{len(labels)} rows",
            hint="give one True or False a row, or a single False",
        )
    return [label if keep else None for label, keep in zip(labels, mask, strict=True)]


def check_distinct(labels: Sequence[str | None], what: str, hint: str) -> None:
    """Raise DataError where labels are so many that they cannot be classes.

    Parameters
    ----------
    labels : sequence of str or None
    what : str
        What to call them: "column 'id'".
    do : str
        What the user can do about it.
    """
    given = [label for label in labels if label is not None]
    distinct = len(set(given))
    # A few labelled rows among many may well be one of each class.
    if len(given) < 20 or len(given) < len(labels) / 2 or distinct <= 0.5 * len(given):
        return
    numbers = all(map(_is_number, given)) and not all(x.lstrip("-").isdigit() for x in given)
    if distinct > 0.9 * len(given) or numbers:
        kind = "a quantity to predict" if numbers else "an identifier"
        raise DataError(
            f"{what} has {distinct} different values in {len(given)} labelled rows: "
            f"it looks like {kind}, not like classes",
            hint=hint + (" (or group the values into classes)" if numbers else ""),
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
