"""The picture and the table of benchmarks/stream.py, from results/stream.json."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np

import drawings as d

HERE = Path(__file__).parent
OUT = HERE.parent / "docs" / "images" / "stream.svg"
BARE = "bare entropy minimisation"
COLOURS = {"none": d.MUTED, BARE: d.PINK, "adabn": d.GOOD, "eata": d.SOURCE, "sar": d.TARGET}
NAMES = {"none": "source model (dashed)", BARE: "bare entropy minimisation (a warning)"}
TITLES = {"shuffled": "Classes in turn", "by class": "Class after class, 20 rows each"}


def read() -> dict[str, Any]:
    """Return what was measured."""
    return json.loads((HERE / "results" / "stream.json").read_text("utf-8"))


def draw() -> None:
    """Write docs/images/stream.svg: accuracy at each severity, mean of the seeds."""
    found = read()["over_time"]
    severities = found["severities"]
    body = []
    for i, (order, methods) in enumerate(found["orders"].items()):
        panel = d.Panel(66 + i * 370, 40, 345, 270, (-0.3, len(severities) - 0.7), (0.15, 0.85))
        body += [
            panel.frame(TITLES[order]),
            panel.axis_x(
                [(k, str(s)) for k, s in enumerate(severities)],
                "severity of gaussian noise, in the order of time",
            ),
            panel.axis_y(
                [(v / 100, "" if i else f"{v} %") for v in range(20, 81, 10)],
                "accuracy" if i == 0 else "",
            ),
        ]
        for method, kept in methods.items():
            mean = np.mean(kept["curve"], axis=0)
            points = panel.at(np.column_stack([np.arange(len(mean)), mean]))
            dash = "5 4" if method == "none" else ""
            body.append(d.curve(points, COLOURS[method], 2.2, dash))
            body.append(d.discs(points, COLOURS[method], 2.6, 1))
    entries = [("line", colour, NAMES.get(name, name)) for name, colour in COLOURS.items()]
    body.append(d.legend(entries, 40, 378))
    OUT.write_text(d.page(body, 800, 394, "Accuracy over time on a corrupted stream"), "utf-8")


def table() -> str:
    """Return the table of docs/streaming.md: over time, then the margin."""
    result = read()
    lines = [
        "| method | classes in turn, % | class after class, % | CPU, ms a row |",
        "| --- | ---: | ---: | ---: |",
    ]
    orders = result["over_time"]["orders"]
    for method in orders["shuffled"]:
        means = [100 * float(np.mean(kept[method]["curve"])) for kept in orders.values()]
        cpu = statistics.median(c for kept in orders.values() for c in kept[method]["cpu"])
        name = NAMES.get(method, method).split(" (")[0]
        lines.append(f"| {name} | {means[0]:.1f} | {means[1]:.1f} | {cpu:.1f} |")
    lines += [
        "",
        "| batch | order | method | streams | mean gain | worst | worst without the guard |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: |",
    ]
    every = [*result.get("streams", []), *result.get("other_batches", [])]
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
