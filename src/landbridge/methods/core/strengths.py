"""How hard a method adapts, chosen without target labels: reverse validation."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from copy import copy
from typing import Any

import numpy as np

from ...base.errors import MethodError
from ...base.formatting import percent
from ...base.seeds import numpy_rng
from .base import Features, Head
from .feature import FeatureMethod
from .parameters import descriptions_of

AUTO = "auto"
MOST_ROWS = 1_000
"""Of each side that the choice looks at."""


def reverse_score(
    method: FeatureMethod, source: Features, target: Features, n_classes: int, seed: int
) -> float:
    """Return how well the way back finds the source's labels, from 0 to 1.

    The method answers the target; with these answers as labels and the target as the source it
    answers the source, whose labels are there (Zhong, Fan, Yang, Verscheure & Ren, 2010,
    "Cross validation framework to choose amongst models and datasets for transfer learning",
    ECML PKDD). What answers a single class tells nothing and scores 0. Labels of the target that
    may be used stand for its answers.

    Parameters
    ----------
    method : FeatureMethod
    source, target : Features
        Classes are indices below `n_classes`.
    n_classes, seed : int

    Examples
    --------
    >>> from landbridge.methods.core.resolve import make_method
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 50)
    >>> x = rng.normal(size=(100, 3)) + 3 * labels[:, None]
    >>> source = Features(x, labels, np.ones(100, bool))
    >>> target = Features(x + 5, np.zeros(100, int), np.zeros(100, bool))
    >>> reverse_score(make_method("coral"), source, target, 2, 0) > 0.9
    True
    """
    answers = method.fit_head(source, target, n_classes, seed).logits(target.x).argmax(1)
    answers = np.where(target.labeled_mask, target.labels, answers)
    if len(np.unique(answers)) < 2:
        return 0.0
    taught = Features(target.x, answers, np.ones(len(answers), bool))
    asked = Features(source.x, np.zeros(len(source), int), np.zeros(len(source), bool))
    back = method.fit_head(taught, asked, n_classes, seed).logits(source.x).argmax(1)
    own = source.labeled_mask
    return float((back[own] == source.labels[own]).mean())


def strengths_of(kind: type) -> dict[str, tuple[Any, ...]]:
    """Return the options of a method that "auto" may stand for, with the values it tries."""
    said = descriptions_of(kind)
    return {name: about["tried"] for name, about in said.items() if "tried" in about}


def grid(method: FeatureMethod) -> list[dict[str, Any]]:
    """Return what is tried for the options that are to be chosen: every combination."""
    able = strengths_of(type(method))
    values = (able[name] for name in method.searched)
    return [
        dict(zip(method.searched, combination, strict=True))
        for combination in itertools.product(*values)
    ]


def fits_of(method: object) -> int:
    """Return how many fits one asks for: two for each value that is tried, and the last."""
    searched = getattr(method, "searched", ())
    return 1 + 2 * len(grid(method)) if searched else 1  # type: ignore[arg-type]


def fit_with_strengths(
    method: FeatureMethod, source: Features | None, target: Features, n_classes: int, seed: int
) -> Head:
    """Return the head, with the options that were given as "auto" chosen first.

    The best way back is taken. What is within a standard error of it counts as equal, and of
    equals the option's default is taken, else the one that stands first. Of each side at most
    1,000 rows are looked at.

    Raises
    ------
    MethodError
        Where options are to be chosen and there is no labelled source, or answers are no classes.
    """
    if not method.searched:
        return method.fit_head(source, target, n_classes, seed)
    names = " and ".join(method.searched)
    if source is None or not source.labeled_mask.any():
        raise MethodError(
            f"{method.name}: {names} = auto is chosen by answering the source again, and there "
            "are no labelled source rows",
            hint="give a number",
        )
    if target.target_type.name != "multiclass":
        raise MethodError(
            f"{method.name}: {names} = auto is chosen by the way back to the source's classes, "
            f"and here an answer is {target.target_type.summary}",
            hint="give a number",
        )
    own = _some(source, seed, "source")
    other = _some(target, seed, "target")
    scores: dict[str, float] = {}
    tried = grid(method)
    for values in tried:
        scores[_written(values)] = reverse_score(_with(method, values), own, other, n_classes, seed)
    best = max(scores.values())
    error = np.sqrt(max(best * (1 - best), 1 / len(own)) / len(own))
    equal = [values for values in tried if scores[_written(values)] >= best - error]
    usual = {name: getattr(method, name) for name in method.searched}
    chosen = usual if usual in equal else equal[0]
    head = _with(method, chosen).fit_head(source, target, n_classes, seed)
    head.notes["chosen"] = chosen
    head.notes["reverse_validation"] = {key: round(score, 4) for key, score in scores.items()}
    return head


def chosen_sentence(head: Head) -> str:
    """Return what was chosen and by what evidence, of a head that `fit_with_strengths` made."""
    scores = head.notes["reverse_validation"]
    assert isinstance(scores, dict)
    shown = ", ".join(f"{name}: {percent(score)}" for name, score in scores.items())
    return (
        f"{_written(head.notes['chosen'])} chosen by reverse validation "  # type: ignore[arg-type]
        f"(source labels found on the way back: {shown})"
    )


def _with(method: FeatureMethod, values: Mapping[str, Any]) -> FeatureMethod:
    made = copy(method)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def _written(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _some(side: Features, seed: int, which: str) -> Features:
    """Return at most so many rows of a side, drawn."""
    if len(side) <= MOST_ROWS:
        return side
    return side.only(
        np.sort(numpy_rng(seed, "strengths", which).permutation(len(side))[:MOST_ROWS])
    )
