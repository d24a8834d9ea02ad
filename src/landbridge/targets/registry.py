"""Which kinds of label there are, and which is meant: by a name, a file or an array."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from ..base.registry import Registry
from ..base.renamed import TARGET_TYPES as OLD_NAMES
from .base import TargetType

AUTO = "auto"
"""What options say where the labels themselves shall tell."""

TARGET_TYPES: Registry[type[TargetType]] = Registry("target type", "landbridge.targets")


@cache
def get_target_type(name: str | TargetType) -> TargetType:
    """Return the kind of label that is registered as `name`; one that is none stays.

    Raises
    ------
    ConfigError
        Where there is none.

    Examples
    --------
    >>> get_target_type("regression").metric.name
    'mean absolute error'
    """
    return name if isinstance(name, TargetType) else TARGET_TYPES.get(name)()


def multiclass() -> TargetType:
    """Return the kind of label that is meant where nothing is said."""
    return get_target_type("multiclass")


def stored_target_type(record: Mapping[str, Any]) -> TargetType:
    """Return the kind of label that a file names, of this or an older version.

    Raises
    ------
    ConfigError
        Where it names none that there is.

    Examples
    --------
    >>> stored_target_type({"answers": "numbers"}).name, stored_target_type({}).name
    ('regression', 'multiclass')
    """
    name = str(record.get("target_type") or record.get("answers") or "multiclass")
    return get_target_type(OLD_NAMES.get(name, name))


def every_type() -> frozenset[str]:
    """Return the names of all kinds of label."""
    return frozenset(TARGET_TYPES)


def type_of_target(labels: np.ndarray) -> TargetType:
    """Return the kind of label that an array holds where nothing else says so.

    Parameters
    ----------
    labels : ndarray
        int (n,): classes. float (n,): numbers. (n, k): several labels at once.

    Examples
    --------
    >>> [type_of_target(x).name for x in (np.arange(3), np.zeros(3), np.zeros((3, 2), np.uint8))]
    ['multiclass', 'regression', 'multilabel']
    """
    if labels.ndim == 2:
        return get_target_type("multilabel")
    return get_target_type("regression" if labels.dtype.kind == "f" else "multiclass")
