"""``predictions.parquet``: what every figure of the verdict is computed from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..base.files import whole_file
from ..domains.task import Task
from ..verdict.judge import Truth
from .networks import softmax
from .race import Raced
from .workspace import Workspace

Blocks = list[tuple[str, int, np.ndarray]]
"""Method, seed (or repetition) and logits of the same rows."""


def save_predictions(
    workspace: Workspace, task: Task, raced: Raced, truth: Truth | None, kind: str
) -> None:
    """Write one row per judged example, method and seed.

    Parameters
    ----------
    kind : {"judged", "cross-validated", "label-free"}
        Of the verdict. "cross-validated": out-of-fold answers to the labelled rows, where
        each repetition stands in the place of a seed. "label-free": the usable rows, whose
        truth nobody knows.
    """
    blocks: Blocks
    if kind == "cross-validated":
        side = workspace.target
        known = np.flatnonzero(side.known)
        rows = np.flatnonzero(~task.target.held_out)[known]
        true: list[str | None] = [workspace.classes[i] for i in side.labels[known]]
        blocks = [
            (name, repeat, raced.folds[name][repeat])
            for name in raced.compared
            for repeat in range(len(raced.folds[name]))
        ]
    else:
        which = "target" if truth is None else "judged"
        rows = np.flatnonzero(~task.target.held_out if truth is None else task.target.judged)
        true = [None] * len(rows) if truth is None else truth.names.tolist()
        blocks = [
            (method, seed, fit.output(which))
            for method, fits in raced.fits.items()
            for seed, fit in fits.items()
        ]
    names = np.array(task.target.examples.names(), dtype=object)[rows].tolist()
    _write(
        workspace.path / "predictions.parquet",
        rows.tolist(),
        names,
        true,
        np.array(workspace.classes, dtype=object),
        blocks,
        raced.chosen,
    )


def _write(
    path: Path,
    rows: list[int],
    names: list[str],
    true: list[str | None],
    classes: np.ndarray,
    blocks: Blocks,
    chosen: str,
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = len(rows)
    columns: dict[str, list[Any]] = {
        key: [] for key in ("row", "name", "method", "role", "seed", "predicted", "true", "correct")
    }
    probabilities: list[np.ndarray] = []
    for method, seed, logits in blocks:
        p = softmax(logits).astype(np.float32)
        predicted = classes[logits.argmax(1)].tolist()
        columns["row"] += rows
        columns["name"] += names
        columns["method"] += [method] * n
        columns["role"] += ["chosen" if method == chosen else "baseline"] * n
        columns["seed"] += [seed] * n
        columns["predicted"] += predicted
        columns["true"] += true
        columns["correct"] += [
            None if b is None else a == b for a, b in zip(predicted, true, strict=True)
        ]
        probabilities += list(p)
    types = {
        "row": pa.int64(),
        "name": pa.string(),
        "method": pa.string(),
        "role": pa.string(),
        "seed": pa.int64(),
        "predicted": pa.string(),
        "true": pa.string(),
        "correct": pa.bool_(),
    }
    table = pa.table(
        {key: pa.array(columns[key], kind) for key, kind in types.items()}
        | {"probability": pa.array(probabilities, pa.list_(pa.float32()))}
    )
    with whole_file(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
