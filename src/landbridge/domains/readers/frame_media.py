"""A table's column of images, recordings or texts -> the examples that can be read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ...base.errors import DataError
from ...base.events import Events
from ...base.inside import Place
from ...targets.names import class_name
from ..domain import Examples, Omission
from ..input_rows import LeftOut
from ..modalities.decoding import flaw
from ..modalities.images import ImageExamples
from ..modalities.pieces import Item
from ..modalities.recordings import AudioExamples
from ..modalities.sound_files import silent_or_broken
from ..modalities.texts import TextExamples
from ..modalities.threads import unreadable
from ..schema import TableSchema, no_column
from .base import ReadOptions
from .columns import Columns
from .decided import Otherwise, Together
from .frame_files import files_of, sound_rows
from .guessing import file_column, id_like, text_column
from .missing_words import text_words


class Kind(ABC):
    """A kind of content that fills one column.

    Attributes
    ----------
    modality : str
    option : str
        The option that names the column.
    one, many : str
        What one and several are called in messages.
    """

    modality: ClassVar[str]
    option: ClassVar[Literal["image", "audio", "text"]]
    one: ClassVar[str]
    many: ClassVar[str]

    @abstractmethod
    def find(self, values: dict[str, np.ndarray]) -> tuple[str, str] | None:
        """Return the column that holds it and why, or None."""

    @abstractmethod
    def examples(
        self,
        columns: list[np.ndarray],
        keep: np.ndarray,
        rows: list[str],
        folder: Place | None,
        name: str,
        omissions: list[Omission],
        events: Events,
    ) -> tuple[Examples, np.ndarray]:
        """Return what can be read of the rows to `keep`, and those rows."""


@dataclass(frozen=True)
class Medium:
    """The columns that hold the examples, and of what kind they are."""

    kind: Kind
    columns: tuple[str, ...]

    def examples(
        self, values: Mapping[str, np.ndarray], keep: np.ndarray, *where: Any
    ) -> tuple[Examples, np.ndarray]:
        """Return what can be read of the rows to `keep`, and those rows.

        Raises
        ------
        DataError
            Where nothing can be read.
        """
        found, kept = self.kind.examples([values[c] for c in self.columns], keep, *where)
        if isinstance(found, TextExamples):
            found.column = ",".join(self.columns)
        return found, kept

    def as_written(self, columns: Columns, notes: list[str]) -> dict[str, np.ndarray]:
        """Return its columns of texts as they are written: a text that says NA is a text."""
        if self.kind.modality != "text":
            return {}
        found = {}
        for name in self.columns:
            if name in columns.written:
                found[name] = columns.words(name, with_missing=True)
                notes += text_words(found[name], name)
        return found


def media_as_written(
    values: dict[str, np.ndarray], columns: Columns, options: ReadOptions
) -> dict[str, np.ndarray]:
    """Return the columns, those named as media as they are written: 007 is no number then."""
    found = dict(values)
    for kind in KINDS:
        wanted = getattr(options, kind.option)
        for name in () if wanted is None else (wanted, *wanted.split(",")):
            if name in found and name in columns.written:
                found[name] = columns.words(name)
    return found


def column_of(values: Mapping[str, Any], wanted: str, option: str, name: str) -> str:
    """Return the name of a column.

    Raises
    ------
    DataError
        Where there is none, with the nearest.
    """
    if wanted in values:
        return wanted
    raise no_column(name, wanted, f"{option}=", values)


def find_media(
    values: dict[str, np.ndarray],
    options: ReadOptions,
    name: str,
    notes: list[str],
    like: TableSchema,
) -> list[Medium]:
    """Return the columns of images, recordings and texts: the named ones, else by their values.

    Where another table has been read, `like`, both are read alike: by the columns that held them
    there, and where none did, none does here.

    Texts beside another medium are taken where the column's name says that they are texts.
    """
    named = []
    for kind in KINDS:
        wanted = getattr(options, kind.option)
        if wanted is not None:
            columns = [wanted] if wanted in values else wanted.split(",")
            named.append(
                Medium(kind, tuple(column_of(values, n, kind.option, name) for n in columns))
            )
    if named and options.parts is None:
        return named
    if not named and like.columns:
        there = [
            Medium(kind, tuple(columns))
            for kind in KINDS
            if (columns := [c for c in like.named(kind.option) if c in values])
        ]
        if there and options.parts is None:
            return there
        if like.named("feature") and not like.named(*(kind.option for kind in KINDS)):
            _say_texts(values, options, name, like)
            return []
        named = there
    if options.columns is not None and options.parts is None:
        return []
    taken = {column for medium in named for column in medium.columns} | set(options.columns or ())
    found = list(named)
    for kind in KINDS:
        if options.parts is not None and kind.modality not in options.parts:
            continue
        if any(medium.kind is kind for medium in named):
            continue
        guess = kind.find({k: v for k, v in values.items() if k not in taken})
        if guess is not None:
            taken.add(guess[0])
            notes.append(
                f"{kind.one} column: {guess[0]!r} ({guess[1]}; {kind.option}= names another)"
            )
            found.append(Medium(kind, (guess[0],)))
    return found


def _say_texts(
    values: dict[str, np.ndarray], options: ReadOptions, name: str, like: TableSchema
) -> None:
    """Raise Otherwise where a column holds texts by itself that the other side took for words."""
    if options.together is None or options.columns is not None or options.parts is not None:
        return
    guess = Texts().find(values)
    if guess is not None and like.get(guess[0]) is not None:
        raise Otherwise(Together.of_text(guess[0], name))


class Files(Kind):
    """Encoded files, or their paths."""

    content: ClassVar[Callable[..., Examples]]

    @abstractmethod
    def flaw(self, item: Item) -> str | None:
        """Return why a file cannot be decoded, None where it can."""

    def find(self, values: dict[str, np.ndarray]) -> tuple[str, str] | None:
        """By bytes, or by the endings of paths."""
        return file_column(values, sound=self.modality == "audio")

    def examples(
        self,
        columns: list[np.ndarray],
        keep: np.ndarray,
        rows: list[str],
        folder: Place | None,
        name: str,
        omissions: list[Omission],
        events: Events,
    ) -> tuple[Examples, np.ndarray]:
        """Decode every file once."""
        items, names, there = files_of(self, columns[0], keep, rows, folder, name, omissions)
        flaws = unreadable(items, self.flaw, what=f"{self.many} of {name}", events=events)
        good = sound_rows(self, names, there, flaws, name, len(keep), omissions)
        found = self.content([items[i] for i in good], names=[names[i] for i in good])
        return found, np.array([there[i] for i in good], dtype=int)


class Images(Files):
    """Images."""

    modality, option, one, many = "image", "image", "image", "images"
    flaw, content = staticmethod(flaw), ImageExamples


class Recordings(Files):
    """Sound files."""

    modality, option, one, many = "audio", "audio", "recording", "recordings"
    flaw, content = staticmethod(silent_or_broken), AudioExamples


class Texts(Kind):
    """Texts; several columns are joined by a line break."""

    modality, option, one, many = "text", "text", "text", "texts"

    def find(self, values: dict[str, np.ndarray]) -> tuple[str, str] | None:
        """By length, where no other column could be learned from."""
        guess = text_column(values)
        if guess is None:
            return None
        others = [n for n, array in values.items() if n != guess[0] and id_like(n, array) is None]
        return guess if not others or guess[1] == "its name says so" else None

    def examples(
        self,
        columns: list[np.ndarray],
        keep: np.ndarray,
        rows: list[str],
        folder: Place | None,
        name: str,
        omissions: list[Omission],
        events: Events,
    ) -> tuple[TextExamples, np.ndarray]:
        """Leave out rows without a text."""
        joined = ["\n".join(_words(c[i]) for c in columns).strip() for i in keep.tolist()]
        good = [i for i, text in enumerate(joined) if text]
        what = "row without a text"
        empty = [
            LeftOut(row, rows[row], what)
            for row, text in zip(keep.tolist(), joined, strict=True)
            if not text
        ]
        if empty:
            omissions.append(Omission.of_rows(what, empty))
        if not good:
            raise DataError(
                f"{name} has no text in {len(keep)} rows", hint="name the column: text="
            )
        texts = TextExamples([joined[i] for i in good], [rows[keep[i]] for i in good])
        return texts, keep[good]


def _words(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return class_name(value) or "" if isinstance(value, float) else str(value)


KINDS: tuple[Kind, ...] = (Images(), Recordings(), Texts())
