"""The rows of two samples together, as every comparison of them begins."""

from __future__ import annotations

import numpy as np


def pooled_rows(xs: np.ndarray, xt: np.ndarray, *, least: int = 0) -> np.ndarray:
    """Return both samples' rows, float64 (n + m, d).

    Raises
    ------
    ValueError
        Where shapes disagree, a sample has fewer than `least` rows, or a value is not finite.
    """
    xs, xt = np.asarray(xs), np.asarray(xt)
    alike = xs.ndim == xt.ndim == 2 and xs.shape[1] == xt.shape[1]
    if not alike or min(len(xs), len(xt)) < least:
        raise ValueError(f"samples have shapes {xs.shape} and {xt.shape}, expected (n, d), (m, d)")
    pooled = np.concatenate([xs, xt]).astype(np.float64)
    if not np.isfinite(pooled).all():
        raise ValueError("a sample holds values that are not finite (NaN or infinite)")
    return pooled
