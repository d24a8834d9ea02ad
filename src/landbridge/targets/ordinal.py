"""One of several classes that have an order: grades, stars, stages of a disease.

A model answers with the probability that a row lies above each class but the last, so what is
learned knows of the order; the answer is the median class.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ..base.errors import DataError
from ..base.typed import EvalResult, Notes
from .base import Scale, centred
from .figures import Phrases, PrimaryMetric
from .multiclass import ClassIndices
from .registry import TARGET_TYPES

if TYPE_CHECKING:
    import torch

SCALES = tuple(
    tuple(words.split())
    for words in (
        "none low medium high",
        "low moderate high",
        "small medium large",
        "none mild moderate severe",
        "poor fair good excellent",
        "bad average good",
        "never rarely sometimes often always",
        "first second third fourth fifth",
        "i ii iii iv v vi vii",
        "低 中 高",
        "差 中 良 优",
        "轻 中 重",
    )
)
"""Words in their order: labels that are all on one of these need no number in front."""
_USUAL_SLOPE = 2.0


def ordered(names: Sequence[str], called: str = "the labels") -> tuple[str, ...]:
    """Return classes from the lowest to the highest.

    By the number that each begins or ends with ("2", "2 stars", "grade 2"), or by one of `SCALES`.

    Raises
    ------
    DataError
        Where neither tells the order.

    Examples
    --------
    >>> ordered(["10", "9"]), ordered(["High", "low", "medium"]), ordered(["3 stars", "1 star"])
    (('9', '10'), ('low', 'medium', 'High'), ('1 star', '3 stars'))
    """
    kept = list(dict.fromkeys(names))
    numbers = [_number(name) for name in kept]
    if all(number is not None for number in numbers) and len(set(numbers)) == len(kept):
        return tuple(kept[i] for i in np.argsort(np.array(numbers, float), kind="stable"))
    folded = [name.casefold().strip() for name in kept]
    for scale in SCALES:
        if set(folded) <= set(scale) and len(set(folded)) == len(kept):
            return tuple(sorted(kept, key=lambda name: scale.index(name.casefold().strip())))
    raise DataError(
        f"{called}: the order of {', '.join(map(repr, kept[:7]))} is not known",
        hint="write a number in front of each (1 cold, 2 mild, ...), or read them as classes: "
        "target_type=multiclass",
    )


def _number(name: str) -> float | None:
    found = re.match(r"\s*([+-]?\d+(?:\.\d+)?)(?![\w.])", name) or re.search(
        r"(?<![\w.])([+-]?\d+(?:\.\d+)?)\s*$", name
    )
    return None if found is None else float(found.group(1))


def median_rank(probabilities: np.ndarray) -> np.ndarray:
    """Return the class at which half of the probability is reached, (...,) from (..., k).

    No other answer has a smaller expected distance in ranks.
    """
    return (np.cumsum(probabilities, -1)[..., :-1] < 0.5).sum(-1)


def rank_nearness(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return minus the distance in ranks; a class that is no answer (−1) is as far as can be."""
    answer, k = median_rank(probabilities), probabilities.shape[-1]
    return -np.where(truth < 0, max(k - 1, 1), np.abs(answer - truth)).astype(np.float64)


