"""Whether transfer helped on new data: the stored model beside the reference's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..metrics.intervals import Interval
from ..verdict.comparison import ByRows, outcome_of
from ..verdict.records import MethodScore, Verdict, gap_to_json
from ..verdict.sentences import held_out_sentence

if TYPE_CHECKING:
    from .run import Run

REFERENCE = "reference"
"""Folder of a run with the model that its verdict compares with."""


def given_labels(domain: Domain, rows: np.ndarray) -> list[Any]:
    """Return the labels of some rows as names, numbers, or tuples of names."""
    return domain.target_type.decode(domain.labels[rows], domain.classes)


@dataclass(frozen=True)
class Comparison:
    """Whether transfer helped on new rows.

    Attributes
    ----------
    outcome : str or None
        None where nothing is compared; `sentence` says why then.
    sentence : str
    reference : MethodScore or None
    difference : Interval or None
    """

    outcome: str | None
    sentence: str
    reference: MethodScore | None = None
    difference: Interval | None = None

    def to_json(self) -> JsonObject:
        """Return "outcome", "sentence", and "reference" and "difference" as in a verdict."""
        gap, reference = self.difference, self.reference
        return {
            "outcome": self.outcome,
            "sentence": self.sentence,
            "reference": None if reference is None else reference.to_json(),
            "difference": gap_to_json(gap),
        }


def compared(
    run: Run,
    domain: Domain,
    rows: np.ndarray,
    values: np.ndarray,
    other: np.ndarray | None,
    groups: np.ndarray | None = None,
) -> Comparison:
    """Return whether transfer helped on these rows: the stored model beside the reference's.

    Parameters
    ----------
    run : Run
    domain : Domain
    rows : int ndarray
        Its labelled rows.
    values, other : ndarray, shape (len(rows), k)
        Of the stored model, and of the reference's, None where the run keeps none.
    groups : int ndarray, optional
        Of these rows: those of one number may be alike.
    """
    verdict = Verdict.from_json(run.verdict)
    chosen, name = run.choice["method"], verdict.reference
    if other is None or name is None:
        why = "the run says of no reference what transfer is compared with"
        if name is not None:
            kept_none = name == chosen
            why = "the run was made by an earlier version, which kept no model of the reference"
            why = "the run kept no transfer" if kept_none else why
        return Comparison(None, f"Nothing to compare with: {why}.")
    reading = run.model.reading
    kind = reading.target_type
    truth, _ = kind.truth(given_labels(domain, rows), reading.classes)
    scores = {
        method: kind.metric.score(one[None], truth)
        for method, one in ((chosen, values), (name, other))
    }
    before = verdict.baseline(name)
    what = {chosen: verdict.chosen.what, name: name if before is None else before.what}
    by = ByRows(kind.metric, kind.spread(truth), groups)
    found = by.compare(scores, chosen, what)
    reference, gap = replace(found[name], difference=None), found[name].difference
    new_verdict = Verdict(
        kind="judged",
        outcome=outcome_of(gap),
        target_type=reading.target_type,
        judged_rows=len(rows),
        judged_groups=by.n_groups,
        seeds=(0,),
        chosen=found[chosen],
        reference=name,
        baselines=(reference,),
        difference=gap,
    )
    return Comparison(new_verdict.outcome, held_out_sentence(new_verdict), reference, gap)
