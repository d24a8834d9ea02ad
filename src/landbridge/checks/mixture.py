"""Scripts of texts, rates of recordings: what is mixed, within a set and between two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..domains.domain import Domain
from .base import CHECKS, DataCheck, Problem, Sides

RARE = 0.2


@CHECKS.register("mixture")
class Mixture(DataCheck):
    """Rows of another script or sample rate than most."""

    summary = "scripts and sample rates that are mixed"

    def look(self, sides: Sides) -> Iterator[Problem]:
        """Compare each row's kind with what most are."""
        usual: list[tuple[str, str]] = []
        for domain in sides.both:
            kinds = domain.examples.kinds()
            if kinds is None:
                continue
            counts = Counter(kinds)
            most, _ = counts.most_common(1)[0]
            usual.append((domain.name, most))
            yield from self._within(domain, kinds, counts, most)
        if len({kind for _, kind in usual}) > 1:
            said = ", ".join(f"{name} is mostly {kind}" for name, kind in usual)
            yield self.problem("warning", f"the two sets differ: {said}")

    def _within(
        self, domain: Domain, kinds: list[str], counts: Counter[str], most: str
    ) -> Iterator[Problem]:
        names = domain.examples.names()
        for kind, count in counts.most_common()[1:]:
            rows = [names[i] for i, own in enumerate(kinds) if own == kind]
            yield self.problem(
                "note" if count < RARE * len(kinds) else "warning",
                f"{domain.name}: {count:,} of {len(kinds):,} {domain.examples.noun} are {kind}, "
                f"most are {most}",
                rows,
                "make sure that the kind does not go with the class",
            )
