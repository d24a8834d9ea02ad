"""Whether transfer helped on new data: the stored model beside the reference's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..domains.domain import Domain
from ..verdict.judge import difference, figure, outcome_of
from ..verdict.sentences import judged_sentence

if TYPE_CHECKING:
    from .run import Run

REFERENCE = "reference"
"""Folder of a run with the model that its verdict compares with."""


def given_labels(domain: Domain, rows: np.ndarray) -> list[Any]:
    """Return the labels of some rows as names, numbers, or tuples of names."""
    return domain.target_type.decode(domain.labels[rows], domain.classes)


def compared(
    run: Run, domain: Domain, rows: np.ndarray, values: np.ndarray, other: np.ndarray | None
) -> dict[str, Any]:
    """Return whether transfer helped on these rows: the stored model beside the reference's.

    Parameters
    ----------
    run : Run
    domain : Domain
    rows : int ndarray
        Its labelled rows.
    values, other : ndarray, shape (len(rows), k)
        Of the stored model, and of the reference's, None where the run keeps none.

    Returns
    -------
    dict
        "outcome", None where nothing is compared; "sentence", which says why then; "reference" and
        "difference" as in a verdict.
    """
    chosen, name = run.choice["method"], run.verdict.get("reference")
    if other is None or name is None:
        why = "the run says of no reference what transfer is compared with"
        if name is not None:
            kept_none = name == chosen
            why = "the run was made by an earlier version, which kept no model of the reference"
            why = "the run kept no transfer" if kept_none else why
        return {
            "outcome": None,
            "sentence": f"Nothing to compare with: {why}.",
            "reference": None,
            "difference": None,
        }
    reading = run.model.reading
    kind = reading.target_type
    metric = kind.metric
    truth, _ = kind.truth(given_labels(domain, rows), reading.classes)
    spread = kind.spread(truth)
    own, theirs = (metric.score(one[None], truth) for one in (values, other))
    gap = difference(own, theirs, metric, spread)
    words = {row["method"]: row["what"] for row in run.verdict["baselines"]}
    found: dict[str, Any] = {
        "answers": reading.answers,
        "outcome": outcome_of(gap),
        "judged_rows": len(rows),
        "seeds": [0],
        "chosen": figure(
            chosen, "chosen", run.verdict["chosen"]["what"], own, metric, True, scale=spread
        ),
        "reference": name,
        "baselines": [
            figure(name, "baseline", words.get(name, name), theirs, metric, scale=spread)
        ],
        "difference": gap,
    }
    return {
        "outcome": found["outcome"],
        "sentence": judged_sentence(found),
        "reference": found["baselines"][0],
        "difference": gap,
    }
