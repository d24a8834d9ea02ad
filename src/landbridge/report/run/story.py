"""What was done and why: data, backbone, choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.typed import JsonObject
from landbridge.metrics.labelfree import explained, heading
from landbridge.selection.records import Choice

from ..blocks import (
    Bars,
    Block,
    Blocks,
    Columns,
    Details,
    Facts,
    Heading,
    Note,
    Table,
    Text,
    fine,
    lead,
    sentence,
    tagged,
)
from ..figures import bar
from .base import tried
from .read import RunFiles
from .verdict import kept

PACKED = 300
"""A text that is longer than this is a file, or packed: nothing to read beside other facts."""
_KINDS = {
    "cross-validation": "It was chosen by cross-validation on labelled target rows.",
    "label-free": "It was chosen without target labels, by label-free scores.",
}


def story(run: RunFiles) -> Blocks:
    """Return data, backbone and choice, each with all that was left out."""
    prepared = facts(run.get("preprocessor"))
    how = Details("How raw examples become inputs", [Facts(prepared)]) if prepared else None
    warnings = [
        *map(str, run.listed("merge", "notes")),
        *(str(e.get("message", "")) for e in run.log if e.get("event") == "warning"),
    ]
    title = "Notes on the merge" if run.merged else "Warnings during the run"
    return [
        *tried(run, _data, "data.json", "What was read is not known:"),
        Heading("Backbone"),
        *tried(run, _backbone, "backbone.json", "The backbone is not known:"),
        how,
        Heading("Method"),
        *tried(run, _choice, "choice.json", "Why this method was chosen is not known:"),
        Note(title, warnings) if warnings else None,
    ]


def _backbone(run: RunFiles) -> Blocks | None:
    pairs = facts(run.get("backbone"))
    return [Facts(pairs)] if pairs else None


def _data(run: RunFiles) -> Blocks | None:
    """Return source and target side by side."""
    data = run.get("data")
    sides = {role: run.part("data", role) for role in ("source", "target")}
    sides = {role: side for role, side in sides.items() if side}
    if not sides:
        return None
    match = data.get("match") or {}
    # a side that shows no label lacks no class: nobody knows
    known = all(side.get("classes") for side in sides.values())
    alone = "source" not in sides
    setting, said = str(data.get("setting") or ""), str(match.get("sentence") or "")
    if run.merged:  # the setting speaks of a verdict that is not this run's
        setting = (
            "Data, preprocessing and configuration are those of the first of the merged runs, "
            "with the rows that it was judged on. This run has not been judged."
        )
    only = {side: match.get(f"only_{side}") or [] if known else [] for side in ("source", "target")}
    hidden = ("source", "target") if alone else ()
    return [
        lead(setting),
        _sides(run, sides),
        fine("There was no source data: the backbone is the source." if alone else ""),
        Text(said) if said and said not in setting and not alone else None,
        *(
            fine(f"Only in the {side}: {', '.join(map(str, names))}.")
            for side, names in only.items()
            if names and side not in hidden
        ),
        *(_left_out(role, side) for role, side in sides.items()),
        _counts(sides),
    ]


def _sides(run: RunFiles, sides: Mapping[str, JsonObject]) -> Table:
    kind = run.target_type
    heads = ["Data", "Name", "Kind", "Rows", "Usable", "Labelled", "Kept for judging"]
    rows = []
    for role, side in sides.items():
        swatch = Markup('<span class="swatch {}" aria-hidden="true"></span>{}')
        row = [swatch.format(role, sentence(role)), str(side.get("name", ""))]
        row += [str(side.get("modality", "")), fmt.count(side.get("rows"))]
        row += [fmt.count(side.get("usable")), str(side.get("labelled", ""))]
        row += [fmt.count(side.get("judged"))]
        rows.append(row + ([fmt.count(len(side.get("classes") or []) or None)] * kind.named))
    return Table(heads + [sentence(kind.nouns)] * kind.named, rows, (3, 4, 6, 7), "Data")


def _left_out(role: str, side: JsonObject) -> Block | None:
    omissions = [o for o in side.get("omissions") or [] if isinstance(o, dict)]
    notes = [str(note) for note in side.get("notes") or []]
    if not (omissions or notes):
        return None
    title = f"{'Left out of the' if omissions else 'About the'} {role}"
    more = ", and notes" if omissions and notes else ""
    return Note(title + more, [*map(_omission, omissions), *notes])


def _omission(found: JsonObject) -> Markup:
    count, rows = found.get("count"), [str(row) for row in found.get("rows") or []]
    said = Markup("{}: <strong>{}</strong>").format(found.get("what", ""), fmt.count(count))
    if not rows:
        return said
    more = ", …" if (fmt.number(count) or 0) > len(rows) else ""
    which = Markup('<details class="inline"><summary>which</summary>{}{}</details>')
    return said + which.format(", ".join(rows), more)


def _counts(sides: Mapping[str, JsonObject]) -> Block | None:
    columns: list[Blocks] = []
    for role, side in sides.items():
        counts = {n: v for n, v in (side.get("counts") or {}).items() if fmt.number(v) is not None}
        most = max(counts.values(), default=0) or 1
        bars = [
            (str(name), bar(v / most, f"{name}: {v}", f"bar {role}"), fmt.count(v))
            for name, v in counts.items()
        ]
        columns += [[Heading(sentence(role)), Bars(bars)]] if bars else []
    return Details("Known labels by class", [Columns(columns)]) if columns else None


def facts(value: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return an object as pairs of words."""
    pairs = ((str(key).replace("_", " "), _said(item)) for key, item in value.items())
    return [(key, fmt.shorten(said, 400)) for key, said in pairs if said]


