"""Every method on frozen features as a scikit-learn estimator.

    from landbridge.features import CORAL, TCA, KMM

`ReverseValidation` chooses their options where no target label is there.

Each inherits from scikit-learn's `BaseEstimator` and the mixins of what it does, and has
`fit(X, y, sample_domain=...)` on stacked rows and `fit(Xs, ys, Xt, yt)`; `predict` and
the rest are about target rows. Methods that align also have `transform`. The names are read off
the registry of methods, so a method added by another distribution is here, too.

Examples
--------
>>> import numpy as np
>>> from landbridge.features import CORAL
>>> rng = np.random.default_rng(0)
>>> y = np.repeat(["ant", "bee"], 50)
>>> Xs = rng.normal(size=(100, 3)) + 3 * (y == "bee")[:, None]
>>> Xt = Xs * [1, 2, 5] + 10
>>> CORAL().fit(Xs, y, Xt).score(Xt, y) > 0.95
True
"""

from __future__ import annotations

from typing import Any


def _methods() -> dict[str, type]:
    from ..methods.core.base import METHODS
    from ..methods.core.feature import FeatureMethod

    found = {kind.__name__: kind for _, kind in METHODS.items()}
    return {name: kind for name, kind in found.items() if issubclass(kind, FeatureMethod)}


def __getattr__(name: str) -> Any:
    if name == "ReverseValidation":
        from .reverse_validation import ReverseValidation

        return ReverseValidation
    if not name.startswith("_"):
        found = _methods()
        if name in found:
            from .estimator import estimator_of

            return estimator_of(found[name])
    raise AttributeError(f"module 'landbridge.features' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*_methods(), "ReverseValidation"])
