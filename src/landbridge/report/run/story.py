"""What was done and why: data, backbone, choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

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
)
from ..figures import bar
from ..inline import sentence, tagged
from .base import tried
from .read import RunFiles
from .records import Omission, Side
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
    sides = run.sides
    if not sides:
        return None
    match = data.get("match") or {}
    # a side that shows no label lacks no class: nobody knows
    both_have_classes = all(side.classes for side in sides)
    alone = sides[0].role != "source"
    setting, said = str(data.get("setting") or ""), str(match.get("sentence") or "")
    if run.merged:  # the setting speaks of a verdict that is not this run's
        setting = (
            "Data, preprocessing and configuration are those of the first of the merged runs, "
            "with the rows that it was judged on. This run has not been judged."
        )
    only = {
        side: match.get(f"only_{side}") or [] if both_have_classes else []
        for side in ("source", "target")
    }
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
        *map(_left_out, sides),
        _counts(sides),
    ]


def _sides(run: RunFiles, sides: Sequence[Side]) -> Table:
    kind = run.target_type
    heads = ["Data", "Name", "Kind", "Rows", "Usable", "Labelled", "Kept for judging"]
    swatch = Markup('<span class="swatch {}" aria-hidden="true"></span>{}')
    rows = []
    for side in sides:
        row = [swatch.format(side.role, sentence(side.role)), side.name, side.modality]
        row += [fmt.count(side.rows), fmt.count(side.usable), side.labelled]
        row += [fmt.count(side.n_test)]
        rows.append(row + ([fmt.count(len(side.classes) or None)] if kind.named else []))
    heads += [sentence(kind.nouns)] if kind.named else []
    return Table(heads, rows, (3, 4, 6, 7), "Data")


def _left_out(side: Side) -> Block | None:
    if not (side.omissions or side.notes):
        return None
    title = f"{'Left out of the' if side.omissions else 'About the'} {side.role}"
    more = ", and notes" if side.omissions and side.notes else ""
    return Note(title + more, [*map(_omission, side.omissions), *side.notes])


def _omission(found: Omission) -> Markup:
    said = Markup("{}: <strong>{}</strong>").format(found.what, fmt.count(found.count))
    if not found.rows:
        return said
    more = ", …" if found.count > len(found.rows) else ""
    which = Markup('<details class="inline"><summary>which</summary>{}{}</details>')
    return said + which.format(", ".join(found.rows), more)


def _counts(sides: Sequence[Side]) -> Block | None:
    columns: list[Blocks] = []
    for side in sides:
        most = max(side.counts.values(), default=0) or 1
        bars = [
            (name, bar(n / most, f"{name}: {n:g}", f"bar {side.role}"), fmt.count(n))
            for name, n in side.counts.items()
        ]
        columns += [[Heading(sentence(side.role)), Bars(bars)]] if bars else []
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
    text = escape(" ".join(filter(None, (said, _KINDS.get(choice.kind)))))
    if not choice.reason.startswith(choice.method):
        text = Markup("<strong>{}</strong>: {}").format(choice.method, text)
    if kept(run) and choice.candidates:
        text += Markup(
            " <strong>No adaptation earned its place, so the reference was kept.</strong>"
        )
    elif choice.kept_reference and not kept(run):
        text += " It is a baseline and no adaptation."
    if choice.reference_reason:
        text += f" It is compared with {choice.reference}: {choice.reference_reason}."
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
