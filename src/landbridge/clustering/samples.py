"""Rows to look at: the most typical of each group, and those between two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..base.evenly import evenly
from ..base.formatting import percent
from ..domains.examples import Examples
from ..insight.samples import Sample, first_values, sample

MOST = 60
SEEN, TOLD = 6, 3
"""Rows of a group: pictures beside each other on one card, or one card each."""
BETWEEN = 6
_LARGEST = 144
"""Pixels: there are many of them."""


def typical_rows(examples: Examples, shares: np.ndarray, names: Sequence[str]) -> list[Sample]:
    """Return a few rows of each group in the middle of it, then the least certain of all.

    Parameters
    ----------
    examples : Examples
        n rows.
    shares : float ndarray (n, k)
    names : sequence of str
        Of the groups.
    """
    own, first = shares.argmax(1), shares.max(1)
    seen = bool(examples.pictures(0)) and not examples.values(0)
    each = max(1, min(SEEN if seen else TOLD, MOST // len(names)))
    shown = []
    for group, name in enumerate(names):
        rows = np.flatnonzero(own == group)
        # The surest half, evenly: the surest alone are often twins of each other.
        sure = rows[np.argsort(-first[rows], kind="stable")][: max(each, len(rows) // 2)]
        picked = [int(r) for r in sure[evenly(len(sure), each)]]
        if seen:
            pictures = [(picture, "") for row in picked for picture in examples.pictures(row)[:1]]
            shown.append(
                sample(
                    f"{len(rows)} rows",
                    pictures=pictures,
                    lines=[("group", name)],
                    largest=_LARGEST,
                )
            )
        else:
            shown += [_shown(examples, row, [("group", name)]) for row in picked]
    if shares.shape[1] > 1:
        unsure = np.argsort(first, kind="stable")[:BETWEEN]
        for row in unsure[first[unsure] < 0.9]:
            best = np.argsort(-shares[row], kind="stable")[:2]
            said = ", ".join(f"{names[k]} {percent(shares[row, k], 0)}" for k in best)
            shown.append(_shown(examples, int(row), [("between", said)]))
    return shown


def _shown(examples: Examples, row: int, lines: list[tuple[str, str]]) -> Sample:
    return sample(
        examples.names()[row],
        pictures=[(picture, "") for picture in examples.pictures(row)],
        lines=[*lines, *first_values(examples.values(row))],
        largest=_LARGEST,
    )
