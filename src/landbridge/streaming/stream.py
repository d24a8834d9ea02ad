"""A stream: batches go in, probabilities come out, and the model follows what it sees."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..backbones.surgery import Network
from ..base.errors import ConfigError, DataError, RunError
from ..base.evenly import evenly
from ..base.hashing import tensors_digest
from ..base.typed import JsonObject
from ..domains.domain import Domain, Examples
from ..domains.examples import data_of
from ..domains.modalities.base import Preprocessing
from ..domains.read import read_domain
from ..solvers.calibration.softmax import softmax
from ..training.checkpoint import load_tensors, save_tensors
from ..training.inputs import run_network
from ..training.precision import layout
from .adabn import part
from .base import ADAPTERS
from .guard import Guard

SOURCE_ROWS = 256
"""So many rows of the source give a good enough Fisher information."""


@dataclass
class StreamReport:
    """What happened on a stream so far.

    Attributes
    ----------
    method : str
    guarded : bool
    batches, rows : int
    fallbacks : int
        Rows that the guard let the source model answer.
    resets : int
        How often the adapted model went back to its start, by its own rule or the guard's.
    filtered : int
        Rows that were answered and taught nothing, because of the method's filters.
    steps : int
        Gradient steps.
    notes : list of str
    """

    method: str
    guarded: bool
    batches: int = 0
    rows: int = 0
    fallbacks: int = 0
    resets: int = 0
    filtered: int = 0
    steps: int = 0
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> JsonObject:
        """Return plain values."""
        return asdict(self)


class Stream:
    """A model that answers unlabelled batches in their order and adapts as it goes.

    Make one with `open_stream`, or from a run with `landbridge.runs.stream.open_run_stream`.

    Parameters
    ----------
    network : Network
        The source model. Copies of it answer and adapt; it stays as it is.
    preprocessing : Preprocessing
    classes : sequence of str
        In the order of all probabilities.
    method : str, default "sar"
        A name from `ADAPTERS`.
    options : mapping, optional
        Fields of the method's configuration.
    guard : bool, default True
        Run the source model beside, one more forward pass a batch, and let it answer where
        the adapted one gives no evidence of being as good: see `Guard`.
    source_rows : ndarray, optional
        Stored rows of the source, as `Preprocessing.prepare` gives them, for methods that use
        some (EATA: up to 256, evenly spread).
    read : callable, optional
        Turns what `predict` is given into a Domain.
    temperature : float, default 1
        Of the probabilities that are returned. What adapts, and the guard, go by the model's own.
    """

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        classes: Sequence[str],
        *,
        method: str = "sar",
        options: Mapping[str, Any] | None = None,
        guard: bool = True,
        source_rows: np.ndarray | None = None,
        read: Callable[[Any], Domain] = read_domain,
        temperature: float = 1.0,
    ) -> None:
        self.source = copy.deepcopy(network).eval()
        self.preprocessing, self.classes = preprocessing, tuple(classes)
        self.device = next(iter(network.state_dict().values())).device
        self.read, self.temperature = read, temperature
        rows = None
        if source_rows is not None and len(source_rows):
            few = evenly(len(source_rows), SOURCE_ROWS)
            rows = self._encode(np.array(source_rows[few]))
        self.method, self.options = method, dict(options or {})
        kind = ADAPTERS.get(method)
        self.adapter = kind(copy.deepcopy(network), len(self.classes), self.options, rows)
        self.guard = Guard() if guard and method != "none" else None
        self._seen = StreamReport(method, self.guard is not None, notes=list(self.adapter.notes))
        self._digest = tensors_digest(network.state_dict())

    def __repr__(self) -> str:
        return f"Stream({self.method!r}, {self._seen.rows} rows seen)"

    def predict(self, batch: Any) -> np.ndarray:
        """Return float32 probabilities (n, classes), in the batch's order, and adapt.

        Parameters
        ----------
        batch : Examples, Domain, array, or whatever `landbridge.read_domain` takes
            Labels that come with it are not looked at.

        Raises
        ------
        DataError
            Where the rows are of another modality than the model's.
        """
        if (
            not isinstance(batch, Examples | Domain)
            and hasattr(batch, "__len__")
            and not len(batch)
        ):
            return np.zeros((0, len(self.classes)), np.float32)
        found = batch if isinstance(batch, Examples | Domain) else self.read(batch)
        given = found.examples if isinstance(found, Domain) else found
        examples = self.preprocessing.fitting(given)
        if examples is None:
            raise DataError(
                f"this batch holds {data_of(given.modality)}, the stream's model takes "
                f"{data_of(self.preprocessing.modality)}",
                hint="give data like the model's target",
            )
        return self.predict_stored(self.preprocessing.prepare(examples))

    def predict_stored(self, rows: np.ndarray) -> np.ndarray:
        """Like `predict`, for rows that `Preprocessing.prepare` has made already."""
        return self.predict_both(rows)[0]

    def predict_both(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the stream's answers and the source model's, None where that did not run."""
        if len(rows) == 0:
            empty = np.zeros((0, len(self.classes)), np.float32)
            return empty, empty
        adapted = self.adapter.answer(self._encode(rows)).double().softmax(1).cpu().numpy()
        seen = self._seen
        seen.batches, seen.rows = seen.batches + 1, seen.rows + len(rows)
        if self.guard is None:
            same = self._calibrated(adapted)
            return same, same if self.method == "none" else None
        source = self._of_source(rows)
        decision = self.guard.decide(source, adapted)
        seen.fallbacks += decision.fallbacks
        if decision.reset:
            self.adapter.reset()
            seen.resets += 1
        return self._calibrated(decision.answers), self._calibrated(source)

    def source_probabilities(self, rows: np.ndarray) -> np.ndarray:
        """Return the source model's answers to stored rows; nothing adapts."""
        return self._calibrated(self._of_source(rows))

    def _calibrated(self, probabilities: np.ndarray) -> np.ndarray:
        """Return float32 probabilities at the run's temperature."""
        if self.temperature == 1:
            return np.asarray(probabilities, np.float32)
        scores = np.log(np.maximum(probabilities, np.finfo(np.float64).tiny))
        return softmax(scores / self.temperature).astype(np.float32)

    def _of_source(self, rows: np.ndarray) -> np.ndarray:
        logits = run_network(self.source, rows, self.preprocessing, self.device)[1]
        return softmax(logits.astype(np.float64))

    def report(self) -> StreamReport:
        """Return what happened so far."""
        found, tally = copy.deepcopy(self._seen), self.adapter.tally
        found.resets += tally.get("resets", 0)
        found.filtered, found.steps = tally.get("filtered", 0), tally.get("steps", 0)
        return found

    def reset(self) -> None:
        """Go back to the source model, bit for bit; the report goes on counting."""
        self.adapter.reset()
        if self.guard is not None:
            self.guard.reset()

    def save(self, path: Path | str) -> None:
        """Write the stream's state as one safetensors file, without the source model."""
        tensors = {f"adapter.{k}": v for k, v in self.adapter.state().items()}
        if self.guard is not None:
            tensors |= {f"guard.{k}": torch.from_numpy(v) for k, v in self.guard.state().items()}
        facts = {**self._is(), "tally": self.adapter.tally, "report": self._seen.to_dict()}
        save_tensors(Path(path), tensors, facts)

    def load(self, path: Path | str) -> None:
        """Go on where `save` was called: later answers are the same, bit for bit.

        Raises
        ------
        RunError
            Where the file is missing, damaged, or of another model, method or options.
        """
        tensors, facts = load_tensors(Path(path))
        for name, value in self._is().items():
            if facts.get(name) != value:
                raise RunError(
                    f"{path} is of a stream with {name} {facts.get(name)!r}, this one has "
                    f"{value!r}",
                    hint="open the stream as the one that was saved",
                )
        self.adapter.load(part(tensors, "adapter"))
        self.adapter.tally = dict(facts["tally"])
        self._seen = StreamReport(**facts["report"])
        if self.guard is not None:
            self.guard.load({k: v.numpy() for k, v in part(tensors, "guard").items()})

    def _is(self) -> dict[str, object]:
        return {
            "kind": "stream",
            "model": self._digest,
            "method": self.method,
            "options": self.options,
            "guarded": self.guard is not None,
        }

    def _encode(self, rows: np.ndarray) -> torch.Tensor:
        stored = torch.from_numpy(np.array(rows))
        return layout(self.preprocessing.encode(stored.to(self.device)))


