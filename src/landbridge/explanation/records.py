"""What an explanation says, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..base.typed import JsonObject
from ..metrics.intervals import Interval

TINY = 1e-5
"""Share of a score below which a difference is one of rounding."""


class Drawn:
    """Something that shows scores to a person; one of the kinds below."""


@dataclass(frozen=True)
class Picture(Drawn):
    """A picture with what speaks for (over 0) and against the answer.

    Attributes
    ----------
    image : uint8 ndarray, shape (h, w) or (h, w, 3)
    heat : float ndarray, shape (h, w)
        At most 1 in size.
    what : str
    """

    image: np.ndarray
    heat: np.ndarray
    what: str = ""


@dataclass(frozen=True)
class Sound(Drawn):
    """A recording as a spectrogram with what speaks for and against the answer, to be played.

    Attributes
    ----------
    image : uint8 ndarray, shape (pitches, moments)
        High pitches on top.
    heat : float ndarray of the same shape
        At most 1 in size.
    wave : float ndarray, shape (n,)
        Between -1 and 1.
    rate : int
        Samples a second.
    """

    image: np.ndarray
    heat: np.ndarray
    wave: np.ndarray
    rate: int

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.wave) / self.rate


@dataclass(frozen=True)
class Words(Drawn):
    """A text in pieces, each with its score; None where it is of no unit."""

    pieces: Sequence[tuple[str, float | None]]


@dataclass(frozen=True)
class Values(Drawn):
    """Names with what they hold and their scores, the greatest first."""

    rows: Sequence[tuple[str, str, float]]
    more: int = 0
    """How many are not shown."""


@dataclass(frozen=True)
class Attribution:
    """How much each unit of a row speaks for what was asked.

    Attributes
    ----------
    scores : float ndarray, shape (units,)
        Below 0 where a unit speaks against it.
    detail : float ndarray or None
        The same in finer detail, where a method has it.
    cost : float
        In forward passes.
    """

    scores: np.ndarray
    detail: np.ndarray | None = None
    cost: float = 0.0


@dataclass(frozen=True)
class RowCheck:
    """What checking an explanation of one row gave.

    Attributes
    ----------
    gain : float
        How much faster the answer goes when units are hidden in the order of their scores, and
        comes back when they are shown, than in random order: 1 at most, 0 for chance.
    infidelity : float
        Share of what hiding changes that sums of scores do not say (Yeh et al., 2019): 0 at best.
    """

    gain: float
    infidelity: float

    @property
    def passed(self) -> bool:
        """Whether the order of scores is better than a random one."""
        return self.gain > 0

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "gain": round(self.gain, 4),
            "infidelity": round(self.infidelity, 4),
            "passed": self.passed,
        }


@dataclass(frozen=True)
class MethodCheck:
    """What checking a method on a few rows gave.

    Attributes
    ----------
    method : str
    cost : float
        Forward passes a row.
    gain : Interval
        Of `RowCheck.gain`.
    infidelity : float
    stability : float or None
        Rank correlation of scores before and after a change of the row that means nothing.
    randomised : float
        Rank correlation of the sizes of scores with those for shuffled weights.
    rows : int
    """

    method: str
    cost: float
    gain: Interval
    infidelity: float
    stability: float | None
    randomised: float
    rows: int

    @property
    def problems(self) -> list[str]:
        """Why it is not to be relied on; nothing where it passed."""
        said = []
        if not self.gain.value > 0 or self.gain.low <= 0:
            said.append(
                "hiding in its order is not clearly better than in random order "
                f"({self.gain.value:.2f})"
            )
        if self.randomised > MOST_ALIKE:
            said.append(f"it is much the same for shuffled weights ({self.randomised:.2f})")
        if self.stability is not None and self.stability < LEAST_STABLE:
            said.append(f"a change that means nothing changes it ({self.stability:.2f})")
        return said

    @property
    def passed(self) -> bool:
        """Whether no check speaks against it."""
        return not self.problems

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "method": self.method,
            "cost": round(self.cost, 1),
            "gain": self.gain.to_json(),
            "infidelity": round(self.infidelity, 4),
            "stability": None if self.stability is None else round(self.stability, 4),
            "randomised": round(self.randomised, 4),
            "rows": self.rows,
            "problems": self.problems,
        }


MOST_ALIKE = 0.8
"""Rank correlation with an explanation of shuffled weights from which on it says nothing."""
LEAST_STABLE = 0.5


@dataclass(frozen=True)
class Neighbour:
    """A learned row beside one that is explained.

    Attributes
    ----------
    kind : {"for", "against", "near"}
        Whether it speaks for the answer, against it, or is the nearest in features.
    name : str
    label : str
    change : float
        By how much the score would fall without it.
    picture : ndarray or None
    text : str
    """

    kind: str
    name: str
    label: str
    change: float
    picture: np.ndarray | None = field(default=None, repr=False, compare=False)
    text: str = ""

    def to_json(self) -> JsonObject:
        """Return plain values."""
        return {
            "kind": self.kind,
            "name": self.name,
            "label": self.label,
            "change": round(self.change, 6),
        }


@dataclass(frozen=True)
class RowExplanation:
    """Why one row is answered as it is.

    Attributes
    ----------
    name : str
    row : int
        Its place among the examples.
    answer : object
        A name, a number, or several names.
    probability : float or None
        Of the answer, where it has one.
    about : str
        What the scores speak for.
    truth : object
        The label, None where there is none.
    right : bool or None
    why : str
        Why this row is shown.
    units : tuple of str
    scores : tuple of float
    check : RowCheck
    shares : mapping of str to float
        What each modality speaks for, where there are several.
    drawn : tuple of Drawn
    before : RowExplanation or None
        The same row by the model that the verdict compares with.
    neighbours : tuple of Neighbour
        Learned rows that speak for and against the answer, and the nearest ones.
    """

    name: str
    row: int
    answer: object
    probability: float | None
    about: str
    truth: object
    right: bool | None
    why: str
    units: tuple[str, ...]
    scores: tuple[float, ...]
    check: RowCheck
    shares: tuple[tuple[str, float], ...] = ()
    drawn: tuple[Drawn, ...] = field(default=(), repr=False)
    before: RowExplanation | None = None
    neighbours: tuple[Neighbour, ...] = ()

    def strongest(self, most: int = 10) -> list[tuple[str, float]]:
        """Return the units with the greatest scores, whichever way they speak."""
        order = np.argsort(-np.abs(self.scores), kind="stable")[:most]
        return [(self.units[i], float(self.scores[i])) for i in order]

    def to_json(self) -> JsonObject:
        """Return plain values; of the units the strongest fifty."""
        return {
            "name": self.name,
            "row": self.row,
            "answer": self.answer,
            "probability": self.probability,
            "about": self.about,
            "truth": self.truth,
            "right": self.right,
            "why": self.why,
            "units": [
                {"unit": name, "score": round(score, 6)} for name, score in self.strongest(50)
            ],
            "check": self.check.to_json(),
            "shares": {name: round(share, 4) for name, share in self.shares},
            "neighbours": [one.to_json() for one in self.neighbours],
            "before": None if self.before is None else self.before.to_json(),
        }
