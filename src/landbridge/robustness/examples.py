"""Rows before and after, to look at."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ..domains.modalities.base import Preprocessing
from ..insight.changes import png_data_uri
from .base import Attack, Corruption, RawCorruption
from .plan import Sizes
from .records import Shown
from .subject import Subject

_ATTACKED = 6
_SEVERITIES = (1, 3, 5)
_LONGEST = 200


def shown_attacks(
    subject: Subject,
    attacks: Mapping[str, tuple[Attack, Sizes]],
    fallen: Mapping[str, np.ndarray],
) -> list[Shown]:
    """Return a few rows that the attack that found most made wrong."""
    if not fallen:
        return []
    name = max(fallen, key=lambda own: len(fallen[own]))
    rows = fallen[name][:_ATTACKED]
    if not len(rows):
        return []
    attack, sizes = attacks[name]
    found = attack.run(subject, rows, sizes.at)
    names, classes = subject.rows.examples.names(), subject.model.classes
    shown = []
    for i, row in enumerate(rows.tolist()):
        pictures, lines = attack.shown(subject, row, found.changed[i])
        shown.append(
            Shown(
                names[row],
                f"{name}, {attack.said(sizes.at)}",
                "attack",
                tuple((png_data_uri(picture), what) for picture, what in pictures),
                (("true, and said before", classes[int(subject.truth[row])]), *lines),
            )
        )
    return shown


def shown_corruptions(subject: Subject, corruptions: Mapping[str, Corruption]) -> list[Shown]:
    """Return the first row under each corruption."""
    first = subject.rows.select(np.array([0]))
    name, own = first.examples.names()[0], first.preprocessing
    shown = []
    for kind, corruption in corruptions.items():
        pictures = []
        for severity in _SEVERITIES:
            stored = corruption.corrupted(first, severity)[0]
            if (picture := _picture(own, stored)) is not None:
                pictures.append((png_data_uri(picture), f"severity {severity}"))
        lines: list[tuple[str, str]] = []
        if not pictures and isinstance(corruption, RawCorruption):
            lines = _lines(subject, corruption)
        if pictures or lines:
            shown.append(Shown(name, kind, "corruption", tuple(pictures), tuple(lines)))
    return shown


def _picture(own: Preprocessing, stored: np.ndarray) -> np.ndarray | None:
    return own.picture(stored)


def _lines(subject: Subject, corruption: RawCorruption) -> list[tuple[str, str]]:
    """Return what is said of the first row that changes, at severity 3."""
    some = subject.rows.select(np.arange(min(len(subject), 20)))
    if corruption.modality != some.examples.modality:
        return []
    after = corruption.change(some.examples, corruption.strength(3), some)
    for row in range(len(some)):
        before, later = some.examples.values(row), after.values(row)
        changed = [name for name in before if _differs(before[name], later[name])]
        if changed:
            return [(name, _said(later[name])) for name in changed[:5]]
    return []


def _differs(a: object, b: object) -> bool:
    return a != b and not (a != a and b != b)


def _said(value: object) -> str:
    if value is None or value != value:
        return "missing"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"
