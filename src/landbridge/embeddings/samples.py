"""Held-out rows that ask, and what a space answers first."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..domains.examples import Examples
from ..domains.modalities.multimodal import MultimodalExamples
from ..insight.samples import SHOWN, Sample, first_values, sample, wrong_and_right

_FIRST = 3
_PLACES = ("first", "second", "third")


def questions(
    names: Sequence[str],
    examples: MultimodalExamples,
    vectors: Sequence[np.ndarray],
    contents: np.ndarray,
) -> list[Sample]:
    """Return examples of questions with the first three answers.

    Parameters
    ----------
    names : sequence of str
        The modalities.
    examples : MultimodalExamples
        n rows.
    vectors : sequence of float ndarray (n, d)
        Of each modality; 0 where a row lacks it.
    contents : int64 ndarray (n, modalities)
        Which content each row has of each: rows with one in common belong together.
    """
    pairs = [
        (a, b)
        for a, b in itertools.permutations(range(len(names)), 2)
        if (vectors[a].any(1) & vectors[b].any(1)).sum() > 1
    ]
    found = []
    for a, b in pairs:
        rows = np.flatnonzero(vectors[a].any(1) & vectors[b].any(1))
        scores = vectors[a][rows] @ vectors[b][rows].T
        ids = contents[rows][:, [a, b]]
        belongs = (ids[:, None] == ids[None]).any(-1)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :_FIRST]
        right = belongs[np.arange(len(rows)), order[:, 0]]
        asking, ask_rows = examples.part(names[a])
        giving, give_rows = examples.part(names[b])
        for i in wrong_and_right(right.astype(float), max(4, SHOWN // len(pairs))):
            ask = int(np.searchsorted(ask_rows, rows[i]))
            gives = [int(np.searchsorted(give_rows, rows[k])) for k in order[i]]
            found.append(
                sample(
                    examples.names()[rows[i]],
                    pictures=[
                        *_seen(asking, ask, f"{names[a]} asks"),
                        *(
                            p
                            for k, where in zip(gives, _PLACES, strict=False)
                            for p in _seen(giving, k, where)
                        ),
                    ],
                    lines=[
                        *_said(asking, ask, "asked"),
                        *(
                            p
                            for k, where in zip(gives, _PLACES, strict=False)
                            for p in _said(giving, k, where)
                        ),
                    ],
                    right=bool(right[i]),
                )
            )
    return found


def _seen(examples: Examples, row: int, what: str) -> list[tuple[np.ndarray, str]]:
    return [(picture, what) for picture in examples.pictures(row)]


def _said(examples: Examples, row: int, what: str) -> list[tuple[str, Any]]:
    values = first_values(examples.values(row))
    if len(values) == 1:
        return [(what, values[0][1])]
    return [(what, ", ".join(f"{key} {value}" for key, value in values))] if values else []
