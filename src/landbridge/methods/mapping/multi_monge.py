"""Multi-linear Monge: all domains meet at their Bures barycentre, then the head."""

from __future__ import annotations

from ...base.typed import Notes
from ...inference.layers import Affine
from ..core.alignment import Aligned
from ..core.base import METHODS, Features
from .base import Regularised


@METHODS.register("multi-monge")
class MultiMonge(Regularised):
    """Linear Monge mapping of several domains (Gnassounou, Flamary & Gramfort, 2023, NeurIPS).

    Every source and the target are moved to one common Gaussian: the barycentre of their means
    and covariances in the Wasserstein distance, which is nearer to each than they are to each
    other. Several targets count as one, since new rows do not say which they are of.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.features import MultiMonge
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 100)
    >>> x = rng.normal(size=(200, 3)) + 3 * labels[:, None]
    >>> moved = x @ np.diag([1.0, 2.0, 5.0]) + 10
    >>> MultiMonge().fit(x, labels, moved).score(moved, labels) > 0.95
    True
    """

    summary = "every domain moved to the barycentre of all, then the head"
    paper = (
        "Gnassounou, Flamary & Gramfort, 2023, NeurIPS; Alvarez-Esteban et al., 2016 (barycentre)"
    )

    def align(self, source: Features, target: Features, n_classes: int, seed: int) -> Aligned:
        """Map each domain to the barycentre; a domain of one row stays where it is."""
        from ...solvers.mapping.barycentre import multi_monge_maps

        parts = source.parts()
        domains = [source.x[part] for part in parts] + [target.x]
        taking = [len(rows) > 1 for rows in domains]
        notes: Notes = {"regularisation": self.reg, "domains": sum(taking)}
        if sum(taking) < 2:
            return Aligned(source.x, (), (), notes=notes)
        found = multi_monge_maps(
            [rows for rows, is_taken in zip(domains, taking, strict=True) if is_taken],
            self.reg,
        )
        notes.update(steps=found.steps, residual=found.residual)
        maps = iter(found.maps)
        steps: list[tuple[Affine, ...]] = []
        mapped = source.x.copy()
        for i, rows in enumerate(domains):
            steps.append(())
            if taking[i]:
                one = next(maps)
                steps[i] = (Affine(one.matrix, one.offset),)
                if i < len(parts):
                    mapped[parts[i]] = one(rows)
        return Aligned(mapped, steps[-1], steps[0] if len(parts) == 1 else None, notes=notes)
