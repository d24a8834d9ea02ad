"""Joint principal components: one PCA of both sides together (Hotelling, 1933), with a kernel
(Schölkopf, Smola & Müller, 1998, Neural Computation 10(5)) where one is wanted.

The baseline of every subspace method: what TCA is without the term that pulls means together.
"""

from __future__ import annotations

import numpy as np
import torch

from ..kernels.gram import unit_columns
from .kernel_space import EXACT, Embedding, Kernel, kernel_space
from .tca import components, embedded, make_pencil


def jpca(
    xs: np.ndarray,
    xt: np.ndarray,
    n_components: int = 20,
    *,
    kernel: Kernel = "primal",
    bandwidth: float | None = None,
    landmarks: int | None = None,
    exact: int = EXACT,
    tolerance: float = 1e-5,
    seed: int = 0,
) -> Embedding:
    """Embed both sides in the directions of most variance of all rows.

    Parameters
    ----------
    xs, xt : ndarray, shapes (ns, d) and (nt, d)
    n_components : int
    kernel : {"primal", "linear", "rbf"}
        "primal": orthogonal axes, rows keep their scale (ordinary PCA, not centred: a shift of
        all rows). The others: kernel PCA.
    bandwidth, landmarks, exact, tolerance, seed
        As in `tca`.

    Returns
    -------
    Embedding
        Values: the variance (times n) of each component.

    Raises
    ------
    ValueError
        As `tca`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(100, 3)) * [5.0, 1.0, 0.1]
    >>> found = jpca(x[:60], x[60:], 1)
    >>> bool(abs(np.corrcoef(found.source.ravel(), x[:60, 0])[0, 1]) > 0.99)
    True
    """
    space = kernel_space(
        xs, xt, kernel, bandwidth=bandwidth, landmarks=landmarks, exact=exact, seed=seed
    )
    nothing = torch.zeros(space.width, 1, dtype=torch.float64)
    values, w = make_pencil(space, tolerance, seed).solve(
        nothing, 1.0, components(space, n_components)
    )
    return embedded(space, unit_columns(w), values)
