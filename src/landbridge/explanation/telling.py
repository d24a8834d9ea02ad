"""Which rows to explain: those that a person learns most from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ROWS = 20
"""Explained where nothing else is asked."""
_QUOTAS = (
    ("wrong before the transfer, right after it", 0.3),
    ("right before the transfer, wrong after it", 0.2),
    ("sure and wrong", 0.25),
    ("the transfer changed the answer", 0.3),
    ("least sure", 0.15),
)
SURE, ASKED, DRAWN = "sure and right", "asked for", "drawn evenly"


@dataclass(frozen=True)
class Answers:
    """What is known of rows that could be explained, all of shape (n,).

    Attributes
    ----------
    sure : float ndarray
        The greater, the surer the answer is.
    right : float ndarray
        1 or 0; NaN where the row has no label.
    changed : bool ndarray
        Whether the model that the verdict compares with answers otherwise.
    right_before : float ndarray
        Of that model.
    """

    sure: np.ndarray
    right: np.ndarray
    changed: np.ndarray
    right_before: np.ndarray


def telling(answers: Answers, most: int) -> list[tuple[int, str]]:
    """Return rows and why each is shown, in the order of the reasons.

    Labels decide what is shown, and nothing else.

    Examples
    --------
    >>> nothing = np.full(4, np.nan)
    >>> answers = Answers(
    ...     np.array([0.9, 0.2, 0.8, 0.7]), np.array([0, 1, 1, np.nan]), np.zeros(4, bool), nothing
    ... )
    >>> telling(answers, 2)
    [(0, 'sure and wrong'), (1, 'least sure')]
    """
    sure = np.asarray(answers.sure, float)
    first = np.argsort(-sure, kind="stable")
    groups: list[np.ndarray] = [
        first[((answers.right_before == 0) & (answers.right == 1))[first]],
        first[((answers.right_before == 1) & (answers.right == 0))[first]],
        first[(answers.right == 0)[first]],
        first[answers.changed[first]],
        first[::-1],
    ]
    found: dict[int, str] = {}
    for (why, share), order in zip(_QUOTAS, groups, strict=True):
        left = max(1, round(share * most))
        for row in order.tolist():
            if left == 0 or len(found) == most:
                break
            if row not in found:
                found[row] = why
                left -= 1
    rest = [row for row in first.tolist() if row not in found]
    wanted = min(most - len(found), len(rest))
    for place in np.linspace(0, len(rest) - 1, wanted).round().astype(int) if wanted else ():
        row = rest[place]
        found[row] = SURE if answers.right[row] == 1 and place < len(rest) / 2 else DRAWN
    return list(found.items())


def named(names: Sequence[str], ids: Sequence[str] | None, wanted: Sequence[str]) -> list[int]:
    """Return the rows of these names, ids, or last parts of names.

    Raises
    ------
    KeyError
        With the first that is none.

    Examples
    --------
    >>> named(["a/b.jpg", "table row 3"], None, ["3", "b.jpg"])
    [1, 0]
    """
    found = []
    for word in wanted:
        places = [i for i, name in enumerate(names) if name == word]
        if not places and ids is not None:
            places = [i for i, one in enumerate(ids) if one == word]
        if not places:
            places = [i for i, name in enumerate(names) if name.endswith((f"/{word}", f" {word}"))]
        if not places:
            raise KeyError(word)
        found.append(places[0])
    return list(dict.fromkeys(found))
