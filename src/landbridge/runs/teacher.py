"""A finished run that teaches: its answers to the target's rows, whichever modality it sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..artifacts.kinds import RUNS
from ..artifacts.making import check_finished
from ..artifacts.state import RUN_STATE
from ..base.config import RunConfig
from ..base.errors import ConfigError, DataError, RunError
from ..base.events import Events
from ..base.hashing import tensors_digest
from ..domains.domain import Domain
from ..domains.examples import Examples, data_of
from ..domains.modalities.multimodal import MultimodalExamples
from ..training.inputs import run_network
from .model import Model


@dataclass(frozen=True)
class Teacher:
    """What `distil` learns from.

    Attributes
    ----------
    path : Path
    model : Model
    student : str or None
        The modality that the student sees, of rows that have several.
    """

    path: Path
    model: Model
    student: str | None

    @property
    def name(self) -> str:
        """What to call it."""
        return self.path.resolve().name

    @property
    def classes(self) -> tuple[str, ...]:
        """What it tells apart."""
        return self.model.classes

    @property
    def digest(self) -> str:
        """A hash of its weights."""
        return tensors_digest(self.model.network.state_dict())

    @classmethod
    def load(cls, config: RunConfig, events: Events) -> Teacher | None:
        """Return the teacher that is asked for, None where none is.

        Raises
        ------
        RunError
            Where it is no finished run, or does not tell classes apart.
        ConfigError
            Where a student is named without a teacher.
        """
        if config.teacher is None:
            if config.student is not None:
                raise ConfigError(
                    "student is set without a teacher", hint="name one: --teacher RUN"
                )
            return None
        path = Path(config.teacher).expanduser()
        if not (path / RUN_STATE).is_file():
            raise RunError(
                f"the teacher {path} is no run", hint="give the folder of a finished run"
            )
        check_finished(path, RUNS)
        model = Model.load(path, offline=config.offline, events=events)
        if not model.reading.target_type.class_scores or len(model.classes) < 2:
            raise RunError(
                f"the teacher {path} gives {model.reading.target_type.summary}, and only classes "
                "can be taught so",
                hint="give a run that tells classes apart",
            )
        return cls(path, model, config.student)

    def taught(self, domain: Domain) -> Domain:
        """Return the rows that the student can see, where rows have several modalities.

        Raises
        ------
        DataError
            Where it is not clear what the student sees, or no row has it.
        """
        examples = domain.examples
        if not isinstance(examples, MultimodalExamples):
            if self.student not in (None, domain.modality):
                raise DataError(
                    f"the student is to see {self.student}, and {domain.name!r} holds "
                    f"{data_of(domain.modality)}",
                    hint="name both columns, such as --image and --text",
                )
            return domain
        part = self._part(examples)
        has = examples.places[part] >= 0
        if not has.any():
            raise DataError(f"no row of {domain.name!r} has {part}", hint="name another student")
        if has.all():
            return domain
        left = int((~has).sum())
        return domain.select(np.flatnonzero(has)).noting(
            f"{left} rows without {part}, which the student sees, are left out"
        )

    def _part(self, examples: MultimodalExamples) -> str:
        if self.student is not None:
            if self.student not in examples.parts:
                raise DataError(
                    f"the student is to see {self.student!r}; the rows have "
                    f"{', '.join(examples.parts)}",
                    hint="name one of these",
                )
            return self.student
        sees = self.model.preprocessing.modality
        others = [part for part in examples.parts if part != sees]
        if len(others) != 1:
            raise DataError(
                f"the rows have {', '.join(examples.parts)}, and the teacher sees {sees}",
                hint="say what the student sees: --student MODALITY",
            )
        return others[0]

    def seen(self, domain: Domain) -> Domain:
        """Return the domain as the student sees it."""
        examples = domain.examples
        if not isinstance(examples, MultimodalExamples) or not len(examples):
            return domain
        own, _ = examples.part(self._part(examples))
        return replace(domain, examples=own)

    def logits_for(
        self, examples: Examples, classes: tuple[str, ...], cache: Path, events: Events
    ) -> np.ndarray:
        """Return its logits for the classes, float32 (n, classes); NaN where it sees nothing.

        A class that it does not know is −inf: never the answer.

        Raises
        ------
        DataError
            Where the rows lack what it sees altogether, or it knows none of the classes.
        """
        prep = self.model.preprocessing
        rows = np.arange(len(examples))
        if isinstance(examples, MultimodalExamples) and prep.modality in examples.parts:
            own, rows = examples.part(prep.modality)
        else:
            own = examples
        fitting = prep.fitting(own)
        if fitting is None or not len(rows):
            raise DataError(
                f"the teacher {self.name!r} sees {data_of(prep.modality)}, and the rows hold "
                f"{data_of(examples.modality)}",
                hint="name its column as well, such as --image beside --text",
            )
        shared = [name for name in classes if name in self.classes]
        if len(shared) < 2:
            raise DataError(
                f"the teacher {self.name!r} tells apart {', '.join(self.classes[:10])}, and "
                f"{', '.join(classes[:10])} are wanted",
                hint="give a teacher that knows at least two of the classes",
            )
        inputs = prep.prepare(fitting, cache=cache, events=events)
        logits = run_network(self.model.network, inputs, prep)[1]
        found = np.full((len(examples), len(classes)), np.nan, np.float32)
        found[rows] = -np.inf
        for i, name in enumerate(classes):
            if name in self.classes:
                found[rows, i] = logits[:, self.classes.index(name)]
        return found

    def facts(self) -> dict[str, object]:
        """Return it in plain values, as ``data.json`` holds it."""
        return {
            "name": self.name,
            "path": str(self.path),
            "sees": self.model.preprocessing.modality,
            "classes": list(self.classes),
            "hash": self.digest,
        }
