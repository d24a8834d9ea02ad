"""Raw examples of several modalities at once: a photograph and its caption, a word seen and heard.

Any of them may be missing from a row, but not all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.hashing import digest
from ...base.moved import old_names
from ..examples import Examples, InputSpec, Rule, merged_rules

ABSENT = -1


class MultimodalExamples(Examples):
    """Rows that have up to one example of each of several parts.

    Parameters
    ----------
    parts : mapping of str to Examples
        By what each part is called. Those that are there; fewer than rows where some lack it.
    places : mapping of str to ndarray of int, shape (n,), optional
        Which example of a part each row has, `ABSENT` (-1) where it has none. Where not given,
        every part has n examples, in order.
    names : sequence of str, length n, optional
        What to call each row in messages, "row i" (from 0) where not given.

    Raises
    ------
    DataError
        Where there is no part, parts differ in length, or a row has nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.modalities.images import ImageExamples
    >>> from landbridge.domains.modalities.texts import TextExamples
    >>> both = MultimodalExamples(
    ...     {"image": ImageExamples(pixels=np.zeros((2, 8, 8), np.uint8)),
    ...      "text": TextExamples(["a dog"])},
    ...     {"image": np.array([0, 1]), "text": np.array([-1, 0])},
    ... )
    >>> len(both), both.present.tolist()
    (2, [[True, False], [True, True]])
    """

    modality = "several"
    noun = "rows"

    def __init__(
        self,
        parts: Mapping[str, Examples],
        places: Mapping[str, np.ndarray] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.parts = dict(parts)
        if not self.parts:
            raise DataError(
                "several modalities were asked for, and none was given", hint="give two"
            )
        sizes = {name: len(part) for name, part in self.parts.items()}
        if places is None:
            if len(set(sizes.values())) > 1:
                raise DataError(
                    f"the parts differ in length: {sizes}",
                    hint="give each part one example a row, None where a row has none",
                )
            places = {name: np.arange(n) for name, n in sizes.items()}
        self.places = {name: np.asarray(places[name], np.int64) for name in self.parts}
        if len({len(place) for place in self.places.values()}) > 1:
            raise ValueError("places differ in length")
        self._names = None if names is None else list(names)
        empty = np.flatnonzero(~self.present.any(1))
        if len(empty):
            raise DataError(
                f"{len(empty)} rows have nothing at all, the first is {self.names()[empty[0]]}",
                hint="leave them out",
            )

    @property
    def present(self) -> np.ndarray:
        """Which parts each row has, bool (n, parts)."""
        return np.stack([place != ABSENT for place in self.places.values()], axis=1)

    def __len__(self) -> int:
        return len(next(iter(self.places.values())))

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{int(has.sum())} {name}" for name, has in zip(self.parts, self.present.T, strict=True)
        )
        return f"MultimodalExamples({len(self)} rows: {counts})"

    def names(self) -> list[str]:
        """Return what to call each row."""
        return self._names or [f"row {i}" for i in range(len(self))]

    def part(self, name: str) -> tuple[Examples, np.ndarray]:
        """Return the examples of one part, and the rows that have them, in order."""
        place = self.places[name]
        rows = np.flatnonzero(place != ABSENT)
        if np.array_equal(place[rows], np.arange(len(self.parts[name]))):
            return self.parts[name], rows
        return self.parts[name].select(place[rows]), rows

    def select(self, rows: np.ndarray) -> MultimodalExamples:
        """Return the rows at integer `rows`, in that order."""
        chosen, places = {}, {}
        for name, part in self.parts.items():
            place = self.places[name][rows]
            has = place != ABSENT
            chosen[name] = part.select(place[has])
            places[name] = np.where(has, np.cumsum(has) - 1, ABSENT)
        names = None if self._names is None else [self._names[i] for i in rows]
        return MultimodalExamples(chosen, places, names)

    def fingerprint(self) -> str:
        """Return a hash of all parts and of which row has what."""
        return digest(
            "several",
            *(
                value
                for name in self.parts
                for value in (name, self.parts[name].fingerprint(), self.places[name])
            ),
        )

    def contents(self) -> list[str]:
        """Return a hash of each row's parts together."""
        hashes = {name: part.contents() for name, part in self.parts.items()}
        return [
            digest(
                *(
                    "" if self.places[name][row] == ABSENT else own[self.places[name][row]]
                    for name, own in hashes.items()
                )
            )
            for row in range(len(self))
        ]

    def near(self, other: Examples) -> np.ndarray | None:
        """Return pairs all of whose parts are nearly the same, and of which none has one more."""
        if not isinstance(other, MultimodalExamples) or set(self.parts) != set(other.parts):
            return None
        alike: dict[str, set[tuple[int, int]]] = {}
        candidates: set[tuple[int, int]] = set()
        for name, part in self.parts.items():
            pairs = part.near(other.parts[name])
            if pairs is None:
                return None
            alike[name] = {(int(a), int(b)) for a, b in pairs} | {(ABSENT, ABSENT)}
            ours, theirs = _rows_by_place(self.places[name]), _rows_by_place(other.places[name])
            candidates |= {
                (i, j) for a, b in pairs.tolist() for i in ours.get(a, ()) for j in theirs[b]
            }
        found = [
            (i, j)
            for i, j in sorted(candidates)
            if all(
                (int(self.places[name][i]), int(other.places[name][j])) in alike[name]
                for name in self.parts
            )
        ]
        return np.array(found, np.int64).reshape(-1, 2)

    def values(self, row: int) -> Mapping[str, Any]:
        """Return what can be said of a row's parts in words."""
        found: Mapping[str, Any] = {}
        for name, part in self.parts.items():
            place = int(self.places[name][row])
            if place == ABSENT:
                found = {**found, name: "missing"}
            else:
                found = {**found, **part.values(place)}
        return found

    def pictures(self, row: int) -> list[np.ndarray]:
        """Return what can be seen of a row's parts."""
        places = ((part, int(self.places[name][row])) for name, part in self.parts.items())
        return [p for part, place in places if place != ABSENT for p in part.pictures(place)]

    def rule(self) -> Rule:
        """Return the rules of the parts together."""
        return merged_rules(part.rule() for part in self.parts.values())

    def settled(self, rule: Rule, fixed: bool) -> tuple[MultimodalExamples, list[str]]:
        """Settle each part."""
        found = {name: part.settled(rule, fixed) for name, part in self.parts.items()}
        parts = {name: part for name, (part, _) in found.items()}
        notes = [note for _, said in found.values() for note in said]
        return MultimodalExamples(parts, self.places, self._names), notes

    def check_like(self, other: Examples, names: tuple[str, str]) -> None:
        """Raise DataError where the other side has other parts."""
        assert isinstance(other, MultimodalExamples)
        shared = [name for name in self.parts if name in other.parts]
        if not shared:
            raise DataError(
                f"{names[0]!r} has {', '.join(self.parts)}, and {names[1]!r} has "
                f"{', '.join(other.parts)}",
                hint="give at least one modality on both sides",
            )
        for name in shared:
            self.parts[name].check_like(other.parts[name], names)

    @classmethod
    def hint(cls, parts: Sequence[Examples]) -> InputSpec:
        """Return the hints of each part."""
        own = [part for part in parts if isinstance(part, MultimodalExamples)]
        hints = {}
        for name in dict.fromkeys(name for side in own for name in side.parts):
            there = [side.parts[name] for side in own if name in side.parts]
            filled = [part for part in there if len(part)]
            hints[name] = type(there[0]).hint(filled or there)
        return InputSpec(cls.modality, parts=hints)


def _rows_by_place(places: np.ndarray) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row, place in enumerate(places.tolist()):
        found.setdefault(place, []).append(row)
    return found


__getattr__ = old_names(__name__, SeveralExamples="MultimodalExamples")
