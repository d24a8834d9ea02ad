"""Real rows: some that are there without a network, some in the folder of data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import needs


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return x.astype(np.float64), y


@pytest.fixture(scope="session")
def cancer() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return x, y


@pytest.fixture(scope="session")
def data_root() -> Path:
    return needs.data()
