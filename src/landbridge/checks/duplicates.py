"""The same content more than once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from ..base.formatting import counted
from .base import CHECKS, DataCheck, Problem, Rows, Sides


def across(rows: Rows, pairs: list[tuple[int, int]]) -> dict[str, list[tuple[int, int]]]:
    """Sort pairs of rows by what they mean: a leak, two sides, or the same part."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for a, b in pairs:
        test = [rows.part[i] == "test" for i in (a, b)]
        if rows.side[a] != rows.side[b]:
            found["leak" if any(test) else "sides"].append((a, b))
        else:
            found["leak" if test[0] != test[1] else "same"].append((a, b))
    return found


def pair_names(rows: Rows, pairs: list[tuple[int, int]]) -> list[str]:
    """Return "this = that" for each pair."""
    return [f"{rows.names[a]} = {rows.names[b]}" for a, b in pairs]


@CHECKS.register("duplicates")
class Duplicates(DataCheck):
    """Exactly the same content, within a part, across parts, and across both sides."""

    summary = "the same content more than once"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Compare hashes of the decoded content."""
        rows = sides.rows
        places: dict[str, list[int]] = defaultdict(list)
        for i, content in enumerate(rows.contents):
            places[content].append(i)
        pairs = [(own[0], other) for own in places.values() for other in own[1:]]
        sorted_out = across(rows, pairs)
        if leak := sorted_out["leak"]:
            yield self.problem(
                "failure",
                f"{len(leak):,} rows of a test split are also in what is learned from: the "
                "verdict would be too good",
                pair_names(rows, leak),
                "take them out of one of the two",
            )
        if both := sorted_out["sides"]:
            yield self.problem(
                "failure",
                f"{len(both):,} rows are in both sets: where the target is judged on them, the "
                "answer has been seen",
                pair_names(rows, both),
                "take them out of the source",
            )
        if same := sorted_out["same"]:
            yield self.problem(
                "warning",
                f"{counted(len(same), 'row')} repeat{'s' * (len(same) == 1)} another one",
                pair_names(rows, same),
                "keep one of each: rows drawn for judging may have a twin to learn from",
            )
        torn = [
            pair
            for pair in pairs
            if None not in (labels := [rows.labels[i] for i in pair]) and labels[0] != labels[1]
        ]
        if torn:
            named = [
                f"{name} ({rows.labels[a]}, {rows.labels[b]})"
                for name, (a, b) in zip(pair_names(rows, torn), torn, strict=True)
            ]
            yield self.problem(
                "warning",
                f"{len(torn):,} rows have the content of another one and another label",
                named,
                "correct one of the labels",
            )
