"""The picture of benchmarks/stream.py, from results/stream.json."""

from __future__ import annotations

import json
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
