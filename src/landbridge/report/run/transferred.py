"""What the transfer changed: rows explained on both sides, features and classes that gained."""

from __future__ import annotations

import shlex

from landbridge.base import formatting as fmt
from landbridge.base.shown import from_shared_folder
from landbridge.base.typed import JsonObject
from landbridge.explanation.reliance import Shortcut
from landbridge.metrics.intervals import Interval

from ..blocks import (
    Block,
    Blocks,
    Box,
    Boxes,
    Code,
    Details,
    Estimate,
    Heading,
    Note,
    Table,
    Text,
    fine,
    forest,
    lead,
)
from ..drawn import block_of, said
from ..inline import sentence
from ..svg import Mark
from ..units import SHARES
from .read import RunFiles

_CLASSES = 5
_SHOWN = 8


def transferred(run: RunFiles) -> Blocks | None:
    """Return what answers rest on before and after the transfer."""
    found = run.get("explained")
    if not found:
        return None
    blocks: list[Block | None] = [lead(_lead(found))]
    blocks += _rows(found)
    blocks += _classes(found)
    blocks += _features(found)
    blocks += _stages(found)
    more = "More rows, learned rows beside them, and all checks:"
    if found["skipped"]:
        more = f"Rows are not explained here: {found['skipped']}. This does it:"
    data = run.part("config", "data").get("target") or "DATA"
    command = ["landbridge", "explain", run.folder.name, str(data), "--out", "why.html"]
    return [*blocks, fine(more), Code(shlex.join(command))]


def shortcut_note(run: RunFiles) -> Block | None:
    """Return what answers rest on in the source alone; None where nothing is."""
    given = run.listed("explained", "shortcuts")
    rows = [Shortcut(str(o["unit"]), float(o["source"]), float(o["target"])) for o in given]
    if not rows:
        return None
    return Note("What the target does not have", [sentence(o.sentence()) + "." for o in rows])


def _lead(found: JsonObject) -> str:
    chosen, reference = found["chosen"], found["reference"]
    if not reference:
        return f"No transfer was kept: {chosen} is what others are measured against, and answers."
    text = f"{reference} is before, {chosen} after. "
    if found["fixed"] is not None:
        text += f"{fmt.counted(found['fixed'], 'judged row')} went from wrong to right; "
    if found["changed"] is not None:
        text += f"{fmt.counted(found['changed'], 'answer')} changed. "
    if found["rows"]:
        ways = (
            ("raises the answer", "lowers") if found["directed"] else ("speaks for it", "against")
        )
        text += f"Orange {ways[0]}, blue {ways[1]}; hidden parts {found['hidden']}."
    return text


def _rows(found: JsonObject) -> Blocks:
    rows = found["rows"]
    if not rows:
        return []
    _, names = from_shared_folder([str(row["name"]) for row in rows])
    return [Boxes([_box(row, name, found) for row, name in zip(rows, names, strict=True)])]


def _box(row: JsonObject, name: str, found: JsonObject) -> Box:
    blocks: list[Block | None] = []
    for which in ("before", "after"):
        side = row[which]
        blocks.append(Heading(f"{which.capitalize()}: {said(side['answer'])}", level=4))
        blocks.append(fine(_sure(row, side, found["reference" if which == "before" else "chosen"])))
        shown = (block_of(one, image=which == "before") for one in side["drawn"])
        blocks += [one for one in shown if one is not None]
    failed = not row["after"]["check"]["passed"]
    return Box(name, blocks, row["after"]["right"], "not to be relied on" * failed, warned=True)


def _sure(row: JsonObject, side: JsonObject, method: str) -> str:
    parts = [method]
    if side["probability"] is not None:
        parts.append(f"sure {fmt.percent(side['probability'], 0)}")
    if row["true"] is not None:
        parts.append("right" if side["right"] else f"true is {row['true']}")
    return ", ".join(parts)


def _classes(found: JsonObject) -> Blocks:
    moved = [one for one in found["classes"] if one["after"] != one["before"]]
    if not moved:
        return []
    shown = moved if len(moved) <= 2 * _CLASSES else [*moved[:_CLASSES], *moved[-_CLASSES:]]
    cells = [
        [
            str(one["name"]),
            fmt.count(one["rows"]),
            fmt.count(one["before"]),
            fmt.count(one["after"]),
            f"{one['after'] - one['before']:+d}",
        ]
        for one in shown
    ]
    heads = ["class", "judged rows", "right before", "right after", "change"]
    table = Table(heads, cells, range(1, 5), "Classes that gained and lost")
    return [Details("Which classes gained", [table], open=len(cells) <= 6)]


def _features(found: JsonObject) -> Blocks:
    """Return what gained and lost weight; where nothing was compared, what answers rest on."""
    check, rows = found["check"], found["whole_rows"]
    if not found["features"] and found["target"]:
        return [
            Heading("What answers rest on", after=fmt.counted(rows, "row")),
            *(_reliance(found["target"])),
        ]
    if check is not None and not check["problems"] and found["features"]:
        estimates = []
        for one in found["features"][:_SHOWN]:
            change = Interval.from_json(one["change"])
            note = f"{fmt.percent(one['before'], 0)} → {fmt.percent(one['after'], 0)}"
            estimates.append(
                Estimate(str(one["unit"]), [Mark.of(change)], SHARES.difference(change), note)
            )
        text = (
            f"Which features gained: share of what speaks for the answers, after minus before, "
            f"over {fmt.counted(rows, 'row')} drawn evenly, with 95 % intervals."
        )
        return [Heading("Which features gained"), fine(text), forest(estimates, zero=True)]
    if check is not None and check["problems"]:
        why = "; ".join(check["problems"])
        return [Text(f"What answers rest on as a whole is not shown: {why}.", "missing")]
    return []


def _reliance(rows: list[JsonObject]) -> Blocks:
    """Return shares of what speaks for answers, with intervals."""
    estimates = []
    for one in rows[:_SHOWN]:
        share = Interval.from_json(one["share"])
        estimates.append(Estimate(str(one["unit"]), [Mark.of(share)], SHARES.interval(share)))
    return [forest(estimates)]


def _stages(found: JsonObject) -> Blocks:
    rows = [
        [str(o["stage"]), f"{float(o['moved']):.3f}", f"{float(o['cka']):.2f}"]
        for o in found["stages"]
    ]
    if not rows:
        return []
    text = (
        f"How far each stage went from {found['stages_from']}: the norm of what was added over "
        "that of the weights, and how alike what it gives is (linear CKA: 1 is the same up to a "
        "rotation)."
    )
    table = Table(["stage", "moved", "alike"], rows, (1, 2), "Stages of the backbone")
    return [Details("How far each stage moved", [fine(text), table])]
