"""Draw docs/images/cifar-curve.svg from results/cifar_six_to_four.json: when does transfer help?"""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = HERE.parent / "docs" / "images" / "cifar-curve.svg"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 400, 60, 150, 40, 50
COLOURS = {"scratch": "#8a6d3b", "probe": "#7a7f87", "finetune": "#1f6091", "lp-ft": "#0b6b4a"}
LOW, HIGH = 0.6, 1.0


def read() -> dict[str, dict[int, dict[str, Any]]]:
    """Return each method's figures by labels a class."""
    found = json.loads((HERE / "results" / "cifar_six_to_four.json").read_text("utf-8"))
    curves: dict[str, dict[int, dict[str, Any]]] = {}
    for name, run in found["results"].items():
        shots = int(name.split()[0])
        for row in run["rows"]:
            curves.setdefault(row["method"], {})[shots] = row
    return curves


def draw(curves: dict[str, dict[int, dict[str, Any]]]) -> str:
    """Return the curve as SVG, with 95 % intervals."""
    sizes = sorted(next(iter(curves.values())))
    first, last = math.log(sizes[0]), math.log(sizes[-1])

    def x(shots: int, shift: float = 0.0) -> float:
        share = (math.log(shots) - first) / (last - first)
        return LEFT + 20 + share * (WIDTH - LEFT - RIGHT - 40) + shift

    def y(value: float) -> float:
        return TOP + (HIGH - value) / (HIGH - LOW) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="13" role="img" '
        'aria-label="Accuracy against labels a class, four methods">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" fill="#1b1f24">'
        "CIFAR-10, six classes to the other four: accuracy by labels a class</text>",
    ]
    for tick in range(60, 101, 10):
        place = y(tick / 100)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{place}" y2="{place}" stroke="#e3e5e8"/>'
            f'<text x="{LEFT - 8}" y="{place + 4}" text-anchor="end" fill="#555b63">{tick} %</text>'
        )
    for shots in sizes:
        parts.append(
            f'<text x="{x(shots)}" y="{HEIGHT - 24}" text-anchor="middle" fill="#555b63">'
            f"{shots}</text>"
        )
    labels = []
    for place, (method, rows) in enumerate(curves.items()):
        colour, shift = COLOURS[method], 5.0 * (place - 1.5)
        points = " ".join(f"{x(n, shift):.1f},{y(rows[n]['mean']):.1f}" for n in sizes)
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        )
        for n in sizes:
            row = rows[n]
            parts.append(
                f'<line x1="{x(n, shift):.1f}" x2="{x(n, shift):.1f}" y1="{y(row["low"]):.1f}" '
                f'y2="{y(row["high"]):.1f}" stroke="{colour}" stroke-width="1.5"/>'
                f'<circle cx="{x(n, shift):.1f}" cy="{y(row["mean"]):.1f}" r="4" fill="{colour}"/>'
            )
        labels.append([y(rows[sizes[-1]]["mean"]), method, colour])
    labels.sort()
    for above, below in itertools.pairwise(labels):
        below[0] = max(below[0], above[0] + 17)  # names must not lie on each other
    for place_y, method, colour in labels:
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{place_y + 4:.1f}" fill="{colour}">{method}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    OUT.write_text(draw(read()), "utf-8")
