"""What was done and why: data, backbone, choice; what it cost; what is needed to repeat it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from landbridge.artifacts.called import as_command
from landbridge.base import formatting as fmt

from ..metrics.labelfree import explained, heading
from .figures import bar
from .read import RunFiles
from .view_verdict import kept

PACKED = 300
"""A text that is longer than this is a file, or packed: nothing to read beside other facts."""

_STATES = ("transferred", "reshaped", "fresh", "unused")
_STATE_WORDS = {
    "transferred": "taken over as they were",
    "reshaped": "taken over with a changed shape",
    "fresh": "started from nothing",
    "unused": "known, and not needed here",
}


def data_view(run: RunFiles) -> dict[str, Any]:
    """Return source and target side by side, with all that was left out."""
    data = run.get("data")
    sides = []
    for role in ("source", "target"):
        domain = data.get(role)
        if not isinstance(domain, dict):
            continue
        counts = domain.get("counts") or {}
        most = max((v for v in counts.values() if fmt.number(v) is not None), default=0) or 1
        sides.append(
            {
                "role": role,
                "name": str(domain.get("name", "")),
                "modality": str(domain.get("modality", "")),
                "rows": fmt.count(domain.get("rows")),
                "usable": fmt.count(domain.get("usable")),
                "judged": fmt.count(domain.get("judged")),
                "labelled": str(domain.get("labelled", "")),
                "classes": fmt.count(len(domain.get("classes") or []) or None),
                "omissions": [
                    {
                        "what": str(o.get("what", "")),
                        "count": fmt.count(o.get("count")),
                        "rows": [str(r) for r in o.get("rows") or []],
                        "more": (fmt.number(o.get("count")) or 0) > len(o.get("rows") or []),
                    }
                    for o in domain.get("omissions") or []
                    if isinstance(o, dict)
                ],
                "notes": [str(note) for note in domain.get("notes") or []],
                "counts": [
                    (str(name), fmt.count(v), bar(v / most, f"{name}: {v}", f"bar {role}"))
                    for name, v in counts.items()
                    if fmt.number(v) is not None
                ],
            }
        )
    match = data.get("match") or {}
    # a side that shows no label lacks no class: nobody knows
    known = all(side["classes"] != fmt.DASH for side in sides)
    setting, sentence = str(data.get("setting") or ""), str(match.get("sentence") or "")
    if run.merged:  # the setting speaks of a verdict that is not this run's
        setting = (
            "Data, preprocessing and configuration are those of the first of the merged runs, "
            "with the rows that it was judged on. This run has not been judged."
        )
    return {
        "setting": setting,
        "sides": sides,
        "match": "" if sentence in setting else sentence,
        "only_source": [str(n) for n in match.get("only_source") or [] if known],
        "only_target": [str(n) for n in match.get("only_target") or [] if known],
        "no_source": bool(data) and not isinstance(data.get("source"), dict),
    }


def facts(value: Mapping[str, Any], skip: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """Return an object as pairs of words."""
    pairs = []
    for key, item in value.items():
        if key in skip or item is None:
            continue
        shown = _said(item)
        if shown:
            pairs.append((str(key).replace("_", " "), fmt.shorten(shown, 400)))
    return pairs


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


def choice_view(run: RunFiles) -> dict[str, Any]:
    """Return which method was chosen among which, and why."""
    choice = run.get("choice")
    candidates = [c for c in choice.get("candidates") or [] if isinstance(c, dict)]
    candidates.sort(
        key=lambda c: (
            c.get("gated") is not None,
            fmt.number(c.get("rank")) is None,
            fmt.number(c.get("rank")) or 0.0,
        )
    )
    names: list[str] = []
    for c in candidates:
        names += [str(n) for n in c.get("figures") or {} if n not in names]
    columns = {n: fmt.column([(c.get("figures") or {}).get(n) for c in candidates]) for n in names}
    rows = [
        {
            "method": str(c.get("method", "")),
            "chosen": c.get("method") == choice.get("method"),
            "rank": fmt.figure(c.get("rank")),
            "values": [columns[n][i] for n in names],
            "gated": str(c["gated"]) if c.get("gated") is not None else "",
            "steps": fmt.count(c.get("steps")),
            "cpu": fmt.seconds(c.get("cpu_s")),
        }
        for i, c in enumerate(candidates)
    ]
    kinds = {
        "cross-validation": "It was chosen by cross-validation on labelled target rows.",
        "label-free": "It was chosen without target labels, by label-free scores.",
    }
    reason = str(choice.get("reason") or "")
    return {
        "method": str(choice.get("method") or ""),
        "kind": kinds.get(str(choice.get("kind")), ""),
        "reason": _whole(reason),
        "named": reason.startswith(str(choice.get("method"))),
        "kept_reference": kept(run) and bool(candidates),
        "kept_baseline": bool(choice.get("kept_reference")) and not kept(run),
        "names": [heading(name) for name in names],
        "scores": explained(names),
        "rank": "Rank sum" if choice.get("kind") == "label-free" else "Rank",
        "rows": rows,
        "gated": sum(bool(row["gated"]) for row in rows),
        "not_tried": [
            (str(n.get("method", "")), str(n.get("why", "")))
            for n in choice.get("not_tried") or []
            if isinstance(n, dict)
        ],
    }


def _whole(reason: str) -> str:
    """End a reason as a sentence, so that another may follow."""
    return reason if not reason or reason[-1] in ".!?" else reason + "."


def transfer_view(run: RunFiles) -> list[dict[str, Any]]:
    """Return the tensors by what became of them.

    Any of these is understood: {"tensors": [{"name", "state"}]}, {state: [names]}, {name: state}.
    """
    found: dict[str, list[tuple[str, str]]] = {state: [] for state in _STATES}
    value = run.get("transfer")
    entries: list[tuple[str, Any]] = []
    if isinstance(value.get("tensors"), dict):
        entries = list(value["tensors"].items())
    elif isinstance(value.get("tensors"), list):
        entries = [(str(e.get("name", "")), e) for e in value["tensors"] if isinstance(e, dict)]
    else:
        for key, item in value.items():
            if key in found and isinstance(item, list):
                for e in item:
                    name = str(e.get("name", "")) if isinstance(e, dict) else str(e)
                    note = e if isinstance(e, dict) else {}
                    entries.append((name, {**note, "state": key}))
            elif isinstance(item, str | dict):
                entries.append((str(key), item))
    for name, item in entries:
        note = item if isinstance(item, dict) else {"state": item}
        state = str(note.get("state") or note.get("status") or "")
        if state in found:
            rest = {
                k: "×".join(map(str, v)) if isinstance(v, list) else v
                for k, v in note.items()
                if k not in ("name", "state", "status") and v not in (None, "")
            }
            if rest.get("found") == rest.get("wanted"):
                rest["shape"] = rest.pop("found", None)
                rest.pop("wanted", None)
            found[state].append((name, "; ".join(f"{k} {v}" for k, v in facts(rest))))
    return [
        {"state": state, "words": _STATE_WORDS[state], "tensors": tensors}
        for state, tensors in found.items()
        if tensors
    ]


def cost_view(run: RunFiles) -> dict[str, Any] | None:
    """Return time, memory and parameters, and time by stage."""
    cost = run.get("cost")
    if not cost:
        return None
    parameters = cost.get("parameters") or {}
    total, moved = (
        fmt.number(parameters.get("total")),
        fmt.number(parameters.get("moved")),
    )
    share = (
        f" ({fmt.percent(moved / total)} of {fmt.count(total)})"
        if total and moved is not None
        else ""
    )
    stages = [s for s in cost.get("stages") or [] if isinstance(s, dict)]
    longest = max((fmt.number(s.get("wall_s")) or 0.0 for s in stages), default=0.0) or 1.0
    threads = (
        f", {fmt.counted(cost['threads'], 'thread')}" if fmt.number(cost.get("threads")) else ""
    )
    peak = fmt.number(cost.get("peak_mb"))
    tiles = [
        (
            "Wall-clock time",
            fmt.seconds(cost.get("wall_s")),
            f"on {cost.get('device', '?')}{threads}",
        ),
        ("CPU time", fmt.seconds(cost.get("cpu_s")), "all stages, all threads"),
        (
            "Peak memory",
            fmt.size(None if peak is None else peak * 1e6),
            "of the whole process",
        ),
        ("Parameters moved", fmt.count(moved), share.strip(" ()") or "of the network"),
        ("Stored for reuse", fmt.size(parameters.get("stored_bytes")), "model.safetensors"),
    ]
    return {
        "tiles": tiles[3:] if run.merged else tiles,  # nothing was trained, so nothing timed
        "stages": [
            (
                str(s.get("name", "")),
                fmt.seconds(s.get("wall_s")),
                fmt.seconds(s.get("cpu_s")),
                bar((fmt.number(s.get("wall_s")) or 0.0) / longest, f"{s.get('name', '')}"),
            )
            for s in stages
        ],
    }


def repeat_view(run: RunFiles) -> dict[str, Any]:
    """Return the command, configuration, versions, hashes and seeds."""
    about = run.get("run")
    versions = {"landbridge": about.get("landbridge"), **(about.get("versions") or {})}
    typed = as_command(about.get("command"))
    return {
        "command": typed or "landbridge transfer --config config.json",
        "guessed": not typed,
        "config": json.dumps(run.get("config"), indent=2, ensure_ascii=False, default=str)
        if "config" in run.values
        else "",
        "versions": [(str(k), str(v)) for k, v in versions.items() if v is not None],
        "hashes": list(run.hashes().items()),
        "seeds": [str(s) for s in run.verdict.seeds],
        "created": str(about.get("created") or "")[:19].replace("T", " "),
        "plan": json.dumps(run.get("plan"), indent=2, ensure_ascii=False, default=str)
        if run.get("plan")
        else "",
    }
