"""A run's model: θ₀ + Δ, with everything it needs to answer for raw examples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..backbones.base import BackboneIdentity
from ..backbones.surgery import Network
from ..base.errors import DataError
from ..base.events import SILENT, Events
from ..domains.domain import Domain
from ..domains.examples import data_of
from ..domains.modalities.base import Preprocessing, Reads
from ..domains.one import answerable, as_rows, asked
from ..domains.read import read_domain
from ..domains.read_like import read_as_learned
from ..domains.schema import TableSchema
from ..domains.spelling import spelled_like
from ..targets.codec import TargetCodec
from ..targets.registry import multiclass
from ..training.inputs import saved_network
from ..training.network_folder import load_network
from .records import read_record


class Model:
    """A network with its preprocessing and class names.

    Parameters
    ----------
    network : Network
    preprocessing : Preprocessing
    classes : tuple of str
        In the order of all probabilities.
    limits : (float, float), optional
        Which values of an array of images are black and white, as in the run's target.
    reading : TargetCodec, optional
        How outputs are read; as classes where not given.
    identity : BackboneIdentity, optional
        Which θ₀ it was made of, where it is a run's.
    schema : TableSchema, optional
        What the columns of the run's target were taken for.
    label_column : str, optional
        The column of tables that held the labels of the run's target.
    """

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        classes: Sequence[str],
        limits: tuple[float, float] | None = None,
        reading: TargetCodec | None = None,
        identity: BackboneIdentity | None = None,
        schema: TableSchema | None = None,
        label_column: str | None = None,
    ) -> None:
        self.label_column = label_column
        self.schema = schema
        self.identity = identity
        self.limits = limits
        self.reading = reading or TargetCodec(multiclass(), tuple(classes))
        self.network = network.eval()
        self.preprocessing = preprocessing
        self.classes = tuple(classes)

    @classmethod
    def load(
        cls, path: Path, *, part: str = "", offline: bool = False, events: Events = SILENT
    ) -> Model:
        """Open θ₀ again, check its hash, and put Δ on it.

        Parameters
        ----------
        path : Path
            A run's folder.
        part : str
            A folder in it that holds another model of the same run.

        Raises
        ------
        RunError
            Where a file is missing or damaged.
        BackboneError
            Where θ₀ is not the one the run was made with.
        """
        run, path = path, path / part
        reading = TargetCodec.from_dict(read_record(path, "labels.json"))
        network, opened = load_network(path, reading.n_outputs, offline=offline, events=events)
        data = read_record(run, "data.json")["target"]
        limits, schema = data.get("limits"), data.get("schema")
        if limits is not None:  # of runs made before it was kept with the preprocessing as well
            own = opened.preprocessing
            opened.preprocessing = own.ruled({"value_range": limits, **own.rule()})
        return cls(
            network,
            opened.preprocessing,
            reading.classes,
            None if limits is None else tuple(limits),
            reading,
            opened.identity,
            None if schema is None else TableSchema.from_json(schema),
            data.get("label_column"),
        )

    def read(
        self,
        what: Any,
        *,
        label: str | None = None,
        labelled: bool | None = None,
        outside: bool = False,
        holdout_by: str | None = None,
        events: Events = SILENT,
    ) -> Domain:
        """Read data as the run's target was read; a Domain is returned as it is.

        Of a table the columns that the model needs are its features, whatever else is there. Rows
        that lack what the model takes are left out (`Domain.input_rows`). Labels are in `label`, or
        in the column that held the run's; with ``labelled=False`` none is looked at. With `outside`
        metadata and links in a folder may lead to files outside it. `holdout_by` names a column of
        groups, which may be missing.
        """
        if isinstance(what, Domain):
            return asked(self.preprocessing, what)
        what = as_rows(self.preprocessing, what, events)
        if isinstance(what, Domain):
            return answerable(self.preprocessing, what)
        table = isinstance(what, str | Path) or hasattr(what, "columns")
        reads = self._reads(table)
        with read_as_learned(self.preprocessing, reads):
            found = read_domain(
                what,
                label=label,
                usual_label=self.label_column,
                labelled=labelled,
                **reads,
                limits=self.limits,
                rule=self.preprocessing.rule(),
                target_type=self.reading.target_type.name,
                outside=outside,
                holdout_by=holdout_by,
                allow_missing=True,  # of an array as of a table: what was learned takes its place
                events=events,
            )
        spelled = spelled_like(found, self.classes, "the run")
        for note in spelled.notes[len(found.notes) :]:
            events.log("note", f"{spelled.name}: {note}")
        return answerable(self.preprocessing, spelled)

    def _reads(self, table: bool) -> Reads:
        """Return how columns are read: as the run's target's were."""
        found = self.preprocessing.reads() if table else {}
        if self.schema is None:
            return found
        own = found.get("schema")
        return {**found, "schema": self.schema if own is None else self.schema.merged(own)}

    def predict_proba(
        self, what: Any, *, outside: bool = False, events: Events = SILENT
    ) -> np.ndarray:
        """Return float32 probabilities (n, classes) for a path, arrays, or a Domain.

        A row that could not be read has NaN in its place.

        Raises
        ------
        DataError
            Where the answers are numbers, which have none.
        """
        if not self.reading.target_type.named:
            raise DataError(
                "the answers are numbers: they have no probabilities", hint="use predict"
            )
        domain = self.read(what, labelled=False, outside=outside, events=events)
        return domain.input_rows.array(self.probabilities(domain, events), np.nan)

    def predict(self, what: Any, *, outside: bool = False, events: Events = SILENT) -> np.ndarray:
        """Return class names (n,); numbers, float64 (n,); or tuples of label names (n,).

        In the place of a row that could not be read is None, or NaN where answers are numbers.
        """
        domain = self.read(what, labelled=False, outside=outside, events=events)
        kind, predictions = (
            self.reading.target_type,
            self.reading.predict(self.values(domain, events)),
        )
        return domain.input_rows.array(kind.as_array(predictions), kind.missing())

    def probabilities(self, domain: Domain, events: Events = SILENT) -> np.ndarray:
        """Return float32 probabilities of a domain's examples."""
        return self.values(domain, events).astype(np.float32)

    def values(self, domain: Domain, events: Events = SILENT) -> np.ndarray:
        """Return probabilities (n, classes), or numbers in the label's units (n, 1)."""
        return self.reading.transform(self.logits(domain, events))

    def values_of(self, inputs: np.ndarray) -> np.ndarray:
        """Return the same of rows as `prepared` gives them."""
        return self.reading.transform(self.logits_of(inputs))

    def logits(self, domain: Domain, events: Events = SILENT) -> np.ndarray:
        """Return float32 logits of a domain's examples."""
        return self.logits_of(self.prepared(domain, events))

    def logits_of(self, inputs: np.ndarray) -> np.ndarray:
        """Return the same of rows as `prepared` gives them."""
        if len(inputs) == 0:
            return np.zeros((0, self.reading.n_outputs), np.float32)
        return saved_network(self.network, inputs, self.preprocessing)[1]

    def prepared(self, domain: Domain, events: Events = SILENT) -> np.ndarray:
        """Return a domain's examples as the network takes them, first axis n.

        Raises
        ------
        DataError
            Where they are of another modality than the run's.
        """
        examples = self.preprocessing.fitting(domain.examples)
        takes = self.preprocessing.modality
        if examples is None and takes in getattr(domain.examples, "parts", {}):
            raise DataError(
                f"some rows of {domain.name!r} have no {takes}, which this run's model takes",
                hint="leave them out",
            )
        if examples is None:
            raise DataError(
                f"{domain.name!r} holds {data_of(domain.modality)}, this run's model takes "
                f"{data_of(takes)}",
                hint="give data like the run's target",
            )
        if len(domain) == 0:
            return np.zeros((0,), np.float32)
        return self.preprocessing.prepare(examples, events=events)
