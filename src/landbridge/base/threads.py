"""How many threads numbers are worked out with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Give torch, NumPy, SciPy and scikit-learn `count` threads within the block.

    A limit reaches what is loaded: SciPy brings a BLAS of its own, scikit-learn an OpenMP, and what
    came later would use every core, and wait for other processes that do.
    """
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)
