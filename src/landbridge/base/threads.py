"""How many threads numbers are worked out with."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator

POOLS = ("scipy.linalg", "sklearn.utils._openmp_helpers")
"""What brings thread pools of its own: SciPy a BLAS, scikit-learn an OpenMP."""


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Give torch, NumPy, SciPy and scikit-learn `count` threads within the block.

    A limit reaches what is loaded by then, so `POOLS` are loaded first: what came later would use
    every core, and two processes that do wait for each other (a hundred times longer, for a small
    triangular system).
    """
    import torch
    from threadpoolctl import threadpool_limits

    for name in POOLS:
        with contextlib.suppress(ImportError):  # of another version: then it is not limited
            importlib.import_module(name)
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)
