"""What each of several modalities gives: the score where only some are there."""

from __future__ import annotations

from typing import Any

from . import formatting as fmt
from .figures import estimate, scale
from .read import RunFiles
from .svg import Axis, Mark, around
from .units import units_of


def parts_view(run: RunFiles) -> dict[str, Any] | None:
    """Return the score of each set of modalities, and what each adds to the others."""
    found = run.get("parts")
    names = [str(name) for name in found.get("parts") or []]
    if not names:
        return None
    unit = units_of(run)
    marks = [_mark(one, len(one["parts"]) == len(names)) for one in found["sets"]]
    axis = unit.axis(marks)
    rows = []
    for one, mark in zip(found["sets"], marks, strict=True):
        value = unit.interval(one["mean"], one["low"], one["high"])
        kept = [str(name) for name in one["parts"]]
        said = "all" if len(kept) == len(names) else " + ".join(kept)
        rows.append(
            {
                "cells": [(name, name in kept) for name in names],
                "name": said,
                "all": len(kept) == len(names),
                "alone": len(kept) == 1,
                "rows": fmt.count(int(one["rows"])),
                "value": value,
                "track": estimate(axis, [mark], f"{said}: {value}", 30),
            }
        )
    return {
        "names": names,
        "rows": rows,
        "scale": scale(axis) if unit.percent else scale(axis, fmt.figure),
        "adds": _adds(found.get("adds") or [], unit),
        "present": [
            (name, fmt.count(int(found["present"][name])))
            for name in names
            if found["present"][name] < found["rows"]
        ],
        "judged": fmt.count(int(found["rows"])),
    }


def _mark(one: dict[str, Any], whole: bool) -> Mark:
    mean, low, high = (fmt.number(one.get(key)) for key in ("mean", "low", "high"))
    dots = [v for v in one.get("per_seed") or [] if fmt.number(v) is not None]
    return Mark(mean, low, high, dots, "chosen" if whole else "baseline")


def _adds(adds: list[dict[str, Any]], unit: Any) -> dict[str, Any] | None:
    if not adds:
        return None
    low, high = around([0.0, *(one[key] for one in adds for key in ("mean", "low", "high"))], 0.12)
    axis = Axis(low, high)
    rows = []
    for one in adds:
        said = unit.difference(one)
        mark = Mark(
            fmt.number(one["mean"]),
            fmt.number(one["low"]),
            fmt.number(one["high"]),
        )
        rows.append(
            {
                "name": one["part"],
                "value": said,
                "track": estimate(axis, [mark], f"{one['part']} adds {said}", 30, zero=True),
            }
        )
    write = fmt.signed if unit.percent else unit.signed
    return {"rows": rows, "scale": scale(axis, write)}
