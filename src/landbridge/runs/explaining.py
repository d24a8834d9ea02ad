"""A model with rows that it can be asked about: of a finished run, or of one that is being made."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backbones.open import reopen
from ..base.errors import LandbridgeError
from ..base.evenly import evenly
from ..base.events import SILENT, Events
from ..domains.domain import Domain
from ..domains.examples import Examples
from ..explanation.base import Explainer
from ..explanation.concepts import Concepts
from ..explanation.explain import Explained, Explaining, modality_shares
from ..explanation.records import RowExplanation
from ..explanation.representation import StageMove, stage_moves
from ..explanation.views.base import Rows
from ..targets.codec import TargetCodec
from ..training.inputs import saved_network
from .model import Model

_COMPARED = 100
"""Rows by which representations are compared."""


def explaining_of(
    model: Model, domain: Domain, passes: int, seed: int, events: Events = SILENT
) -> Explaining:
    """Return a model with rows that it can be asked about."""
    stored = model.prepared(domain, events)
    examples = model.preprocessing.fitting(domain.examples)
    assert examples is not None
    return explaining_rows(model, examples, stored, passes, seed)


def explaining_rows(
    model: Model, examples: Examples, stored: np.ndarray, passes: int, seed: int
) -> Explaining:
    """Return the same of examples that are prepared."""
    network = model.network.eval().requires_grad_(False)
    rows = Rows.of(model.preprocessing, examples, stored)
    outputs = saved_network(network, stored, model.preprocessing)[1]
    return Explaining(network, rows, outputs, model.reading, passes, seed)


def recorded(
    reading: TargetCodec,
    one: Explained,
    name: str,
    place: int,
    values: np.ndarray,
    truth: Any,
    why: str,
) -> RowExplanation:
    """Return what is said of one row.

    Parameters
    ----------
    reading : TargetCodec
    one : Explained
    name : str
    place : int
        Where it stands in the input.
    values : ndarray, shape (k,)
        Its outputs, as `reading.transform` gives them.
    truth : object
        None where there is none.
    why : str
        Why it is shown.
    """
    kind = reading.target_type
    answer = reading.predict(values[None])[0]
    own, view = one.attribution, one.game.view
    return RowExplanation(
        name=name,
        row=place,
        answer=_plain(answer),
        probability=float(values.max()) if kind.named else None,
        about=one.about,
        truth=_plain(truth),
        right=bool(kind.agree(answer, truth)) if kind.named and truth is not None else None,
        why=why,
        units=view.names,
        scores=tuple(own.scores.tolist()),
        check=one.check,
        shares=modality_shares(one.game),
        drawn=tuple(view.drawn(own.scores, own.detail)),
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def rests_on(
    explaining: Explaining,
    method: Explainer,
    most: int,
    what: str,
    events: Events = SILENT,
    each: Concepts | None = None,
) -> list[dict[str, float]]:
    """Return what speaks for the answers by key, of so many rows that are drawn evenly.

    `each` takes the regions of all of them as well.
    """
    drawn = evenly(len(explaining.outputs), most)
    found = []
    with events.progress(what, len(drawn)) as bar:
        for row in drawn:
            scores = explaining.scores(int(row), method, each)
            if scores is not None:
                found.append(scores)
            bar.advance()
    return found


def stages_moved(model: Model, rows: Rows, events: Events = SILENT) -> list[StageMove]:
    """Return how far each stage of the backbone went from θ₀; nothing where none moved."""
    if model.identity is None or not model.network.backbone.stages():
        return []
    try:
        first = reopen(model.identity, model.preprocessing, offline=True, events=events)
    except LandbridgeError:
        return []
    return stages_between(first.module, model.network.backbone, rows, _COMPARED)


def stages_between(first: Any, last: Any, rows: Rows, most: int) -> list[StageMove]:
    """Return how far each stage went between two backbones, on at most so many rows."""
    import torch

    some = np.array(rows.stored[np.asarray(evenly(len(rows.stored), most))])
    return stage_moves(first, last, rows.preprocessing.encode(torch.from_numpy(some)))
