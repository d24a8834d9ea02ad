"""A run's answers against labels of new data: figures with their interval, by kind of answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..domains.answers import column_of, plain_labels
from ..domains.domain import Domain
from ..domains.reading import Reading
from ..metrics.answer_figures import label_figures, more_figures
from ..metrics.currency import CURRENCIES
from ..metrics.estimates import mean_interval
from ..metrics.figures import figures


def class_evaluation(
    reading: Reading, domain: Domain, rows: np.ndarray, probabilities: np.ndarray
) -> dict[str, Any]:
    """Return accuracy with its interval, and figures by class.

    Parameters
    ----------
    reading : Reading
    domain : Domain
    rows : int ndarray
        Its labelled rows.
    probabilities : ndarray, shape (len(rows), classes)
    """
    given = [domain.classes[i] for i in domain.labels[rows]]
    # Classes that the run does not know come after its own: every row counts in every figure.
    unseen = sorted(set(given) - set(reading.classes))
    place = {name: i for i, name in enumerate((*reading.classes, *unseen))}
    truth = np.array([place[name] for name in given])
    predicted = probabilities.argmax(1)
    hits = int((truth == predicted).sum())
    interval = mean_interval(truth == predicted)
    found = figures(truth, predicted, n_classes=len(place))
    return {
        "accuracy": hits / len(rows),
        "low": interval.low,
        "high": interval.high,
        "balanced_accuracy": found.balanced_accuracy,
        "macro_f1": found.macro_f1,
        "unseen_classes": unseen,
        "per_class": {
            name: {
                "n": int(found.support[i]),
                "recall": _number(found.recall[i]),
                "precision": _number(found.precision[i]),
                "f1": _number(found.f1[i]),
            }
            for name, i in place.items()
        },
    }


def answer_evaluation(
    reading: Reading, domain: Domain, rows: np.ndarray, values: np.ndarray
) -> dict[str, Any]:
    """Return the figures of numbers, or of several labels, with the interval of the main one.

    Parameters
    ----------
    reading : Reading
    domain : Domain
    rows : int ndarray
        Its labelled rows.
    values : ndarray, shape (len(rows), k)

    Returns
    -------
    dict
        "answers", "metric" and its "value", "low", "high"; "figures"; for several labels also
        "per_label" and "unseen_classes".
    """
    currency = CURRENCIES[reading.answers]
    truth = domain.labels[rows]
    unseen: list[str] = []
    if reading.answers == "several":
        given = plain_labels(truth, domain.classes)
        unseen = sorted({n for row in given for n in row} - set(reading.classes))
        truth = column_of(given, "several", (*reading.classes, *unseen))
    spread = 0.0 if currency.percent else float(np.std(truth))
    found = mean_interval(currency.score(values, truth), share=currency.percent, scale=spread)
    low, high = sorted((currency.figure(found.low), currency.figure(found.high)))
    result: dict[str, Any] = {
        "answers": reading.answers,
        "metric": currency.metric,
        "value": currency.figure(found.value),
        "low": low,
        "high": high,
        "figures": {
            name: _number(value)
            for name, value in more_figures(reading.answers, truth, values).items()
        },
    }
    if reading.answers == "several":
        each = label_figures(truth, values)
        result["unseen_classes"] = unseen
        result["per_label"] = {
            name: {
                "n": int(each["n"][i]),
                **{key: _number(column[i]) for key, column in each.items() if key != "n"},
            }
            for i, name in enumerate((*reading.classes, *unseen))
        }
    return result


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
