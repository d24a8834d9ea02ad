"""`TransferClassifier`: transfer as a scikit-learn estimator."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from .base.config import make_config
from .base.errors import DataError


class TransferClassifier(ClassifierMixin, BaseEstimator):
    """Classify target rows with what the source (or a backbone) knows.

    A verdict needs labels kept for judging and several seeds: for that use
    `landbridge.transfer`. This class fits and predicts, and so can be cloned, put into
    pipelines and cross-validated.

    Parameters
    ----------
    method : str, default "auto"
        See `landbridge methods`. "auto" chooses among a few by cross-validation on target
        labels or, without any, by label-free scores.
    backbone : str, default "auto"
        "auto": rows of numbers are taken as features ("identity"), images get a network.
    method_options : dict, optional
        Fields of the method's own configuration.
    training : dict, optional
        Fields of the training configuration (steps, batch, rate, ...).
    budget : str, default "2m"
        Time that "auto" may take.
    random_state : int, default 0

    Attributes
    ----------
    classes_ : ndarray
    n_features_in_ : int
    method_ : str
        What was chosen.
    choice_ : dict
        Why, with the figures of every candidate.
    model_ : landbridge.Model

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge import TransferClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["ant", "bee"], 40)
    >>> x = rng.normal(size=(80, 5)) + 2 * (y == "bee")[:, None]
    >>> domain = np.tile([1, -1], 40)                  # 1: source, -1: target
    >>> x[domain < 0] *= 3                             # the target is scaled otherwise
    >>> model = TransferClassifier(method="coral")
    >>> fitted = model.fit(x, y, sample_domain=domain, labelled=domain > 0)
    >>> fitted.score(x[domain < 0], y[domain < 0]) > 0.8
    True
    """

    def __init__(
        self,
        method: str = "auto",
        *,
        backbone: str = "auto",
        method_options: dict[str, Any] | None = None,
        training: dict[str, Any] | None = None,
        budget: str = "2m",
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.backbone = backbone
        self.method_options = method_options
        self.training = training
        self.budget = budget
        self.random_state = random_state

    def fit(
        self, X: Any, y: Any, *, sample_domain: Any = None, labelled: Any = None
    ) -> TransferClassifier:
        """Fit on stacked rows of both domains.

        Parameters
        ----------
        X : array, shape (n, d), (n, h, w) or (n, h, w, c)
        y : array, shape (n,)
            Labels of any kind. What stands where `labelled` is False is not read.
        sample_domain : int array, shape (n,), optional
            Above 0: a source row; below: a target row. All rows are target rows where not
            given.
        labelled : bool array, shape (n,), optional
            Which labels may be used; all where not given.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For wrong shapes, NaN, fewer than two classes, or a domain without rows.
        """
        known = None if labelled is None else _mask(labelled, X)
        if known is not None and y is not None:
            y = _only_known(y, known)
        X, y = validate_data(self, X, y, allow_nd=True, dtype="numeric", multi_output=True)
        y = column_or_1d(y, warn=True)
        known = np.ones(len(X), bool) if known is None else known
        check_classification_targets(y[known])
        side = np.full(len(X), -1) if sample_domain is None else np.asarray(sample_domain)
        if side.shape != (len(X),) or (side == 0).any():
            raise DataError(
                f"sample_domain has shape {side.shape} and the values {np.unique(side)[:5]}",
                do=f"give {len(X)} numbers, above 0 for source rows and below for target rows",
            )
        if not (side < 0).any():
            raise DataError(
                "sample_domain has no target row: no number in it is below 0",
                do="give target rows, with or without labels",
            )
        self.classes_ = np.unique(y[known])
        if len(self.classes_) < 2:
            raise DataError(
                f"the labels have {len(self.classes_)} class, expected at least two classes",
                do="give rows of another class",
            )
        # Names by place: labels of any type come back as they were given.
        place = np.searchsorted(self.classes_, np.where(known, y, self.classes_[0]))
        self._limits = _extent(X)
        self._fit(X, place, known, side)
        return self

    def _fit(self, x: np.ndarray, place: np.ndarray, known: np.ndarray, side: np.ndarray) -> None:
        from .base.events import SILENT
        from .domains.domain import Domain
        from .domains.read import read_domain
        from .domains.task import Task
        from .runs.execute import threads
        from .runs.fit import network_of
        from .runs.model import Model
        from .runs.plan import make_plan, plan_facts
        from .runs.prepare import prepare
        from .runs.race import race
        from .runs.stages import Clock
        from .selection.portfolio import FEATURES, FEATURES_FEW

        def domain(rows: np.ndarray, name: str) -> Domain:
            labels = [str(i) if k else None for i, k in zip(place[rows], known[rows], strict=True)]
            return read_domain(x[rows], labels=labels, name=name, limits=self._limits)

        source = domain(side > 0, "source") if (side > 0).any() else None
        task = Task.build(source, domain(side < 0, "target"))
        backbone = self.backbone
        if backbone == "auto" and x.ndim == 2:
            backbone = "identity"
        few = bool(known[side < 0].any())
        closed = ["probe", *(FEATURES_FEW if few else FEATURES)]
        config = make_config(
            {
                "backbone": backbone,
                "method": self.method,
                "method_options": self.method_options or {},
                "budget": self.budget,
                "seeds": 1,
                "seed": self.random_state or 0,
                "training": {"threads": 1} | (self.training or {}),
                "candidates": closed if backbone == "identity" else None,
                "offline": True,
            }
        )
        with tempfile.TemporaryDirectory(prefix="landbridge-") as folder:
            workspace = prepare(task, config, Path(folder), SILENT)
            plan, costs, _ = make_plan(workspace, SILENT)
            facts = plan_facts(task, workspace, plan, costs, 1)
            if self.method == "auto" and backbone == "identity":
                closed = [name for name in facts["candidates"] if name in closed]
                facts |= {"candidates": closed, "reference": "probe"}
            facts |= {"references": []}  # no verdict, so no baselines are fitted for it
            with threads(workspace.threads):
                raced = race(workspace, facts, Clock(SILENT), SILENT)
            self.method_ = raced.choice["method"]
            self.choice_ = raced.choice
            fit = raced.fits[self.method_][config.seed]
            network = network_of(workspace, fit, SILENT)
            self.model_ = Model(network, workspace.preprocessing, workspace.classes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of target rows, shape (n, classes)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True, dtype="numeric")
        from .domains.read import read_domain

        domain = read_domain(X, name="target", limits=self._limits)
        given = self.model_.probabilities(domain)
        full = np.zeros((len(X), len(self.classes_)), given.dtype)
        full[:, [int(name) for name in self.model_.classes]] = given
        return full

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels of target rows, shape (n,)."""
        probabilities = self.predict_proba(X)  # says so where nothing is fitted yet
        return self.classes_[probabilities.argmax(1)]


def _extent(x: np.ndarray) -> tuple[float, float] | None:
    """Return which values are black and white, over all rows of both domains."""
    if x.ndim == 2 or x.dtype == np.uint8:
        return None
    from .domains.read import read_domain

    return read_domain(x, name="images").limits


def _mask(labelled: Any, X: Any) -> np.ndarray:
    mask = np.asarray(labelled)
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if mask.shape != (n,) or mask.dtype != bool:
        raise DataError(
            f"labelled has shape {mask.shape} and type {mask.dtype}", do=f"give {n} bools"
        )
    if not mask.any():
        raise DataError("no row is labelled", do="give labels of at least two classes")
    return mask


def _only_known(y: Any, known: np.ndarray) -> np.ndarray:
    """Return a copy of y whose other labels are replaced by a known one: they may be NaN."""
    y = column_or_1d(np.array(y), warn=True)
    if len(y) != len(known):
        raise DataError(f"there are {len(y)} labels for {len(known)} rows", do="give one a row")
    y[~known] = y[known][0]
    return y
