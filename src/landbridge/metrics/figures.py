"""Figures of a classifier, from arrays of true class, predicted class and probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..base.seeds import numpy_rng


@dataclass(frozen=True)
class Figures:
    """What `figures` measures. Shares are between 0 and 1; NaN where nothing can be said.

    Attributes
    ----------
    n : int
    accuracy, balanced_accuracy, macro_f1 : float
        The latter two are means over the classes that occur among the true ones, those that are
        no possible answer included: recall and F1 of such a class are 0.
    recall, precision, f1 : ndarray, shape (k,)
        Per class. Recall is NaN for a class without examples, precision for one never predicted.
    support, predicted : ndarray of int64, shape (k,)
        How many examples have each class, and how many were given it.
    confusion : ndarray of int64, shape (k, k)
        Rows are true, columns predicted.
    log_loss : float
        Mean of −log p(true class), in nats; probabilities are clipped at 1e-15, and a class that
        is no possible answer has none.
    brier : float
        Mean over examples of Σₖ (pₖ − [k is true])², between 0 and 2.
    ece : float
        `expected_calibration_error` with its defaults.
    """

    n: int
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    recall: np.ndarray
    precision: np.ndarray
    f1: np.ndarray
    support: np.ndarray
    predicted: np.ndarray
    confusion: np.ndarray
    log_loss: float
    brier: float
    ece: float


def figures(
    true: np.ndarray,
    predicted: np.ndarray | None = None,
    probabilities: np.ndarray | None = None,
    *,
    n_classes: int | None = None,
) -> Figures:
    """Return every figure of a set of predictions.

    Parameters
    ----------
    true : ndarray of int, shape (n,)
        Classes that are no possible answer, k, k + 1, ..., count as any other: every row counts
        in every figure.
    predicted : ndarray of int, shape (n,), optional
        By default the likeliest class.
    probabilities : ndarray, shape (n, k), optional
        Without them log loss, Brier score and calibration error are NaN.
    n_classes : int, optional
        All classes, true ones that are no possible answer included; by default as many as occur
        or as `probabilities` are wide.

    Raises
    ------
    ValueError
        Where shapes disagree, a class lies outside 0 … k−1, or a probability is not finite.

    Examples
    --------
    >>> found = figures(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    >>> found.accuracy, found.recall.tolist(), found.confusion.tolist()
    (0.75, [0.5, 1.0], [[1, 1], [0, 2]])
    """
    true = np.asarray(true)
    if probabilities is not None:
        probabilities = np.asarray(probabilities, dtype=np.float64)
        if probabilities.ndim != 2 or len(probabilities) != len(true):
            raise ValueError(
                f"probabilities have shape {probabilities.shape}, expected ({len(true)}, k)"
            )
        if not np.isfinite(probabilities).all():
            raise ValueError("probabilities hold values that are not finite")
        widest = int(true.max(initial=-1)) + 1
        n_classes = n_classes or max(probabilities.shape[1], widest)
        if predicted is None:
            predicted = probabilities.argmax(1)
    if predicted is None:
        raise ValueError("give predicted classes, probabilities, or both")
    matrix = confusion(true, np.asarray(predicted), n_classes)
    support, given, right = matrix.sum(1), matrix.sum(0), np.diagonal(matrix)
    with np.errstate(invalid="ignore"):
        recall, precision = right / support, right / given
        f1 = 2 * right / (support + given)
    occurs = support > 0
    scored = probabilities if len(true) else None
    return Figures(
        n=len(true),
        accuracy=float(right.sum() / len(true)) if len(true) else float("nan"),
        balanced_accuracy=float(recall[occurs].mean()) if occurs.any() else float("nan"),
        macro_f1=float(f1[occurs].mean()) if occurs.any() else float("nan"),
        recall=recall,
        precision=precision,
        f1=f1,
        support=support,
        predicted=given,
        confusion=matrix,
        log_loss=np.nan if scored is None else log_loss(true, scored),
        brier=np.nan if scored is None else brier(true, scored),
        ece=np.nan if scored is None else expected_calibration_error(true, scored),
    )


def confusion(true: np.ndarray, predicted: np.ndarray, n_classes: int | None = None) -> np.ndarray:
    """Return counts of (true, predicted), int64 (k, k).

    Raises
    ------
    ValueError
        Where shapes disagree or a class lies outside 0 … k−1.
    """
    if true.shape != predicted.shape or true.ndim != 1:
        raise ValueError(f"true has shape {true.shape}, predicted {predicted.shape}")
    top = int(max(true.max(initial=-1), predicted.max(initial=-1)))
    k = top + 1 if n_classes is None else n_classes
    if top >= k or min(true.min(initial=0), predicted.min(initial=0)) < 0:
        raise ValueError(f"a class lies outside 0 … {k - 1}")
    cells = true.astype(np.int64) * k + predicted.astype(np.int64)
    return np.bincount(cells, minlength=k * k).reshape(k, k)


def probability_of(true: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the probability of each row's true class, float64 (n,).

    It is 0 for a class that is no possible answer (an index below 0 or beyond the columns).
    """
    answer = (true >= 0) & (true < probabilities.shape[1])
    p = probabilities[np.arange(len(true)), np.where(answer, true, 0)].astype(np.float64)
    return np.where(answer, p, 0.0)


def log_loss(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean of −log p(true), in nats; p is clipped at 1e-15.

    A row of a class that is no possible answer has p = 0, and counts with 34.5 nats.
    """
    p = probability_of(true, probabilities)
    return float(-np.log(np.clip(p, 1e-15, 1)).mean())


def brier(true: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the mean over examples of the squared error summed over classes (0 to 2)."""
    p = probabilities.astype(np.float64)
    at_true = probability_of(true, p)
    return float(((p**2).sum(1) - 2 * at_true + 1).mean())


def expected_calibration_error(
    true: np.ndarray, probabilities: np.ndarray, bins: int = 15
) -> float:
    """Return the mean |confidence − accuracy| over bins of equal mass.

    Examples are sorted by the probability of the likeliest class and cut into `bins` groups
    of equal size (± 1); groups are weighted by size. Equal mass, not equal width: no bin is
    so empty that its gap is noise. Still biased upwards by about √(bins / n): compare only
    figures with equal n.

    Raises
    ------
    ValueError
        Where `bins` is not positive.
    """
    if bins < 1:
        raise ValueError(f"bins must be positive, got {bins}")
    confidence = probabilities.max(1).astype(np.float64)
    right = (probabilities.argmax(1) == true).astype(np.float64)
    order = np.argsort(confidence, kind="stable")
    return _mean_gap((confidence - right)[order], bins)


def calibration_error_by_chance(
    probabilities: np.ndarray, bins: int = 15, draws: int = 100, seed: int = 0
) -> float:
    """Return the calibration error that chance alone gives on so many examples.

    The mean of `expected_calibration_error` where each answer is right with exactly the
    probability that it states: of few examples even a perfect confidence seems to be off.

    Examples
    --------
    >>> sure = np.tile([0.7, 0.3], (24, 1))
    >>> calibration_error_by_chance(sure) > 0.2
    True
    >>> calibration_error_by_chance(np.tile(sure, (1_000, 1))) < 0.02
    True
    """
    confidence = np.sort(probabilities.max(1).astype(np.float64))
    rng = numpy_rng(seed, "calibration", "chance")
    found = [
        _mean_gap(confidence - (rng.random(len(confidence)) < confidence), bins)
        for _ in range(draws)
    ]
    return float(np.mean(found))


def _mean_gap(gaps: np.ndarray, bins: int) -> float:
    """Return the mean size of the mean gap in groups of equal size, in the order given."""
    edges = np.linspace(0, len(gaps), min(bins, len(gaps)) + 1).astype(np.int64)
    return float(np.abs(np.add.reduceat(gaps, edges[:-1])).sum() / len(gaps))
