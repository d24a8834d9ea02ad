"""The contract of a task with structured answers: one file each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

import numpy as np

from ..base.errors import ConfigError, DataError
from ..base.inside import ANYWHERE, Place, leads_out
from ..base.registry import Registry
from ..domains.examples import Examples, Rule
from ..domains.modalities.texts import TextExamples
from .options import TaskOptions

if TYPE_CHECKING:
    from .answer_parts import AnswerPart

Row = Mapping[str, Any]
"""A row of data, by the names of its columns."""
Inputs = dict[str, Any]
"""What a model takes, by its keywords: of one row, or tensors of a batch; with "labels"."""


class Shown(TypedDict, total=False):
    """What a report shows of a judged row, see `landbridge.insight.samples.sample`."""

    pictures: Sequence[tuple[np.ndarray, str]]
    lines: Sequence[tuple[str, Any]]
    right: bool


@dataclass(frozen=True)
class Metric:
    """A score of many answers, made of counts of each.

    Attributes
    ----------
    name : str
        As people know it: "F1", "BLEU", "WER", "mIoU", "mAP".
    counts : callable (prediction, truth) -> Any
        Of one answer: an array whose sum `score` takes, unless `non_additive`.
    score : callable
        Of the summed counts; of the list of them where `non_additive`.
    higher : bool
        Whether more is better.
    non_additive : bool
        Whether counts cannot be summed.
    """

    name: str
    counts: Callable[[Any, Any], Any]
    score: Callable[[Any], float]
    higher: bool = True
    non_additive: bool = False

    def of(self, counts: Sequence[Any], rows: np.ndarray | None = None) -> float:
        """Return the score of these rows, of all where not given."""
        if self.non_additive:
            return self.score(list(counts) if rows is None else [counts[i] for i in rows])
        table = np.asarray(counts)
        return self.score((table if rows is None else table[rows]).sum(0))


@dataclass
class Example:
    """One row: what goes in, the answer where it is known, and what to call it."""

    given: Any
    truth: Any = None
    name: str = ""


class StructuredTask(ABC):
    """A task: reads rows, builds the model, encodes, answers, scores.

    Attributes
    ----------
    summary : str
    inputs, outputs : tuple of str
        Names of columns that are taken where none is named, the likeliest first.
    architecture : str
        The class of transformers, "AutoModelFor...".
    takes : tuple of str
        Options that have an effect on it, beside the columns.

    Parameters
    ----------
    options : TaskOptions
    labels : sequence of str
        What answers are made of; empty for texts.
    rule : mapping
        How values of raw inputs are read, see `landbridge.domains.examples.Examples.rule`.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    outputs: ClassVar[tuple[str, ...]]
    architecture: ClassVar[str]
    takes: ClassVar[tuple[str, ...]] = ()

    def __init__(self, options: TaskOptions, labels: Sequence[str] = ()) -> None:
        self.options = options
        self.labels = list(labels)
        self.notes: list[str] = []
        self.rule: Rule = {}

    # Reading ------------------------------------------------------------------------------------

    def example(self, row: Row, name: str, folder: Place, labelled: bool) -> Example:
        """Return a row as an example.

        Raises
        ------
        DataError
            Naming the row, what was found and what is expected.
        """
        keys = list(row)
        given = self.given(row, self._column(keys, self.options.input, self.inputs), name, folder)
        truth = None
        if labelled:
            column = self._column(keys, self.options.output, self.outputs)
            truth = None if row[column] is None else self.truth(row, column, name, folder)
        return Example(given, truth, name)

    def has_truth(self, row: Row) -> bool:
        """Whether a row says what the answer is."""
        return row[self._column(list(row), self.options.output, self.outputs)] is not None

    def _column(self, keys: Sequence[str], wanted: str | None, names: Sequence[str]) -> str:
        if wanted is not None:
            if wanted in keys:
                return wanted
            raise DataError(
                f"there is no column {wanted!r}; there are {', '.join(keys)}", hint="name one"
            )
        for name in names:
            if name in keys:
                return name
        raise DataError(
            f"{self.name}: none of the columns {', '.join(keys)} is called {' or '.join(names)}",
            hint="name them with --input and --output",
        )

    @abstractmethod
    def given(self, row: Row, column: str, name: str, folder: Place) -> Any:
        """Return what goes into the model, as plain values or a path."""

    @abstractmethod
    def truth(self, row: Row, column: str, name: str, folder: Place) -> Any:
        """Return the answer, in the form in which predictions come as well."""

    def raw(self, examples: Sequence[Example]) -> Examples:
        """Return what goes in as examples of a modality, by which equal rows are found."""
        said = [e.given if isinstance(e.given, str) else " ".join(e.given) for e in examples]
        return TextExamples(said, [e.name for e in examples])

    def settle(self, examples: Sequence[Example]) -> None:
        """Find out how raw inputs are read, from rows to learn from; most need no look."""
        return

    def learn_labels(self, examples: Sequence[Example]) -> None:
        """Find out what answers are made of, from rows to learn from."""
        self.labels = []

    # The model ----------------------------------------------------------------------------------

    @abstractmethod
    def open(self, folder: Path) -> None:
        """Open what stands before the model: tokeniser, feature extractor, sizes."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Save the same, so that `open` finds it."""

    def config(self, folder: Path) -> Any:
        """Return the model's configuration with this task's labels."""
        from transformers import AutoConfig

        names = dict(enumerate(self.labels))
        extra = {}
        if self.labels:
            extra = {"id2label": names, "label2id": {v: k for k, v in names.items()}}
        return AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, **extra
        )

    # One batch ----------------------------------------------------------------------------------

    @abstractmethod
    def encode(self, example: Example) -> Inputs:
        """Return a row as the model takes it, with "labels"."""

    @abstractmethod
    def collate(self, rows: Sequence[Inputs]) -> Inputs:
        """Return a batch of tensors."""

    @abstractmethod
    def predict(self, model: Any, examples: Sequence[Example]) -> list[Any]:
        """Return what the model says of a few rows, in the form of truths."""

    def answer_parts(self, model: Any, example: Example, prediction: Any) -> list[AnswerPart]:
        """Return the parts of an answer that can be explained.

        Raises
        ------
        ConfigError
            Where answers of this task are of one piece.
        """
        able = [
            name
            for name, kind in TASKS.items()
            if kind.answer_parts is not StructuredTask.answer_parts
        ]
        raise ConfigError(
            f"an answer of {self.name} is not taken apart, so it is not explained",
            hint=f"explained are {', '.join(able)}, and runs of `landbridge transfer`",
        )

    @abstractmethod
    def metrics(self) -> list[Metric]:
        """Return the scores, the main one first."""

    def plain(self, prediction: Any) -> Any:
        """Return an answer as JSON can hold it."""
        return prediction

    def shown(self, example: Example, prediction: Any) -> Shown:
        """Return what a report shows of a judged row: see `landbridge.insight.samples.sample`."""
        return {
            "lines": [("true", self.plain(example.truth)), ("said", self.plain(prediction))],
            "right": bool(self.plain(example.truth) == self.plain(prediction)),
        }


