"""Judge candidates by their answers on unlabelled target rows: scorers, gate, rank sum.

Measured over 8 digit shifts × 2 seeds × 19 configurations, of which a quarter hurt: single
scorers pick something worse than no adaptation in 1 to 4 of 16 cases, the gated rank sum in 1,
at a mean regret of 3.2 points. Entropy and confidence alone reward collapse: never rank by them.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..base.hashing import digest
from ..base.registry import Registry
from ..base.seeds import derive, numpy_rng


@dataclass(frozen=True)
class Candidate:
    """One fitted model, seen from the target's unlabelled rows.

    Attributes
    ----------
    name : str
    probabilities : ndarray, shape (n, k)
        Of all candidates for the same n rows.
    features : ndarray, shape (n, d), optional
        The candidate's own features of these rows. Without them the square roots of its
        probabilities stand in, which makes ClassAMI kinder to confident models.
    source_accuracy : float, optional
        On held-out source rows; without it that gate is not applied.
    """

    name: str
    probabilities: np.ndarray
    features: np.ndarray | None = None
    source_accuracy: float | None = None


@dataclass(frozen=True)
class Pool:
    """What scorers may look at beside the candidate: all that passed the gate.

    Attributes
    ----------
    candidates : tuple of Candidate
    seed : int
        For the clustering.
    max_rows : int
        Clustering uses at most so many rows, drawn once for all candidates.
    clusters : dict
        Clusterings already made, by what the features hold: methods on frozen features share them.
    """

    candidates: tuple[Candidate, ...]
    seed: int = 0
    max_rows: int = 5000
    clusters: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    _digests: dict[int, tuple[np.ndarray, str]] = field(default_factory=dict, repr=False)

    def _digest(self, features: np.ndarray) -> str:
        """Return a hash of what features hold, made once for each array."""
        if id(features) not in self._digests:  # kept, so that no other array takes its place
            self._digests[id(features)] = features, digest(features)
        return self._digests[id(features)][1]

    def clustered(self, features: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which rows were clustered, and the group of each."""
        n = len(features)
        rows = np.arange(n)
        if n > self.max_rows:
            rows = np.sort(numpy_rng(self.seed, "ami").permutation(n)[: self.max_rows])
        key = self._digest(features), k
        if key not in self.clusters:
            self.clusters[key] = _cluster(features[rows], k, self.seed)
        return rows, self.clusters[key]


class Scorer(ABC):
    """A figure of one candidate, from unlabelled rows only.

    Attributes
    ----------
    title, summary : str
    higher_is_better : bool
    rewards_diversity : bool
        Whether it assumes that all classes are about as frequent: misleading where they are not.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    higher_is_better: ClassVar[bool] = True
    rewards_diversity: ClassVar[bool] = False

    @abstractmethod
    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return the figure, NaN where it has none."""


SCORERS: Registry[type[Scorer]] = Registry("scorer", "landbridge.metrics")


def heading(name: str) -> str:
    """Return what stands above a column of scores: which way is better, where it is not up.

    Examples
    --------
    >>> heading("class_ami"), heading("entropy"), heading("accuracy")
    ('ClassAMI', 'Entropy (lower is better)', 'accuracy')
    """
    if name not in SCORERS:
        return name.replace("_", " ")
    scorer = SCORERS.get(name)
    return scorer.title + ("" if scorer.higher_is_better else " (lower is better)")


def explained(names: Iterable[str]) -> str:
    """Return what scores among `names` say, in one line; "" where there is none.

    Examples
    --------
    >>> explained(["accuracy", "class_ami"])
    'ClassAMI: how far answers follow groups in the features (adjusted mutual information)'
    """
    own = [SCORERS.get(name) for name in names if name in SCORERS]
    return "; ".join(f"{one.title}: {one.summary}" for one in own)


@SCORERS.register("entropy")
class Entropy(Scorer):
    """Mean entropy of the predictions, in nats. For the record: it does not rank."""

    title = "Entropy"
    summary = "mean entropy of predictions (rewards collapse: shown, never ranked by)"
    higher_is_better = False

    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return mean H(p)."""
        return float(entropy(candidate.probabilities).mean())


@SCORERS.register("diversity")
class Diversity(Scorer):
    """Entropy of the mean prediction, in nats."""

    title = "Diversity"
    summary = "entropy of the mean prediction"
    rewards_diversity = True

    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return H(mean p)."""
        return diversity(candidate.probabilities)


