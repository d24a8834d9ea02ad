"""The choice among candidates, its reason, and whether the reference is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..metrics.labelfree import Candidate as Answers
from ..metrics.ranking import score_candidates
from ..targets.figures import PrimaryMetric
from ..targets.multiclass import ACCURACY
from .records import Candidate, Choice


def choose_label_free(
    candidates: Sequence[Answers],
    reference: str,
    *,
    label_shift: bool = False,
    clusters: bool = True,
) -> Choice:
    """Gate, then rank sum of ClassAMI + InfoMax + EnsV; ties and losses keep the reference.

    Parameters
    ----------
    candidates : sequence of labelfree.Candidate
        Probabilities and features on unlabelled target rows, and source validation
        accuracy; the reference is among them.
    reference : str
    label_shift, clusters : bool
        As for `score_candidates`.

    Returns
    -------
    Choice
        Without costs.
    """
    base = next(c for c in candidates if c.name == reference)
    ranking = score_candidates(candidates, base, label_shift=label_shift, clusters=clusters)
    rows = (
        Candidate(name, ranking.figures[name], ranking.gated.get(name), ranking.ranks.get(name))
        for name in (*ranking.order, *ranking.gated)
    )
    kept = ranking.best == reference
    return Choice(ranking.best, "label-free", ranking.reason, kept, tuple(rows))


def choose_by_validation(
    correct: Mapping[str, np.ndarray],
    order: Sequence[str],
    references: Sequence[str],
    ties: Mapping[str, float] | None = None,
    metric: PrimaryMetric = ACCURACY,
    alone: Sequence[str] = (),
    preferred: Sequence[str] = (),
    likelihood: Mapping[str, np.ndarray] | None = None,
) -> Choice:
    """Best cross-validated score; within one standard error ClassAMI, else the simplest.

    Parameters
    ----------
    correct : mapping of ndarray (repeats, n)
        Out-of-fold scores of each method, on the same rows and folds: hits, or what the
        metric counts in.
    order : sequence of str
        Methods from the simplest to the most complex, which breaks ties.
    references : sequence of str
        Methods that are not an adaptation.
    ties : mapping of float, optional
        ClassAMI of each method on unlabelled target rows.
    metric : PrimaryMetric
        What the scores are.
    alone : sequence of str
        Methods that know nothing but the few labels: they have to be better, a tie is not enough.
        ClassAMI favours them, as what has seen little is often sure of itself.
    preferred : sequence of str
        Methods that were best on most tasks where they can be used: a tie is theirs.
    likelihood : mapping of ndarray (n,), optional
        How likely each method held each label to be, as a logarithm: then it is what is compared,
        as it tells more of few labels than how many were right.
    """

    def said(name: str) -> str:
        return metric.format(metric.figure(means[name]))

    means = {name: float(hits.mean()) for name, hits in correct.items()}
    rows = {name: hits.astype(float).mean(0) for name, hits in correct.items()}
    compared = rows if likelihood is None else {name: likelihood[name] for name in rows}
    score = {name: float(own.mean()) for name, own in compared.items()}
    best = max(score, key=lambda name: score[name])
    # The error of a *difference* from the best, on the same examples: what a tie is about.
    errors = {}
    for name, own in compared.items():
        gap = compared[best] - own
        errors[name] = float(gap.std(ddof=min(1, len(gap) - 1)) / np.sqrt(len(gap)))
    short = [name for name in compared if score[best] - score[name] <= errors[name] + 1e-9]
    short = [name for name in short if name not in alone] or short
    favoured = [name for name in preferred if name in short]
    if favoured and len(short) > 1:
        chosen = favoured[0]
        how = "it does best on most tasks of this kind"
    elif ties and len(short) > 1:
        chosen = max(short, key=lambda name: (ties.get(name, -1.0), -order.index(name)))
        how = "its answers follow groups in the target's rows best (ClassAMI)"
    else:
        chosen = min(short, key=order.index)
        how = "the simplest of them was taken"
    n = len(next(iter(correct.values()))[0])
    what = "" if metric is ACCURACY else f" ({metric.name})"
    reason = f"cross-validation on {n:,} target labels{what}: {chosen} {said(chosen)}"
    if likelihood is not None:
        reason += ", by how likely it held them to be"
    if len(short) > 1:
        others = ", ".join(f"{s} {said(s)}" for s in short if s != chosen)
        reason += f"; within one standard error of the best: {others}; {how}"
    table = []
    for place, name in enumerate(sorted(correct, key=lambda name: -score[name]), 1):
        hits = correct[name]
        figures = {
            metric.name: metric.figure(means[name]),
            "standard_error": float(hits.mean(0).std() / np.sqrt(hits.shape[1])),
            **({"class_ami": ties[name]} if ties and name in ties else {}),
            **({} if likelihood is None else {"log_likelihood": score[name]}),
        }
        table.append(Candidate(name, figures, rank=place))
    kept = chosen in references
    return Choice(chosen, "cross-validation", f"{reason}.", kept, tuple(table))
