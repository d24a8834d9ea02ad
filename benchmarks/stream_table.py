"""The tables of benchmarks/stream.py, from results/stream.json."""

from __future__ import annotations

import statistics
from typing import Any


def stream_table(result: dict[str, Any]) -> str:
    """Return a heading, accuracy over time by method, and the margin's table."""
    lines = [
        f"### {result['title']}",
        "",
        "| method | classes in turn, % | class after class, % | CPU, ms a row |",
        "| --- | ---: | ---: | ---: |",
    ]
    orders = result["over_time"]["orders"]
    for method in orders["shuffled"]:
        means = [100 * _mean(kept[method]["curve"]) for kept in orders.values()]
        cpu = statistics.median(c for kept in orders.values() for c in kept[method]["cpu"])
        name = "source model" if method == "none" else method
        lines.append(f"| {name} | {means[0]:.1f} | {means[1]:.1f} | {cpu:.1f} |")
    lines += [
        "",
        "| batch | order | method | streams | mean gain | worst | worst without the guard |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    parts = ("streams", "other_batches", "batch_one")
    every = [row for part in parts for row in result.get(part, [])]
    groups: dict[tuple[int, str, str], list[dict[str, Any]]] = {}
    for row in every:
        groups.setdefault((row["batch"], row["order"], row["method"]), []).append(row)
    for (batch, order, method), rows in sorted(groups.items()):
        gains = [100 * row["gain"] for row in rows]
        alone = min(100 * row["alone"] for row in rows)
        lines.append(
            f"| {batch} | {order} | {method} | {len(rows)} | {statistics.fmean(gains):+.1f} | "
            f"{min(gains):+.1f} | {alone:+.1f} |"
        )
    worst = min(every, key=lambda row: row["gain"])
    lines += [
        "",
        f"{len(every)} streams of 2,000 rows. Worst: {100 * worst['gain']:+.2f} points "
        f"({worst['corruption']}, {worst['order']}, batch {worst['batch']}, {worst['method']}); "
        f"stated margin: {100 * result['margin_stated']:.1f}.",
    ]
    return "\n".join(lines)


def _mean(curves: list[list[float]]) -> float:
    return statistics.fmean(value for curve in curves for value in curve)
