"""Verdicts where nothing was kept for judging: marked as such, with what they assume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..domains.seen import Seen
from ..targets.base import TargetType
from ..targets.registry import get_target_type
from .comparison import ByRows, outcome_of
from .records import Chosen, MethodScore, Verdict
from .sentences import cross_validated_sentence, label_free_sentence
from .settle import Unlabelled, settled_by, settled_without_labels

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
    figures: Mapping[str, Mapping[str, float | None]],
    best: str | None,
    seeds: tuple[int, ...],
    chosen_answers: np.ndarray | None,
    reference_answers: np.ndarray | None,
    target_type: str | TargetType = "multiclass",
    rows: Sequence[tuple[int, str]] | None = None,
    choice: Chosen | None = None,
) -> Verdict:
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
    target_type : str or TargetType
    rows : sequence of (row, name), optional
        Of the usable target rows, so that those can be named on which the two differ.
    choice : Chosen, optional
        How the method was chosen.
    """
    disagreement, settle = 0.0, None
    if reference_answers is not None and chosen_answers is not None and len(chosen_answers):
        n = len(chosen_answers)
        rows = [(i, f"row {i}") for i in range(n)] if rows is None else rows
        apart = np.flatnonzero(chosen_answers != reference_answers)
        disagreement = len(apart) / n
        settle = settled_without_labels(Unlabelled(n, [rows[int(i)] for i in apart]))

    def evidence(name: str, role: str, words: str) -> MethodScore:
        return MethodScore(name, role, words, figures=figures.get(name, {}))

    verdict = Verdict(
        kind="label-free",
        outcome="can't tell",
        target_type=get_target_type(target_type),
        reference=reference,
        seeds=seeds,
        chosen=evidence(chosen, "chosen", what),
        baselines=tuple(
            evidence(name, "baseline", words) for name, words in baselines if name != chosen
        ),
        disagreement=disagreement,
        settle=settle,
        labels_to_settle=None if settle is None else settle.labels,
        assumption=None if best is None else ASSUMPTION,
        choice=choice,
    )
    return replace(verdict, sentence=label_free_sentence(verdict, best))


def cross_validated_verdict(
    *,
    chosen: str,
    what: dict[str, str],
    correct: dict[str, np.ndarray],
    reference: str | None,
    target_type: str | TargetType = "multiclass",
    figures: Mapping[str, Mapping[str, float | None] | None] | None = None,
    unlabelled: Unlabelled | None = None,
    lone: int = 0,
    seen: Seen | None = None,
    scale: float = 0.0,
    groups: np.ndarray | None = None,
) -> Verdict:
    """Return a verdict from out-of-fold answers on the labels that also chose the method.

    Parameters
    ----------
    correct : dict of ndarray (repeats, n)
        Out-of-fold hits (or scores) of each method on the same rows and folds. Each repetition
        stands in the place of a seed.
    reference : str or None
        It may be the chosen method itself: then there is no difference.
    target_type : str or TargetType
    figures : mapping of mapping, optional
        Further figures of each method.
    unlabelled : Unlabelled, optional
        The target's rows that have no label, where they are known.
    lone : int
        Labelled rows that were never held out, as each is the only one of its class.
    seen : Seen, optional
        Which labelled rows were never held out, as they were learned from elsewhere as well.
    scale : float
        The spread of the truth, where answers are numbers.
    groups : int ndarray, shape (n,), optional
        As of `landbridge.verdict.comparison.ByRows`.
    """
    kind = get_target_type(target_type)
    metric = kind.metric
    by = ByRows(metric, scale, groups)
    scores = by.compare(correct, chosen, what, figures, stored=False)
    main = scores[reference].difference if reference in scores else None
    outcome, settle = outcome_of(main), None
    if main is not None and outcome == "can't tell" and groups is None:
        settle = settled_by(main, correct[chosen], correct[str(reference)], metric, unlabelled)
    verdict = Verdict(
        kind="cross-validated",
        outcome=outcome,
        target_type=kind,
        metric=metric.name,
        lower_is_better=metric.lower_is_better,
        reference=reference if reference in scores else None,
        judged_rows=int(correct[chosen].shape[1]),
        judged_groups=by.n_groups,
        lone_rows=lone,
        seen=seen,
        seeds=tuple(range(len(correct[chosen]))),
        seeds_note="each is a repetition of the cross-validation",
        chosen=scores[chosen],
        baselines=tuple(one for name, one in scores.items() if name != chosen),
        difference=main,
        settle=settle,
        labels_to_settle=None if settle is None else settle.labels,
        assumption="The same labels chose the method, so the figures are on the bright side.",
    )
    return replace(verdict, sentence=cross_validated_sentence(verdict))
