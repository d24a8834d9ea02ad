"""A network with several heads, opened from its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..backbones.surgery import Network
from ..base.errors import DataError, RunError
from ..base.events import SILENT, Events
from ..base.files import read_json
from ..domains.domain import Domain
from ..domains.modalities.base import Preprocessing
from ..domains.read import read_domain
from ..solvers.softmax import softmax
from ..training.inputs import run_network
from ..training.network_folder import load_network
from .read import OneTask

FILE = "multitask.json"


class MultiTask:
    """One backbone with a head for each task.

    As a backbone it is reused by ``run/<folder>``.

    Attributes
    ----------
    tasks : list of OneTask
    facts : dict
        What ``multitask.json`` holds, with the verdict of each task.

    Examples
    --------
    >>> model = landbridge.load_multitask("flowers")                        # doctest: +SKIP
    >>> model.predict("new.csv")[0]                                          # doctest: +SKIP
    {'name': 'new row 1', 'kind': 'tulip', 'height': 41.2}
    """

    def __init__(
        self, network: Network, preprocessing: Preprocessing, facts: Mapping[str, Any]
    ) -> None:
        self.network, self.preprocessing = network.eval(), preprocessing
        self.facts = dict(facts)
        self.tasks = [
            OneTask(**{**task, "classes": tuple(task["classes"])}) for task in facts["tasks"]
        ]

    @property
    def verdict(self) -> list[dict[str, Any]]:
        """For each task: scores together and alone, the difference, and the outcome."""
        found: list[dict[str, Any]] = self.facts["verdict"]
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
        if not (path / FILE).is_file():
            raise RunError(
                f"{path} has no {FILE}", do="give a folder that `landbridge multitask` made"
            )
        facts = read_json(path / FILE)
        network, preprocessing = load_network(
            path, sum(facts["sizes"]), offline=offline, events=events
        )
        return cls(network, preprocessing, facts)

    def predict(self, what: Any, *, events: Events = SILENT) -> list[dict[str, Any]]:
        """Return "name" and one answer a task for each example.

        Raises
        ------
        DataError
            Where the data are of another modality.
        """
        domain = what
        if not isinstance(what, Domain):
            table = isinstance(what, str | Path) or hasattr(what, "columns")
            reads = self.preprocessing.reads() if table else {}
            domain = read_domain(what, labelled=False, **reads, events=events)
        examples = self.preprocessing.fitting(domain.examples)
        if examples is None:
            raise DataError(
                f"the data are {domain.modality}, and the model takes "
                f"{self.preprocessing.modality}",
                do="give data like those it was trained on",
            )
        inputs = self.preprocessing.prepare(examples, events=events)
        answers = decided(self.tasks, run_network(self.network, inputs, self.preprocessing)[1])
        names = domain.examples.names()
        return [
            {
                "name": name,
                **{task.name: own[i] for task, own in zip(self.tasks, answers, strict=True)},
            }
            for i, name in enumerate(names)
        ]


def decided(tasks: Sequence[OneTask], outputs: np.ndarray) -> list[list[Any]]:
    """Return the answers of each task: names of classes, or numbers in their own units."""
    found: list[list[Any]] = []
    for task, own in zip(tasks, parts(tasks, outputs), strict=True):
        if task.kind == "numbers":
            found.append([round(float(x), 6) for x in own[:, 0] * task.spread + task.mean])
        else:
            found.append([task.classes[i] for i in softmax(own).argmax(1)])
    return found


def parts(tasks: Sequence[OneTask], outputs: np.ndarray) -> list[np.ndarray]:
    """Return each task's part of the outputs."""
    ends = np.cumsum([task.size for task in tasks])
    return list(np.split(outputs, ends[:-1], axis=1))


def told(tasks: Sequence[OneTask], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what ``multitask.json`` holds."""
    own = {"tasks": [asdict(task) for task in tasks], "sizes": [task.size for task in tasks]}
    return {"format": 1, **own, **facts}


def load_multitask(path: Path | str, *, offline: bool = False) -> MultiTask:
    """Open a folder that `landbridge.multitask` or `landbridge multitask` made.

    Raises
    ------
    RunError
        Where it is none, or a file was changed.
    """
    return MultiTask.load(path, offline=offline)
