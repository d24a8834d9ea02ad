"""A probe of all stages: which columns it reads is chosen."""

from __future__ import annotations

import numpy as np

from ...base.errors import MethodError
from ...base.fields import setting
from ...base.typed import Notes
from ...solvers.calibration.score_calibration import fit_temperature
from ...solvers.folds import stratified_folds
from ..core.base import METHODS, AffineHead, Features, Requirements
from ..core.feature import FeatureMethod
from ..core.scaling import standardisation
from ..heads.ridge import ridge_head
from .probe import labeled_x

FOLDS = 5


@METHODS.register("head2toe")
class Head2Toe(FeatureMethod):
    """Ridge probe on the columns of all stages that matter, chosen by folds.

    In a run the columns are the outputs of every stage of the backbone, pooled; a column's
    relevance is the length of its weights over the classes in a ridge fit on all of them. The
    paper takes a group lasso for that. How many of the most relevant are kept is chosen by
    cross-validation on the granted labels, the selection within each fold.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import Head2Toe
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["ant", "bee"], 20)
    >>> x = rng.normal(size=(40, 300))
    >>> x[:, 7] += 6 * (labels == "bee")
    >>> Head2Toe().fit(x, labels, x, labels).score(x, labels) > 0.95
    True
    """

    summary = "ridge classifier on the columns of all stages that matter"
    paper = "Evci et al., 2022, ICML, Head2Toe"
    needs = Requirements(source="any", target="any", gradients=False)

    shares: tuple[float, ...] = setting(
        (1.0, 0.3, 0.1, 0.03, 0.01),
        "Shares of the columns to choose from.",
        gt=0,
        le=1,
    )
    budget: int = setting(512, "Numbers that each stage is pooled to, at most.", ge=1, le=100_000)

    def stage_budget(self) -> int:
        """Return the budget: in a run it reads all stages."""
        return self.budget

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> AffineHead:
        """Return the head fitted on labelled target rows, or source rows where there are none.

        Columns that it leaves out have weight 0.

        Raises
        ------
        MethodError
            Where neither side has a label.
        """
        side = target if target.labeled_mask.any() or source is None else source
        if not side.labeled_mask.any():
            raise MethodError(
                "head2toe: no labelled rows to fit on",
                hint="label some target rows, or give a labelled source",
            )
        x, labels = labeled_x(side), side.labels[side.labeled_mask]
        share, temperature, accuracy = self._choose(x, labels, n_classes, seed)
        kept = most_relevant(x, labels, n_classes, share)
        small = ridge_head(x[:, kept], labels, n_classes)
        # Leaving a row out of the last fit alone says too much: the columns were chosen with it.
        ridge_notes = {k: v for k, v in small.notes.items() if not k.startswith("loo_")}
        scale = 1.0 if temperature is None else small.noted("temperature") / temperature
        weight = np.zeros((n_classes, x.shape[1]))
        weight[:, kept] = scale * small.weight
        notes: Notes = {
            **ridge_notes,
            "temperature": small.noted("temperature") / scale,
            "fitted_on": "target" if side is target else "source",
            "columns": x.shape[1],
            "columns_kept": len(kept),
            "share": share,
            "fold_accuracy": accuracy,
        }
        return AffineHead(weight, scale * small.bias, notes)

    def _choose(
        self, x: np.ndarray, labels: np.ndarray, n_classes: int, seed: int
    ) -> tuple[float, float | None, dict[str, float]]:
        """Return the share under which held-out rows are likeliest, and its temperature.

        Each share has the temperature that suits its own held-out scores. Of equals the larger
        share is taken. The only row of a class is never held out; without two labels of two
        classes nothing is, and all columns are kept.
        """
        counts = np.bincount(labels, minlength=n_classes)
        shares = sorted(set(self.shares), reverse=True)
        enough = counts[counts > 1]
        if len(enough) < 2:
            return shares[0], None, {}
        folds, held_out = min(FOLDS, int(enough.min())), counts[labels] > 1
        fold = np.full(len(labels), -1)
        fold[held_out] = stratified_folds(labels[held_out], folds, np.random.default_rng(seed))
        scores = np.zeros((len(shares), len(x), n_classes))
        for held in range(folds):
            rest, own = fold != held, fold == held
            order = relevance(x[rest], labels[rest], n_classes)
            for i, share in enumerate(shares):
                kept = _largest(order, share)
                head = ridge_head(x[rest][:, kept], labels[rest], n_classes)
                scores[i, own] = head.logits(x[own][:, kept]) * head.noted("temperature")
        scores, labels = scores[:, held_out], labels[held_out]
        temperatures = [fit_temperature(z, labels) for z in scores]
        likely = [_likelihood(z / t, labels) for z, t in zip(scores, temperatures, strict=True)]
        best = int(np.argmax(likely))
        right = (scores.argmax(2) == labels).mean(1)
        accuracy = {f"{s:g}": round(float(r), 4) for s, r in zip(shares, right, strict=True)}
        return shares[best], temperatures[best], accuracy


def _likelihood(logits: np.ndarray, labels: np.ndarray) -> float:
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(log_p[np.arange(len(z)), labels].mean())


def relevance(x: np.ndarray, labels: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the length of each column's ridge weights, as for standardised columns, (d,)."""
    _, deviation = standardisation(x)
    return np.linalg.norm(ridge_head(x, labels, n_classes).weight * deviation, axis=0)


def most_relevant(x: np.ndarray, labels: np.ndarray, n_classes: int, share: float) -> np.ndarray:
    """Return the numbers of the most relevant columns, ascending, at least one."""
    return _largest(relevance(x, labels, n_classes), share)


def _largest(values: np.ndarray, share: float) -> np.ndarray:
    count = max(1, round(share * len(values)))
    return np.sort(np.argsort(-values, kind="stable")[:count])
