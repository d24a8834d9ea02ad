"""A domain: a set of examples of one modality, with labels or without.

Data flow one way. A reader makes `Examples`; a `Domain` adds labels, splits and the sealed
part; `for_training` gives what methods may see, and that has no sealed part at all.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from ..base.errors import DataError, old_name
from ..targets.base import TargetType
from ..targets.names import sort_classes
from ..targets.registry import get_target_type, multiclass
from .examples import Examples as Examples
from .held import Held
from .input_rows import InputRows
from .input_rows import Omission as Omission
from .schema import TableSchema
from .sealed import SealedLabels
from .seen import Seen


@dataclass(frozen=True, repr=False)
class Domain:
    """Examples with the labels that may be used, and a sealed part for judging.

    Attributes
    ----------
    name : str
        What to call it: the folder's or file's name.
    examples : Examples
        n examples.
    classes : tuple of str
        Class names in order; ``labels`` index into it. Empty where nothing is labelled. For
        several labels at once their names; for numbers one name, that of the column.
    labels : ndarray of int64, shape (n,)
        Class index of each example. Meaningless where ``labeled_mask`` is False. Numbers: float64
        (n,). Several labels at once: uint8 (n, labels), 1 where one applies.
    labeled_mask : ndarray of bool, shape (n,)
        Which labels may be used for training and selection.
    test_mask : ndarray of bool, shape (n,)
        Which rows the verdict is about. Never known.
    held_out : ndarray of bool, shape (n,)
        Which rows training must not touch even without their labels (a test split).
    sealed : SealedLabels or None
        Labels of judged rows. Only ``landbridge.verdict`` can open them.
    validation : ndarray of bool, shape (n,)
        Rows that the data itself marks as validation. Their labels are known.
    omissions : tuple of Omission
        What was left out while reading.
    notes : tuple of str
        What was guessed while reading, in sentences ("label column: 'species'").
    limits : (float, float) or None
        Which values of an array of images were taken for black and white.
    label_column : str or None
        Where the labels of a table came from, so that another table is read alike.
    target_type : str
        What kind of label they are, see `landbridge.targets`.
    groups : tuple of str or None, length n, or None
        Which of several domains each row is of, where a column or file names say so; see
        `landbridge.domains.parting`.
    schema : TableSchema or None
        What each column of a table was taken for.
    input_rows : InputRows
        Where each example was in the input, what was left out of it and why, and ids.
    seen : Seen or None
        Which rows to judge were learned from as well, once that was looked for.
    held : Held or None
        Which labelled rows are held out together, or never, once that was looked for.
    holdout_by : tuple of (str or None), length n, or None
        What a split rule goes by, a column of patients or dates: see `landbridge.domains.holdout`.
    blocks : int64 ndarray, shape (n,), or None
        Rows of one number are held out together, as the rule says.
    alike : bool
        Whether rows of one block may be alike, so that intervals go by blocks.
    subfolders : tuple of str
        Folders below the class folders, where those of several classes have the same names.
    """

    name: str
    examples: Examples
    classes: tuple[str, ...]
    labels: np.ndarray
    labeled_mask: np.ndarray
    test_mask: np.ndarray
    held_out: np.ndarray
    validation: np.ndarray
    sealed: SealedLabels | None = None
    omissions: tuple[Omission, ...] = ()
    notes: tuple[str, ...] = field(default=())
    label_column: str | None = None
    limits: tuple[float, float] | None = None
    target_type: TargetType = field(default_factory=multiclass)
    groups: tuple[str | None, ...] | None = None
    schema: TableSchema | None = None
    input_rows: InputRows = None  # type: ignore[assignment]
    seen: Seen | None = None
    held: Held | None = None
    holdout_by: tuple[str | None, ...] | None = None
    blocks: np.ndarray | None = None
    alike: bool = False
    subfolders: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_type", get_target_type(self.target_type))
        n = len(self.examples)
        if self.input_rows is None:
            object.__setattr__(self, "input_rows", InputRows(np.arange(n)))
        if len(self.input_rows.places) != n:
            raise ValueError(f"{len(self.input_rows.places)} places of {n} examples")
        for name in ("labeled_mask", "test_mask", "held_out", "validation", "labels"):
            value = getattr(self, name)
            shape: tuple[int, ...] = (n,)
            if name == "labels":
                shape = self.target_type.shape(n, len(self.classes))
            if value.shape != shape:
                raise ValueError(f"{name} has shape {value.shape}, expected {shape}")
        if not self.target_type.holds(self.labels):
            kind = self.target_type.name
            raise ValueError(f"labels of type {self.labels.dtype} where the target type is {kind}")
        if np.any(self.labeled_mask & self.test_mask):
            raise ValueError("a judged row must not have a known label")
        shown = self.target_type.shown(self.labels, self.labeled_mask, self.classes)
        if len(shown) and shown[-1] >= len(self.classes):
            raise ValueError("a label lies outside the class names")

    def __len__(self) -> int:
        return len(self.examples)

    def __getattr__(self, name: str) -> Any:
        """Return what an attribute of an older version is now, for one release."""
        new = {"known": "labeled_mask", "judged": "test_mask", "answers": "target_type"}.get(name)
        if new is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        warnings.warn(old_name(f"Domain.{name}", new), stacklevel=2)
        found = getattr(self, new)
        return found.name if new == "target_type" else found

    @property
    def modality(self) -> str:
        """The kind of examples: "image", "tabular", "text", "audio"."""
        return self.examples.modality

    @property
    def labelled(self) -> Literal["all", "few", "none"]:
        """How much of it is labelled for use: "all", "few" or "none" (of the usable rows)."""
        usable = ~self.held_out
        if not self.labeled_mask[usable].any():
            return "none"
        return "all" if self.labeled_mask[usable].all() else "few"

    def __repr__(self) -> str:
        return (
            f"Domain({self.name!r}, {len(self)} {self.modality} examples, "
            f"{len(self.classes)} {self.target_type.nouns}, {int(self.labeled_mask.sum())} known "
            "labels, "
            f"{int(self.test_mask.sum())} judged)"
        )

    def counts(self) -> dict[str, int]:
        """Return the number of known labels of each class; nothing where they are numbers."""
        return self.target_type.counts(self.labels[self.labeled_mask], self.classes)

    def noting(self, *notes: str) -> Domain:
        """Return it with more notes."""
        return replace(self, notes=(*self.notes, *notes)) if notes else self

    def select(self, rows: np.ndarray) -> Domain:
        """Return the rows at integer `rows`, without the sealed part."""
        return replace(
            self,
            examples=self.examples.select(rows),
            groups=words_at(self.groups, rows),
            holdout_by=words_at(self.holdout_by, rows),
            blocks=None if self.blocks is None else self.blocks[rows],
            labels=self.labels[rows],
            labeled_mask=self.labeled_mask[rows],
            test_mask=np.zeros(len(rows), bool),
            held_out=np.zeros(len(rows), bool),
            validation=self.validation[rows],
            sealed=None,
            input_rows=self.input_rows.select(rows),
            held=None if self.held is None else self.held.select(rows),
        )

    def for_training(self) -> Domain:
        """Return what methods and selection may see: no held-out rows, no sealed labels."""
        return self.select(np.flatnonzero(~self.held_out))

    def for_evaluation(self) -> Domain:
        """Return the judged rows, without their labels."""
        rows = np.flatnonzero(self.test_mask)
        return replace(self.select(rows), labeled_mask=np.zeros(len(rows), bool))

    @classmethod
    def build(
        cls,
        examples: Examples,
        labels: Sequence[Any] | None = None,
        *,
        name: str,
        split: Sequence[str] | None = None,
        classes: Sequence[str] | None = None,
        omissions: Sequence[Omission] = (),
        notes: Sequence[str] = (),
        label_column: str | None = None,
        limits: tuple[float, float] | None = None,
        target_type: str | TargetType = "multiclass",
        schema: TableSchema | None = None,
        ids: Sequence[str | None] | None = None,
    ) -> Domain:
        """Make a domain from label names, None where a row is not labelled.

        Every label is known and nothing is judged: `landbridge.domains.sealing` then seals
        what a target keeps for the verdict. `split` holds "train", "val" or "test" a row;
        test rows are held out.

        Parameters
        ----------
        examples : Examples
            n examples.
        labels : sequence of str or None, length n, optional
            Class names; numbers, or collections of label names, as `target_type` says.
        name : str
            What to call the domain.
        split : sequence of str, length n, optional
            "train", "val" or "test".
        classes : sequence of str, optional
            Class names, in the order to keep; found in the labels (sorted, numbers by
            value) where not given.
        omissions : sequence of Omission
            What was left out while reading.
        notes : sequence of str
            What was guessed while reading.
        limits : (float, float), optional
            See the attributes.
        label_column : str, optional
            Where the labels of a table came from.
        target_type : str
            What kind of label they are.
        schema : TableSchema, optional
            What each column of a table was taken for.
        ids : sequence of str, optional
            What the data call each row of the input, those left out among them.

        Raises
        ------
        DataError
            Where a label is not among `classes`.
        """
        n = len(examples)
        names = [None] * n if labels is None else list(labels)
        kind = get_target_type(target_type)
        given = [label for label in names if label is not None]
        found = kind.names_in(given)
        order: tuple[str, ...] = (label_column or VALUE,) if given else ()
        if kind.named:
            order = sort_classes(found) if classes is None else tuple(classes)
        unknown = found - set(order)
        if unknown:
            raise DataError(
                f"{name}: labels {sorted(unknown)[:5]} are not among the classes {order[:10]}",
                hint="correct the labels or the list of classes",
            )
        splits = np.array(["train"] * n if split is None else list(split), dtype=object)
        return cls(
            name=name,
            examples=examples,
            classes=order,
            labels=kind.encode(names, order),
            labeled_mask=np.array([x is not None for x in names], dtype=bool),
            test_mask=np.zeros(n, bool),
            held_out=splits == "test",
            validation=splits == "val",
            omissions=tuple(omissions),
            notes=tuple(notes),
            label_column=label_column,
            limits=limits,
            target_type=kind,
            schema=schema,
            input_rows=InputRows.of(n, omissions, ids),
        )


def words_at(words: Sequence[str | None] | None, rows: np.ndarray) -> tuple[str | None, ...] | None:
    """Return the words of some rows; None where no row has any."""
    return None if words is None else tuple(words[i] for i in rows)


VALUE = "value"
"""What a number is called that comes without a name."""
