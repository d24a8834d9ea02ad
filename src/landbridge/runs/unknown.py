"""What a run remembers to call rows unknown: how known its source's validation rows look."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..base.errors import RunError
from ..base.files import write_json
from ..base.typed import JsonObject
from ..metrics.open_set import Score, id_scores, unknown_threshold
from .context import FitContext
from .fit import Fit
from .records import read_record

FILE = "unknown.json"
SCORE: Score = "confidence"


def save_unknown(context: FitContext, chosen: Fit) -> None:
    """Write ``unknown.json``, where the run has validation rows of its source.

    No row of them was learned from. Rows of classes that are no answer are left out: they would
    be called unknown with right.
    """
    if not context.data.situation.target_type.class_scores:
        return
    if (
        context.data.source is None
        or not context.data.validation.any()
        or not chosen.has("validation")
    ):
        return
    answerable = context.data.source.labels[context.data.validation] >= 0
    scores = np.sort(id_scores(chosen.output("validation")[answerable], SCORE))
    if len(scores):
        write_json(context.path / FILE, {"score": SCORE, "calibration": scores.tolist()})


def unknown_rows(path: Path, logits: np.ndarray, rate: float) -> tuple[np.ndarray, str]:
    """Return which rows look like no known class, and a note where none can.

    Parameters
    ----------
    path : Path
        Of the run.
    logits : ndarray, shape (n, classes)
        What the run's model says of the rows.
    rate : float
        At most this share of rows like the source's validation rows is called unknown.

    Returns
    -------
    rows : ndarray of bool, shape (n,)
    note : str

    Raises
    ------
    RunError
        Where the run has no validation rows to compare with.
    """
    facts = _facts(path)
    calibration = np.array(facts["calibration"])
    threshold = unknown_threshold(calibration, rate)
    note = ""
    if threshold == -np.inf:
        n = len(calibration)
        note = (
            f"{n} validation rows cannot hold a rate of {rate:g}: no row is called unknown; "
            f"from {1 / (n + 1):.2g} on some can be"
        )
    return id_scores(logits, facts["score"]) < threshold, note


def _facts(path: Path) -> JsonObject:
    if not (path / FILE).exists():
        raise RunError(
            f"{path} has no {FILE}: it had no labelled source, so no validation rows to compare "
            "with",
            hint="leave --unknown out, or make a run with a labelled source",
        )
    return read_record(path, FILE)
