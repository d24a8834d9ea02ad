"""Rows with several columns of labels: examples once, each column as classes or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import ConfigError, DataError
from ..base.events import Events
from ..base.inside import Place
from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.examples import Rule, merged_rules
from ..domains.one import tell
from ..domains.read import read_domain, settled_domain, stated_range
from ..domains.readers.base import ReadOptions
from ..domains.readers.columns import Columns, from_arrow, from_frame
from ..domains.readers.frame import frame_domain
from ..domains.readers.frame_labels import exact_labels
from ..domains.readers.labels import read_labels
from ..domains.readers.table import arrow_table
from ..domains.spelling import same_classes
from ..targets.base import TargetType
from ..targets.codec import TargetCodec
from ..targets.figures import PrimaryMetric
from ..targets.registry import get_target_type, stored_target_type


@dataclass(frozen=True)
class OneTask:
    """One column of labels.

    Attributes
    ----------
    name : str
    kind : str
        Of its labels, see `landbridge.targets`.
    classes : tuple of str
    mean, std : float
        Of numbers: networks learn (number − mean) / spread.
    """

    name: str
    target_type: TargetType
    classes: tuple[str, ...] = ()
    mean: float = 0.0
    std: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "target_type", get_target_type(self.target_type))

    def to_json(self) -> JsonObject:
        """Return what ``multitask.json`` holds of it."""
        scale = {"mean": self.mean, "spread": self.std}
        kind = self.target_type.name
        return {"name": self.name, "kind": kind, "classes": list(self.classes), **scale}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> OneTask:
        """Return what a ``multitask.json`` of this or an older version holds of a task."""
        kind = stored_target_type({"target_type": found["kind"]})
        return cls(found["name"], kind, tuple(found["classes"]), found["mean"], found["spread"])

    @property
    def size(self) -> int:
        """How many outputs it has."""
        return self.codec.n_outputs

    @property
    def codec(self) -> TargetCodec:
        """How its outputs are read."""
        return TargetCodec(self.target_type, self.classes, self.mean, self.std)

    @property
    def metric(self) -> PrimaryMetric:
        """What it is judged by."""
        return self.target_type.metric

    def score(self, outputs: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """Return what each row counts, more being better: 1 or 0, or less the error."""
        own = self.metric.score(self.codec.transform(outputs), self.codec.decode(truth))
        return own.astype(float)

    def scale(self, truth: np.ndarray) -> float:
        """Return the spread of the truth in the metric's units, 0 for shares."""
        return self.target_type.spread(self.codec.decode(truth))


def read_tasks(
    data: Any, labels: Sequence[str], columns: Mapping[str, Any], events: Events
) -> tuple[Domain, dict[str, np.ndarray]]:
    """Return the examples, without labels, and each column of labels as it is, in their order.

    Parameters
    ----------
    data : path of a table, data frame, or (X, mapping of labels)
    labels : sequence of str
        Names of the columns; all of the mapping's where empty.
    columns : mapping
        Options of `read_domain` that name feature columns.

    Raises
    ------
    ConfigError
        Where fewer than two columns are named.
    DataError
        Where a column is missing.
    """
    if isinstance(data, tuple) and len(data) == 2 and isinstance(data[1], Mapping):
        own = {name: np.asarray(data[1][name], object) for name in labels or list(data[1])}
        domain = read_domain(data[0], labelled=False, events=events, **columns)
        _check(list(own))
        total = domain.input_rows.total
        if any(len(values) != total for values in own.values()):
            raise DataError(
                f"{total} examples, and labels of lengths {[len(v) for v in own.values()]}",
                hint="give every example a label, or None",
            )
        places = domain.input_rows.places
        return domain, {name: values[places] for name, values in own.items()}
    _check(labels)
    table, name, folder = _table(data, columns.get("encoding"), events)
    lost = [label for label in labels if label not in table.values]
    if lost:
        raise DataError(
            f"{name} has no column {lost[0]!r} (--labels); it has {list(table.values)[:30]}",
            hint="name columns of the table",
        )
    rest = {key: values for key, values in table.values.items() if key not in labels}
    given = dict(columns)
    stated = stated_range(given.pop("value_range", None))
    learned: Rule = given.pop("rule", None) or Rule()
    rule = merged_rules([learned, {} if stated is None else {"value_range": stated}])
    options = ReadOptions(name=name, labelled=False, rule=rule, **given)
    domain = frame_domain(
        replace(table, values=rest),
        options,
        name=name,
        folder=None if folder is None else Place(folder),
        first_row=1,
        events=events,
    )
    domain = settled_domain(domain, rule, bool(rule))
    kept = domain.input_rows.places
    tell(domain, events)
    found = {}
    for label in labels:
        notes: list[str] = []
        values, _ = exact_labels(label, table, name, None, notes)
        for note in notes:
            events.log("note", f"{name}: {note}")
        found[label] = values[kept]
    return domain, found


