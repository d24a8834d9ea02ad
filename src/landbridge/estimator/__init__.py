"""Transfer as scikit-learn estimators."""

from .classifier import TransferClassifier
from .regressor import TransferRegressor

__all__ = ["TransferClassifier", "TransferRegressor"]
