"""The verdict: opens the sealed labels, compares on the same examples, says how sure.

The only package that may open them. Nothing here is read by training or selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.hashing import digest
from ..domains.answers import Answers, column_of
from ..domains.sealed import SealedLabels
from ..metrics.answer_figures import more_figures
from ..metrics.currency import CURRENCIES, Currency
from ..metrics.figures import brier, expected_calibration_error, log_loss
from ..metrics.intervals import labels_needed, paired_bootstrap, pairs_needed
from .sentences import judged_sentence


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
    """

    method: str
    role: str
    what: str
    seeds: tuple[int, ...]
    probabilities: np.ndarray


@dataclass(frozen=True)
class Truth:
    """The truth, once opened: names, and indices into the answers (−1: not among them).

    Numbers: the numbers themselves as both, NaN where there is none. Several labels at once:
    tuples of names, and a table of 0 and 1 (n, labels).
    """

    names: np.ndarray
    index: np.ndarray
    has: np.ndarray
    unseen: tuple[str, ...]


def labels_print(sealed: SealedLabels | None) -> str:
    """Return a hash of the sealed labels, to notice that they changed between two sessions."""
    return "none" if sealed is None else digest(sealed.open().tolist())


def open_labels(
    sealed: SealedLabels, classes: Sequence[str], answers: Answers = "classes"
) -> Truth:
    """Open the sealed labels for figures and for the report."""
    names = sealed.open()
    place = {name: i for i, name in enumerate(classes)}
    has = np.array([name is not None for name in names], bool)
    if answers == "numbers":
        return Truth(names, np.array([np.nan if v is None else v for v in names]), has, ())
    if answers == "several":
        found = {str(one) for row in names[has] for one in row}
        known = [None if row is None else [n for n in row if n in place] for row in names]
        return Truth(
            names, column_of(known, answers, classes), has, tuple(sorted(found - set(classes)))
        )
    index = np.array([place.get(name, -1) for name in names], np.int64)
    unseen = tuple(sorted({str(n) for n in names[has]} - set(classes)))
    return Truth(names, index, has, unseen)


def judge(
    sealed: SealedLabels,
    classes: Sequence[str],
    predictions: Sequence[Predicted],
    reference: str | None,
    *,
    seeds_note: str = "",
    seed: int = 0,
    answers: Answers = "classes",
) -> tuple[dict[str, Any], Truth]:
    """Compare the chosen method with its baselines on the judged rows.

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

    Returns
    -------
    verdict : dict
        As ``verdict.json``.
    truth : Truth
        The truth, for ``predictions.parquet``.
    """
    truth = open_labels(sealed, classes, answers)
    currency = CURRENCIES[answers]
    correct = {
        p.method: currency.score(p.probabilities, truth.index)[:, truth.has] for p in predictions
    }
    chosen = next(p for p in predictions if p.role == "chosen")
    figures = {
        p.method: figure(p.method, p.role, p.what, correct[p.method], currency=currency)
        | more(answers, truth, p.probabilities)
        for p in predictions
    }
    baselines = [
        {
            **figures[p.method],
            "difference": difference(correct[chosen.method], correct[p.method], seed),
        }
        for p in predictions
        if p.role == "baseline"
    ]
    main = next((b["difference"] for b in baselines if b["method"] == reference), None)
    verdict: dict[str, Any] = {
        "kind": "judged",
        "outcome": outcome_of(main),
        "answers": answers,
        "metric": currency.metric,
        "lower_is_better": currency.lower_is_better,
        "reference": reference if reference in figures else None,
        "judged_rows": int(truth.has.sum()),
        "seeds": list(chosen.seeds),
        "seeds_note": seeds_note,
        "chosen": figures[chosen.method],
        "baselines": baselines,
        "difference": main,
        "labels_to_settle": None,
        "assumption": None,
        "calibration": _calibration(truth, chosen) if answers == "classes" else None,
        "unseen_classes": list(truth.unseen),
    }
    if main is not None and verdict["outcome"] == "can't tell":
        other = correct[str(reference)]
        verdict["labels_to_settle"] = needed(main["mean"], correct[chosen.method], other, currency)
    verdict["sentence"] = judged_sentence(verdict)
    return verdict, truth


def _calibration(truth: Truth, chosen: Predicted) -> dict[str, float] | None:
    probability, index = chosen.probabilities[0][truth.has], truth.index[truth.has]
    inside = index >= 0
    if not inside.any():
        return None
    return {
        "ece": expected_calibration_error(index[inside], probability[inside]),
        "brier": brier(index[inside], probability[inside]),
        "log_loss": log_loss(index[inside], probability[inside]),
    }


def more(answers: Answers, truth: Truth, values: np.ndarray) -> dict[str, Any]:
    """Return further figures of numbers and of several labels, means over seeds."""
    if answers == "classes":
        return {}
    each = [more_figures(answers, truth.index[truth.has], one[truth.has]) for one in values]
    return {"figures": {name: _plain([found[name] for found in each]) for name in each[0]}}


def _plain(values: list[float]) -> float | None:
    mean = float(np.mean(values))
    return mean if np.isfinite(mean) else None


def figure(
    method: str,
    role: str,
    what: str,
    correct: np.ndarray,
    seed: int = 0,
    currency: Currency = CURRENCIES["classes"],
) -> dict[str, Any]:
    """Return a method's figure over seeds and examples, as ``verdict.json`` holds it.

    Parameters
    ----------
    correct : ndarray (seeds, n)
        Hits, or the scores that the currency counts in.
    """
    # Against a method that is never right, the difference is the accuracy itself.
    whole = paired_bootstrap(correct, np.zeros_like(correct), seed=seed)
    ends = sorted((currency.figure(whole.low), currency.figure(whole.high)))
    return {
        "method": method,
        "role": role,
        "what": what,
        "mean": currency.figure(whole.value),
        "low": ends[0],
        "high": ends[1],
        "per_seed": [currency.figure(score) for score in correct.mean(1).tolist()],
    }


def difference(a: np.ndarray, b: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Return the paired difference of two methods' hits or scores (seeds, examples).

    It is how much better a is than b, so where the figure is an error it is how much of it a
    saves: above 0 is always better.
    """
    gap = paired_bootstrap(a, b, seed=seed)
    return {"mean": gap.value, "low": gap.low, "high": gap.high, "p": gap.p}


def outcome_of(gap: dict[str, Any] | None) -> str:
    """Return "helped", "hurt" or "can't tell" from a 95 % interval."""
    if gap is None:
        return "can't tell"
    if gap["low"] > 0:
        return "helped"
    return "hurt" if gap["high"] < 0 else "can't tell"


def needed(gap: float, a: np.ndarray, b: np.ndarray, currency: Currency) -> int | None:
    """Return how many labelled examples would settle the difference of two methods' scores."""
    apart = a.astype(np.float64) - b
    if currency.percent:
        return labels_to_settle(gap, float(np.abs(apart).mean()))
    spread = float(apart.mean(0).std())
    # A difference under a hundredth of the reference's error counts as a hundredth of it.
    size = max(abs(gap), abs(float(b.mean())) / 100)
    return pairs_needed(size, spread) if spread > 0 and size > 0 else None


def labels_to_settle(gap: float, disagreement: float) -> int | None:
    """Return how many labelled examples would settle such a difference, None for never.

    A paired test of level 5 % and power 80 % where the two methods disagree on a share
    `disagreement` of the examples. A difference under half a point counts as half a point.
    """
    if disagreement <= 0:
        return None
    size = min(max(abs(gap), 0.005), disagreement)
    return int(labels_needed(size, disagreement))
