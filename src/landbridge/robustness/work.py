"""What `landbridge.stress` computes, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ..base.events import Events, Progress
from ..base.kept import Kept
from .base import SEVERITIES, Attack, Attacked, Corruption
from .plan import Sizes
from .smoothing import SELECTION, Certified, certify
from .smoothing_options import SmoothingOptions
from .subject import Subject

_AT_ONCE = 5
"""Rows that are certified before what was found is kept: one takes a thousand passes."""


@dataclass
class Work:
    """What is computed, piece by piece; each piece is kept as soon as it is there."""

    sides: Mapping[str, Subject]
    attacks: Mapping[str, tuple[Attack, Sizes]]
    corruptions: Mapping[str, Corruption]
    kept: Kept
    seed: int
    smoothing: SmoothingOptions = field(default_factory=SmoothingOptions)
    clean: dict[str, np.ndarray] = field(default_factory=dict)
    """Scores of rows by side."""
    found: dict[tuple[str, str, float], Attacked] = field(default_factory=dict)
    """By side, attack and size."""
    harmed: dict[tuple[str, str, int], np.ndarray] = field(default_factory=dict)
    """Scores of rows by side, corruption and severity."""
    right: dict[str, np.ndarray] = field(default_factory=dict)
    """Rows that can be attacked: answered rightly."""
    certified: dict[str, Certified] = field(default_factory=dict)
    """By side, where smoothing is asked for."""

    def sizes(self, name: str) -> tuple[float, ...]:
        """Return the sizes at which an attack is run."""
        attack, sizes = self.attacks[name]
        return sizes.values if attack.curve else (sizes.at,)

    def attackers(self, side: str) -> list[str]:
        """Return the attacks that a model can be given."""
        own = self.sides[side]
        return [
            name
            for name, (attack, _) in self.attacks.items()
            if not (attack.gradients and own.no_gradients)
        ]

    def do(self, events: Events) -> None:
        """Compute whatever is not there."""
        pieces: list[tuple[int, Callable[[], None]]] = []
        for side, subject in self.sides.items():
            self.clean[side] = self._scores(side, "clean", lambda own=subject: own.rows.stored)  # type: ignore[misc]
            own = subject.model.reading.target_type
            labeled = subject.truth >= 0 if own.class_scores else np.zeros(len(subject), bool)
            self.right[side] = (self.clean[side] > 0) & labeled
        for name in self.corruptions:
            for severity in SEVERITIES:
                pieces.append((len(self.sides), self._corruption(name, severity)))
        for side, subject in self.sides.items():
            for name in self.attackers(side):
                cost = round(self.attacks[name][0].cost(subject))
                for size in self.sizes(name):
                    pieces.append((max(1, cost), self._attack(side, name, size)))
        if self.smoothing.smoothing is not None:
            for side, subject in self.sides.items():
                parts = np.split(np.arange(len(subject)), range(_AT_ONCE, len(subject), _AT_ONCE))
                self.certified[side] = Certified(np.zeros(0, int), np.zeros(0))
                for rows in parts:
                    cost = round((SELECTION + self.smoothing.copies) * len(rows) / len(subject))
                    pieces.append((max(1, cost), self._certificate(side, rows)))
        with events.progress("stress", sum(cost for cost, _ in pieces)) as bar:
            for cost, piece in pieces:
                piece()
                self._advance(bar, cost)

    @staticmethod
    def _advance(bar: Progress, cost: int) -> None:
        bar.advance(cost)

    def _scores(self, side: str, name: str, stored: Callable[[], np.ndarray]) -> np.ndarray:
        key = f"{side}-{name}"
        if (found := self.kept.get(key)) is not None:
            return np.array(found, np.float64)
        subject = self.sides[side]
        metric = subject.model.reading.target_type.metric
        values = subject.values(stored())
        scores = np.asarray(metric.score(values[None], subject.truth)[0], np.float64)
        self.kept.put(key, scores.tolist())
        return scores

    def _corruption(self, name: str, severity: int) -> Callable[[], None]:
        def piece() -> None:
            for side, subject in self.sides.items():
                self.harmed[side, name, severity] = self._scores(
                    side,
                    f"{name}-{severity}",
                    lambda own=subject: self.corruptions[name].corrupted(own.rows, severity),  # type: ignore[misc]
                )

        return piece

    def _attack(self, side: str, name: str, size: float) -> Callable[[], None]:
        def piece() -> None:
            key = f"{side}-{name}-{size!r}"
            subject, right = self.sides[side], self.right[side]
            rows = np.flatnonzero(right)
            if (before := self.kept.get(key)) is not None:
                loss = np.array(before, np.float64)
            elif len(rows):
                loss = self.attacks[name][0].run(subject, rows, size).loss
                self.kept.put(key, loss.tolist())
            else:
                loss = np.zeros(0)
            whole = np.full(len(right), np.inf)
            whole[rows] = loss
            self.found[side, name, size] = Attacked(whole < 0, whole, ())

        return piece

    def _certificate(self, side: str, rows: np.ndarray) -> Callable[[], None]:
        def piece() -> None:
            sigma = self.smoothing.smoothing
            assert sigma is not None
            key = f"{side}-smoothing-{rows[0]}"
            if (found := self.kept.get(key)) is None:
                own = certify(self.sides[side], rows, sigma, self.smoothing.copies)
                found = {"answer": own.answer.tolist(), "radius": own.radius.tolist()}
                self.kept.put(key, found)
            before = self.certified[side]
            self.certified[side] = Certified(
                np.append(before.answer, np.array(found["answer"], int)),
                np.append(before.radius, np.array(found["radius"], np.float64)),
            )

        return piece
