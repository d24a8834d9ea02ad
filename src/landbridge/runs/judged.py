"""Labelled rows to judge a finished run by: those of data that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base.errors import DataError
from ..base.events import SILENT, Events
from ..domains.domain import Domain
from ..domains.read_like import groups_asked, groups_read
from ..domains.seen import Seen, say_seen, taken_away
from ..domains.spelling import check_test_labels
from .learned import learned_again

if TYPE_CHECKING:
    from .run import Run


@dataclass(frozen=True, eq=False)
class JudgedRows:
    """What a run can be judged by.

    Attributes
    ----------
    domain : Domain
        As it was read.
    rows : int ndarray
        Its rows with a label, without those that the run learned from.
    inputs : ndarray
        These, as the run's model takes them.
    groups : int ndarray or None
        Of these: rows of one number may be alike.
    seen : Seen or None
        What was learned from; None where the run is of an earlier version.
    left_out : int
        How many rows have no label.
    note : str
        Where these are rows that the run was made from.
    """

    domain: Domain
    rows: np.ndarray
    inputs: np.ndarray
    groups: np.ndarray | None
    seen: Seen | None
    left_out: int
    note: str


def judged_rows(
    run: Run,
    what: Any,
    *,
    label: str | None = None,
    keep_duplicates: bool = False,
    outside: bool = False,
    events: Events = SILENT,
) -> JudgedRows:
    """Read labelled data, and leave out what the run learned from; options as of `Run.evaluate`.

    Raises
    ------
    DataError
        Where no row has a label.
    """
    by = groups_asked(what, run.groups_column)
    domain = run.model.read(what, label=label, outside=outside, holdout_by=by, events=events)
    if not domain.labeled_mask.any():
        raise DataError(
            f"{domain.name!r} has no labels to compare with",
            hint="name the label column with --label, or use `landbridge predict`",
        )
    if said := check_test_labels(domain, run.model.classes, "the run"):
        events.log("warning", said)
    note = ""
    for side in ("source", "target"):
        facts = run.data[side]
        if facts and facts["fingerprint"] == domain.examples.fingerprint():
            note = f"these are the rows of the run's {side}: the figures are not about new data"
            events.log("warning", note)
    labelled = np.flatnonzero(domain.labeled_mask)
    own = domain.select(labelled)
    inputs = run.model.prepared(own, events)
    left, seen = np.ones(len(own), bool), None
    if (again := learned_again(run.path, own, inputs, run.model.preprocessing)) is not None:
        left, seen = taken_away(*again, keep_duplicates)
        say_seen(seen, domain.name, events)
    rows, groups = labelled[left], groups_read(domain, by)
    return JudgedRows(
        domain,
        rows,
        inputs[left],
        None if groups is None else groups[rows],
        seen,
        len(domain) - len(labelled),
        note,
    )
