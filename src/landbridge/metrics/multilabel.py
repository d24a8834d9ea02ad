"""How well several labels at once are met."""

from __future__ import annotations

import numpy as np


def as_wide(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return probabilities with a column of 0 for each label of `truth` that is no answer.

    Labels that a model does not know come after its own, and it never says them.
    """
    lacking = truth.shape[-1] - probabilities.shape[-1]
    if lacking <= 0:
        return probabilities
    return np.pad(probabilities, [(0, 0)] * (probabilities.ndim - 1) + [(0, lacking)])


def jaccard(probabilities: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return |answered ∩ true| / |answered ∪ true| of each row; 1 where both are empty.

    A label is answered where its probability is above one half.

    Examples
    --------
    >>> jaccard(np.array([[0.9, 0.9, 0.1]]), np.array([[1, 0, 0]])).tolist()
    [0.5]
    """
    answered, true = as_wide(probabilities, truth) > 0.5, truth > 0.5
    both = (answered & true).sum(-1)
    either = (answered | true).sum(-1)
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


def multilabel_metrics(true: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
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
    >>> found = multilabel_metrics(true, np.array([[0.9, 0.6], [0.8, 0.7]]))
    >>> round(found["micro F1"], 3), found["subset accuracy"], found["mean average precision"]
    (0.857, 0.5, 1.0)
    """
    wanted = np.asarray(true) > 0.5
    probabilities = as_wide(probabilities, wanted)
    answered = probabilities > 0.5
    per_label = per_label_metrics(wanted, probabilities)
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


def per_label_metrics(true: np.ndarray, probabilities: np.ndarray) -> dict[str, np.ndarray]:
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
