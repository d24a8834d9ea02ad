"""Nearly the same content: a photograph saved again, a text with a word changed."""

from __future__ import annotations

from collections.abc import Iterator

from ..domains.seen import MOST
from .base import CHECKS, DataCheck, Problem, Sides
from .duplicates import across, pair_names


@CHECKS.register("near-duplicates")
class NearDuplicates(DataCheck):
    """Rows that `Examples.near` finds alike; exact twins are `duplicates`' business.

    What a verdict is kept from judging on is found in the same way.
    """

    summary = "nearly the same content more than once"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Compare the rows of each side with those before them, on the other side and their own."""
        rows = sides.rows
        if len(rows.names) > MOST:
            yield self.problem("note", f"over {MOST:,} rows: only the same content was looked for")
            return
        starts = [0, len(sides.domain)]
        pairs: set[tuple[int, int]] = set()
        for later, ours in enumerate(sides.both):
            for earlier, theirs in enumerate(sides.both[: later + 1]):
                found = ours.examples.near(theirs.examples)
                if found is None:
                    return
                shifted = found[:, ::-1] + [starts[earlier], starts[later]]
                pairs |= {(a, b) for a, b in shifted.tolist() if a < b}
        first: dict[int, int] = {}
        for a, b in sorted(pairs):
            if rows.contents[a] != rows.contents[b]:
                first.setdefault(b, a)
        sorted_out = across(rows, sorted((a, b) for b, a in first.items()))
        for kind, said in (
            ("leak", "rows of a test split are nearly in what is learned from"),
            ("sides", "rows of one set are nearly in the other"),
            ("same", "rows nearly repeat another one"),
        ):
            alike = sorted_out[kind]
            if alike:
                yield self.problem(
                    "note" if kind == "same" else "warning",
                    f"{len(alike):,} {said}",
                    pair_names(rows, alike),
                    "look at some; take twins out of one side",
                )
