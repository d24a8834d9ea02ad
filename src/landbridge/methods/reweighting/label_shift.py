"""Methods for a shift of the classes' shares: what they have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Literal

import numpy as np

from ...base.errors import ConfigError
from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...base.typed import Notes
from ...inference.layers import Affine
from ...solvers.density_ratio.base import effective_sample_size
from ...solvers.label_shift.label_shift import LabelShift
from ..core.base import UNSUPERVISED, Features, Head, Requirements
from ..core.feature import labelled_source
from ..core.scaling import Scaling
from ..heads.base import fit_head
from .base import Reweighting

Correct = Literal["weights", "answers"]


class LabelShiftMethod(Reweighting):
    """Base: a subclass writes `estimate`.

    A head is fitted on the source; what it says of source rows that it did not see, and of target
    rows, tells the target's priors. Then either the source rows are weighted by class and the
    head is fitted again, or the answers are corrected by Bayes' rule.

    Attributes
    ----------
    target_priors_ : ndarray, shape (classes,)
        After `fit`: the share of each class in the target.
    """

    needs: ClassVar[Requirements] = UNSUPERVISED
    correct: Correct = setting(
        "weights",
        "Whether source rows are weighted by class and the head is fitted again, or its answers "
        "are corrected by Bayes' rule. Where target rows are labelled it is weights.",
    )
    folds: int = setting(
        5, "Of the source rows, for answers on rows that the head did not see.", ge=2, le=1000
    )
    scaling: Scaling = setting(
        "none", 'How features are scaled before. "none": heads scale their own.'
    )
    random_state: int = setting(0, "Of the folds.")

    @abstractmethod
    def estimate(
        self, source_logits: np.ndarray, labels: np.ndarray, target_logits: np.ndarray
    ) -> tuple[LabelShift, np.ndarray, np.ndarray]:
        """Return priors, and the calibration of logits: a matrix (k, k) and biases (k,).

        Parameters
        ----------
        source_logits : ndarray, shape (n, k)
            Of source rows left out.
        labels : ndarray of int, shape (n,)
        target_logits : ndarray, shape (m, k)
        """

    def check(self) -> None:
        """Raise ConfigError where a parameter is out of range."""
        super().check()
        if self.correct == "answers" and not isinstance(self.head, str):
            raise ConfigError(
                f"{self.name}: answers of a scikit-learn classifier cannot be corrected",
                hint="use correct = 'weights', or a head by name",
            )

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Estimate the target's priors, then fit or correct the head.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source = labelled_source(source, target, self.name)
        if self.correct == "weights" or target.labeled_mask.any():
            return super().fit_head(source, target, n_classes, seed)
        weights, notes = self.source_weights(source, target, n_classes, seed)
        self.weights_ = weights
        size = effective_sample_size(weights[source.labeled_mask])
        notes |= {"rows": int(source.labeled_mask.sum()), "effective_rows": round(size, 1)}
        matrix, biases, ratios = self._calibration
        logs = np.log(np.maximum(ratios, 1e-9))
        steps = (*self._head.steps, Affine(matrix.T, biases + logs))
        return Head(steps, {**self._head.notes, **notes})

    def source_weights(
        self, source: Features, target: Features, n_classes: int, seed: int
    ) -> tuple[np.ndarray, Notes]:
        """Return weights by class; 1 for source rows without a label, which nothing reads."""
        x, labels = source.x[source.labeled_mask], source.labels[source.labeled_mask]
        left_out = self._left_out(x, labels, n_classes, seed)
        how = target.bounded
        self._head = fit_head(self.head, x, labels, n_classes, seed=seed, bounded=how)
        found, matrix, biases = self.estimate(
            left_out.astype(np.float64), labels, self._head.logits(target.x).astype(np.float64)
        )
        self._calibration = matrix, biases, found.class_weights
        self.target_priors_ = found.target_priors
        weights = np.ones(len(source))
        weights[source.labeled_mask] = found.class_weights[labels]
        notes: Notes = {
            "source_priors": found.source_priors.round(4).tolist(),
            "target_priors": found.target_priors.round(4).tolist(),
            "classes_only_in_target": found.missing.tolist(),
        }
        # Not one row of a class that the source has: the estimate ran into the simplex's border.
        gone = np.flatnonzero((found.source_priors > 0) & (found.target_priors * len(target) < 1))
        notes["classes_put_at_0"] = gone.tolist()
        if len(gone):
            notes["warning"] = (
                f"{self.name}: of the source's classes the estimate leaves none of "
                f"{gone.tolist()} in the target, so hardly any row will be given them; where "
                "that cannot be, the classes' features have shifted, not only their shares"
            )
        return weights, notes

    def _left_out(self, x: np.ndarray, labels: np.ndarray, n_classes: int, seed: int) -> np.ndarray:
        """Return logits of rows by heads that were fitted without them."""
        order = numpy_rng(seed, "label shift folds").permutation(len(labels))
        order = order[np.argsort(labels[order], kind="stable")]
        fold_of = np.empty(len(labels), dtype=np.int64)
        fold_of[order] = np.arange(len(labels)) % self.folds  # each class over all folds
        out = np.zeros((len(labels), n_classes))
        for fold in np.unique(fold_of):
            held = fold_of == fold
            if held.all():
                continue  # a single row: nothing is known of it
            head = fit_head(self.head, x[~held], labels[~held], n_classes, seed=seed)
            out[held] = head.logits(x[held])
        return out
