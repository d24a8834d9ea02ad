"""Verdicts where nothing was kept for judging: marked as such, with what they assume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..domains.seen import Seen
from ..targets.base import target_type
from .judge import difference, figure, outcome_of
from .sentences import cross_validated_sentence, label_free_sentence
from .settle import Unlabelled, settled_by, settled_without_labels, within_reach

ASSUMPTION = (
    "Label-free scores reward answers that are certain, diverse and agree with the clusters of "
    "the target and with the other candidates. They mislead where class shares differ much "
    "between source and target, or where the target has classes of its own."
)


def label_free_verdict(
    *,
    chosen: str,
    what: str,
    baselines: list[tuple[str, str]],
    reference: str | None,
    figures: dict[str, dict[str, float | None]],
    best: str | None,
    seeds: tuple[int, ...],
    chosen_answers: np.ndarray | None,
    reference_answers: np.ndarray | None,
    answers: str = "classes",
    rows: Sequence[tuple[int, str]] | None = None,
    choice: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a verdict without target labels.

    Parameters
    ----------
    chosen, what : str
        The method, in its own and in plain words.
    baselines : list of (name, plain words)
    reference : str or None
    figures : dict
        Label-free scores of each method.
    best : str or None
        What label-free evidence puts first; None where nothing was compared.
    chosen_answers, reference_answers : int ndarray (n,)
        Predicted classes of the usable target rows. Where the two agree no label can tell
        them apart, so only the rest matters for how many labels would settle it. None where
        answers are no classes: no such number can be given then.
    answers : {"classes", "numbers", "several"}
    rows : sequence of (row, name), optional
        Of the usable target rows, so that those can be named on which the two differ.
    choice : dict, optional
        How the method was chosen, as of `judge`.
    """
    disagreement, settle = 0.0, None
    if reference_answers is not None and chosen_answers is not None and len(chosen_answers):
        n = len(chosen_answers)
        rows = [(i, f"row {i}") for i in range(n)] if rows is None else rows
        apart = np.flatnonzero(chosen_answers != reference_answers)
        disagreement = len(apart) / n
        settle = settled_without_labels(Unlabelled(n, [rows[int(i)] for i in apart]))
    verdict: dict[str, Any] = {
        "kind": "label-free",
        "outcome": "can't tell",
        "answers": answers,
        "metric": None,
        "reference": reference,
        "judged_rows": 0,
        "seeds": list(seeds),
        "seeds_note": "",
        "chosen": _figure(chosen, "chosen", what, figures),
        "baselines": [
            {**_figure(name, "baseline", words, figures), "difference": None}
            for name, words in baselines
            if name != chosen
        ],
        "difference": None,
        "disagreement": disagreement,
        "settle": settle,
        "labels_to_settle": within_reach(settle),
        "assumption": None if best is None else ASSUMPTION,
        "calibration": None,
        "unseen_classes": [],
        "choice": choice,
    }
    verdict["sentence"] = label_free_sentence(verdict, best)
    return verdict


def _figure(
    name: str, role: str, what: str, figures: dict[str, dict[str, float | None]]
) -> dict[str, Any]:
    return {
        "method": name,
        "role": role,
        "what": what,
        "mean": None,
        "low": None,
        "high": None,
        "per_seed": [],
        "figures": figures.get(name, {}),
    }


def cross_validated_verdict(
    *,
    chosen: str,
    what: dict[str, str],
    correct: dict[str, np.ndarray],
    reference: str | None,
    answers: str = "classes",
    figures: dict[str, dict[str, Any]] | None = None,
    unlabelled: Unlabelled | None = None,
    lone: int = 0,
    seen: Seen | None = None,
    scale: float = 0.0,
) -> dict[str, Any]:
    """Return a verdict from out-of-fold answers on the labels that also chose the method.

    Parameters
    ----------
    correct : dict of ndarray (repeats, n)
        Out-of-fold hits (or scores) of each method on the same rows and folds. Each repetition
        stands in the place of a seed.
    reference : str or None
        It may be the chosen method itself: then there is no difference.
    answers : {"classes", "numbers", "several"}
    figures : dict of dict, optional
        Further figures of each method.
    unlabelled : Unlabelled, optional
        The target's rows that have no label, where they are known.
    lone : int
        Labelled rows that were never held out, as each is the only one of its class.
    seen : Seen, optional
        Which labelled rows were never held out, as they were learned from elsewhere as well.
    scale : float
        The spread of the truth, where answers are numbers.
    """
    metric = target_type(answers).metric

    def named(name: str, role: str) -> dict[str, Any]:
        words = what.get(name, name)
        found = figure(name, role, words, correct[name], metric, scale=scale)
        return found | (figures or {}).get(name, {})

    baselines = [
        {
            **named(name, "baseline"),
            "difference": difference(correct[chosen], correct[name], metric, scale),
        }
        for name in correct
        if name != chosen
    ]
    main = next((b["difference"] for b in baselines if b["method"] == reference), None)
    verdict: dict[str, Any] = {
        "kind": "cross-validated",
        "outcome": outcome_of(main),
        "answers": answers,
        "metric": metric.name,
        "lower_is_better": metric.lower_is_better,
        "reference": reference if reference in correct else None,
        "judged_rows": int(correct[chosen].shape[1]),
        "lone_rows": lone,
        "seen": None if seen is None else seen.to_json(),
        "seeds": list(range(len(correct[chosen]))),
        "seeds_note": "each is a repetition of the cross-validation",
        "chosen": named(chosen, "chosen"),
        "baselines": baselines,
        "difference": main,
        "settle": None,
        "labels_to_settle": None,
        "assumption": "The same labels chose the method, so the figures are on the bright side.",
        "calibration": None,
        "unseen_classes": [],
    }
    if main is not None and verdict["outcome"] == "can't tell":
        verdict["settle"] = settled_by(
            main, correct[chosen], correct[str(reference)], metric, unlabelled
        )
        verdict["labels_to_settle"] = within_reach(verdict["settle"])
    verdict["sentence"] = cross_validated_sentence(verdict)
    return verdict
