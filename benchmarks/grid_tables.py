"""Tables of `grid.py`: methods over tasks, what was chosen without labels beside the oracle."""

from __future__ import annotations

import statistics
from typing import Any


def grid_table(result: dict[str, Any]) -> str:
    """Return a heading and a table: a row for each method, a column for each task."""
    tasks: dict[str, dict[str, Any]] = result["tasks"]
    many = len(tasks) > 4
    names = list(dict.fromkeys(name for task in tasks.values() for name in task["methods"]))
    whole = {name: _mean(tasks, name) for name in names}
    first = next(iter(tasks.values()))
    lower, percent = first.get("lower_is_better", False), first.get("percent", True)
    names.sort(key=lambda name: whole[name] if lower else -whole[name])
    columns = ["mean", "hurt", "CPU-s a fit"] if many else [*tasks, "CPU-s a fit"]
    lines = [
        f"### {result['title']}",
        "",
        _row(["method", *columns]),
        _row(["---", *["---:"] * len(columns)]),
    ]
    for name in names:
        cost = statistics.fmean(
            task["methods"][name]["cpu_s"] for task in tasks.values() if name in task["methods"]
        )
        if many:
            hurt = sum(_loss(task, name) > 1e-9 for task in tasks.values())
            cells = [_said(whole[name], percent), str(hurt)]
        else:
            cells = [_cell(task, name) for task in tasks.values()]
        lines.append(_row([name, *cells, f"{cost:.0f}"]))
    chosen = {name: [c for c in task["label_free"] if c] for name, task in tasks.items()}
    if all(chosen.values()):
        for label, key in (
            ("**chosen without labels**", ""),
            ("*oracle (reads the labels)*", "oracle_"),
        ):
            means = [
                statistics.fmean(c[f"{key}accuracy"] for c in found) for found in chosen.values()
            ]
            if many:
                cells = [f"{100 * statistics.fmean(means):.1f}", "", ""]
            else:
                picks = [
                    ", ".join(sorted({c["oracle" if key else "method"] for c in found}))
                    for found in chosen.values()
                ]
                cells = [f"{100 * m:.1f} ({p})" for m, p in zip(means, picks, strict=True)] + [""]
            lines.append(_row([label, *cells]))
    failed = {f"{m}: {why}" for task in tasks.values() for m, why in task["failed"].items()}
    seeds = {len(row["per_seed"]) for task in tasks.values() for row in task["methods"].values()}
    rows = sorted({task["judged_rows"] for task in tasks.values()})
    said = f"{min(rows):,} to {max(rows):,}" if len(rows) > 1 else f"{rows[0]:,}"
    metric = first.get("metric", "accuracy").capitalize() + (" in %" if percent else "")
    note = f"{metric} at the last step, {max(seeds)} seeds, judged on {said} rows"
    if not many:
        note += "; in brackets the gain over " + next(iter(tasks.values()))["reference"]
        note += " and its 95 % interval"
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    lines += ["", f"{note}. {result['cpu']}, {versions}, {result['date']}."]
    return "\n".join([*lines, *(["", "Failed: " + "; ".join(sorted(failed))] if failed else [])])


def _mean(tasks: dict[str, dict[str, Any]], name: str) -> float:
    found = [task["methods"][name]["mean"] for task in tasks.values() if name in task["methods"]]
    return statistics.fmean(found)


def _loss(task: dict[str, Any], name: str) -> float:
    gap = task["methods"].get(name, {}).get("difference")
    return 0.0 if gap is None else -gap["mean"]


def _cell(task: dict[str, Any], name: str) -> str:
    row = task["methods"].get(name)
    if row is None:
        return "–"
    percent = task.get("percent", True)
    text, gap = _said(row["mean"], percent), row.get("difference")
    if gap is None:
        return text
    mean, low, high = (_said(gap[key], percent, "+") for key in ("mean", "low", "high"))
    return f"{text} ({mean}, {low} to {high})"


def _said(value: float, percent: bool, sign: str = "") -> str:
    return f"{100 * value:{sign}.1f}" if percent else f"{value:{sign}.2f}"


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