@SCORERS.register("infomax")
class InfoMax(Scorer):
    """Mutual information of input and answer (Bridle et al., 1991; Krause et al., 2010, NIPS)."""

    title = "InfoMax"
    summary = "confident on each row, diverse over all: H(mean p) − mean H(p)"
    rewards_diversity = True

    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return H(mean p) − mean H(p), in nats."""
        p = candidate.probabilities
        return diversity(p) - float(entropy(p).mean())


@SCORERS.register("bnm")
class NuclearNorm(Scorer):
    """Batch nuclear norm (Cui et al., 2020, CVPR, arXiv 2003.12237), over all rows."""

    title = "BNM"
    summary = "nuclear norm of the predictions, divided by n"
    rewards_diversity = True

    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return ‖P‖₊ / n: between 1/√n (one answer for all) and √(k/n)."""
        p = candidate.probabilities.astype(np.float64)
        values = np.linalg.eigvalsh(p.T @ p)
        return float(np.sqrt(np.clip(values, 0, None)).sum() / len(p))


@SCORERS.register("class_ami")
class ClassAMI(Scorer):
    """Do the answers follow the groups in the candidate's own features?"""

    title = "ClassAMI"
    summary = "how far answers follow groups in the features (adjusted mutual information)"

    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return the adjusted mutual information of answers and groups, 10 restarts."""
        from sklearn.metrics import adjusted_mutual_info_score

        answers = candidate.probabilities.argmax(1)
        n, k = candidate.probabilities.shape
        k = self.groups(n, k)
        if n <= k:
            return float("nan")
        features = candidate.features
        if features is None:
            features = np.sqrt(candidate.probabilities)
        rows, groups = pool.clustered(features, k)
        return float(adjusted_mutual_info_score(answers[rows], groups))

    def groups(self, n: int, k: int) -> int:
        """Return into how many groups n rows of k classes are put."""
        return k


@SCORERS.register("fine_ami")
class FineAMI(ClassAMI):
    """ClassAMI against finer groups, which a class that has several shapes fills together."""

    title = "FineAMI"
    summary = "as ClassAMI, with three groups for each class"

    def groups(self, n: int, k: int) -> int:
        """Return three times as many groups as classes, where there are rows for them."""
        return max(k, min(3 * k, n // 5))


@SCORERS.register("ensv")
class EnsV(Scorer):
    """Agreement with the ensemble (Hu et al., 2023, arXiv 2301.12763), of gated candidates only."""

    title = "EnsV"
    summary = "agreement with the mean answer of the candidates that passed the gate"

    def score(self, candidate: Candidate, pool: Pool) -> float:
        """Return the share of rows where the candidate answers as the mean of all does."""
        mean = np.mean([c.probabilities for c in pool.candidates], axis=0)
        return float((candidate.probabilities.argmax(1) == mean.argmax(1)).mean())


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """Return the entropy of each row in nats, float64 (n,)."""
    p = probabilities.astype(np.float64)
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=-1)


def diversity(probabilities: np.ndarray) -> float:
    """Return the entropy of the mean prediction in nats: log k where all classes are used."""
    return float(entropy(probabilities.mean(0, dtype=np.float64)))


COMPONENTS = 100
"""Of features that are clustered, at most: more columns cost time and add noise."""


def _cluster(values: np.ndarray, k: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.utils.extmath import randomized_svd

    state = derive(seed, "ami") % 2**32
    if values.shape[1] > COMPONENTS and len(values) > COMPONENTS:
        centred = values - values.mean(0)
        deviation = centred.std(0)
        centred = centred / np.where(deviation > 1e-6 * (np.abs(values).max() or 1), deviation, 1)
        basis = randomized_svd(centred, COMPONENTS, n_iter=2, random_state=state)[2].T
        values = centred @ basis
    with warnings.catch_warnings():
        # Fewer different rows than groups: then each is a group of its own, which is right.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(KMeans(k, n_init=10, random_state=state).fit_predict(values))


def check_pool(candidates: Sequence[Candidate]) -> None:
    """Raise ValueError where names repeat or probabilities differ in shape."""
    if len({c.name for c in candidates}) != len(candidates):
        raise ValueError("two candidates have the same name")
    shapes = {c.probabilities.shape for c in candidates}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or 0 in next(iter(shapes)):
        raise ValueError(f"probabilities have shapes {sorted(shapes)}, expected one (n, k)")
