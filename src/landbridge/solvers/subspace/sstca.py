"""Semi-supervised transfer component analysis (Pan et al., 2011, section V)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ...base.seeds import numpy_rng
from ...inference.layers import squared_distances
from ..kernels.gram import blocks, symmetric, unit_columns
from .kernel_space import Embedding, Kernel, KernelSpace, kernel_space
from .tca import components, embedded, marginal

_EXACT = 1200  # rows up to which the kernel is taken whole: the problem is dense
_GRAPH = 10_000  # rows that the graph of neighbours is made of, at most


def sstca(
    xs: np.ndarray,
    xt: np.ndarray,
    labels: np.ndarray,
    n_components: int = 20,
    *,
    kernel: Kernel = "rbf",
    reg: float = 1.0,
    dependence: float = 0.5,
    locality: float = 1000.0,
    n_neighbors: int = 10,
    bandwidth: float | None = None,
    landmarks: int | None = None,
    seed: int = 0,
) -> Embedding:
    """Embed both sides: equal means, dependence on the labels, and the neighbourhoods kept.

    W maximises  tr((Wᵀ (K (M + η 𝓛) K + λI) W)^(−1) Wᵀ K H K̃ H K W)  with K̃ = γ K_yy + (1 − γ) I,
    K_yy = 1 where two labelled rows are of one class (HSIC), 𝓛 the Laplacian of the graph of
    nearest neighbours with weights exp(−‖x − z‖² / 2σ²), and η = locality / (n² ‖L‖).

    Parameters
    ----------
    xs, xt : ndarray, shapes (ns, d) and (nt, d)
    labels : ndarray of int, shape (ns + nt,)
        Of source rows, then of target rows; below 0 where not known.
    n_components : int
    kernel : {"primal", "linear", "rbf"}
    reg : float
        λ; M has Frobenius norm 1, as in `tca`.
    dependence : float
        γ from 0 (variance only) to 1 (labels only).
    locality : float
        The paper's λ; 0 leaves the graph out.
    n_neighbors : int
    bandwidth : float, optional
        σ, also of the graph; the median distance by default.
    landmarks : int, optional
        As in `tca`; by default Nyström with 500 above 1,200 rows.
    seed : int

    Returns
    -------
    Embedding

    Notes
    -----
    Above 10,000 rows the graph is that of a random 10,000 of them: its price grows with n².

    Raises
    ------
    ValueError
        As `tca`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 40)
    >>> x = rng.normal(size=(80, 4)) + 2 * labels[:, None]
    >>> known = np.concatenate([labels, np.full(80, -1)])
    >>> found = sstca(x, x + 1, known, 1, kernel="linear")
    >>> z = found.target.ravel()
    >>> bool(abs(np.corrcoef(z, labels)[0, 1]) > 0.8)
    True
    """
    n = len(xs) + len(xt)
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"labels have shape {labels.shape}, expected ({n},)")
    if not 0 <= dependence <= 1 or not 0 <= locality < np.inf or not 0 < reg < np.inf:
        raise ValueError(
            f"dependence = {dependence} (0 to 1), locality = {locality} (0 up), "
            f"reg = {reg} (above 0)"
        )
    space = kernel_space(
        xs, xt, kernel, bandwidth=bandwidth, landmarks=landmarks, exact=_EXACT, seed=seed
    )
    k = components(space, n_components)
    scatter = space.scatter()
    thin = space.project(marginal(len(xs), len(xt)))
    penalty = thin @ thin.T
    penalty.diagonal().add_(reg)
    if locality:
        size = 1 / len(xs) + 1 / len(xt)
        x, rows = np.concatenate([xs, xt]), np.arange(n)
        if n > _GRAPH:
            rows = np.sort(numpy_rng(seed, "graph").choice(n, _GRAPH, replace=False))
        graph, sigma = neighbour_graph(x[rows], n_neighbors, bandwidth, seed)
        # Each row's share stays what it is in the graph of all.
        penalty += locality / (n * len(rows) * size) * _laplacian(space, graph, rows)
        space.notes["graph_rows"] = len(rows)
        space.notes["graph_width"] = sigma
    # H Y: one column for each class, centred over all rows.
    present = np.unique(labels[labels >= 0])
    classes = (labels[:, None] == present).astype(np.float64)
    centred = space.project(classes - classes.mean(0))
    objective = (1 - dependence) * scatter + dependence * (centred @ centred.T)
    from scipy.linalg import eigh

    p = len(penalty)
    values, w = eigh(
        symmetric(objective).numpy(), symmetric(penalty).numpy(), subset_by_index=[p - k, p - 1]
    )
    w = unit_columns(torch.from_numpy(w[:, ::-1].copy()))
    return embedded(space, w, values[::-1].copy())


def neighbour_graph(
    x: np.ndarray, n_neighbors: int, bandwidth: float | None, seed: int
) -> tuple[Any, float]:
    """Return the symmetric graph of nearest neighbours, weights exp(−d² / 2σ²), and σ.

    A row is joined to another where either is among the other's `n_neighbors` nearest. Rows are
    taken block by block: memory is n · neighbours.

    Returns
    -------
    graph : scipy sparse matrix, shape (n, n)
    sigma : float
    """
    from scipy.sparse import csr_matrix

    from ..kernels.gaussian_kernel import median_distance

    n = len(x)
    count = min(n_neighbors, n - 1)
    sigma = median_distance(x, x[:1], seed=seed) if bandwidth is None else bandwidth
    if count < 1:
        return csr_matrix((n, n)), sigma
    rows = torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64 if n < 5000 else np.float32))
    near, squares = np.empty((n, count), np.int64), np.empty((n, count))
    step = max(1, 4_000_000 // n)
    for start in range(0, n, step):
        part = squared_distances(rows[start : start + step], rows)
        own = torch.arange(len(part))
        part[own, own + start] = np.inf
        found, which = part.topk(count, 1, largest=False)
        near[start : start + step], squares[start : start + step] = which.numpy(), found.numpy()
    weights = np.exp(-squares.ravel() / (2 * sigma**2))
    at = np.repeat(np.arange(n), count)
    graph = csr_matrix((weights, (at, near.ravel())), shape=(n, n))
    return graph.maximum(graph.T), float(sigma)


def _laplacian(space: KernelSpace, graph: Any, nodes: np.ndarray) -> torch.Tensor:
    """Return Pᵀ (D − A) P of some rows of P, float64 (p, p), a few columns at a time."""
    base = space.base if len(nodes) == len(space.base) else space.base[torch.from_numpy(nodes)]
    degree = np.asarray(graph.sum(axis=1)).ravel()
    own = base.shape[1]
    out = torch.zeros(own, own, dtype=torch.float64)
    for start in range(0, own, 128):
        part = base[:, start : start + 128].double().numpy()
        moved = torch.from_numpy(degree[:, None] * part - graph @ part)
        for rows in blocks(base):
            out[:, start : start + 128] += base[rows].double().T @ moved[rows]
    return out if space.mix is None else symmetric(space.mix.T @ out @ space.mix)