def open_stream(
    model: Any,
    method: str = "sar",
    *,
    options: Mapping[str, Any] | None = None,
    guard: bool = True,
    source_rows: np.ndarray | None = None,
) -> Stream:
    """Open a stream on a model.

    Parameters
    ----------
    model : object with network, preprocessing, classes and read
        `landbridge.Model`, or a run, whose model is taken.
    method, options, guard, source_rows
        As in `Stream`.

    Raises
    ------
    ConfigError
        Where the model answers with numbers, or with several labels at once.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> y = np.repeat(["ant", "bee"], 60)
    >>> x = np.random.default_rng(0).normal(size=(120, 3)) + 2 * (y == "bee")[:, None]
    >>> from landbridge.streaming import open_stream
    >>> run = landbridge.transfer(
    ...     (x, y), x, method="source-only", backbone="mlp", seeds=1, training={"steps": 20})
    >>> stream = open_stream(run, "none")
    >>> [stream.predict(batch).shape for batch in np.split(x + 1, 3)]
    [(40, 2), (40, 2), (40, 2)]
    """
    model = getattr(model, "model", model)
    reading = getattr(model, "reading", None)
    if reading is not None and not reading.target_type.class_scores:
        raise ConfigError(
            f"this model answers with {reading.target_type.summary}, and what adapts on a stream "
            "goes by class probabilities",
            hint="use predict, or a model that answers with classes",
        )
    return Stream(
        model.network,
        model.preprocessing,
        model.classes,
        method=method,
        options=options,
        guard=guard,
        source_rows=source_rows,
        read=model.read,
        temperature=1.0 if reading is None else reading.temperature,
    )
