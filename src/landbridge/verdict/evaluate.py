"""The verdict: opens the sealed labels, compares on the same examples, says how sure.

The only package that may open them. Nothing here is read by training or selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..base.hashing import digest
from ..domains.sealed import SealedLabels
from ..domains.seen import Seen
from ..metrics.figures import (
    brier,
    calibration_error_by_chance,
    expected_calibration_error,
    log_loss,
)
from ..targets.base import TargetType
from ..targets.registry import get_target_type
from .comparison import ByRows, outcome_of
from .records import Calibration, Chosen, Verdict
from .sentences import held_out_sentence
from .settle import Unlabelled, settled_by
from .settle import labels_to_settle as labels_to_settle


@dataclass(frozen=True)
class Predicted:
    """What one method says of the judged rows.

    Attributes
    ----------
    method : str
    role : {"chosen", "baseline"}
    what : str
        In plain words.
    seeds : tuple of int
    probabilities : float32 ndarray (seeds, n, classes)
        Numbers, in the label's units, (seeds, n, 1), where answers are numbers.
    raw : ndarray (n, classes), optional
        The stored model's before its temperature.
    """

    method: str
    role: str
    what: str
    seeds: tuple[int, ...]
    probabilities: np.ndarray
    raw: np.ndarray | None = None


@dataclass(frozen=True)
class Truth:
    """The truth, once opened: names, and indices into the answers (−1: not among them).

    Numbers: the numbers themselves as both, NaN where there is none. Several labels at once:
    tuples of names, and a table of 0 and 1 (n, labels), those that are no answer last.
    """

    names: np.ndarray
    index: np.ndarray
    has: np.ndarray
    unseen: tuple[str, ...]


def labels_print(sealed: SealedLabels | None) -> str:
    """Return a hash of the sealed labels, to notice that they changed between two sessions."""
    return "none" if sealed is None else digest(sealed.open().tolist())


def open_labels(
    sealed: SealedLabels, classes: Sequence[str], target_type: str | TargetType = "multiclass"
) -> Truth:
    """Open the sealed labels for figures and for the report."""
    names = sealed.open()
    has = np.array([name is not None for name in names], bool)
    index, unseen = get_target_type(target_type).truth(names.tolist(), classes)
    return Truth(names, index, has, tuple(unseen))


def evaluate_predictions(
    sealed: SealedLabels,
    classes: Sequence[str],
    predictions: Sequence[Predicted],
    reference: str | None,
    *,
    seeds_note: str = "",
    target_type: str | TargetType = "multiclass",
    unlabelled: Unlabelled | None = None,
    seen: Seen | None = None,
    choice: Chosen | None = None,
    groups: np.ndarray | None = None,
) -> tuple[Verdict, Truth]:
    """Compare the stored model with the baselines on the judged rows.

    The stored model is the chosen method's fit with the first seed. Its own figure is the
    headline, and what is compared with each baseline: with all the baseline's seeds, as no fit
    of a baseline is stored. How the method does over all seeds is beside it ("over_seeds").

    Parameters
    ----------
    sealed : SealedLabels
    classes : sequence of str
        The answers, in the order of the probabilities.
    predictions : sequence of Predicted
        One of them has the role "chosen". All have the same seeds and rows.
    reference : str or None
        Baseline that the outcome is about; None where there is none. It may be the chosen
        method itself, where no adaptation looked better: then there is no difference.
    unlabelled : Unlabelled, optional
        The target's rows that have no label, where they are known.
    seen : Seen, optional
        Which rows to judge were learned from as well. Where no others are left, nothing is told.
    choice : Chosen, optional
        How the method was chosen.
    groups : int ndarray, shape (n,), optional
        Rows of one number may be alike, as those of one patient are: intervals go by groups, and
        nothing is said of how many more rows would settle it.

    Returns
    -------
    verdict : Verdict
    truth : Truth
        The truth, for ``predictions.parquet``.
    """
    kind = get_target_type(target_type)
    truth = open_labels(sealed, classes, kind)
    metric = kind.metric
    chosen = next(p for p in predictions if p.role == "chosen")
    index = truth.index[truth.has]
    scores = {
        p.method: metric.score(p.probabilities, truth.index)[:, truth.has] for p in predictions
    }
    own_groups = None if groups is None else groups[truth.has]
    by = ByRows(metric, kind.spread(index), own_groups)
    figures = {
        p.method: extra_metrics(
            kind, index, p.probabilities[: 1 if p is chosen else None, truth.has]
        )
        for p in predictions
    }
    found = by.compare(scores, chosen.method, {p.method: p.what for p in predictions}, figures)
    main = found[reference].difference if reference in found else None
    outcome = outcome_of(main, seen)
    by_method = settle = None
    if main is not None and reference is not None:
        if len(chosen.seeds) > 1:
            by_method = by.difference(scores[chosen.method], scores[reference])
        if outcome == "can't tell" and not (seen and seen.kept == "all") and groups is None:
            stored = scores[chosen.method][:1]
            settle = settled_by(main, stored, scores[reference], metric, unlabelled)
    verdict = Verdict(
        kind="judged",
        outcome=outcome,
        target_type=kind,
        metric=metric.name,
        lower_is_better=metric.lower_is_better,
        reference=reference if reference in found else None,
        judged_rows=int(truth.has.sum()),
        judged_groups=by.n_groups,
        seeds=chosen.seeds,
        stored_seed=chosen.seeds[0],
        seeds_note=seeds_note,
        chosen=found[chosen.method],
        baselines=tuple(found[p.method] for p in predictions if p.role == "baseline"),
        difference=main,
        difference_over_seeds=by_method,
        settle=settle,
        labels_to_settle=None if settle is None else settle.labels,
        calibration=_calibration(truth, chosen) if kind.exclusive else None,
        unseen_classes=truth.unseen,
        seen=seen,
        choice=choice,
    )
    return replace(verdict, sentence=held_out_sentence(verdict)), truth


def _calibration(truth: Truth, chosen: Predicted) -> Calibration | None:
    probability, index = chosen.probabilities[0][truth.has], truth.index[truth.has]
    if not len(index):
        return None
    before = None
    if chosen.raw is not None:
        raw = chosen.raw[truth.has]
        before = Calibration(
            ece=expected_calibration_error(index, raw), confidence=float(raw.max(1).mean())
        )
    return Calibration(  # a class that the run does not know (-1) is a wrong answer
        ece=expected_calibration_error(index, probability),
        ece_by_chance=calibration_error_by_chance(probability),
        brier=brier(index, probability),
        log_loss=log_loss(index, probability),
        confidence=float(probability.max(1).mean()),
        before=before,
    )


def extra_metrics(
    kind: TargetType, truth: np.ndarray, values: np.ndarray
) -> dict[str, float | None] | None:
    """Return further figures of numbers and of several labels, means over seeds; None of others."""
    each = [kind.extra_metrics(truth, one) for one in values]
    means = {name: float(np.mean([one[name] for one in each])) for name in each[0]}
    return {name: v if np.isfinite(v) else None for name, v in means.items()} or None
