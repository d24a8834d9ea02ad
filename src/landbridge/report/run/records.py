"""What a run's files hold, read as records: a side of the data, a map, an example that changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landbridge.base import formatting as fmt

Found = Mapping[str, Any]
"""An object of a JSON file."""


@dataclass(frozen=True)
class Omission:
    """Rows that were left out while reading, and why."""

    what: str
    count: int
    rows: Sequence[str]

    @classmethod
    def from_json(cls, found: Found) -> Omission:
        """Return what ``data.json`` holds of it."""
        rows = tuple(map(str, found.get("rows") or ()))
        return cls(str(found.get("what", "")), int(fmt.number(found.get("count")) or 0), rows)


@dataclass(frozen=True)
class Side:
    """Source or target; numbers are None where the file does not say."""

    role: str
    name: str
    modality: str
    labelled: str
    rows: float | None
    usable: float | None
    n_test: float | None
    classes: Sequence[str]
    counts: Mapping[str, float]
    omissions: Sequence[Omission]
    notes: Sequence[str]

    @classmethod
    def from_json(cls, role: str, found: Found) -> Side:
        """Return what ``data.json`` holds of it."""
        counts = {str(n): fmt.number(v) for n, v in (found.get("counts") or {}).items()}
        omissions = (o for o in found.get("omissions") or () if isinstance(o, dict))
        name, modality, labelled = (
            str(found.get(key, "")) for key in ("name", "modality", "labelled")
        )
        rows, usable, n_test = (fmt.number(found.get(key)) for key in ("rows", "usable", "judged"))
        counted = {name: n for name, n in counts.items() if n is not None}
        return cls(
            *(role, name, modality, labelled, rows, usable, n_test),
            *(tuple(map(str, found.get("classes") or ())), counted),
            *(tuple(map(Omission.from_json, omissions)), tuple(map(str, found.get("notes") or ()))),
        )


@dataclass(frozen=True)
class Layout:
    """One of the maps: where each point lies, and what it is."""

    title: str
    x: Sequence[float]
    y: Sequence[float]
    domain: Sequence[str]
    row: Sequence[int]
    label: Sequence[Any]
    predicted: Sequence[Any]

    @classmethod
    def from_json(cls, found: Any) -> Layout | None:
        """Return what ``map.json`` holds of it; None where it has no point."""
        if not isinstance(found, dict) or not found.get("x"):
            return None
        x, y, domain, row = (found[key] for key in ("x", "y", "domain", "row"))
        columns = (found.get(key) for key in ("label", "predicted"))
        label, predicted = (
            own if isinstance(own, list) and len(own) == len(x) else [None] * len(x)
            for own in columns
        )
        title = str(found.get("title") or "")
        return cls(title, list(map(float, x)), list(map(float, y)), domain, row, label, predicted)


@dataclass(frozen=True)
class Example:
    """An example whose answer became right or wrong."""

    name: str
    row: str
    true: str
    before: str
    after: str
    confidence: float | None
    image: str
    values: Mapping[str, Any]

    @classmethod
    def from_json(cls, found: Found) -> Example:
        """Return what ``examples.json`` holds of it."""
        row, true, before, after = (str(found.get(k)) for k in ("row", "true", "before", "after"))
        name, image = (str(found.get(key) or "") for key in ("name", "image"))
        sure, values = fmt.number(found.get("confidence")), found.get("values") or {}
        return cls(name or f"row {row}", row, true, before, after, sure, image, values)
