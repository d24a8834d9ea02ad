"""Labels kept for judging: only `landbridge.verdict` can open them.

Methods, selection and early stopping get a `Domain` without a sealed part at all
(`Domain.for_training`); this class is the second lock, for code that finds a way round.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import numpy as np

from ..base.errors import SealedError
from ..targets.base import objects

_VAULT: dict[int, np.ndarray] = {}
_OPENERS = ("landbridge.verdict",)


class SealedLabels:
    """Labels of the judged rows, closed to everything but the verdict.

    Parameters
    ----------
    names : sequence
        Class name of each judged row, in row order; None where there is none. A number, or a
        tuple of label names, where answers are of these kinds.
    """

    __slots__ = ("__weakref__", "_n")

    def __init__(self, names: list[Any]) -> None:
        self._n = sum(name is not None for name in names)
        _VAULT[id(self)] = objects(names)

    def __del__(self) -> None:
        _VAULT.pop(id(self), None)

    @property
    def count(self) -> int:
        """How many judged rows have a label (the number is no secret)."""
        return self._n

    def only(self, rows: np.ndarray) -> SealedLabels:
        """Return those of some rows, as a bool mask or integers: sealed as well."""
        return SealedLabels(list(_VAULT[id(self)][rows]))

    def open(self) -> np.ndarray:
        """Return the names, to a caller inside `landbridge.verdict` only.

        Raises
        ------
        SealedError
            For every other caller.
        """
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if not any(caller == name or caller.startswith(f"{name}.") for name in _OPENERS):
            _refuse(caller)
        return _VAULT[id(self)].copy()

    def __reduce__(self) -> NoReturn:
        _refuse("pickle or copy")

    def __array__(self, *_: Any, **__: Any) -> NoReturn:
        _refuse("numpy")

    def __iter__(self) -> NoReturn:
        _refuse("iteration")

    def __getitem__(self, _: object) -> NoReturn:
        _refuse("indexing")

    def __repr__(self) -> str:
        return f"SealedLabels({self._n} labels, sealed)"


def _refuse(caller: str) -> NoReturn:
    raise SealedError(
        f"{caller} asked for labels that are kept for judging",
        hint="use Domain.for_training(); a figure that needs these labels belongs to the verdict",
    )
