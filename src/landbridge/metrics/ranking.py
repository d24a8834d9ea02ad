"""Gate, then rank sum: which candidate, and whether any beats the reference, without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .labelfree import SCORERS, Candidate, Pool, check_pool, diversity

RANKED_BY = ("class_ami", "infomax", "ensv")


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
    max_diversity_drop: float = 0.3,
    label_shift: bool = False,
    clusters: bool = True,
    damping: float = 0.25,
    seed: int = 0,
    max_rows: int = 5000,
) -> Ranking:
    """Rank candidates by what they answer on unlabelled target rows.

    1. Gate: every probability finite; source accuracy at most `max_source_drop` under the
       reference's; diversity H(mean p) at most `max_diversity_drop` under the reference's.
    2. Sum of ranks by ClassAMI, InfoMax and EnsV over those that passed, the reference included
       (ties share their mean rank). Equal sums: the reference first, then by ClassAMI.

    Parameters
    ----------
    candidates : sequence of Candidate
    reference : Candidate
        Source only: what there is without adaptation. Never gated.
    max_source_drop : float
        In accuracy; 0.05 is 5 points.
    max_diversity_drop : float
        In nats.
    label_shift : bool
        Whether the target's classes are suspected to be less balanced than the source's. Then
        an honest model is less diverse, too: scorers that reward diversity count `damping`
        times, and the gate allows 1 / (1 − damping) as much loss of diversity.
    clusters : bool
        Whether classes form clusters. If they are known not to, ClassAMI does not count.
    damping : float
        At least 0 and under 1.
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
    from scipy.stats import rankdata

    if not 0 <= damping < 1:
        raise ValueError(f"damping must lie in [0, 1), got {damping}")
    everyone = [reference, *(c for c in candidates if c is not reference)]
    check_pool(everyone)
    if not np.isfinite(reference.probabilities).all():
        raise ValueError("the reference's probabilities are not finite: nothing to compare with")
    allowed = max_diversity_drop / (1 - damping) if label_shift else max_diversity_drop
    reasons = {c.name: _gate(c, reference, max_source_drop, allowed) for c in everyone}
    gated = {name: why for name, why in reasons.items() if why}
    passed = tuple(c for c in everyone if c.name not in gated)
    pool = Pool(passed, seed=seed, max_rows=max_rows)
    figures = {
        c.name: {name: scorer().score(c, pool) for name, scorer in SCORERS.items()}
        if np.isfinite(c.probabilities).all()
        else {}
        for c in everyone
    }
    weights = {
        name: damping if label_shift and SCORERS.get(name).rewards_diversity else 1.0
        for name in RANKED_BY
    }
    if not clusters:
        weights["class_ami"] = 0.0
    sums = np.zeros(len(passed))
    for name, weight in weights.items():
        sign = -1.0 if SCORERS.get(name).higher_is_better else 1.0
        values = np.array([sign * figures[c.name][name] for c in passed])
        # Without a figure (NaN) a candidate takes the last rank; all without one tie.
        sums += weight * rankdata(np.where(np.isnan(values), np.inf, values.round(12)))
    ami = np.array([-np.nan_to_num(figures[c.name]["class_ami"]) for c in passed])
    away = np.array([c is not reference for c in passed])
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


def _gate(
    candidate: Candidate, reference: Candidate, max_source_drop: float, max_diversity_drop: float
) -> str:
    """Return why the candidate is left out, "" where it is not."""
    if candidate is reference:
        return ""
    if not np.isfinite(candidate.probabilities).all():
        return "its probabilities are not finite"
    ours, theirs = candidate.source_accuracy, reference.source_accuracy
    if ours is not None and theirs is not None:
        if not np.isfinite(ours):
            return "its source accuracy is not finite"
        if theirs - ours > max_source_drop + 1e-9:
            return (
                f"source accuracy {ours:.3f} is more than {100 * max_source_drop:g} points "
                f"under {theirs:.3f} without adaptation"
            )
    own, without = diversity(candidate.probabilities), diversity(reference.probabilities)
    if without - own > max_diversity_drop + 1e-9:
        return (
            f"its answers use fewer classes: diversity {own:.2f} is more than "
            f"{max_diversity_drop:.2g} nats under {without:.2f} without adaptation"
        )
    return ""


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
    return (
        f"{best} has the best rank sum of {len(order)} that passed the gate{shift} "
        f"({shown}{'' if best == reference else ' for ' + reference}){out}."
    )
