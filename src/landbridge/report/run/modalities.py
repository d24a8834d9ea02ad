"""What each of several modalities gives: the score where only some are there."""

from __future__ import annotations

from landbridge.base import formatting as fmt
from landbridge.verdict.parts import PartScores

from ..blocks import Blocks, Details, Estimate, Heading, Table, fine, forest, lead
from ..inline import sentence
from ..svg import Mark
from .read import RunFiles


def modalities(run: RunFiles) -> Blocks | None:
    """Return the score of each set of modalities, and what each adds to the others."""
    found = PartScores.from_json(run.get("parts"))
    names, units = found.parts, run.units
    if not names:
        return None
    estimates, rows = [], []
    for one in found.sets:
        every, value = len(one.parts) == len(names), units.interval(one.score)
        mark = Mark.of(one.score, one.per_seed, "chosen" if every else "baseline")
        name = "all" if every else " + ".join(one.parts)
        tags = ["alone"] if len(one.parts) == 1 else []
        estimates.append(Estimate(name, [mark], value, tags=tags, chosen=every))
        there = ["yes" if name in one.parts else fmt.DASH for name in names]
        rows.append([*there, fmt.count(one.rows), value])
    metric = run.verdict.metric or "accuracy"
    text = (
        f"The chosen model's {metric} on the judged rows when only some modalities are left and "
        "the others are taken away. It was trained once, with all of them; nothing was fitted "
        "again."
    )
    adds = [Estimate(n, [Mark.of(gap)], units.difference(gap)) for n, gap in found.adds]
    present = [
        f"{fmt.count(found.present[name])} have {name}"
        for name in names
        if found.present[name] < found.rows
    ]
    of = f"Of {fmt.count(found.rows)} judged rows {', '.join(present)}; "
    heads = [*names, "Rows", f"{sentence(metric)} (95 % interval)"]
    marked = ["is-chosen" * one.chosen for one in estimates]
    right = (len(names), len(names) + 1)
    table = Table(heads, rows, right, "Score by the modalities that are there", marked)
    title = Heading("What each adds to all the others")
    return [
        lead(text),
        forest(estimates, units),
        *([title, forest(adds, units, zero=True)] if adds else []),
        fine(f"{of}a row counts where it has all that is named." if present else ""),
        Details("The same as a table", [table]),
    ]
