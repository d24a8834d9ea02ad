"""Figures in words: shares, differences of shares, quantities."""

from __future__ import annotations


def percent(value: float) -> str:
    """Return a share as "94.2 %"."""
    return f"{100 * value:.1f} %"


def points(value: float) -> str:
    """Return a difference of shares as "+3.1 points"."""
    return f"{100 * value:+.1f} points"


def quantity(value: float) -> str:
    """Return a number in four figures, zeros at the end as well.

    Examples
    --------
    >>> [quantity(v) for v in (18.0, 0.01234, 12345.6)]
    ['18.00', '0.01234', '12,346']
    """
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:#.4g}".rstrip(".")


def three_figures(value: float) -> str:
    """Return a number in three figures: "0.42", "12.3"."""
    return f"{value:#.3g}".rstrip(".")