def _said(value: Any) -> str:
    """Return a value in words: names of what is listed, plain values by name, no packed bytes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return fmt.figure(value)
    if isinstance(value, str):
        return value if len(value) <= PACKED else f"({len(value):,} characters)"
    if isinstance(value, Mapping):
        kind = value.get("kind") or value.get("type")
        if "name" in value and kind:
            return f"{value['name']} ({kind})"
        plain = {k: "…" if isinstance(v, Mapping) and v else _said(v) for k, v in value.items()}
        return ", ".join(f"{k} {said}".replace("_", " ") for k, said in plain.items() if said)
    return ", ".join(_said(one) for one in value)


def _choice(run: RunFiles) -> Blocks | None:
    """Return which method was chosen among which, and why."""
    found = run.get("choice")
    if not found.get("method"):
        return None
    choice = Choice.from_json(_NO_CHOICE | found)
    said = choice.reason
    said = said if not said or said[-1] in ".!?" else said + "."
    text = Markup("{} {}").format(said, _KINDS.get(choice.kind, ""))
    if not choice.reason.startswith(choice.method):
        text = Markup("<strong>{}</strong>: {}").format(choice.method, text)
    if kept(run) and choice.candidates:
        text += Markup(
            " <strong>No adaptation earned its place, so the reference was kept.</strong>"
        )
    elif choice.kept_reference and not kept(run):
        text += " It is a baseline and no adaptation."
    not_tried = [(one.method, one.why) for one in choice.not_tried]
    title = f"{fmt.counted(len(not_tried), 'method was', 'methods were')} not tried"
    return [
        Text(text),
        *(_candidates(choice) if choice.candidates else []),
        Details(title, [Facts(not_tried)]) if not_tried else None,
    ]


_NO_CHOICE: JsonObject = {
    "kind": "",
    "reason": "",
    "kept_reference": False,
    "candidates": (),
    "not_tried": (),
}
"""What a choice of an older version may lack."""


def _candidates(choice: Choice) -> Blocks:
    order = sorted(
        choice.candidates, key=lambda c: (c.gated is not None, c.rank is None, c.rank or 0)
    )
    names = list(dict.fromkeys(name for one in order for name in one.figures))
    columns = [fmt.column([one.figures.get(name) for one in order]) for name in names]
    rows, marked = [], []
    for i, one in enumerate(order):
        chosen, gated = one.method == choice.method, one.gated is not None
        small = f"ruled out: {one.gated}" if gated else ""
        name = tagged(one.method, *["chosen"] * chosen, small=small)
        cost = [fmt.count(one.cost.get("steps")), fmt.seconds(one.cost.get("cpu_s"))]
        rows.append([name, fmt.figure(one.rank), *(own[i] for own in columns), *cost])
        marked.append(" ".join(["is-chosen"] * chosen + ["is-gated"] * gated))
    rank = "Rank sum" if choice.kind == "label-free" else "Rank"
    heads = ["Candidate", rank, *map(heading, names), "Steps", "CPU"]
    also = explained(names)
    table = Table(heads, rows, range(1, len(heads)), "Candidates", marked)
    return [table, fine(also and f"{also}.")]
