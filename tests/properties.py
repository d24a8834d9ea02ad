"""A property of many random inputs as two tests: few of them always, many in a slow one.

The inputs are made by hypothesis from the property itself: the same ones on each machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

FEW, MANY = 25, 500
_SLOW_INPUTS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def holds(
    few: int = FEW, many: int = MANY, **inputs: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[[int], None]]:
    """Make a test of a function that fails for inputs for which the property does not hold."""
    how = {"derandomize": True, "database": None, "deadline": None}

    def decorate(holds_for: Callable[..., None]) -> Callable[[int], None]:
        @pytest.mark.parametrize(
            "examples",
            [pytest.param(few, id="few"), pytest.param(many, id="many", marks=pytest.mark.slow)],
        )
        def test(examples: int) -> None:
            chosen = settings(max_examples=examples, suppress_health_check=_SLOW_INPUTS, **how)
            chosen(given(**inputs)(holds_for))()

        test.__doc__ = holds_for.__doc__
        return test

    return decorate
