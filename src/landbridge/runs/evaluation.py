"""A run's answers against labels of new data: figures with their interval, by kind of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..domains.answers import column_of, plain_labels
from ..domains.domain import Domain
from ..domains.reading import Reading
from ..metrics.answer_figures import label_figures, more_figures
from ..metrics.currency import CURRENCIES
from ..metrics.estimates import mean_interval
from ..metrics.figures import figures
from ..verdict.judge import difference, figure, outcome_of
from ..verdict.sentences import judged_sentence

if TYPE_CHECKING:
    from .run import Run

REFERENCE = "reference"
"""Folder of a run with the model that its verdict compares with."""


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


def compared(
    run: Run, domain: Domain, rows: np.ndarray, values: np.ndarray, other: np.ndarray | None
) -> dict[str, Any]:
    """Return whether transfer helped on these rows: the stored model beside the reference's.

    Parameters
    ----------
    run : Run
    domain : Domain
    rows : int ndarray
        Its labelled rows.
    values, other : ndarray, shape (len(rows), k)
        Of the stored model, and of the reference's, None where the run keeps none.

    Returns
    -------
    dict
        "outcome", None where nothing is compared; "sentence", which says why then; "reference" and
        "difference" as in a verdict.
    """
    chosen, name = run.choice["method"], run.verdict.get("reference")
    if other is None or name is None:
        why = "the run says of no reference what transfer is compared with"
        if name is not None:
            kept_none = name == chosen
            why = "the run was made by an earlier version, which kept no model of the reference"
            why = "the run kept no transfer" if kept_none else why
        return {
            "outcome": None,
            "sentence": f"Nothing to compare with: {why}.",
            "reference": None,
            "difference": None,
        }
    reading = run.model.reading
    currency, truth = CURRENCIES[reading.answers], domain.labels[rows]
    if reading.answers == "classes":
        place = {one: i for i, one in enumerate(reading.classes)}
        truth = np.array([place.get(domain.classes[i], -1) for i in truth])
    elif reading.answers == "several":
        given = plain_labels(truth, domain.classes)
        unseen = sorted({one for row in given for one in row} - set(reading.classes))
        truth = column_of(given, "several", (*reading.classes, *unseen))
    spread = 0.0 if currency.percent else float(np.std(truth))
    own, theirs = (currency.score(one[None], truth) for one in (values, other))
    gap = difference(own, theirs, currency, spread)
    words = {row["method"]: row["what"] for row in run.verdict["baselines"]}
    found: dict[str, Any] = {
        "answers": reading.answers,
        "outcome": outcome_of(gap),
        "judged_rows": len(rows),
        "seeds": [0],
        "chosen": figure(
            chosen, "chosen", run.verdict["chosen"]["what"], own, currency, True, scale=spread
        ),
        "reference": name,
        "baselines": [
            figure(name, "baseline", words.get(name, name), theirs, currency, scale=spread)
        ],
        "difference": gap,
    }
    return {
        "outcome": found["outcome"],
        "sentence": judged_sentence(found),
        "reference": found["baselines"][0],
        "difference": gap,
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
