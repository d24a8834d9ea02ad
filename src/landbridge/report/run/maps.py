"""The maps of a run: points before and after, and what each of them is."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup

from landbridge.base.shown import from_shared_folder, one_line, to_json
from landbridge.base.typed import JsonObject

from ..blocks import Blocks, Maps, lead
from ..scatter import Series, scatter
from .read import RunFiles
from .records import Layout

_CHANGES = (
    *("wrong to right", "right to wrong", "wrong both times", "right both times"),
    *("changed", "same answer"),
)
_NUMBER = re.compile(r"[-−]?\d+(\.\d+)?(e[-+]?\d+)?")


def maps(run: RunFiles) -> Blocks | None:
    """Return both maps with what their points are."""
    drawn = maps_of(run)
    text = (
        "Each point is one example; neighbours have similar features. Distances between far "
        "groups mean little. Discs are target rows, open diamonds source rows."
    )
    return [lead(text), drawn] if drawn else None


def maps_of(run: RunFiles) -> Maps | None:
    """Return drawings of the map, and what their points are as JSON that is safe inside HTML."""
    both = (Layout.from_json(run.get("map").get(when)) for when in ("before", "after"))
    present = [m for m in both if m is not None]
    if not present:
        return None
    last = present[-1]
    if any((m.domain, m.row) != (last.domain, last.row) for m in present):
        raise ValueError("the maps show different rows")
    # Sources come first: a point's place in the drawing is its place here.
    order = sorted(range(len(last.x)), key=lambda i: last.domain[i] == "target")
    sources = sum(name != "target" for name in last.domain)
    rows = [last.row[i] for i in order]
    label, *predicted = (
        [None if values[i] is None else one_line(str(values[i])) for i in order]
        for values in (last.label, *(m.predicted for m in present))
    )
    predicted = [own[sources:] for own in predicted]  # of the target alone
    groups = _groups(run, {n for own in (label, *predicted) for n in own if n is not None})
    place: dict[Any, int] = {name: i for i, name in enumerate(groups)}
    changes = [
        None if change is None else _CHANGES.index(change)
        for change in map(_change, label[sources:], predicted[0], predicted[-1])
    ]
    payload = {
        "groups": groups,
        "rows": [row - before for before, row in zip([0, *rows], rows, strict=False)],
        **_names(run, rows[sources:]),
        "label": [place.get(name) for name in label],
        "predicted": [[place.get(name) for name in own] for own in predicted],
        "changes": _CHANGES,
        "change": changes,
    }
    text = to_json(payload, separators=(",", ":"), allow_nan=False, default=str)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    kind = run.target_type
    colours = (
        ("domain", "domain", True),
        ("label", kind.truth_word, any(name is not None for name in label)),
        ("predicted", "prediction", any(name is not None for name in predicted[-1])),
        ("change", "what changed", kind.named and any(c is not None for c in changes)),
    )
    drawn = [(m.title, _drawn(m, order, sources, f"map-{k}")) for k, m in enumerate(present)]
    shown = [(value, words) for value, words, there in colours if there]
    return Maps(drawn, Markup(text), shown, kind.group)


def _groups(run: RunFiles, seen: set[str]) -> list[str]:
    """Return what colours points, the run's own names first; ranges of numbers in their order."""
    classes = [name for name in map(one_line, run.classes) if name in seen]

    def in_order(name: str) -> tuple[float, int, str]:
        number = _NUMBER.search(name)
        if number is None:
            return float("inf"), 0, name
        return float(number[0].replace("−", "-")), -number.start(), name

    return [*classes, *sorted(seen - set(classes), key=in_order)]


def _names(run: RunFiles, rows: list[Any]) -> JsonObject:
    """Return what target rows are called: what stands before their number alone, or each name."""
    name_of = {
        int(r): one_line(n) for a in run.predictions for r, n in zip(a.rows, a.names, strict=True)
    }
    _, names = from_shared_folder([name_of.get(row, f"row {row}") for row in rows])
    before = {name.removesuffix(str(row)) for name, row in zip(names, rows, strict=True)}
    numbered = len(before) == 1 and names[0].endswith(str(rows[0]))
    return {"before": before.pop() if numbered else "", "names": [] if numbered else names}


def _drawn(m: Layout, order: list[int], sources: int, id: str) -> Markup:
    x, y = ([own[i] for i in order] for own in (m.x, m.y))
    series = [
        Series("source", x[:sources], y[:sources], "source", diamond=True),
        Series("target", x[sources:], y[sources:]),
    ]
    label = f"{m.title or 'Map'}: map of {len(x)} examples"
    return scatter([one for one in series if one.x], label, id=id, width=470, height=430)


def _change(label: str | None, was: str | None, now: str | None) -> str | None:
    if was is None or now is None:
        return None
    if label is None:
        return "changed" if was != now else "same answer"
    if was == now or label not in (was, now):
        return "right both times" if now == label else "wrong both times"
    return "wrong to right" if now == label else "right to wrong"
