"""Answers by the names of classes, and how good they are where there are labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..base.events import SILENT, Events
from ..base.typed import EvalResult
from ..domains.domain import Domain
from ..verdict.comparison import ByRows
from .space import Space


def answered(
    space: Space,
    what: Any,
    classes: Sequence[str],
    *,
    template: str = "{}",
    answer: str | None = None,
    outside: bool = False,
    events: Events = SILENT,
) -> EvalResult:
    """Return what the space says of data, and its accuracy where they are labelled.

    Returns
    -------
    dict
        "predictions" (as of `landbridge.Run.predict`), "unanswered" (how many rows have none, by
        the reason), "accuracy" with "mean", "low", "high" and "n", or None where no label is one of
        the classes; "commonest", the share of the commonest class; "strange", labels that are none
        of the classes, and "left_out", how many rows that are: they count as wrong.
    """
    domain = space.read(what, outside=outside, events=events)
    values = space.zero_shot(domain, classes, template=template, answer=answer, events=events)
    there = np.isfinite(values).all(1)
    if not there.all():
        why = "row without the modality that is looked at"
        rows = domain.input_rows.only(there, domain.examples.names(), why)
        domain = replace(domain.select(np.flatnonzero(there)), input_rows=rows)
        values = values[there]
    found = [
        {
            "name": name,
            "predicted": classes[int(own.argmax())],
            "probability": dict(zip(classes, own.tolist(), strict=True)),
        }
        for name, own in zip(domain.examples.names(), values, strict=True)
    ]
    blank = {"name": "", "predicted": None, "probability": dict.fromkeys(classes, float("nan"))}
    domain.input_rows.tell(domain.name, events)
    return {
        "predictions": domain.input_rows.answers(found, blank),
        "unanswered": domain.input_rows.reasons(),
        **_evaluate(domain, values, classes),
    }


def _evaluate(domain: Domain, values: np.ndarray, classes: Sequence[str]) -> EvalResult:
    """Return accuracy over every labelled row; one that is of no class that was named is wrong."""
    accuracy, commonest, strange, left = None, 0.0, [], 0
    if domain.target_type.exclusive and domain.labeled_mask.any():
        place = {name: i for i, name in enumerate(classes)}
        strange = [name for name in domain.classes if name not in place]
        own = np.array([place.get(name, -1) for name in domain.classes])
        given = domain.labels[domain.labeled_mask]
        labels = own[given]
        left = int((labels < 0).sum())
        if left < len(labels):
            found = ByRows().interval(values[domain.labeled_mask].argmax(1) == labels)
            accuracy = {"mean": found.value, "low": found.low, "high": found.high, "n": len(labels)}
            commonest = float(np.bincount(given).max() / len(labels))
    return {"accuracy": accuracy, "commonest": commonest, "strange": strange, "left_out": left}
