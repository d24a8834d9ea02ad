"""Gate, rank, guard: which candidate, and whether any beats the reference, without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..solvers.calibration.temperature import at_confidence
from .labelfree import SCORERS, Candidate, Pool, check_pool, entropy

RANKED_BY = ("class_ami", "infomax", "ensv")
LEAST_EVIDENCE = -0.02
"""What FineAMI and diversity of answers may lose together, at most; see `_evidence`."""


@dataclass(frozen=True)
class Ranking:
    """What `score_candidates` found.

    Attributes
    ----------
    order : tuple of str
        Names that passed the gate, best first. The reference is among them.
    best : str
        The first of them.
    reference : str
    figures : dict of str to dict of str to float
        Every scorer's figure for every candidate (those gated out, too, where it is finite).
    ranks : dict of str to float
        Weighted rank sum of those that passed, lower is better.
    gated : dict of str to str
        Name and reason of each that did not pass.
    weights : dict of str to float
        Of the scorers in the rank sum.
    label_shift : bool
    reason : str
        One sentence for a person.
    """

    order: tuple[str, ...]
    best: str
    reference: str
    figures: dict[str, dict[str, float]]
    ranks: dict[str, float]
    gated: dict[str, str]
    weights: dict[str, float]
    label_shift: bool
    reason: str


def score_candidates(
    candidates: Sequence[Candidate],
    reference: Candidate,
    *,
    max_source_drop: float = 0.05,
    max_spread_drop: float = 0.15,
    label_shift: bool = False,
    clusters: bool = True,
    damping: float = 0.25,
    seed: int = 0,
    max_rows: int = 5000,
) -> Ranking:
    """Rank candidates by what they answer on unlabelled target rows.

    1. All are brought to the reference's confidence: being surer is no evidence.
    2. Gate: every probability finite; answers that are not another's; source accuracy at most 5
       points under the reference's, or half of what the reference is less sure on the target
       than it is right on the source, where that is more: what follows the target may forget
       the source; answers spread over the classes at most 15 % less than the reference's.
    3. Guard: what FineAMI and the spread of answers lose together is at most 0.02; where class
       shares seem to have changed, ClassAMI has to rise.
    4. Sum of ranks by ClassAMI, InfoMax and EnsV over those that passed, the reference included
       (ties share their mean rank). Equal sums: the reference first, then by ClassAMI. A single
       candidate beside the reference is taken if it passed.

    Parameters
    ----------
    candidates : sequence of Candidate
    reference : Candidate
        What there is without adaptation. Never gated.
    max_source_drop : float
        In accuracy; 0.05 is 5 points.
    max_spread_drop : float
        Of how evenly the reference's answers are spread over the classes.
    label_shift : bool
        Whether the target's classes are suspected to be less balanced than the source's. Then
        an honest model is less diverse, too: scorers that reward diversity count `damping`
        times, and the gate allows 1 / `damping` as much loss of it.
    clusters : bool
        Whether classes form clusters. If they are known not to, scores of clusters do not count.
    damping : float
        Above 0 and under 1.
    seed : int
        For the clustering.
    max_rows : int
        Clustering uses at most so many rows.

    Returns
    -------
    Ranking

    Raises
    ------
    ValueError
        Where names repeat, shapes differ, or the reference's probabilities are not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = np.repeat(np.eye(3) * 5, 50, axis=0) + rng.normal(size=(150, 3))
    >>> sharp = np.exp(2 * x) / np.exp(2 * x).sum(1, keepdims=True)
    >>> blurred = np.exp(0.2 * rng.normal(size=(150, 3)) + 0.1 * x)
    >>> blurred /= blurred.sum(1, keepdims=True)
    >>> collapsed = np.tile([1.0, 0.0, 0.0], (150, 1))
    >>> found = score_candidates(
    ...     [Candidate("sharp", sharp, x), Candidate("collapsed", collapsed, x)],
    ...     Candidate("source only", blurred, x),
    ... )
    >>> found.best, list(found.gated)
    ('sharp', ['collapsed'])
    """
    if not 0 < damping < 1:
        raise ValueError(f"damping must lie in (0, 1), got {damping}")
    spread_drop = max_spread_drop / damping if label_shift else max_spread_drop
    everyone = [reference, *(c for c in candidates if c is not reference)]
    check_pool(everyone)
    if not np.isfinite(reference.probabilities).all():
        raise ValueError("the reference's probabilities are not finite: nothing to compare with")
    everyone = _at_one_confidence(everyone)
    first = everyone[0]
    gated: dict[str, str] = {}
    for c in everyone[1:]:
        before = [other for other in everyone[: everyone.index(c)] if other.name not in gated]
        why = _gate(c, first, max_source_drop, spread_drop) or _twin(c, before)
        if why:
            gated[c.name] = why
    figures = _figures(everyone, gated, seed, max_rows)
    for c in everyone[1:]:
        if c.name not in gated:
            why = _guard(c, first, figures, clusters, label_shift)
            if why:
                gated[c.name] = why
    passed = tuple(c for c in everyone if c.name not in gated)
    weights = {
        name: damping if label_shift and SCORERS.get(name).rewards_diversity else 1.0
        for name in RANKED_BY
    }
    if not clusters:
        weights["class_ami"] = 0.0
    sums = _rank_sums(passed, figures, weights)
    ami = np.array([-np.nan_to_num(figures[c.name]["class_ami"]) for c in passed])
    away = np.array([c is not first for c in passed])
    if len(passed) == 2:  # one is asked about, and it passed
        order: tuple[str, ...] = (passed[1].name, passed[0].name)
    else:
        order = tuple(passed[i].name for i in np.lexsort((ami, away, sums.round(9))))
    return Ranking(
        order=order,
        best=order[0],
        reference=reference.name,
        figures=figures,
        ranks={c.name: float(s) for c, s in zip(passed, sums, strict=True)},
        gated=gated,
        weights=weights,
        label_shift=label_shift,
        reason=_reason(order, reference.name, figures, gated, label_shift),
    )


def _at_one_confidence(everyone: Sequence[Candidate]) -> list[Candidate]:
    """Return all with the reference's mean confidence on the target."""
    sure = float(everyone[0].probabilities.max(1).mean())
    rest = (
        replace(c, probabilities=at_confidence(np.log(np.clip(c.probabilities, 1e-30, None)), sure))
        if np.isfinite(c.probabilities).all()
        else c
        for c in everyone[1:]
    )
    return [everyone[0], *rest]


