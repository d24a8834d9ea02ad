"""Methods on frozen features: for runs, and as scikit-learn estimators."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np

from ...base.errors import LandbridgeWarning
from ...targets.base import target_type
from .base import Features, Head, Needs
from .parameters import Parameters


class FeatureMethod(Parameters):
    """A method on frozen features, without gradients.

    The constructor's keyword arguments are its parameters; a run's options of the same names go
    there, too. A subclass writes `fit_head`, and is then both: a method of runs and a
    scikit-learn estimator with `fit`, `predict`, `predict_proba`, `decision_function`, `score`.

    Attributes
    ----------
    classes_ : ndarray, shape (classes,)
        What is answered, after `fit`.
    n_features_in_ : int
        Columns of the target.
    head_ : Head
        From target features to logits; `head_.notes` says what was chosen and measured.
    on_columns : bool
        Whether in a run it reads a table's columns and not the backbone's features of them.
    family : str
        Under which heading `landbridge methods` lists it.
    step_cost, evidence : str
        What it costs and what was measured where, of methods from other distributions; ours are
        in `measured.json`.
    """

    name: ClassVar[str]
    family: ClassVar[str] = "features"
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    step_cost: ClassVar[str] = ""
    evidence: ClassVar[str] = ""
    needs: ClassVar[Needs]
    on_columns: ClassVar[bool] = False

    @abstractmethod
    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> Head:
        """Return the head for *target* features.

        Parameters
        ----------
        source : Features or None
            Source rows, if there is a source.
        target : Features
            All target rows that may be used, labelled or not.
        n_classes : int
            Number of answers; labels of both sides are indices below it.
        seed : int
            For whatever is random.
        """

    def stage_budget(self) -> int:
        """Return how many numbers of each stage of the backbone a run gives it, pooled.

        0, the default: the features, which are the last stage's output.
        """
        return 0

    # scikit-learn ---------------------------------------------------------------------------

    def fit(
        self,
        X: Any,
        y: Any,
        Xt: Any = None,
        yt: Any = None,
        *,
        sample_domain: Any = None,
        labelled: Any = None,
        labelled_t: Any = None,
    ) -> Self:
        """Fit on stacked rows (`sample_domain`), or on a source (X, y) and a target (Xt, yt).

        Parameters
        ----------
        X : array, shape (n, d)
            Rows of both sides, in any order, or source rows where `Xt` is given. float32 stays
            float32. Never changed.
        y : array, shape (n,)
            Labels of any kind. What stands where `labelled` is False is not read.
        Xt : array, shape (m, d), optional
            Target rows.
        yt : array, shape (m,), optional
            Target labels. None: no target row is labelled.
        sample_domain : int array, shape (n,), optional
            Above 0: a source row; below: a target row. Different numbers are different sources
            (or targets). Where neither this nor `Xt` is given all rows are source and target at
            once, and a warning says so.
        labelled : bool array, shape (n,), optional
            Which of `y` may be used; all by default, as in scikit-learn, so hide the labels of
            target rows with it where they are for judging.
        labelled_t : bool array, shape (m,), optional
            Which of `yt` may be used; all by default.

        Returns
        -------
        self

        Raises
        ------
        DataError
            (a ValueError) for wrong shapes, NaN, fewer than two classes, or a side without rows.
        MethodError
            Where the method's needs are not met.
        """
        from .sides import read_sides

        self.from_config(self.config)  # types, then ranges
        kind = target_type("classes" if "classes" in self.needs.answers else "numbers")
        sides = read_sides(self, X, y, Xt, yt, sample_domain, labelled, labelled_t, kind)
        self.classes_ = sides.classes
        seed = getattr(self, "random_state", None) or 0
        self.head_ = self.fit_head(sides.source, sides.target, len(sides.classes), seed)
        if "warning" in self.head_.notes:
            warnings.warn(LandbridgeWarning(self.head_.notes["warning"]), stacklevel=2)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return logits of target rows, (n, classes), or (n,) for two classes."""
        logits = self._logits(X)
        return logits[:, 1] - logits[:, 0] if logits.shape[1] == 2 else logits

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities of target rows, (n, classes), in the order of `classes_`."""
        logits = self._logits(X)
        shifted = np.exp(logits - logits.max(1, keepdims=True))
        return shifted / shifted.sum(1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the labels of target rows, (n,)."""
        best = self._logits(X).argmax(1)
        return self.classes_[best]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy on target rows."""
        from sklearn.metrics import accuracy_score

        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))

    def _logits(self, X: Any) -> np.ndarray:
        rows = self._checked(X)  # says so where nothing is fitted yet
        return self.head_.logits(rows)

    def _checked(self, X: Any) -> np.ndarray:
        from sklearn.utils.validation import check_is_fitted, validate_data

        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=[np.float64, np.float32])

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(),
        )

    def get_metadata_routing(self) -> Any:
        """Say which arguments besides X and y `fit` takes (scikit-learn's metadata routing)."""
        from copy import deepcopy

        from sklearn.utils.metadata_routing import MetadataRequest

        if hasattr(self, "_metadata_request"):  # the name that scikit-learn's clone copies
            return deepcopy(self._metadata_request)
        request = MetadataRequest(owner=self)
        for name in ("sample_domain", "labelled"):
            request.fit.add_request(param=name, alias=None)
        request.score.add_request(param="sample_weight", alias=None)
        return request

    def set_fit_request(self, *, sample_domain: Any = None, labelled: Any = None) -> Self:
        """Ask meta-estimators to pass these to `fit` (True), or not (False).

        Needs ``sklearn.set_config(enable_metadata_routing=True)``.
        """
        request = self.get_metadata_routing()
        for name, alias in (("sample_domain", sample_domain), ("labelled", labelled)):
            if alias is not None:
                request.fit.add_request(param=name, alias=alias)
        self._metadata_request = request
        return self
