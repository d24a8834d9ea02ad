"""JDOT: a plan between rows with labels, and the predictor that it needs."""

from __future__ import annotations

import numpy as np

from ...base.fields import setting
from ...base.seeds import numpy_rng
from ..core.base import METHODS, UNSUPERVISED, AffineHead, Features, Head
from ..core.feature import ScaledMethod
from .base import ground_labels


@METHODS.register("jdot")
class JDOT(ScaledMethod):
    """Joint distribution optimal transport (Courty et al., 2017, NeurIPS, arXiv 1705.08848).

    Target rows are matched with source rows that are near *and* whose label the predictor gives
    them; the predictor is a ridge classifier on what the matches say. Both take turns until they
    agree. Its strength is chosen by leave-one-out in the first turn.

    Attributes
    ----------
    n_iter_ : int
        Turns taken.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import JDOT
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> JDOT().fit(x, labels, x + 10).score(x + 10, labels) > 0.95
    True
    """

    family = "transport"
    summary = "predictor and transport plan of rows with labels, in turns"
    paper = "Courty, Flamary, Habrard & Rakotomamonjy, 2017, NeurIPS"
    needs = UNSUPERVISED

    feature_weight: float = setting(
        1.0,
        "Weight of the distance of features, divided by the largest, beside the labels' "
        "squared error. 1 is the paper's.",
        ge=0,
        tried=(0.1, 1.0, 10.0),
    )
    reg: float = setting(0.0, "Entropy of the plan, in the same units; 0 is the exact plan.", ge=0)
    max_iter: int = setting(10, "Turns at most.", ge=1)
    batch_size: int = setting(
        2048,
        "Rows of either side at most; of more, so many are drawn.",
        ge=1,
    )
    random_state: int = setting(0, "Of the rows drawn.")

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Fit the predictor; its scores become logits by a temperature.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        from ...solvers.calibration.score_calibration import fit_temperature
        from ...solvers.linear.ridge import one_vs_rest
        from ...solvers.transport.joint import joint_transport
        from ..heads.ridge import ALPHAS

        source, target, steps = self.bounded_sides(source, target)
        rng = numpy_rng(seed, self.name)
        source = _drawn(source.only(source.labeled_mask), self.batch_size, rng)
        target = _drawn(target, self.batch_size, rng)
        found = joint_transport(
            source.x,
            one_vs_rest(source.labels, n_classes),
            target.x,
            feature_weight=self.feature_weight,
            alphas=np.asarray(ALPHAS) / len(target),
            reg=self.reg or None,
            labels=ground_labels(source, target),
            max_iter=self.max_iter,
        )
        self.n_iter_ = len(found.values)
        scores = target.x[target.labeled_mask] @ found.weight.T + found.bias
        temperature = fit_temperature(scores, target.labels[target.labeled_mask])
        notes = {
            "objective": found.values[-1],
            "turns": len(found.values),
            "converged": found.converged,
            "strength": found.strength * len(target),
            "temperature": temperature,
            "rows": [len(source), len(target)],
        }
        head = AffineHead(found.weight / temperature, found.bias / temperature, notes)
        return head.after(steps)


def _drawn(side: Features, most: int, rng: np.random.Generator) -> Features:
    """Return at most so many rows; rows of known label first, so that none of those is lost."""
    if len(side) <= most:
        return side
    order = rng.permutation(len(side))
    if not side.labeled_mask.all():
        order = order[np.argsort(~side.labeled_mask[order], kind="stable")]
    return side.only(np.sort(order[:most]))
