"""Labels carried along a plan (Redko et al., 2019, AISTATS; Solomon et al., 2014, ICML)."""

from __future__ import annotations

import numpy as np

from .plan import Plan


def propagated_labels(
    plan: Plan, labels: np.ndarray, n_classes: int, labeled_mask: np.ndarray | None = None
) -> np.ndarray:
    """Return each target row's classes, in proportion to the mass it gets from each.

    Parameters
    ----------
    plan : Plan
        From n source rows to m target rows.
    labels : ndarray of int, shape (n,)
    n_classes : int
    labeled_mask : ndarray of bool, shape (n,), optional
        Mass of rows whose label is not known does not count.

    Returns
    -------
    ndarray, float64 (m, n_classes)
        Rows sum to 1; equal shares where a row got no mass.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from landbridge.solvers.transport.plan import SparsePlan
    >>> plan = SparsePlan(csr_array(np.array([[0.4, 0.0], [0.1, 0.5]])))
    >>> propagated_labels(plan, np.array([0, 1]), 2).tolist()
    [[0.8, 0.2], [0.0, 1.0]]
    """
    if len(labels) != plan.shape[0]:
        raise ValueError(f"{len(labels)} labels for a plan of {plan.shape[0]} source rows")
    used = np.ones(len(labels), dtype=bool) if labeled_mask is None else labeled_mask
    hot = np.zeros((len(labels), n_classes))
    hot[np.flatnonzero(used), labels[used]] = 1
    mass, _ = plan.backward(hot)
    mass = np.asarray(mass, dtype=np.float64)
    total = mass.sum(1, keepdims=True)
    return np.where(total > 0, mass / np.where(total > 0, total, 1), 1 / n_classes)
