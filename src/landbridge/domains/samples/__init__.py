"""Small real data sets that are there without a network."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import digits, font_digits

Loaded = tuple[np.ndarray, np.ndarray, str]

SAMPLES: dict[str, Callable[[], Loaded]] = {
    "digits": digits.load,
    "font-digits": font_digits.load,
}
"""Name -> a function that gives uint8 pixels (n, 8, 8), digits (n,) and what they are."""
