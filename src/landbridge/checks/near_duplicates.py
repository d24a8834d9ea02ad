"""Nearly the same content: a photograph saved again, a text with a word changed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .base import CHECKS, DataCheck, Problem, Sides
from .duplicates import across, pair_names

MOST = 20_000
"""Rows that are compared with each other: 2 · 10⁸ pairs."""


@CHECKS.register("near-duplicates")
class NearDuplicates(DataCheck):
    """Rows whose sketches are almost parallel; exact twins are `duplicates`' business.

    Images: differences of neighbouring pixels at 16 × 16, grey. Texts: hashed words and pairs.
    """

    summary = "nearly the same content more than once"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Compare sketches of all pairs of rows."""
        parts = [domain.examples.sketches() for domain in sides.both]
        if any(part is None for part in parts):
            return
        rows = sides.rows
        least = max(part[1] for part in parts if part is not None)
        stack = np.concatenate([part[0] for part in parts if part is not None])
        n = len(stack)
        if n > MOST:
            yield self.problem(
                "note", f"only the first {MOST:,} of {n:,} rows were compared with each other"
            )
            stack = stack[:MOST]
        pairs = [(a, b) for a, b in _close(stack, least) if rows.contents[a] != rows.contents[b]]
        sorted_out = across(rows, pairs)
        for kind, said in (
            ("leak", "rows of a test split are nearly in what is learned from"),
            ("sides", "rows of one set are nearly in the other"),
            ("same", "rows nearly repeat another one"),
        ):
            found = sorted_out[kind]
            if found:
                yield self.problem(
                    "note" if kind == "same" else "warning",
                    f"{len(found):,} {said}",
                    pair_names(rows, found),
                    "look at some; take twins out of one side",
                )


def _close(sketches: np.ndarray, least: float) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows of length 1 whose product is at least so much, each later row once."""
    step = max(1, 20_000_000 // max(1, len(sketches)))
    for start in range(0, len(sketches), step):
        block = sketches[start : start + step]
        likeness = block @ sketches[: start + len(block)].T
        late, early = np.nonzero(likeness >= least)
        seen: set[int] = set()
        for a, b in zip((late + start).tolist(), early.tolist(), strict=True):
            if b < a and a not in seen:
                seen.add(a)
                yield b, a