def ordinal_metrics(truth: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return further figures of ranks; NaN where nothing can be said.

    Parameters
    ----------
    truth : int ndarray, shape (n,)
        −1 for a class that is no answer: it counts as the one farthest from what was said.
    probabilities : ndarray, shape (n, k)

    Returns
    -------
    dict
        "quadratic-weighted kappa" (Cohen, 1968): 1 is perfect, 0 is chance; "accuracy";
        "within one rank".

    Examples
    --------
    >>> found = ordinal_metrics(np.array([0, 1, 2]), np.eye(3))
    >>> found["quadratic-weighted kappa"], found["accuracy"]
    (1.0, 1.0)
    """
    said, k = median_rank(probabilities), probabilities.shape[-1]
    true = np.where(truth >= 0, truth, np.where(said >= k / 2, 0, k - 1))
    apart = (said - true).astype(np.float64)
    by_chance = (said[:, None] - true[None, :]).astype(np.float64)
    expected = float(np.square(by_chance).mean()) if len(said) else 0.0
    kappa = 1 - float(np.square(apart).mean()) / expected if expected > 0 else float("nan")
    return {
        "quadratic-weighted kappa": kappa,
        "accuracy": float((said == truth).mean()) if len(said) else float("nan"),
        "within one rank": float(((abs(apart) <= 1) & (truth >= 0)).mean())
        if len(said)
        else float("nan"),
    }


def cumulative_link(
    scores: np.ndarray, labels: np.ndarray, n_classes: int
) -> tuple[float, np.ndarray]:
    """Return slope a > 0 and rising thresholds θ of P(y > k) = σ(a · score − θ_k).

    The proportional-odds model (McCullagh, 1980) of one score, at its penalised maximum: weak
    priors, worth about one row each, hold the slope near 2 a rank and thresholds near the middle
    between two ranks, so both stay finite where classes are apart, and are there without any row.

    Parameters
    ----------
    scores : float ndarray, shape (n,)
        About the rank of each row, by a fit without it.
    labels : int ndarray, shape (n,)
        0 ... n_classes − 1.
    n_classes : int

    Returns
    -------
    slope : float
    thresholds : float64 ndarray, shape (n_classes − 1,)
    """
    from scipy.optimize import minimize

    scores = np.asarray(scores, np.float64)
    middle = np.arange(n_classes - 1) + 0.5
    start = np.concatenate([[np.log(_USUAL_SLOPE), middle[0]], np.zeros(n_classes - 2)])

    def read(at: np.ndarray) -> tuple[float, np.ndarray]:
        return float(np.exp(at[0])), at[1] + np.concatenate([[0.0], np.cumsum(np.exp(at[2:]))])

    def loss(at: np.ndarray) -> tuple[float, np.ndarray]:
        slope, cuts = read(at)
        below, over = _link(slope, scores, cuts, labels)
        p = np.maximum(over - below, 1e-300)
        # dp/dz of both ends of the class's interval, z = slope · (cut − score).
        rise = [side * (1 - side) for side in (below, over)]
        rows, k = np.arange(len(labels)), len(cuts)
        by_cut = np.zeros((len(labels), k + 2))
        by_cut[rows, labels + 1] = -rise[1] / p
        by_cut[rows, labels] += rise[0] / p
        by_cut = by_cut[:, 1:-1]
        prior = np.concatenate([[at[0] - np.log(_USUAL_SLOPE)], cuts - middle])
        value = -np.log(p).sum() + 0.5 * np.square(prior).sum()
        d_cuts = slope * by_cut.sum(0) + prior[1:]
        d_slope = (by_cut * (cuts - scores[:, None])).sum() * slope + prior[0]
        steps = np.exp(at[2:])
        behind = np.cumsum(d_cuts[::-1])[::-1]
        return float(value), np.concatenate([[d_slope, d_cuts.sum()], behind[1:] * steps])

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 500})
    slope, cuts = read(found.x)
    return slope, slope * cuts


def _link(
    slope: float, scores: np.ndarray, cuts: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return P(y < label) and P(y ≤ label) of each row."""
    ends = np.concatenate([[-np.inf], cuts, [np.inf]])
    with np.errstate(over="ignore"):
        below, over = (1 / (1 + np.exp(-slope * (ends[labels + side] - scores))) for side in (0, 1))
    return below, over


@TARGET_TYPES.register("ordinal")
class Ordinal(ClassIndices):
    """Places of classes in their order, int64 (n,), and one output fewer than classes."""

    summary = "one of several classes in an order"
    heading = "Ranks"
    metric = PrimaryMetric("mean rank error", True, False, rank_nearness)
    phrases = Phrases("is off by {} ranks on average", "by {}", "less", "more")
    directed: ClassVar[bool] = True
    method_words: ClassVar[Mapping[str, str]] = {"probe": "a simple ranking on frozen features"}
    method_what: ClassVar[Mapping[str, str]] = {
        "probe": "ridge on the ranks of frozen features, with thresholds"
    }
    card = "A model that puts {rows} into one of {count} in an order"

    def parse(self, values: Sequence[Any], name: str) -> tuple[list[Any], tuple[str, ...] | None]:
        """Return class names, and all of them in their order."""
        found, _ = super().parse(values, name)
        return found, ordered(sorted({one for one in found if one is not None}), name)

    def joint_names(self, ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, ...] | None:
        """Return the classes of both sides in their order: a scale is one, whoever shows it."""
        return ordered([*ours, *theirs])

    def n_outputs(self, n_names: int) -> int:
        """Return one fewer than classes."""
        return n_names - 1

    def output_names(self, names: Sequence[str]) -> tuple[str, ...]:
        """Return the class that each output's rows lie above."""
        return tuple(names[:-1])

    def binary_columns(self, labels: np.ndarray, n_names: int) -> np.ndarray | None:
        """Return whether a row lies above each class but the last."""
        return (labels[:, None] > np.arange(n_names - 1)).astype(np.uint8)

    def loss(self, outputs: torch.Tensor, labels: torch.Tensor, smoothing: float) -> torch.Tensor:
        """Return the mean binary cross-entropy of "above" over thresholds (Cao et al., 2020)."""
        import torch
        from torch.nn import functional as F

        places = torch.arange(outputs.shape[1], device=outputs.device)
        above = (labels[:, None] > places).to(outputs) * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(outputs, above, reduction="none").mean(1)

    def values(self, outputs: np.ndarray, scale: Scale) -> np.ndarray:
        """Return probabilities of the classes; where "above" rises with the class, it is cut."""
        above = 1 / (1 + np.exp(-np.clip(outputs.astype(np.float64), -80, 80)))
        above = np.minimum.accumulate(above, -1)
        ones, zeros = np.ones((*above.shape[:-1], 1)), np.zeros((*above.shape[:-1], 1))
        edges = np.concatenate([ones, above, zeros], -1)
        return (edges[..., :-1] - edges[..., 1:]).astype(outputs.dtype)

    def explained(
        self, outputs: np.ndarray, names: Sequence[str], scale: Scale
    ) -> tuple[str, np.ndarray]:
        """Return what speaks for a higher class: the mean over thresholds."""
        return "a higher class", np.full(len(outputs), 1 / len(outputs))

    def decide(self, values: np.ndarray, names: Sequence[str]) -> list[Any]:
        """Return the median class."""
        return [names[i] for i in median_rank(values)]

    def regression_targets(self, labels: np.ndarray, n_names: int) -> np.ndarray:
        """Return ranks, in one column."""
        return labels.reshape(-1, 1).astype(np.float32)

    def calibrate(
        self,
        weight: np.ndarray,
        bias: np.ndarray,
        left_out: np.ndarray,
        labels: np.ndarray,
        n_names: int,
        mean: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray, Notes]:
        """Return a cumulative-link head: one direction, and a threshold between any two classes."""
        bias = centred(bias, weight, mean)
        slope, thresholds = cumulative_link(left_out[:, 0], labels, n_names)
        notes = {"slope": slope, "thresholds": thresholds.tolist()}
        return np.repeat(slope * weight, n_names - 1, 0), slope * bias - thresholds, notes

    def spread(self, truth: np.ndarray) -> float:
        """Return the standard deviation of ranks."""
        return float(np.std(truth[truth >= 0])) if (truth >= 0).any() else 0.0

    def extra_metrics(self, truth: np.ndarray, values: np.ndarray) -> dict[str, float]:
        """Return `ordinal_metrics`."""
        return ordinal_metrics(truth, values)

    def evaluation(
        self,
        given: Sequence[Any],
        values: np.ndarray,
        names: Sequence[str],
        groups: np.ndarray | None = None,
    ) -> EvalResult:
        """Return the figures, and "unseen_classes"."""
        figures = super().evaluation(given, values, names, groups)
        return {**figures, "unseen_classes": self.strange_names(given, names)}
