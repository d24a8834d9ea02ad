"""The source beside rows that are explained: what of it speaks for an answer, and against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import LandbridgeError
from ..base.evenly import evenly
from ..base.events import SILENT, Events
from ..base.formatting import shorten
from ..domains.domain import Domain
from ..explanation.influence import nearest, ridge_influence
from ..explanation.records import Neighbour
from ..targets.codec import TargetCodec
from ..training.inputs import saved_network
from .model import Model

if TYPE_CHECKING:
    from .run import Run

NONE = "none"
"""Given as the source: it is left out."""
_MOST = 1000
"""Rows of the source that are looked at."""
_EACH = 3
_ALPHA = 0.01
"""Of a ridge, as a share of the mean variance of features times the rows."""
_LETTERS = 120


@dataclass(frozen=True, eq=False)
class Beside:
    """The source's rows, with features of both sides.

    Attributes
    ----------
    source : Domain or None
    notes : tuple of str
    """

    source: Domain | None
    notes: tuple[str, ...] = ()
    model: Model | None = None
    stored: np.ndarray | None = None
    features: np.ndarray | None = None
    queries: np.ndarray | None = None

    def of(self, row: int, outputs: np.ndarray) -> tuple[Neighbour, ...]:
        """Return the learned rows that speak most for and against a row's answer, and the nearest.

        Influence is that of a ridge on the model's features, fitted to the source's labels.
        """
        if self.source is None or self.features is None or self.queries is None:
            return ()
        assert self.model is not None
        labeled = np.flatnonzero(self.source.labeled_mask)
        if len(labeled) < 2:
            return ()
        codec = self.model.reading
        targets = _speaking(self.source, codec, labeled, outputs)
        x, query = self.features[labeled], self.queries[row : row + 1]
        alpha = _ALPHA * float(((x - x.mean(0)) ** 2).sum()) / x.shape[1]
        change = ridge_influence(x, targets, query, max(alpha, 1e-9)).change[0]
        order = np.argsort(-change, kind="stable")
        kinds = [("for", i) for i in order[:_EACH] if change[i] > 0]
        kinds += [("against", i) for i in order[::-1][:_EACH] if change[i] < 0]
        kinds += [("near", int(i)) for i in nearest(x, query, _EACH)[0]]
        return tuple(self._neighbour(kind, int(labeled[i]), float(change[i])) for kind, i in kinds)

    def _neighbour(self, kind: str, row: int, change: float) -> Neighbour:
        assert self.source is not None
        assert self.model is not None
        assert self.stored is not None
        label = self.source.target_type.decode(self.source.labels[[row]], self.source.classes)[0]
        said = self.source.examples.values(row).get("text", "")
        return Neighbour(
            kind,
            self.source.examples.names()[row],
            ", ".join(label) if isinstance(label, tuple) else str(label),
            change,
            self.model.preprocessing.picture(self.stored[row]),
            shorten(str(said), _LETTERS),
        )


def _speaking(
    source: Domain, codec: TargetCodec, rows: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """Return what labels say of the score that is explained, (rows,)."""
    kind = codec.target_type
    labels, _ = kind.truth(kind.decode(source.labels[rows], source.classes), codec.classes)
    targets = kind.regression_targets(labels, len(codec.classes))
    _, weights = kind.explained(outputs, codec.classes, codec.scale)
    if targets.shape[1] == len(weights):
        return np.asarray(targets @ weights)
    return np.asarray(targets[:, 0] * (1.0 if weights[-1] > 0 else -1.0))


def rows_beside(
    run: Run, domain: Domain, stored: np.ndarray, source: Any, events: Events = SILENT
) -> Beside:
    """Read the source again, and say why where that cannot be.

    Parameters
    ----------
    source
        Data that take the place of what the run's configuration names; "none" for no source.
    """
    given = run.config.data.source if source is None else source
    if given is None or (isinstance(given, str) and given == NONE):
        return Beside(None)
    if source is None and run.config.data.domain is not None:
        return Beside(
            None,
            ("the source is some domains of a larger set: give it with --source to compare",),
        )
    model = run.model
    try:
        read = model.read(given, events=SILENT)
        read = read.select(evenly(len(read), _MOST))
        own = model.prepared(read)
    except (LandbridgeError, OSError) as error:
        if source is not None:
            raise
        why = getattr(error, "message", str(error))
        said = f"the source could not be read again, so nothing is said of it: {why}"
        return Beside(None, (said,))
    if not len(read):
        return Beside(None)
    features = saved_network(model.network, own, model.preprocessing)[0]
    queries = saved_network(model.network, stored, model.preprocessing)[0]
    return Beside(read, (), model, own, features, queries)
