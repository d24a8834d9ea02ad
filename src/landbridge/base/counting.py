"""How a number of things is written, the same everywhere."""

from __future__ import annotations


def counted(n: int, one: str, many: str = "") -> str:
    """Return "1 class", "3 classes", "4,320 rows".

    Examples
    --------
    >>> counted(1, "class", "classes"), counted(0, "row"), counted(4320, "row")
    ('1 class', '0 rows', '4,320 rows')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def about(n: float) -> str:
    """Return a number that is an estimate, in two figures.

    Examples
    --------
    >>> about(15437), about(87.2), about(112)
    ('15,000', '87', '110')
    """
    whole = round(n)
    keep = max(0, len(str(abs(whole))) - 2)
    return f"{round(whole, -keep):,}"


def as_percent(share: float, digits: int = 0) -> str:
    """Return a share as "94 %".

    Examples
    --------
    >>> as_percent(0.942), as_percent(0.942, 1)
    ('94 %', '94.2 %')
    """
    return f"{100 * share:.{digits}f} %"
