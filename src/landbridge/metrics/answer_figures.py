"""Figures of numbers, and of several labels at once."""

from __future__ import annotations

import numpy as np

from ..domains.answers import Answers
from .currency import as_wide, jaccard


def number_figures(true: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Return how well numbers are met; NaN where nothing can be said.

    Parameters
    ----------
    true, predicted : float ndarray, shape (n,)

    Returns
    -------
    dict
        "RMSE" and "MAE" in the label's units; "R²", 1 − squared error / variance of the truth;
        "Spearman", the correlation of ranks.

    Examples
    --------
    >>> found = number_figures(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))
    >>> round(found["MAE"], 3), round(found["RMSE"], 3), found["R²"], found["Spearman"]
    (0.333, 0.577, 0.5, 1.0)
    """
    n = len(true)
    apart = np.asarray(predicted, np.float64) - true
    square = float(np.square(apart).mean()) if n else float("nan")
    variance = float(np.var(true)) if n else 0.0
    return {
        "RMSE": float(np.sqrt(square)),
        "MAE": float(np.abs(apart).mean()) if n else float("nan"),
        "R²": 1 - square / variance if variance > 0 else float("nan"),
        "Spearman": _spearman(true, predicted),
    }


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(a) < 2:
        return float("nan")
    ranks = [rankdata(values) for values in (a, b)]
    if any(r.std() == 0 for r in ranks):
        return float("nan")
    return float(round(np.corrcoef(*ranks)[0, 1], 12))


def several_figures(true: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """Return how well several labels at once are met; NaN where nothing can be said.

    Parameters
    ----------
    true : ndarray of 0 and 1, shape (n, k)
    probabilities : ndarray, shape (n, k)
        A label is answered above one half.

    Returns
    -------
    dict
        "micro F1" over all (row, label) pairs; "macro F1", the mean over labels that occur;
        "subset accuracy", the share of rows with every label right; "Jaccard index"; "mean
        average precision" over labels that occur, which looks at the order of probabilities
        alone.

    Examples
    --------
    >>> true = np.array([[1, 0], [1, 1]])
    >>> found = several_figures(true, np.array([[0.9, 0.6], [0.8, 0.7]]))
    >>> round(found["micro F1"], 3), found["subset accuracy"], found["mean average precision"]
    (0.857, 0.5, 1.0)
    """
    wanted = np.asarray(true) > 0.5
    probabilities = as_wide(probabilities, wanted)
    answered = probabilities > 0.5
    per_label = label_figures(wanted, probabilities)
    right = 2 * (wanted & answered).sum()
    total = wanted.sum() + answered.sum()
    occurs = wanted.any(0)

    def mean(values: np.ndarray) -> float:
        return float(values[occurs].mean()) if occurs.any() else float("nan")

    return {
        "micro F1": float(right / total) if total else float("nan"),
        "macro F1": mean(per_label["f1"]),
        "subset accuracy": float((wanted == answered).all(1).mean()) if len(wanted) else np.nan,
        "Jaccard index": float(jaccard(probabilities, wanted).mean()) if len(wanted) else np.nan,
        "mean average precision": mean(per_label["average precision"]),
    }


def label_figures(true: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
    """Return "f1", "recall", "precision", "average precision" and "n" of each label, (k,).

    NaN where a label neither occurs nor is answered.
    """
    from sklearn.metrics import average_precision_score

    wanted = np.asarray(true) > 0.5
    probabilities = as_wide(probabilities, wanted)
    answered = probabilities > 0.5
    right, given, there = (wanted & answered).sum(0), answered.sum(0), wanted.sum(0)
    with np.errstate(invalid="ignore"):
        found = {
            "f1": 2 * right / (given + there),
            "recall": right / there,
            "precision": right / given,
        }
    found["average precision"] = np.array(
        [
            average_precision_score(wanted[:, j], probabilities[:, j]) if there[j] else np.nan
            for j in range(wanted.shape[1])
        ]
    )
    return found | {"n": there}


def more_figures(answers: Answers, true: np.ndarray, values: np.ndarray) -> dict[str, float]:
    """Return the further figures of a kind of answer, from values (n, k); none for classes."""
    if answers == "numbers":
        return number_figures(true, values[:, 0])
    return several_figures(true, values) if answers == "several" else {}
