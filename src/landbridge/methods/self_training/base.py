"""Class-balanced self-training, whatever it is that is fitted."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import ClassVar

import numpy as np

from ...base.fields import setting
from ..core.base import UNSUPERVISED, Features, Head, Requirements
from ..core.feature import ScaledMethod
from ..core.scaling import Scaling

SHARES = (0.2, 0.35, 0.5, 0.65, 0.8)


class SelfTrainingMethod(ScaledMethod):
    """Base: a subclass writes `fit_rows`."""

    needs: ClassVar[Requirements] = replace(UNSUPERVISED, source="any", target="any")

    scaling: Scaling = "none"
    shares: tuple[float, ...] = setting(
        SHARES,
        "The share of each class's target rows that counts in each round.",
        gt=0,
        le=1,
    )
    weight: float = setting(
        0.5,
        "What all pseudo-labelled rows together count against all source rows.",
        gt=0,
        tried=(0.2, 0.5, 1.0),
    )

    @abstractmethod
    def fit_rows(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        weights: np.ndarray,
        eval_mask: np.ndarray,
        n_classes: int,
        seed: int,
    ) -> Head:
        """Return the head of labelled and pseudo-labelled rows.

        Parameters
        ----------
        x : ndarray, shape (n, d)
        labels : ndarray of int, shape (n,)
        weights : ndarray, shape (n,)
        eval_mask : ndarray of bool, shape (n,)
            The rows by which strength and belief are chosen.
        n_classes, seed : int
        """

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head of the last round.

        Without a labelled source, the target's labelled rows are what is learned from first.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        self._bounded = target.bounded
        own = target.labeled_mask
        if source is None or not source.labeled_mask.any():
            source, target, both = self.both_sides(target, target)
            target = replace(target, labeled_mask=np.zeros(len(own), bool))
        else:
            source, target, both = self.both_sides(source, target)
        xs, ys = source.x[source.labeled_mask], source.labels[source.labeled_mask]
        labeled = target.labeled_mask
        head = self._fit(xs, ys, target, labeled, target.labels, n_classes, seed)
        moved = 0.0
        before = head.logits(target.x).argmax(1)
        first = before
        for share in self.shares:
            logits = head.logits(target.x).astype(np.float64)
            shifted = np.exp(logits - logits.max(1, keepdims=True))
            sure = shifted.max(1) / shifted.sum(1)
            answers = np.where(own, target.labels, logits.argmax(1))
            counted = labeled | surest(answers, sure, ~own, share)
            head = self._fit(xs, ys, target, counted, answers, n_classes, seed)
            now = head.logits(target.x).argmax(1)
            moved, before = float((now != before).mean()), now
        head.notes.update(
            rounds=len(self.shares),
            pseudo_labels=int(counted.sum() - labeled.sum()),
            changed_answers=round(float((before != first).mean()), 4),
            changed_in_the_last_round=round(moved, 4),
        )
        return head.after(both.target_steps)

    def _fit(
        self,
        xs: np.ndarray,
        ys: np.ndarray,
        target: Features,
        counted: np.ndarray,
        answers: np.ndarray,
        n_classes: int,
        seed: int,
    ) -> Head:
        """Fit on source rows and the target rows that count; known ones count as the source."""
        rows = np.flatnonzero(counted)
        labeled = target.labeled_mask[rows]
        weights = np.ones(len(xs) + len(rows))
        for mask, total in ((labeled, len(xs)), (~labeled, self.weight * len(xs))):
            if mask.any():
                weights[len(xs) :][mask] = total / mask.sum()
        eval_mask = np.arange(len(weights)) < len(xs)
        if labeled.any():
            eval_mask = np.concatenate([np.zeros(len(xs), bool), labeled])
        return self.fit_rows(
            np.concatenate([xs, target.x[rows].astype(xs.dtype)]),
            np.concatenate([ys, answers[rows]]),
            weights,
            eval_mask,
            n_classes,
            seed,
        )


def surest(answers: np.ndarray, sure: np.ndarray, among: np.ndarray, share: float) -> np.ndarray:
    """Return the mask of the rows that are surest within their class.

    Parameters
    ----------
    answers : ndarray of int, shape (n,)
    sure : ndarray, shape (n,)
    among : ndarray of bool, shape (n,)
        Rows to choose from.
    share : float
        Of each class's rows; at least one of each class that is answered.

    Examples
    --------
    >>> surest(np.array([0, 0, 1]), np.array([0.6, 0.9, 0.7]), np.ones(3, bool), 0.5).tolist()
    [False, True, True]
    """
    mask = np.zeros(len(answers), bool)
    for label in np.unique(answers[among]):
        rows = np.flatnonzero(among & (answers == label))
        mask[rows[np.argsort(-sure[rows], kind="stable")[: max(1, round(share * len(rows)))]]] = (
            True
        )
    return mask