def _figures(
    everyone: Sequence[Candidate], gated: Mapping[str, str], seed: int, max_rows: int
) -> dict[str, dict[str, float]]:
    passed = tuple(c for c in everyone if c.name not in gated)
    pool = Pool(passed, seed=seed, max_rows=max_rows)
    return {
        c.name: {name: scorer().score(c, pool) for name, scorer in SCORERS.items()}
        if np.isfinite(c.probabilities).all()
        else {}
        for c in everyone
    }


def _rank_sums(
    passed: Sequence[Candidate],
    figures: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> np.ndarray:
    from scipy.stats import rankdata

    sums = np.zeros(len(passed))
    for name, weight in weights.items():
        sign = -1.0 if SCORERS.get(name).higher_is_better else 1.0
        values = np.array([sign * figures[c.name][name] for c in passed])
        # Without a figure (NaN) a candidate takes the last rank; all without one tie.
        sums += weight * rankdata(np.where(np.isnan(values), np.inf, values.round(12)))
    return sums


def _gate(
    candidate: Candidate, reference: Candidate, max_source_drop: float, max_spread_drop: float
) -> str:
    """Return why the candidate is left out, "" where it is not."""
    if not np.isfinite(candidate.probabilities).all():
        return "its probabilities are not finite"
    ours, theirs = candidate.source_accuracy, reference.source_accuracy
    if ours is not None and theirs is not None:
        if not np.isfinite(ours):
            return "its source accuracy is not finite"
        lost = theirs - float(reference.probabilities.max(1).mean())
        allowed = max(max_source_drop, lost / 2)
        if theirs - ours > allowed + 1e-9:
            return (
                f"source accuracy {ours:.3f} is more than {100 * allowed:.0f} points "
                f"under {theirs:.3f} without adaptation"
            )
    own, without = _spread(candidate), _spread(reference)
    allowed = without * max_spread_drop
    if without - own > allowed + 1e-9:
        return (
            f"its answers use fewer classes: they are spread {own:.2f} (1: all classes equally "
            f"often), more than {allowed:.2f} under {without:.2f} without adaptation"
        )
    return ""


def _twin(candidate: Candidate, before: Sequence[Candidate]) -> str:
    """Say whose answers these are as well: two that answer alike would count twice."""
    answers = candidate.probabilities.argmax(1)
    for other in before:
        same = candidate.source_accuracy == other.source_accuracy
        if same and (answers == other.probabilities.argmax(1)).all():
            return f"its answers are those of {other.name}"
    return ""


def _guard(
    candidate: Candidate,
    reference: Candidate,
    figures: Mapping[str, Mapping[str, float]],
    clusters: bool,
    label_shift: bool,
) -> str:
    """Return why what it changes is not believed, "" where it is."""
    if not clusters:
        return ""
    ours, theirs = (figures[c.name]["class_ami"] for c in (candidate, reference))
    if label_shift and ours <= theirs:
        return (
            "where class shares have changed its answers have to follow the groups in the "
            f"target's rows better (ClassAMI {ours:.3f} against {theirs:.3f})"
        )
    groups = figures[candidate.name]["fine_ami"] - figures[reference.name]["fine_ami"]
    spread = _spread(candidate) - _spread(reference)
    if not groups + spread < LEAST_EVIDENCE:  # or there are too few rows for groups
        return ""
    return (
        f"its answers follow the groups in the target's rows less (FineAMI {groups:+.3f}) and are "
        f"no more evenly spread ({spread:+.3f})"
    )


def _spread(candidate: Candidate) -> float:
    """Return the entropy of how often each class is answered, 1 where all equally often."""
    k = candidate.probabilities.shape[1]
    counts = np.bincount(candidate.probabilities.argmax(1), minlength=k)
    return float(entropy(counts / counts.sum()) / np.log(max(k, 2)))


def _reason(
    order: tuple[str, ...],
    reference: str,
    figures: dict[str, dict[str, float]],
    gated: dict[str, str],
    label_shift: bool,
) -> str:
    out = f"; {len(gated)} left out by the gate ({', '.join(gated)})" if gated else ""
    shift = ", with diversity damped for label shift" if label_shift else ""
    best = order[0]
    if len(order) == 1:
        return f"{best} is kept: no candidate passed the gate{out}."
    shown = ", ".join(
        f"{SCORERS.get(name).title} {figures[best][name]:.3f}"
        + (f" against {figures[reference][name]:.3f}" if best != reference else "")
        for name in RANKED_BY
    )
    if len(order) == 2:
        return f"{best} passed the gate{shift} ({shown} for {reference}){out}."
    return (
        f"{best} has the best rank sum of {len(order)} that passed the gate{shift} "
        f"({shown}{'' if best == reference else ' for ' + reference}){out}."
    )
