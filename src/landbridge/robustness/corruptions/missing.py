"""Rows with several modalities that lack one."""

from __future__ import annotations

import numpy as np

from ...domains.modalities.multimodal import ABSENT, MultimodalExamples
from ..base import CORRUPTIONS, Corruption, Rows


@CORRUPTIONS.register("missing-modality")
class MissingModality(Corruption):
    """A camera, a microphone or a note that is not there."""

    modality = "several"
    summary = "one of a row's modalities gone, never its last"
    strengths = (0.2, 0.4, 0.6, 0.8, 1.0)
    unit = "of the rows"

    def applies(self, rows: Rows) -> bool:
        """Whether rows have several modalities."""
        found = rows.examples
        return isinstance(found, MultimodalExamples) and len(set(found.parts) & _taken(rows)) > 1

    def corrupted(self, rows: Rows, severity: int) -> np.ndarray:
        """Return rows, of so many one modality by chance left out."""
        assert isinstance(rows.examples, MultimodalExamples)
        taken = [name for name in rows.examples.parts if name in _taken(rows)]
        places = {name: place.copy() for name, place in rows.examples.places.items()}
        for i, rng in enumerate(rows.generators("corruption", self.name)):
            hit, which = rng.random(2)
            there = [name for name in taken if places[name][i] != ABSENT]
            if hit < self.strength(severity) and len(there) > 1:
                places[there[int(which * len(there))]][i] = ABSENT
        parts, kept = {}, {}
        for name, part in rows.examples.parts.items():
            has = places[name] != ABSENT
            parts[name] = part.select(places[name][has])
            kept[name] = np.where(has, np.cumsum(has) - 1, ABSENT)
        return rows.prepared(MultimodalExamples(parts, kept, rows.examples.names()))


def _taken(rows: Rows) -> set[str]:
    return set(rows.modalities)
