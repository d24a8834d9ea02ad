"""What our benchmarks found of each method: `measured.json`, written by benchmarks/tables.py."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def _all() -> dict[str, dict[str, str]]:
    file = resources.files(__package__) / "measured.json"
    return json.loads(file.read_text("utf-8"))


def measured(method: Any) -> tuple[str, str]:
    """Return what a method costs and what was measured of it; "" where nothing was.

    What a method says of itself (`step_cost`, `evidence`) comes first: one from another
    distribution has no line in our table.

    Parameters
    ----------
    method : type or instance
        With `name`.

    Examples
    --------
    >>> from landbridge.methods.core.base import METHODS
    >>> cost, evidence = measured(METHODS.get("mcc"))
    """
    ours = _all().get(method.name, {})
    cost = getattr(method, "step_cost", "") or ours.get("cost", "")
    return cost, getattr(method, "evidence", "") or ours.get("evidence", "")
