"""Do the classes' shares differ so much that a choice must heed it? Asked before any fit.

A classifier of the source, read on a target whose features have moved, gives other shares than the
source's though nothing but the features has changed. So a distance of shares counts only beyond
what wrong answers can make of equal shares: how many of those there are is estimated twice, from
the calibrated probabilities, and from a mixture whose classes may move with the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..base.formatting import percent
from ..solvers.label_shift.label_shift import label_shift_em
from ..solvers.label_shift.moved_mixture import class_axes, moved_mixture
from ..solvers.two_sample.column_shift import total_variation
from ..solvers.two_sample.moment_shift import principal
from .evidence import LABELS_FAR
from .pair import DomainPair
from .source_predictions import SourcePredictions, predict_from_source

MOST_AXES = 192
"""Principal axes of both sides together that are looked at."""
UNDECIDED = 0.4
"""Share of answers that may be wrong from which on nothing can be told."""
BEYOND = 0.05
"""Total variation beyond what wrong answers explain that is a difference of shares, at least."""
DRAWS = 200
"""Of two samples with the source's shares, for the distance that chance gives."""
ALL_BUT_ONE = 0.95
"""Share of one class from which on a target cannot be told from one whose features have moved."""


@dataclass(frozen=True)
class ClassShares:
    """How shares of the source's classes differ, and how much of that wrong answers explain.

    Attributes
    ----------
    distance : float
        Total variation between the source's shares and those of the answers on the target.
    doubt : float
        Share of the answers that may be wrong, from calibrated probabilities.
    disagreement : float
        Share of the target rows on which the moved mixture says another class.
    chance : float
        The distance that two samples of these sizes and one distribution keep under in 95 of 100.
    largest : float
        Share of the largest class in the target, by the mixture.
    classes : tuple of str
    source, target : ndarray
        Shares of `classes`; the target's by maximum likelihood.
    """

    distance: float
    doubt: float
    disagreement: float
    chance: float
    largest: float
    classes: tuple[str, ...]
    source: np.ndarray
    target: np.ndarray

    @property
    def explained(self) -> float:
        """The distance that wrong answers can make of equal shares."""
        return max(self.doubt, self.disagreement)

    @property
    def differ(self) -> bool:
        """Whether shares differ; False where it cannot be told."""
        if self.explained > UNDECIDED or self.largest >= ALL_BUT_ONE:
            return False
        return self.distance > max(self.explained + max(self.chance, BEYOND), LABELS_FAR)

    def sentence(self) -> str:
        """Say what was found, of shares that differ."""
        most = np.argsort(-np.abs(self.target - self.source))[:2]
        said = ", ".join(
            f"{self.classes[k]} {percent(self.source[k], 0)} → {percent(self.target[k], 0)}"
            for k in most
        )
        return (
            f"The classes' shares seem to differ (total variation {self.distance:.2f}, of which "
            f"wrong answers explain {self.explained:.2f} at most): {said}."
        )


def class_shares(
    source: np.ndarray,
    labels: Sequence[Any] | np.ndarray,
    target: np.ndarray,
    *,
    labeled: np.ndarray | None = None,
    seed: int = 0,
) -> ClassShares | None:
    """Compare the classes' shares of two domains by the source's labels alone.

    Parameters
    ----------
    source, target : array, shapes (n, d) and (m, d)
        Frozen features. At most 2,000 rows of each are looked at.
    labels : array-like, shape (n,)
        Of the source.
    labeled : bool array, optional
        Which labels may be used; all where not given.
    seed : int, default 0
        Of the rows drawn.

    Returns
    -------
    ClassShares or None
        None where the source shows no two classes at least twice each.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> means = 6 * np.eye(3)
    >>> y, z = rng.integers(3, size=300), rng.choice(3, size=300, p=[0.8, 0.1, 0.1])
    >>> x = rng.normal(size=(300, 3)) + means[y]
    >>> class_shares(x, y, rng.normal(size=(300, 3)) + means[z] + 1).differ
    True
    >>> class_shares(x, y, rng.normal(size=(300, 3)) + means[rng.permutation(y)] + 1).differ
    False
    """
    pair = DomainPair.build(source, labels, target, source_labeled=labeled, seed=seed)
    own, _ = pair.labels
    if (own >= 0).sum() < 10:
        return None
    xs, xt = pair.scaled
    if xs.shape[1] > MOST_AXES:
        pooled = np.concatenate([xs, xt])
        pooled = principal(pooled - pooled.mean(0), MOST_AXES)
        xs, xt = pooled[: len(xs)], pooled[len(xs) :]
    predictions = predict_from_source(xs, xt, own, len(pair.classes))
    if predictions is None:
        return None
    return _compared(pair, xs[predictions.rows], xt, predictions)


def _compared(
    pair: DomainPair, xs: np.ndarray, xt: np.ndarray, predictions: SourcePredictions
) -> ClassShares:
    prior, answers = predictions.prior, predictions.target.argmax(1)
    along, means = class_axes(xs, predictions.labels, len(prior))
    mixture = moved_mixture(along(xt), means, prior)
    counted = np.bincount(answers, minlength=len(prior)) / len(answers)
    return ClassShares(
        distance=total_variation(counted, prior),
        doubt=1 - float(predictions.target.max(1).mean()),
        disagreement=float((mixture.probabilities.argmax(1) != answers).mean()),
        chance=_by_chance(prior, len(xs), len(xt), pair.rng("class shares")),
        largest=float(mixture.shares.max()),
        classes=tuple(pair.classes[k] for k in predictions.present),
        source=prior,
        target=label_shift_em(predictions.target, prior, tolerance=1e-6).target_priors,
    )


def _by_chance(prior: np.ndarray, n: int, m: int, rng: np.random.Generator) -> float:
    """Return the 95 % quantile of the distance of two samples with these shares."""
    ours, theirs = (rng.multinomial(size, prior, DRAWS) / size for size in (n, m))
    return float(np.quantile(np.abs(ours - theirs).sum(1) / 2, 0.95))