def _check(labels: Sequence[str]) -> None:
    if len(set(labels)) < 2 or len(set(labels)) < len(labels):
        raise ConfigError(
            f"the columns of labels are {', '.join(labels) or 'not named'}",
            hint="name at least two, each once; a single one is what `landbridge transfer` does",
        )


def _table(data: Any, encoding: str | None, events: Events) -> tuple[Columns, str, Path | None]:
    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        if not path.is_file():
            raise DataError(f"{path} is no file", hint="give a table with several label columns")
        table, notes = arrow_table(path, encoding)
        for note in notes:
            events.log("note", f"{path.stem}: {note}")
        return from_arrow(table), path.stem, path.resolve().parent
    if hasattr(data, "columns"):
        return from_frame(data), "table", None
    raise DataError(
        f"{type(data).__name__} has no columns of labels",
        hint="give the path of a table, a data frame, or (X, {name: labels})",
    )


def as_tasks(
    columns: Mapping[str, np.ndarray], learn: np.ndarray, n: int
) -> tuple[list[OneTask], np.ndarray, np.ndarray]:
    """Return the tasks, and labels (n, tasks) to learn from and to judge on, NaN where unknown.

    What a task is, its classes, mean and spread, is read off the rows to learn from.

    Raises
    ------
    DataError
        Where a column has no two values to tell apart.
    """
    tasks, table = [], np.full((n, len(columns)), np.nan)
    for i, (name, values) in enumerate(columns.items()):
        found = read_labels(values, n, name, "auto")
        if found.target_type.multiple:
            kind = found.target_type.summary
            raise DataError(f"column {name!r} holds {kind}", hint="leave it out")
        labeled = np.array([v is not None for v in found.values])
        here = labeled & learn
        if not found.target_type.named:
            numbers = np.array([np.nan if v is None else float(v) for v in found.values])
            own = numbers[here]
            if len(own) < 2 or own.std() == 0:
                raise DataError(f"column {name!r} has no two numbers to tell apart", hint="drop it")
            task = OneTask(name, found.target_type, (), float(own.mean()), float(own.std()))
        else:
            classes = sorted({str(v) for v, k in zip(found.values, here, strict=True) if k})
            if len(classes) < 2:
                raise DataError(f"column {name!r} has the classes {classes}", hint="drop it")
            task = OneTask(name, found.target_type, tuple(classes))
        table[:, i] = _encoded(task, found.values)
        tasks.append(task)
    teach = np.where(learn[:, None], table, np.nan)
    test_labels = np.where(learn[:, None], np.nan, table)
    return tasks, teach, test_labels


def true_labels(tasks: Sequence[OneTask], columns: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    """Return columns of labels as (n, tasks): index of the class, -1 for a strange one, or numbers.

    NaN where unknown; numbers as networks learn them.

    Raises
    ------
    DataError
        Where a column of numbers holds something else, or no class is known to its task.
    """
    table = np.full((n, len(tasks)), np.nan)
    for i, task in enumerate(tasks):
        found = read_labels(columns[task.name], n, task.name, task.target_type.name)
        table[:, i] = _encoded(task, found.values)
    return table


def _encoded(task: OneTask, values: Sequence[Any]) -> np.ndarray:
    if task.target_type.named:
        names = list(dict.fromkeys(str(v) for v in values if v is not None))
        spelled, _ = same_classes(task.classes, names)
        place: dict[str, float] = {value: j for j, value in enumerate(task.classes)}
        place |= {theirs: place[ours] for theirs, ours in spelled.items()}
        if names and not place.keys() & set(names):
            raise DataError(
                f"none of the labels of column {task.name!r} is a class of its task: "
                f"{names[:5]} against {list(task.classes[:5])}",
                hint="write the classes as where the model was made, or leave the column out",
            )
        return np.array([np.nan if v is None else place.get(str(v), -1.0) for v in values])
    numbers = np.array([np.nan if v is None else float(v) for v in values])
    return (numbers - task.mean) / task.std
