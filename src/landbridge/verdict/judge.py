"""The verdict: opens the sealed labels, compares on the same examples, says how sure.

The only package that may open them. Nothing here is read by training or selection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.hashing import digest
from ..domains.sealed import SealedLabels
from ..metrics.figures import brier, expected_calibration_error, log_loss
from ..metrics.intervals import labels_needed, paired_bootstrap
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
    """

    method: str
    role: str
    what: str
    seeds: tuple[int, ...]
    probabilities: np.ndarray


@dataclass(frozen=True)
class Truth:
    """The truth, once opened: names, and indices into the answers (−1: not among them)."""

    names: np.ndarray
    index: np.ndarray
    has: np.ndarray
    unseen: tuple[str, ...]


def labels_print(sealed: SealedLabels | None) -> str:
    """Return a hash of the sealed labels, to notice that they changed between two sessions."""
    return "none" if sealed is None else digest(sealed.open().tolist())


def open_labels(sealed: SealedLabels, classes: Sequence[str]) -> Truth:
    """Open the sealed labels for figures and for the report."""
    names = sealed.open()
    place = {name: i for i, name in enumerate(classes)}
    has = np.array([name is not None for name in names], bool)
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
    truth = open_labels(sealed, classes)
    correct = {
        p.method: (p.probabilities.argmax(2) == truth.index)[:, truth.has] for p in predictions
    }
    chosen = next(p for p in predictions if p.role == "chosen")
    figures = {p.method: figure(p.method, p.role, p.what, correct[p.method]) for p in predictions}
    baselines = [
        {
            **figures[p.method],
            "difference": difference(correct[chosen.method], correct[p.method], seed),
        }
        for p in predictions
        if p.role == "baseline"
    ]
    main = next((b["difference"] for b in baselines if b["method"] == reference), None)
    probability = chosen.probabilities[0][truth.has]
    index = truth.index[truth.has]
    inside = index >= 0
    verdict: dict[str, Any] = {
        "kind": "judged",
        "outcome": outcome_of(main),
        "metric": "accuracy",
        "reference": reference if reference in figures else None,
        "judged_rows": int(truth.has.sum()),
        "seeds": list(chosen.seeds),
        "seeds_note": seeds_note,
        "chosen": figures[chosen.method],
        "baselines": baselines,
        "difference": main,
        "labels_to_settle": None,
        "assumption": None,
        "calibration": {
            "ece": expected_calibration_error(index[inside], probability[inside]),
            "brier": brier(index[inside], probability[inside]),
            "log_loss": log_loss(index[inside], probability[inside]),
        }
        if inside.any()
        else None,
        "unseen_classes": list(truth.unseen),
    }
    if main is not None and verdict["outcome"] == "can't tell":
        other = correct[str(reference)]
        verdict["labels_to_settle"] = labels_to_settle(
            main["mean"], float((correct[chosen.method] != other).mean())
        )
    verdict["sentence"] = judged_sentence(verdict)
    return verdict, truth


def figure(method: str, role: str, what: str, correct: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Return a method's accuracy over seeds and examples, as ``verdict.json`` holds it."""
    # Against a method that is never right, the difference is the accuracy itself.
    whole = paired_bootstrap(correct, np.zeros_like(correct), seed=seed)
    return {
        "method": method,
        "role": role,
        "what": what,
        "mean": whole.value,
        "low": whole.low,
        "high": whole.high,
        "per_seed": correct.mean(1).tolist(),
    }


def difference(a: np.ndarray, b: np.ndarray, seed: int = 0) -> dict[str, float]:
    """Return the paired difference of two methods' hits (seeds, examples)."""
    gap = paired_bootstrap(a, b, seed=seed)
    return {"mean": gap.value, "low": gap.low, "high": gap.high, "p": gap.p}


def outcome_of(gap: dict[str, Any] | None) -> str:
    """Return "helped", "hurt" or "can't tell" from a 95 % interval."""
    if gap is None:
        return "can't tell"
    if gap["low"] > 0:
        return "helped"
    return "hurt" if gap["high"] < 0 else "can't tell"


def labels_to_settle(gap: float, disagreement: float) -> int | None:
    """Return how many labelled examples would settle such a difference, None for never.

    A paired test of level 5 % and power 80 % where the two methods disagree on a share
    `disagreement` of the examples. A difference under half a point counts as half a point.
    """
    if disagreement <= 0:
        return None
    size = min(max(abs(gap), 0.005), disagreement)
    return int(labels_needed(size, disagreement))
