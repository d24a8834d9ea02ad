"""A network with several heads, opened from its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..artifacts.making import verified
from ..backbones.surgery import Network
from ..base.errors import ConfigError, DataError, RunError
from ..base.events import SILENT, Events
from ..base.typed import INTERVAL, EvalResult, JsonObject, Options, Shape, count, number
from ..domains.domain import Domain
from ..domains.holdout.sides import SHAPE as HOLDOUT
from ..domains.holdout.sides import groups_column
from ..domains.input_rows import AnswerRow
from ..domains.learned import not_learned
from ..domains.modalities.base import Preprocessing
from ..domains.one import answerable
from ..domains.read_like import given_rows, groups_asked, groups_read, read_as_learned
from ..report.reported import Reported
from ..solvers.calibration.softmax import softmax
from ..training.inputs import run_examples
from ..training.network_folder import load_network
from ..verdict.comparison import ByRows
from .read import OneTask, read_tasks, true_labels

if TYPE_CHECKING:
    from ..report.page import Page

FILE = "multitask.json"
_TASK = {"name": str, "kind": str, "classes": [str], "mean": number, "spread": number}
SHAPE: Shape = {
    "tasks": [_TASK],
    "sizes": [count],
    "verdict": [
        {
            "task": str,
            "metric": str,
            "judged_rows": count,
            "together": (float, None),
            "alone": (float, None),
            "difference": (INTERVAL, None),
            "outcome": str,
            "judged_groups?": count,
        }
    ],
    "weights": ({str: number}, str),
    "seeds": count,
    "rows": count,
    "judged": count,
    "backbone": str,
    "holdout?": HOLDOUT,
}
"""What ``multitask.json`` holds."""


class MultiTask(Reported):
    """One backbone with a head for each task.

    As a backbone it is reused by ``run/<folder>``.

    Attributes
    ----------
    tasks : list of OneTask
    path : Path or None
        Its folder, where it is in one.
    facts : dict
        What ``multitask.json`` holds, with the verdict of each task.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> x = np.random.default_rng(0).normal(size=(60, 3))
    >>> labels = {"kind": np.where(x[:, 0] > 0, "tulip", "rose"), "height": x.sum(1)}
    >>> made = landbridge.multitask(
    ...     (x, labels), ["kind", "height"], alone=False, steps=10, out="flowers")
    >>> sorted(landbridge.load_multitask("flowers").predict(x[:1])[0])
    ['height', 'kind', 'name']
    """

    kind = "multitask"

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        facts: Mapping[str, Any],
        path: Path | None = None,
    ) -> None:
        self.network, self.preprocessing, self.path = network.eval(), preprocessing, path
        self.facts = dict(facts)
        self.tasks = [OneTask.from_json(task) for task in facts["tasks"]]

    @property
    def verdict(self) -> list[JsonObject]:
        """For each task: scores together and alone, the difference, and the outcome."""
        found: list[JsonObject] = self.facts["verdict"]
        return found

    @classmethod
    def load(cls, path: Path | str, *, offline: bool = False, events: Events = SILENT) -> MultiTask:
        """Open a finished folder.

        Raises
        ------
        RunError
            Where it is none, or a file was changed.
        """
        path = Path(path)
        facts = verified(path, "multitask", SHAPE)
        _check_tasks(path, facts)
        outputs = sum(facts["sizes"])
        network, opened = load_network(path, outputs, offline=offline, events=events)
        return cls(network, opened.preprocessing, facts, path)

    def page(self, folder: Path) -> Page:
        """Return what the report of a folder shows."""
        from .page import page_of

        return page_of(folder, self.facts)

    def predict(
        self, what: Any, *, outside: bool = False, events: Events = SILENT
    ) -> list[AnswerRow]:
        """Return "name" and one answer a task for each row of the input, in order.

        A row that could not be read has None, NaN where a task's answers are numbers, and "reason",
        as of `landbridge.Run.predict`, and so is `outside`.

        Raises
        ------
        DataError
            Where the data are of another modality.
        """
        domain = self._read(what, outside, events)
        decoded = decided(self.tasks, self._outputs(domain, events))
        names = domain.examples.names()
        rows = [
            {
                "name": name,
                **{task.name: own[i] for task, own in zip(self.tasks, decoded, strict=True)},
            }
            for i, name in enumerate(names)
        ]
        blank = {task.name: task.target_type.missing() for task in self.tasks}
        domain.input_rows.tell(domain.name, events)
        return domain.input_rows.answers(rows, {"name": "", **blank})

    def _read(self, what: Any, outside: bool, events: Events) -> Domain:
        """Return the rows that can be answered, and what was left out."""
        return given_rows(self.preprocessing, what, labelled=False, outside=outside, events=events)

    def evaluate(
        self,
        what: Any,
        *,
        keep_duplicates: bool = False,
        outside: bool = False,
        events: Events = SILENT,
    ) -> EvalResult:
        """Compare with the labels of other data, each task by itself.

        Parameters
        ----------
        what : path of a table, data frame, or (X, {name: labels})
            With columns of labels named as the tasks.
        keep_duplicates : bool, default False
            Judge on rows that were learned from as well, which are left out otherwise.
        outside : bool, default False
            Whether metadata and links in a folder of X may lead to files outside it.

        Returns
        -------
        dict
            "tasks": for each "task", "metric", "value", "low", "high" (95 %), "n", and
            "judged_groups" where groups were held out and the data have their column; "n",
            "seen" (how many rows it learned from, and what became of them; None for folders of
            earlier versions), and "unanswered": how many rows could not be read, by the reason.

        Raises
        ------
        DataError
            Where a column is missing, or no row has a label.
        """
        names = [task.name for task in self.tasks]
        reads: Options = {}
        if not isinstance(what, tuple):
            reads.update(self.preprocessing.reads())
        by = groups_asked(what, groups_column(self.facts))
        reads = {**reads, "rule": self.preprocessing.rule(), "outside": outside, "holdout_by": by}
        with read_as_learned(self.preprocessing, reads):
            domain, columns = read_tasks(what, names, reads, events)
        truth = true_labels(self.tasks, columns, len(domain))
        there = domain.input_rows.places
        domain = answerable(self.preprocessing, domain)
        truth = truth[np.isin(there, domain.input_rows.places)]
        if np.isnan(truth).all():
            raise DataError("no row has a label to compare with", hint="give labelled rows")
        unanswered, groups = domain.input_rows.reasons(), groups_read(domain, by)
        left, seen = not_learned(self.path, domain.examples, domain.name, keep_duplicates, events)
        own = domain.select(np.flatnonzero(left))
        outputs = self._outputs(own, events)
        found = scores_of(
            self.tasks, truth[left], outputs, None if groups is None else groups[left]
        )
        return {
            "tasks": found,
            "n": len(own),
            "seen": None if seen is None else seen.to_json(),
            "unanswered": unanswered,
        }

    def _outputs(self, domain: Domain, events: Events) -> np.ndarray:
        return run_examples(self.network, self.preprocessing, domain.examples, events)[1]


def _check_tasks(path: Path, facts: Mapping[str, Any]) -> None:
    """Raise where sizes, tasks and verdict do not speak of the same."""
    try:
        sizes = [OneTask.from_json(task).size for task in facts["tasks"]]
    except ConfigError:  # of no kind of label that there is
        sizes = []
    if not sizes or facts["sizes"] != sizes or 0 in sizes:
        raise RunError(
            f"{path / FILE} is damaged: sizes is {facts['sizes']}, and the tasks are of {sizes}",
            hint="restore the folder, or make it again",
        )
    if any(task["outcome"] not in ("helped", "hurt", "can't tell") for task in facts["verdict"]):
        raise RunError(
            f"{path / FILE} is damaged: an outcome is none of helped, hurt, can't tell",
            hint="restore the folder, or make it again",
        )


def scores_of(
    tasks: Sequence[OneTask],
    truth: np.ndarray,
    outputs: np.ndarray,
    groups: np.ndarray | None = None,
) -> list[JsonObject]:
    """Return each task's score, with a 95 % interval, on the rows whose truth is known.

    Parameters
    ----------
    tasks : sequence of OneTask
    truth : float ndarray (n, tasks)
        Index of the class, or numbers as networks learn them; NaN where unknown.
    outputs : float ndarray (n, outputs of all tasks)
    groups : int ndarray (n,), optional
        Rows of one number may be alike: intervals go by groups.
    """
    found = []
    for i, (task, said) in enumerate(zip(tasks, parts(tasks, outputs), strict=True)):
        labeled = ~np.isnan(truth[:, i])
        score: JsonObject = {"value": None, "low": None, "high": None}
        if labeled.any():
            own = None if groups is None else groups[labeled]
            by = ByRows(task.metric, task.scale(truth[labeled, i]), own)
            score = by.interval(task.score(said[labeled], truth[labeled, i])).to_json()
            if own is not None:
                score["judged_groups"] = by.n_groups
        found.append(
            {"task": task.name, "metric": task.metric.name, "n": int(labeled.sum()), **score}
        )
    return found


def decided(tasks: Sequence[OneTask], outputs: np.ndarray) -> list[list[Any]]:
    """Return the answers of each task: names of classes, or numbers in their own units."""
    found: list[list[Any]] = []
    for task, own in zip(tasks, parts(tasks, outputs), strict=True):
        if not task.target_type.named:
            found.append([round(float(x), 6) for x in own[:, 0] * task.std + task.mean])
        else:
            found.append([task.classes[i] for i in softmax(own).argmax(1)])
    return found


def parts(tasks: Sequence[OneTask], outputs: np.ndarray) -> list[np.ndarray]:
    """Return each task's part of the outputs."""
    ends = np.cumsum([task.size for task in tasks])
    return list(np.split(outputs, ends[:-1], axis=1))


def all_facts(tasks: Sequence[OneTask], facts: Mapping[str, Any]) -> JsonObject:
    """Return what ``multitask.json`` holds."""
    own = {"tasks": [task.to_json() for task in tasks], "sizes": [task.size for task in tasks]}
    return {"format": 1, **own, **facts}


def load_multitask(path: Path | str, *, offline: bool = False) -> MultiTask:
    """Open a folder that `landbridge.multitask` or `landbridge multitask` made.

    Raises
    ------
    RunError
        Where it is none, or a file was changed.
    """
    return MultiTask.load(path, offline=offline)
