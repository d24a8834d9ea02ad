"""What both estimators share: rows of two domains in one array, one fit, no verdict."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from ..base.config import make_config
from ..base.errors import DataError


class TransferEstimator(BaseEstimator):
    """Fit on stacked rows of both domains; see `TransferClassifier` and `TransferRegressor`."""

    closed: tuple[str, ...] = ()
    closed_few: tuple[str, ...] = ()
    """What "auto" compares on rows that are features, without and with target labels."""

    def __init__(
        self,
        method: str = "auto",
        *,
        backbone: str = "auto",
        method_options: Mapping[str, Any] | None = None,
        training: Mapping[str, Any] | None = None,
        budget: str = "2m",
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.backbone = backbone
        self.method_options = method_options
        self.training = training
        self.budget = budget
        self.random_state = random_state

    def _rows(
        self, X: Any, y: Any, sample_domain: Any, labelled: Any, **checks: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return rows, labels, which labels may be used, and the side of each row."""
        labeled_mask = None if labelled is None else _mask(labelled, X)
        if labeled_mask is not None and y is not None:
            y = _only_labeled(y, labeled_mask)
        X, y = validate_data(
            self, X, y, allow_nd=True, dtype="numeric", multi_output=True, **checks
        )
        y = column_or_1d(y, warn=True)
        labeled_mask = np.ones(len(X), bool) if labeled_mask is None else labeled_mask
        side = np.full(len(X), -1) if sample_domain is None else np.asarray(sample_domain)
        if side.shape != (len(X),) or (side == 0).any():
            raise DataError(
                f"sample_domain has shape {side.shape} and the values {np.unique(side)[:5]}",
                hint=f"give {len(X)} numbers, above 0 for source rows and below for target rows",
            )
        if not (side < 0).any():
            raise DataError(
                "sample_domain has no target row: no number in it is below 0",
                hint="give target rows, with or without labels",
            )
        self._limits = _extent(X)
        return X, y, labeled_mask, side

    def _transfer(
        self,
        x: np.ndarray,
        labels: Sequence[Any],
        labeled_mask: np.ndarray,
        side: np.ndarray,
        target_type: str,
    ) -> None:
        """Plan, fit and choose; set `method_`, `choice_` and `model_`."""
        from ..base.events import SILENT
        from ..base.threads import threads
        from ..domains.domain import Domain
        from ..domains.read import read_domain
        from ..domains.task import Task
        from ..runs.fit import network_of
        from ..runs.model import Model
        from ..runs.plan import make_plan
        from ..runs.prepare import prepare
        from ..runs.select import select
        from ..runs.stages import Clock

        def domain(rows: np.ndarray, name: str) -> Domain:
            own = [labels[i] if labeled_mask[i] else None for i in np.flatnonzero(rows).tolist()]
            return read_domain(
                x[rows], labels=own, name=name, limits=self._limits, target_type=target_type
            )

        source = domain(side > 0, "source") if (side > 0).any() else None
        task = Task.build(source, domain(side < 0, "target"))
        backbone = self.backbone
        if backbone == "auto" and x.ndim == 2:
            backbone = "identity"
        few = bool(labeled_mask[side < 0].any())
        closed = ["probe", *(self.closed_few if few else self.closed)]
        config = make_config(
            {
                "backbone": backbone,
                "method": self.method,
                "method_options": dict(self.method_options or {}),
                "budget": self.budget,
                "seeds": 1,
                "seed": self.random_state or 0,
                "training": {"threads": 1, **(self.training or {})},
                # Without target labels candidates stand on conditions, which naming would lift.
                "candidates": closed if backbone == "identity" and few else None,
                "offline": True,
            }
        )
        with tempfile.TemporaryDirectory(prefix="landbridge-") as folder:
            context = prepare(task, config, Path(folder), SILENT)
            # No verdict, so no baselines are fitted for it.
            plan, context = make_plan(task, context, SILENT)
            plan = replace(plan, jobs=1, references=())
            if self.method == "auto" and backbone == "identity":
                own = tuple(name for name in plan.candidates if name in closed)
                plan = replace(plan, candidates=own, reference="probe")
            with threads(context.settings.threads):
                selected = select(context, plan, Clock(SILENT), SILENT)
            self.method_ = selected.chosen
            self.choice_ = selected.choice.to_json()
            fit = selected.fits[self.method_][config.seed]
            context = context.for_method(self.method_)
            network = network_of(context, fit, SILENT)
            self.model_ = Model(
                network,
                context.backbone.preprocessing,
                context.data.classes,
                reading=context.data.reading,
            )

    def _values(self, X: Any) -> np.ndarray:
        """Return the model's values of target rows."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, allow_nd=True, dtype="numeric")
        from ..domains.read import read_domain

        return self.model_.values(read_domain(X, name="target", limits=self._limits))


def _extent(x: np.ndarray) -> tuple[float, float] | None:
    """Return which values are black and white, over all rows of both domains."""
    if x.ndim == 2:
        return None
    from ..domains.read import read_domain

    return read_domain(x, name="images").limits


def _mask(labelled: Any, X: Any) -> np.ndarray:
    mask = np.asarray(labelled)
    n = X.shape[0] if hasattr(X, "shape") else len(X)
    if mask.shape != (n,) or mask.dtype != bool:
        raise DataError(
            f"labelled has shape {mask.shape} and type {mask.dtype}", hint=f"give {n} bools"
        )
    if not mask.any():
        raise DataError("no row is labelled", hint="say which labels may be used")
    return mask


def _only_labeled(y: Any, labeled_mask: np.ndarray) -> np.ndarray:
    """Return a copy of y whose other labels are replaced by a known one: they may be NaN."""
    y = column_or_1d(np.array(y), warn=True)
    if len(y) != len(labeled_mask):
        raise DataError(
            f"there are {len(y)} labels for {len(labeled_mask)} rows", hint="give one a row"
        )
    y[~labeled_mask] = y[labeled_mask][0]
    return y