NOTHING = -100
"""The label that the losses of transformers leave out."""


def padded(labels: Sequence[Sequence[int]], width: int | None = None) -> Any:
    """Return lists of labels as one int64 tensor, filled up with `NOTHING`; at least one wide."""
    import torch

    most = width or max(1, *(len(own) for own in labels))
    return torch.tensor([[*own, *[NOTHING] * (most - len(own))] for own in labels])


def file_of(value: Any, name: str, folder: Place, what: str = "file") -> Any:
    """Return a file's bytes, or its path where it is there.

    Raises
    ------
    DataError
        Where it is not, or where it lies outside the folder of data.
    """
    if isinstance(value, dict):
        value = value.get("bytes") or value.get("path")
    if isinstance(value, bytes):
        return value
    path = folder.folder / str(value)
    if value is not None and not folder.holds(path):
        raise DataError(
            f"{name}: the {what} {leads_out(path)} lies outside {folder.folder}",
            hint=f"put it there; {ANYWHERE}",
        )
    if value is None or not path.is_file():
        raise DataError(f"{name}: the {what} {path} is not there", hint="check the paths")
    return path


TASKS: Registry[type[StructuredTask]] = Registry("task", "landbridge.structured")


def device_of(model: Any) -> Any:
    """Return where a model is."""
    return next(model.parameters()).device
