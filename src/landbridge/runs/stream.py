"""A finished run's model on a stream: data in their order, answers as they come."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import ConfigError
from ..base.events import SILENT, Events
from ..base.renamed import renamed_keywords
from ..base.typed import EvalResult
from ..domains.spelling import check_test_labels
from ..streaming.base import ADAPTERS
from ..streaming.stream import Stream, open_stream
from .run import Run, answer_rows, load_run

STRETCHES = 10
"""Into so many stretches accuracy over time is cut."""


def open_run_stream(run: Run | Path | str, method: str = "sar", **how: Any) -> Stream:
    """Open a stream on a run or its folder; `how` as in `landbridge.streaming.open_stream`."""
    return open_stream(run if isinstance(run, Run) else load_run(run), method, **how)


@renamed_keywords
def stream_data(
    run: Run,
    data: Any,
    *,
    method: str = "sar",
    options: Mapping[str, Any] | None = None,
    batch_size: int = 64,
    guard: bool = True,
    label: str | None = None,
    outside: bool = False,
    events: Events = SILENT,
) -> EvalResult:
    """Answer data in their order, batch by batch, adapting on the way.

    `data`, `label` and `outside` as for `Run.evaluate`.

    Returns
    -------
    dict
        "predictions": as `Run.predict`. "unanswered": how many rows could not be read, by the
        reason. "report": see `StreamReport`. "over_time": None
        without labels, else one dict for each tenth of the labelled rows: "first" and "last"
        row, "n", "source" and "adapted" accuracy. "accuracy": the same over all labelled
        rows, or None. Labels are looked at after the last answer, for these figures alone.

    Raises
    ------
    ConfigError
        Where the batch is smaller than one row.
    DataError
        Where the data are of another modality than the run's.
    """
    if batch_size < 1:
        raise ConfigError(f"a batch of {batch_size} rows", hint="give --batch-size 1 or more")
    ADAPTERS.get(method)
    model = run.model
    domain = model.read(data, label=label, outside=outside, events=events)
    if said := check_test_labels(domain, model.classes, "the run"):
        events.log("warning", said)
    rows = model.prepared(domain, events)
    stream = open_stream(model, method, options=options, guard=guard)
    for note in stream.report().notes:
        events.log("warning", note)
    adapted, source = [], []
    with events.progress("stream", len(rows)) as bar:
        for start in range(0, len(rows), batch_size):
            some = rows[start : start + batch_size]
            ours, theirs = stream.predict_both(some)
            adapted.append(ours)
            if domain.labeled_mask.any():
                source.append(stream.source_probabilities(some) if theirs is None else theirs)
            bar.advance(len(some))
    probabilities = np.concatenate(adapted) if adapted else np.zeros((0, len(model.classes)))
    value: EvalResult = {
        "predictions": answer_rows(model.reading, domain, probabilities),
        "unanswered": domain.input_rows.reasons(),
        "report": stream.report().to_dict(),
        "over_time": None,
        "accuracy": None,
    }
    labeled = np.flatnonzero(domain.labeled_mask)
    if len(labeled):
        place = {name: i for i, name in enumerate(model.classes)}
        truth = np.array([place.get(domain.classes[i], -1) for i in domain.labels[labeled]])
        right = {
            "source": np.concatenate(source)[labeled].argmax(1) == truth,
            "adapted": probabilities[labeled].argmax(1) == truth,
        }
        value["accuracy"] = {name: float(hits.mean()) for name, hits in right.items()}
        places = domain.input_rows.places
        value["over_time"] = [
            {
                "first": int(places[labeled[part[0]]]),
                "last": int(places[labeled[part[-1]]]),
                "n": len(part),
                **{name: float(hits[part].mean()) for name, hits in right.items()},
            }
            for part in np.array_split(np.arange(len(labeled)), min(STRETCHES, len(labeled)))
        ]
    return value
