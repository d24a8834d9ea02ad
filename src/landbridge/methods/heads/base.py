"""The heads that a feature method can end in."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from ...base.errors import ConfigError, MethodError
from ...base.registry import Registry
from ...inference.clip import Bounded, within
from ...inference.layers import apply
from ...targets.base import TargetType
from ...targets.registry import type_of_target
from ..core.base import Features, Head

FitHead = Callable[..., Head]
"""fit(x, labels, n_classes, *, weights=None, judged=None, seed=0) -> Head

x (n, d), labels (n,); `weights` (n,) not negative, mean about 1; `eval_mask` (n,) bool:
the rows whose left-out answers set the strength of belief (temperature), all by default. The
head's notes say what was chosen.
"""

PLAIN = "multiclass"
"""The kind of label that every head answers; "ridge" answers all kinds."""

HEADS: Registry[FitHead] = Registry("head", "landbridge.methods.heads")


BY_DISTANCE = ("nearest", "neighbours")


def standardises(head: Any) -> bool:
    """Say whether a head brings the columns of a space to one scale; distances are as they are."""
    return isinstance(head, str) and head not in BY_DISTANCE


def check_head(head: Any, method: str) -> None:
    """Raise ConfigError where `head` is neither a registered name nor a classifier."""
    if isinstance(head, str):
        usable = head in HEADS
    else:
        usable = hasattr(head, "fit") and hasattr(head, "predict_proba")
    if not usable:
        raise ConfigError(
            f"{method}: head = {head!r}",
            hint=f"give one of {', '.join(HEADS)}, or a scikit-learn classifier with predict_proba",
        )


def fit_head(
    head: Any,
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    eval_mask: np.ndarray | None = None,
    seed: int = 0,
    kind: TargetType | None = None,
    bounded: Bounded = "",
) -> Head:
    """Fit a head by name, or a copy of a scikit-learn classifier; `bounded` as in `Features`.

    Raises
    ------
    MethodError
        Where the labels are no classes, and the head is not "ridge": the others answer one of
        several classes.
    """
    kind = type_of_target(labels) if kind is None else kind
    if bounded and isinstance(head, str):
        steps = within(x, bounded)
        how: dict[str, Any] = {"weights": weights, "eval_mask": eval_mask, "seed": seed}
        own = fit_head(head, apply(steps, x), labels, n_classes, kind=kind, **how)
        if own.affine is not None:  # what does not grow with its input needs no bounds
            return own.after(steps)
    if head == "ridge":
        return HEADS.get(head)(
            x, labels, n_classes, weights=weights, eval_mask=eval_mask, seed=seed, kind=kind
        )
    if kind.name != PLAIN:
        raise MethodError(
            f"the head {head!r} answers one of several classes, and an answer here is "
            f"{kind.summary}",
            hint="use head = 'ridge'",
        )
    if not isinstance(head, str):
        return ClassifierHead(head, x, labels, n_classes, weights)
    return HEADS.get(head)(x, labels, n_classes, weights=weights, eval_mask=eval_mask, seed=seed)


def fit_joint(
    head: Any,
    source_rows: np.ndarray | None,
    source: Features | None,
    target_rows: np.ndarray,
    target: Features,
    n_classes: int,
    *,
    weights: np.ndarray | None = None,
    seed: int = 0,
) -> Head:
    """Fit a head on the known rows of both sides, which count the same together.

    Unweighted, the source drowns a few target labels: with 3 a class CORAL and this head reached
    0.40 on MNIST → USPS, weighted 0.76. Belief is then judged on target rows alone.

    Parameters
    ----------
    source_rows, target_rows : ndarray
        The rows of `source` and `target` in the common space; only the known ones are read.
    weights : ndarray, shape (len(source),), optional
    """
    own = target_rows[target.labeled_mask]
    what: dict[str, Any] = {"seed": seed, "kind": target.target_type, "bounded": target.bounded}
    if source is None or source_rows is None:
        return fit_head(head, own, target.labels[target.labeled_mask], n_classes, **what)
    labeled = source.labeled_mask
    rows, labels = source_rows if labeled.all() else source_rows[labeled], source.labels[labeled]
    of_source = None if weights is None else weights[labeled]
    if not len(own):
        return fit_head(head, rows, labels, n_classes, weights=of_source, **what)
    n, m = len(rows), len(own)
    first = np.ones(n) if of_source is None else of_source * (n / of_source.sum())
    return fit_head(
        head,
        np.concatenate([rows, own.astype(rows.dtype)]),
        np.concatenate([labels, target.labels[target.labeled_mask]]),
        n_classes,
        weights=np.concatenate([first, np.full(m, max(1.0, n / m))]),
        eval_mask=np.arange(n + m) >= n,
        **what,
    )


class ModelHead(Head):
    """Base of heads of scikit-learn's models. For the Python interface: a run cannot store it."""

    def rows(self, x: np.ndarray) -> np.ndarray:
        """Return what the models are given of features."""
        from ...inference.layers import apply

        return apply(self.steps, x) if self.steps else x

    def after(self, steps: Any) -> Head:
        """Return the same models on rows after `steps`."""
        from ...inference.layers import folded

        head = copy.copy(self)
        head.steps = folded([*steps, *self.steps])
        return head


class ClassifierHead(ModelHead):
    """A scikit-learn classifier as a head."""

    def __init__(
        self,
        classifier: Any,
        x: np.ndarray,
        labels: np.ndarray,
        n_classes: int,
        weights: np.ndarray | None,
    ) -> None:
        from sklearn.base import clone

        super().__init__((), {"classifier": type(classifier).__name__})
        self.n_classes = n_classes
        if weights is None:
            self.classifier = clone(classifier).fit(x, labels)
        else:
            self.classifier = clone(classifier).fit(x, labels, sample_weight=weights)

    def logits(self, x: np.ndarray) -> np.ndarray:
        """Return log probabilities, (n, classes); −30 or less for a class that was not there."""
        answers = self.classifier.predict_proba(self.rows(x))
        out = np.full((len(x), self.n_classes), 1e-13)
        out[:, self.classifier.classes_] = np.maximum(answers, 1e-12)
        return np.log(out)
