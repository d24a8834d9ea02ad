"""Answers by the names of classes, and how good they are where there are labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..base.events import SILENT, Events
from ..metrics.estimates import mean_interval
from .space import Space


def answered(
    space: Space,
    what: Any,
    classes: Sequence[str],
    *,
    template: str = "{}",
    events: Events = SILENT,
) -> dict[str, Any]:
    """Return what the space says of data, and its accuracy where they are labelled.

    Returns
    -------
    dict
        "predictions" (as of `landbridge.Run.predict`), "accuracy" with "mean", "low", "high" and
        "n", or None where no label is one of the classes; "commonest", the share of the commonest
        class; "strange", labels that are none of the classes, and "left_out", how many rows that
        are.
    """
    domain = space.read(what, events=events)
    values = space.zero_shot(domain, classes, template=template, events=events)
    names = domain.examples.names()
    rows = [
        {
            "name": name,
            "predicted": classes[int(own.argmax())],
            "probability": dict(zip(classes, own.tolist(), strict=True)),
        }
        for name, own in zip(names, values, strict=True)
    ]
    accuracy, commonest, strange, left = None, 0.0, [], 0
    if domain.answers == "classes" and domain.known.any():
        place = {name: i for i, name in enumerate(classes)}
        own = [place.get(name, -1) for name in domain.classes]
        strange = [name for name in domain.classes if name not in place]
        labels = np.array([own[i] for i in domain.labels[domain.known]])
        left = int((labels < 0).sum())
        right = (values[domain.known].argmax(1) == labels)[labels >= 0]
        if len(right):
            found = mean_interval(right)
            accuracy = {"mean": found.value, "low": found.low, "high": found.high, "n": len(right)}
            commonest = float(np.bincount(labels[labels >= 0]).max() / len(right))
    return {
        "predictions": rows,
        "accuracy": accuracy,
        "commonest": commonest,
        "strange": strange,
        "left_out": left,
    }
