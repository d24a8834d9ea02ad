"""A linear head on frozen features, trained with a term on the target: base of such methods."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...base.fields import setting
from ..core.base import UNSUPERVISED, AffineHead, Features, Head, Requirements
from ..core.feature import FLOPS, ScaledMethod
from ..core.scaling import SCALINGS, Scaling, rescaled, standardisation
from ..heads.base import fit_joint

if TYPE_CHECKING:
    import torch


class LinearTerm(ScaledMethod):
    """Base: a subclass writes `term`. L_source (+ L_target) + weight · T(target), in W and b alone.

    The ridge head of the labelled rows is where it starts, and Adam on all rows at once moves it:
    nothing is random. The features stand still, so a step is two matrix products.
    """

    family: ClassVar[str] = "pseudo"
    needs: ClassVar[Requirements] = UNSUPERVISED

    scaling: Scaling = setting(
        "none",
        'How features are scaled before. "none": by the source\'s mean and deviation.',
        tried=SCALINGS,
    )
    weight: float = setting(
        1.0, "Of the term on the target's rows.", ge=0, tried=(0.1, 0.3, 1.0, 3.0)
    )
    steps: int = setting(200, "Of Adam, over all rows.", ge=1, le=100_000)

    def fit_seconds(self, rows: int, columns: int, outputs: int) -> float:
        """Return about how long one thread fits: a ridge head, then products in each step."""
        steps = 6 * self.steps * rows * columns * outputs / FLOPS
        return super().fit_seconds(rows, columns, outputs) + steps

    @abstractmethod
    def term(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the term for the logits (m, classes) of all target rows."""

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head after the last step.

        Raises
        ------
        MethodError
            Without labelled source rows, without target rows, or where dimensions differ.
        """
        source, target, steps = self.bounded_sides(source, target)
        start = fit_joint("ridge", source.x, source, target.x, target, n_classes, seed=seed)
        assert start.affine is not None
        mean, deviation = standardisation(source.x[source.labeled_mask])
        head, losses = self._trained(
            rescaled(source.x[source.labeled_mask], mean, deviation),
            source.labels[source.labeled_mask],
            rescaled(target.x, mean, deviation),
            target,
            # The same head, of rows that are scaled: z = (x − mean) / deviation.
            start.affine.weight * deviation,
            start.affine.bias + start.affine.weight @ mean,
        )
        weight = head[0] / deviation
        notes = {**start.notes, "source_loss": losses[0], "term": losses[1]}
        return AffineHead(weight, head[1] - weight @ mean, notes).after(steps)

    def _trained(
        self,
        xs: np.ndarray,
        ys: np.ndarray,
        xt: np.ndarray,
        target: Features,
        weight: np.ndarray,
        bias: np.ndarray,
    ) -> tuple[tuple[np.ndarray, np.ndarray], tuple[float, float]]:
        """Return weight (classes, d) and bias in float64, and the last losses."""
        import torch
        from torch.nn.functional import cross_entropy

        of_source, of_target = (torch.from_numpy(np.asarray(x, np.float32)) for x in (xs, xt))
        labels = torch.from_numpy(np.asarray(ys, np.int64))
        own = torch.from_numpy(np.flatnonzero(target.labeled_mask))
        own_labels = torch.from_numpy(np.asarray(target.labels[target.labeled_mask], np.int64))
        w = torch.from_numpy(weight.T.astype(np.float32)).requires_grad_()
        b = torch.from_numpy(bias.astype(np.float32)).requires_grad_()
        # Features may be scaled in any way: a step is a tenth of what the weights are.
        rate = 0.1 * max(float(np.abs(weight).mean()), 1e-6)
        adam = torch.optim.Adam([w, b], lr=rate)
        loss = term = torch.zeros(())
        for step in range(self.steps):
            answers = of_target @ w + b
            loss = cross_entropy(of_source @ w + b, labels)
            if len(own):
                loss = loss + cross_entropy(answers[own], own_labels)
            term = self.term(answers)
            adam.zero_grad()
            (loss + self.weight * min(1.0, 5 * (step + 1) / self.steps) * term).backward()
            adam.step()
        found = (w.detach().numpy().T.astype(np.float64), b.detach().numpy().astype(np.float64))
        return found, (round(float(loss.detach()), 5), round(float(term.detach()), 5))
