"""The frozen probe: a ridge classifier on features, strength and temperature by leave-one-out."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ...base.errors import MethodError
from ...base.fields import setting
from ...inference.clip import within
from ...inference.layers import apply
from ..core.base import EVERY, METHODS, Features, Head, Requirements
from ..core.feature import FeatureMethod
from ..heads.ridge import ALPHAS, ridge_head


@METHODS.register("probe")
class Probe(FeatureMethod):
    """Ridge probe on standardised frozen features, in closed form.

    One-vs-rest ridge on ±1 targets; its strength has the least exact leave-one-out error, and
    the temperature makes softmax of the leave-one-out scores likeliest. Standardisation and
    temperature are folded into the head, so its scores are logits. Numbers get an ordinary ridge
    regression, several labels at once one ridge each.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import Probe
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat(["ant", "bee"], 50)
    >>> x = rng.normal(size=(100, 5)) + 3 * (labels == "bee")[:, None]
    >>> Probe().fit(x, labels, x).score(x, labels) > 0.95
    True
    """

    summary = "ridge classifier on frozen features, nothing to tune"
    paper = "Allen, 1974, Technometrics 16(1) (leave-one-out in closed form)"
    needs = Requirements(source="any", target="any", gradients=False, target_types=EVERY)

    alphas: tuple[float, ...] = setting(
        ALPHAS,
        "Ridge strengths to choose from, for standardised features.",
        gt=0,
    )
    on: Literal["auto", "source", "target", "both"] = setting(
        "auto",
        'Whose labelled rows to fit on. "auto": the target\'s where there are any, else the '
        'source\'s. "both": both sides count the same together, however many rows each has.',
    )

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head fitted on the rows that `on` names; `seed` is not used.

        Raises
        ------
        MethodError
            Where these rows have no labels.
        """
        on = self.on
        if on == "auto":
            on = "target" if target.labeled_mask.any() else "source"
        sides = [
            side
            for side, wanted in ((source, ("source", "both")), (target, ("target", "both")))
            if side is not None and on in wanted and side.labeled_mask.any()
        ]
        if not sides:
            raise MethodError(
                f"probe: no labelled rows to fit on (on = {self.on!r})",
                hint="label some target rows, or give a labelled source",
            )
        if len({side.x.shape[1] for side in sides}) > 1:
            raise MethodError(
                f"probe: source features have {sides[0].x.shape[1]} columns, target features "
                f"{sides[1].x.shape[1]}",
                hint="use one backbone for both, or on = 'target'",
            )
        rows_of = [labeled_x(side) for side in sides]
        x = rows_of[0] if len(rows_of) == 1 else np.concatenate(rows_of)
        labels = np.concatenate([side.labels[side.labeled_mask] for side in sides])
        steps = within(x, target.bounded)
        x = apply(steps, x) if steps else x
        if len(sides) == 2:
            # The target's rows count as much together as the source's, and are judged by.
            m = int(target.labeled_mask.sum())
            n = len(x) - m
            head = ridge_head(
                x,
                labels,
                n_classes,
                self.alphas,
                np.concatenate([np.ones(n), np.full(m, max(1.0, n / m))]),
                np.arange(n + m) >= n,
                target.target_type,
            )
        else:
            head = ridge_head(x, labels, n_classes, self.alphas, kind=sides[0].target_type)
            on = "target" if sides[0] is target else "source"
        head.notes["fitted_on"] = on
        return head.after(steps) if steps else head


def labeled_x(side: Features) -> np.ndarray:
    """Return the labelled rows of one side, without a copy where that is all of them."""
    return side.x if side.labeled_mask.all() else side.x[side.labeled_mask]
