"""What two tables decide about their columns, and how the second one says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...base.errors import DataError


@dataclass(frozen=True)
class Together:
    """What two tables decide about their columns where one of them could not know.

    Attributes
    ----------
    text : str, optional
        The column that holds texts.
    words : tuple of str
        Columns of words, though one side's are whole numbers.
    apart : tuple of str
        Columns that only tell the rows of a side apart.
    notes : tuple of str
        What is to be said about them.
    """

    text: str | None = None
    words: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of_text(cls, column: str, name: str) -> Together:
        """Return that a column holds texts, as that of `name` does."""
        said = f"column {column!r} holds texts in {name!r}: it is read as texts on both sides"
        return cls(text=column, notes=(said,))

    @classmethod
    def of_words(cls, column: str, name: str) -> Together:
        """Return that a column holds words, as that of `name` does."""
        said = f"column {column!r} holds words in {name!r}: it is read as words on both sides"
        return cls(words=(column,), notes=(said,))

    @classmethod
    def of_apart(cls, why: Mapping[str, str], name: str) -> Together:
        """Return that columns tell the rows of `name` apart, and why it is thought so."""
        named = ", ".join(f"{column!r} ({reason})" for column, reason in why.items())
        said = (
            f"columns that only tell the rows of {name!r} apart are left out on both sides: "
            f"{named}; columns=[...] names the ones to use"
        )
        return cls(apart=tuple(why), notes=(said,))

    def grows(self, more: Together) -> bool:
        """Whether `more` says something that is not here yet."""
        return (
            (more.text is not None and self.text is None)
            or not set(more.words) <= set(self.words)
            or not set(more.apart) <= set(self.apart)
        )

    def joined(self, more: Together) -> Together:
        """Return both."""
        return Together(
            self.text or more.text,
            (*self.words, *more.words),
            (*self.apart, *more.apart),
            (*self.notes, *more.notes),
        )


class Otherwise(DataError):
    """A column is something else here than on the side that was read first."""

    def __init__(self, together: Together) -> None:
        super().__init__("; ".join(together.notes), hint="name what the column is, on both sides")
        self.together = together


class NothingToLearn(DataError):
    """No column of a table can be learned from by itself.

    Attributes
    ----------
    columns : tuple of str
        Those that are there.
    """

    columns: tuple[str, ...] = ()
