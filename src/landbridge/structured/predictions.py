"""What a task's model says of rows, a few at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import DataError
from ..base.events import SILENT, Events
from .base import Example, StructuredTask

_BATCH = 8


def predictions_of(
    task: StructuredTask, model: Any, examples: Sequence[Example], events: Events = SILENT
) -> list[Any]:
    """Return a model's answers, a few rows at a time, rows of like length together."""
    import torch

    model.eval()
    order = np.argsort([_size(e.given) for e in examples], kind="stable").tolist()
    found: list[Any] = [None] * len(examples)
    with torch.inference_mode(), events.progress("answer", len(examples)) as bar:
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            said = task.predict(model, [examples[i] for i in rows])
            for i, one in zip(rows, said, strict=True):
                found[i] = one
            bar.advance(len(rows))
    return found


def predictions_or_errors(
    task: StructuredTask, model: Any, examples: Sequence[Example], events: Events = SILENT
) -> tuple[list[Any], dict[int, DataError]]:
    """Return a model's answers, None where a row cannot be decoded, and what is wrong with it."""
    try:
        return predictions_of(task, model, examples, events), {}
    except DataError:
        broken: dict[int, DataError] = {}
    for i, example in enumerate(examples):  # one by one: which of them is it?
        try:
            predictions_of(task, model, [example])
        except DataError as error:
            broken[i] = error
    rest = [i for i in range(len(examples)) if i not in broken]
    found: list[Any] = [None] * len(examples)
    said = predictions_of(task, model, [examples[i] for i in rest], events)
    for i, one in zip(rest, said, strict=True):
        found[i] = one
    return found, broken


def _size(given: Any) -> int:
    if isinstance(given, Path):
        return given.stat().st_size
    return len(given)
