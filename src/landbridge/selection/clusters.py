"""Do the source's classes form clusters? If not, nothing that relies on clusters is tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST = 0.1
"""Adjusted mutual information of labels and clusters from which classes count as clusters."""
MAX_ROWS = 5000


@dataclass(frozen=True)
class Clusters:
    """What the source's labels say of its clusters.

    Attributes
    ----------
    found : bool
        Whether methods that align groups, and scores that look at them, are to be trusted.
    agreement : float
        Adjusted mutual information of labels and k-means clusters; 1 for the same partition, 0
        for chance.
    reason : str
        A sentence.
    """

    found: bool
    agreement: float
    reason: str


def class_clusters(x: np.ndarray, labels: np.ndarray, seed: int = 0) -> Clusters:
    """Compare the labels of source rows with k-means clusters of their features.

    Joint methods (MEDA, JDA, EasyTL, transport) move groups onto groups, and ClassAMI asks whether
    answers follow groups. Where the labelled side shows that classes are no groups (words in
    reviews, say), they mix classes up with great certainty: MEDA lost 18 points there. Two
    clusters are taken for no evidence: any table falls into two parts somehow.

    Parameters
    ----------
    x : ndarray, shape (n, d)
        Labelled source rows, any scale.
    labels : ndarray of int, shape (n,)
    seed : int
        For k-means.

    Returns
    -------
    Clusters

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.arange(90) % 3
    >>> class_clusters(rng.normal(size=(90, 4)) + 6 * np.eye(3, 4)[labels], labels).found
    True
    >>> class_clusters(rng.normal(size=(90, 4)), labels).found
    False
    """
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_mutual_info_score

    from ..base.seeds import derive, numpy_rng
    from ..methods.core.scaling import rescaled, standardisation

    k = len(np.unique(labels))
    if len(x) > MAX_ROWS:
        rows = np.sort(numpy_rng(seed, "clusters").permutation(len(x))[:MAX_ROWS])
        x, labels = x[rows], labels[rows]
    if len(x) <= k:
        return Clusters(False, 0.0, f"{len(x)} source rows are too few to look for {k} clusters")
    z = rescaled(x, *standardisation(x))
    state = derive(seed, "clusters") % 2**32
    groups = KMeans(k, n_init=5, random_state=state).fit_predict(z)
    agreement = float(adjusted_mutual_info_score(labels, groups))
    shown = f"labels and clusters of the source agree by {agreement:.2f} (chance 0, the same 1)"
    if k == 2:
        return Clusters(False, agreement, f"{shown}; two clusters are no evidence for two classes")
    found = agreement >= LEAST
    return Clusters(found, agreement, shown + ("" if found else f", under {LEAST}"))
