"""What each of several modalities gives: the score where only some are there."""

from __future__ import annotations

from typing import Any

from landbridge.base import formatting as fmt
from landbridge.verdict.parts import PartScores, SetScore

from .figures import estimate, scale
from .read import RunFiles
from .svg import Axis, Mark, around
from .units import Units, units_of


def parts_view(run: RunFiles) -> dict[str, Any] | None:
    """Return the score of each set of modalities, and what each adds to the others."""
    found = PartScores.from_json(run.get("parts"))
    names, unit = found.parts, units_of(run)
    if not names:
        return None
    marks = [_mark(one, len(one.parts) == len(names)) for one in found.sets]
    axis = unit.axis(marks)
    rows = []
    for one, mark in zip(found.sets, marks, strict=True):
        value, kept = unit.interval(one.score), one.parts
        said = "all" if len(kept) == len(names) else " + ".join(kept)
        rows.append(
            {
                "cells": [(name, name in kept) for name in names],
                "name": said,
                "all": len(kept) == len(names),
                "alone": len(kept) == 1,
                "rows": fmt.count(one.rows),
                "value": value,
                "track": estimate(axis, [mark], f"{said}: {value}", 30),
            }
        )
    return {
        "names": names,
        "rows": rows,
        "scale": scale(axis) if unit.percent else scale(axis, fmt.figure),
        "adds": _adds(found, unit),
        "present": [
            (name, fmt.count(found.present[name]))
            for name in names
            if found.present[name] < found.rows
        ],
        "judged": fmt.count(found.rows),
    }


def _mark(one: SetScore, whole: bool) -> Mark:
    return Mark.of(one.score, one.per_seed, "chosen" if whole else "baseline")


def _adds(found: PartScores, unit: Units) -> dict[str, Any] | None:
    if not found.adds:
        return None
    ends = [v for _, gap in found.adds for v in (gap.value, gap.low, gap.high)]
    low, high = around([0.0, *ends], 0.12)
    axis = Axis(low, high)
    rows = []
    for name, gap in found.adds:
        said = unit.difference(gap)
        rows.append(
            {
                "name": name,
                "value": said,
                "track": estimate(axis, [Mark.of(gap)], f"{name} adds {said}", 30, zero=True),
            }
        )
    write = fmt.signed if unit.percent else unit.signed
    return {"rows": rows, "scale": scale(axis, write)}
