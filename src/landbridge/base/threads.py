"""How many threads numbers are worked out with."""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator

POOLS = ("scipy.linalg", "sklearn.utils._openmp_helpers")
"""What brings thread pools of its own: SciPy a BLAS, scikit-learn an OpenMP."""

LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What a user sets to say how many threads a process may have."""


def cores() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def allowed_threads() -> int | None:
    """Return the fewest threads that the environment allows a process; None: it says nothing."""
    said = [os.environ.get(name, "").split(",")[0].strip() for name in LIMITS]
    counts = [int(text) for text in said if text.isascii() and text.isdigit() and int(text) > 0]
    return min(counts, default=None)


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
