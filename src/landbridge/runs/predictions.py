"""``predictions.parquet``: what every figure of the verdict is computed from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..base.files import atomic_file
from ..domains.task import Task
from ..isolation.ask import wrote
from ..targets.base import TargetType
from ..targets.codec import TargetCodec
from ..verdict.evaluate import Truth
from .context import FitContext
from .folds import alike_rows, compared_rows
from .select import SelectionResult

Blocks = list[tuple[str, int, np.ndarray]]
"""Method, seed (or repetition) and logits of the same rows."""


def save_predictions(
    context: FitContext,
    task: Task,
    selected: SelectionResult,
    truth: Truth | None,
    kind: str,
    own: TargetCodec,
) -> None:
    """Write one row per judged example, method and seed.

    "predicted" and "true" are class names, numbers (with "error", predicted − true), or lists
    of label names ("correct": all of them are right). "id" is what the data call a row, where
    they do; "group" says which rows may be alike, where whole groups were held out.

    Parameters
    ----------
    kind : {"judged", "cross-validated", "label-free"}
        Of the verdict. "cross-validated": out-of-fold answers to the labelled rows, where
        each repetition stands in the place of a seed. "label-free": the usable rows, whose
        truth nobody knows.
    own : TargetCodec
        How the chosen method's outputs become probabilities.
    """
    blocks: Blocks
    if kind == "cross-validated":
        side = context.data.target
        labeled = np.flatnonzero(compared_rows(side))
        rows = np.flatnonzero(~task.target.held_out)[labeled]
        labels = context.data.reading.decode(side.labels[labeled])
        true: list[Any] = context.data.reading.target_type.decode(labels, context.data.classes)
        blocks = [
            (name, repeat, selected.folds[name][repeat])
            for name in selected.compared
            for repeat in range(len(selected.folds[name]))
        ]
    else:
        which = "target" if truth is None else "judged"
        rows = np.flatnonzero(~task.target.held_out if truth is None else task.target.test_mask)
        true = [None] * len(rows) if truth is None else truth.names.tolist()
        blocks = [
            (method, seed, fit.output(which))
            for method, fits in selected.fits.items()
            for seed, fit in fits.items()
        ]
    names = np.array(task.target.examples.names(), dtype=object)[rows].tolist()
    given = task.target.input_rows
    ids = None if given.ids is None else [given.ids[i] for i in given.places[rows]]
    _write(
        context.path / "predictions.parquet",
        rows.tolist(),
        names,
        ids,
        true,
        context.data.reading,
        blocks,
        selected.chosen,
        own,
        alike_rows(task.target, rows),
    )


def _write(
    path: Path,
    rows: list[int],
    names: list[str],
    ids: list[str | None] | None,
    true: list[Any],
    reading: TargetCodec,
    blocks: Blocks,
    chosen: str,
    own: TargetCodec,
    groups: np.ndarray | None = None,
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = len(rows)
    kind = reading.target_type
    types = _types(kind, with_ids=ids is not None, with_groups=groups is not None)
    columns: dict[str, list[Any]] = {key: [] for key in types}
    for method, seed, logits in blocks:
        values = (own if method == chosen else reading).transform(logits)
        predicted = reading.predict(values)
        columns["row"] += rows
        columns["name"] += names
        if ids is not None:
            columns["id"] += ids
        if groups is not None:
            columns["group"] += groups.tolist()
        columns["method"] += [method] * n
        columns["role"] += ["chosen" if method == chosen else "baseline"] * n
        columns["seed"] += [seed] * n
        columns["predicted"] += predicted
        columns["true"] += true
        if not kind.named:
            columns["error"] += [
                None if b is None else a - b for a, b in zip(predicted, true, strict=True)
            ]
            continue
        columns["correct"] += [
            None if b is None else kind.agree(a, b) for a, b in zip(predicted, true, strict=True)
        ]
        columns["probability"] += list(values.astype(np.float32))
    table = pa.table({key: pa.array(columns[key], of) for key, of in types.items()})
    with atomic_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    wrote(path)


def _types(kind: TargetType, *, with_ids: bool, with_groups: bool) -> dict[str, object]:
    """Return the columns and what they hold."""
    import pyarrow as pa

    answer = kind.column()
    rest = {"correct": pa.bool_(), "probability": pa.list_(pa.float32())}
    return {
        "row": pa.int64(),
        "name": pa.string(),
        **({"id": pa.string()} if with_ids else {}),
        **({"group": pa.int64()} if with_groups else {}),
        "method": pa.string(),
        "role": pa.string(),
        "seed": pa.int64(),
        "predicted": answer,
        "true": answer,
        **({"error": pa.float64()} if not kind.named else rest),
    }
