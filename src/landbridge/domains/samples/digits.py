"""Handwritten digits, as scikit-learn ships them."""

from __future__ import annotations

import numpy as np


def load() -> tuple[np.ndarray, np.ndarray, str]:
    """Return the 1,797 digits of scikit-learn's `load_digits`.

    Returns
    -------
    pixels : uint8 ndarray, shape (1797, 8, 8)
        0..16 ink counts, stretched to 0..255.
    digits : int64 ndarray, shape (1797,)
    note : str
        What they are.

    References
    ----------
    E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI
    Machine Learning Repository, https://doi.org/10.24432/C50P49.
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = np.rint(found.images * (255 / 16)).astype(np.uint8)
    note = "1,797 handwritten digits of 8 x 8 pixels (UCI Optical Recognition, scikit-learn)"
    return pixels, found.target.astype(np.int64), note
