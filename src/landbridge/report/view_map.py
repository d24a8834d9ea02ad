"""The points of the interactive map."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from landbridge.base.shown import one_line, to_json

from .read import RunFiles


def map_view(run: RunFiles) -> dict[str, Any] | None:
    """Return the map's points as JSON that is safe inside HTML; None where a part is missing."""
    found = run.get("map")
    maps = [found.get(when) for when in ("before", "after")]
    present = [m for m in maps if isinstance(m, dict) and m.get("x")]
    if not present:
        return None
    classes = [one_line(name) for name in run.classes]
    names = {int(r): one_line(n) for a in run.answers for r, n in zip(a.rows, a.names, strict=True)}
    verdict = run.get("verdict")
    columns = []
    for m in present:
        n = min(len(m["x"]), len(m.get("y") or []))
        domain = [str(d) for d in _column(m, "domain", n)]
        row = _column(m, "row", n)
        columns.append(
            {
                "title": str(m.get("title") or ""),
                "x": m["x"][:n],
                "y": m["y"][:n],
                "domain": domain,
                "label": _column(m, "label", n),
                "predicted": _column(m, "predicted", n),
                "row": row,
                "name": [
                    names.get(r, f"row {r}") if d == "target" else f"row {r}"
                    for d, r in zip(domain, row, strict=True)
                ],
            }
        )
    first, last = columns[0], columns[-1]
    was = dict(
        zip(zip(first["domain"], first["row"], strict=True), first["predicted"], strict=True)
    )
    changes = {
        (d, r): _change(label, was.get((d, r)), now) if d == "target" else None
        for d, r, label, now in zip(
            last["domain"], last["row"], last["label"], last["predicted"], strict=True
        )
    }
    for c in columns:
        c["change"] = [changes.get(key) for key in zip(c["domain"], c["row"], strict=True)]
    payload = {"maps": columns, "classes": classes}
    text = to_json(payload, separators=(",", ":"), allow_nan=False, default=str)
    for sign, code in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(sign, code)
    return {
        "json": Markup(text),
        "points": len(last["x"]),
        "target": sum(d == "target" for d in last["domain"]),
        "two": len(columns) == 2,
        "titles": [c["title"] for c in columns],
        "changes": any(c is not None for c in last["change"]),
        "predictions": any(p is not None for p in last["predicted"]),
        "labels": any(v is not None for v in last["label"]),
        "label_free": verdict.get("kind") == "label-free",
    }


def _column(m: dict[str, Any], key: str, n: int) -> list[Any]:
    values = m.get(key)
    if not isinstance(values, list) or len(values) < n:
        return [None] * n
    return [one_line(value) if isinstance(value, str) else value for value in values[:n]]


def _change(label: Any, was: Any, now: Any) -> str | None:
    if was is None or now is None:
        return None
    if label is None:
        return "changed" if was != now else "same answer"
    if was == now:
        return "right both times" if now == label else "wrong both times"
    return (
        "wrong to right"
        if now == label
        else "right to wrong"
        if was == label
        else "wrong both times"
    )
