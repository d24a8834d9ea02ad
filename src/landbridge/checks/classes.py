"""Classes that are empty, tiny, or on one side only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from ..base.formatting import percent
from ..domains.compare import compare_classes
from ..domains.domain import Domain
from .base import CHECKS, DataCheck, Problem, Sides, parts_of

FEW, SKEWED = 5, 0.2


@CHECKS.register("classes")
class Classes(DataCheck):
    """Classes by how many labelled rows they have to learn from."""

    summary = "classes that are empty, tiny, or on one side only"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Count labelled rows by class and part."""
        for domain in sides.both:
            if not domain.target_type.exclusive or not domain.labeled_mask.any():
                continue
            parts = parts_of(domain)
            learned, tested = Counter[str](), Counter[str]()
            for i in np.flatnonzero(domain.labeled_mask):
                where = tested if parts[i] == "test" else learned
                where[domain.classes[int(domain.labels[i])]] += 1
            never = [f"{name} ({tested[name]} to judge)" for name in tested if not learned[name]]
            if never:
                yield self.problem(
                    "failure",
                    f"{domain.name}: {len(never)} classes are judged and never learned",
                    never,
                    "label rows of them outside the test split, or leave the classes out",
                )
            single = [name for name in domain.classes if learned[name] == 1]
            tiny = [f"{n} ({learned[n]})" for n in domain.classes if 1 < learned[n] < FEW]
            if single:
                yield self.problem(
                    "warning",
                    f"{domain.name}: {len(single)} classes have one row only: none is left to "
                    "check what is learned",
                    single,
                    "label more, or leave the classes out",
                )
            if tiny:
                yield self.problem(
                    "note", f"{domain.name}: {len(tiny)} classes have fewer than {FEW} rows", tiny
                )
        if sides.against is not None:
            yield from self._between(sides)

    def _between(self, sides: Sides) -> Iterator[Problem]:
        assert sides.against is not None
        match = compare_classes(sides.against, sides.domain)
        if match.kind in ("open", "open-partial", "disjoint", "partial"):
            severity = "warning" if match.kind in ("open-partial", "disjoint") else "note"
            names = [*match.only_source, *match.only_target]
            yield self.problem(severity, match.sentence(), names)  # type: ignore[arg-type]
        shares = [_shares(domain) for domain in (sides.domain, sides.against)]
        if all(shares):
            names = sorted({name for share in shares for name in share})
            apart = sum(abs(shares[0].get(n, 0) - shares[1].get(n, 0)) for n in names) / 2
            if apart > SKEWED and match.kind == "same":
                yield self.problem(
                    "note",
                    f"class shares differ: {percent(apart, 0)} of the rows would have to change "
                    "class",
                    [
                        f"{n} ({percent(shares[0].get(n, 0), 0)}, "
                        f"{percent(shares[1].get(n, 0), 0)})"
                        for n in names
                    ],
                    "landbridge shift says more",
                )


def _shares(domain: Domain | None) -> dict[str, float]:
    counts = {} if domain is None or not domain.target_type.exclusive else domain.counts()
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total else {}
