"""What could not be read."""

from __future__ import annotations

from collections.abc import Iterator

from .base import CHECKS, DataCheck, Problem, Sides


@CHECKS.register("files")
class Files(DataCheck):
    """Files and rows that the reader left out, each with its reason."""

    summary = "files and rows that could not be read"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Pass on what the reader left out."""
        for domain in sides.both:
            for omission in domain.omissions:
                column = omission.what.startswith("column")
                yield self.problem(
                    "note" if column else "warning",
                    f"{domain.name}: left out {len(omission.rows):,} x {omission.what}",
                    list(omission.rows),
                    "" if column else "restore them, or take them out of the data",
                )
