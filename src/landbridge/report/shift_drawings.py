"""Drawings of the page on two domains: distances against chance, histograms, shares, points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup

from landbridge.base import formatting as fmt

from .svg import Axis, drawing, line, text

_MIDDLE = {"text_anchor": "middle"}


def distance_track(
    value: float,
    null: Sequence[float],
    low: float | None,
    high: float | None,
    label: str,
    most: float | None = None,
) -> Markup:
    """Draw one distance, with what permutations gave as a band of ticks."""
    top = most if most is not None else max(value, *null, 1e-9) * 1.05
    axis = Axis(min(0.0, *null), top)
    height = 46
    body = []
    for tick in axis.ticks(5):
        x = f"{axis.at(tick)}%"
        body.append(line(x, 2, x, 26, "grid"))
        body.append(text(f"{tick:g}", x, 42, class_="tick", **_MIDDLE))
    for one in null:
        x = f"{axis.at(one)}%"
        body.append(line(x, 8, x, 20, "chance"))
    if low is not None and high is not None:
        body.append(line(f"{axis.at(low)}%", 14, f"{axis.at(high)}%", 14, "interval chosen"))
    body.append(f'<circle cx="{axis.at(value)}%" cy="14" r="6" class="dot chosen"/>')
    return drawing(body, f"{label}; ticks: without any shift", height=height, css="track")


def score_histograms(details: Mapping[str, Any]) -> Markup:
    """Draw how the domain classifier scores both domains' rows."""
    return _histograms(
        details["source"], details["target"], 640, 190, "scores of a source-or-target classifier"
    )


def column_picture(column: Mapping[str, Any]) -> Markup:
    """Draw one column of a table in both domains."""
    width, height = 230, 96
    if "labels" in column:
        return _bars(column["labels"], column["source"], column["target"], width, height)
    ends = (fmt.figure(column["edges"][0]), fmt.figure(column["edges"][-1]))
    return _histograms(column["source"], column["target"], width, height, column["name"], ends)


def _histograms(
    source: Sequence[float],
    target: Sequence[float],
    width: int,
    height: int,
    label: str,
    ends: tuple[str, str] = ("← looks like the source", "looks like the target →"),
) -> Markup:
    base = height - 20
    most = max([*source, *target, 1e-9])
    step = width / len(source)
    body = [line("0", base, f"{width}", base, "axis")]
    for name, values in (("source", source), ("target", target)):
        path = [f"M0 {base}"]
        for i, value in enumerate(values):
            y = base - value / most * (base - 6)
            path.append(f"L{i * step:.1f} {y:.1f}L{(i + 1) * step:.1f} {y:.1f}")
        path.append(f"L{width} {base}Z")
        body.append(f'<path d="{"".join(path)}" class="hist {name}"/>')
    body.append(text(ends[0], "0", height - 5, class_="tick"))
    body.append(text(ends[1], f"{width}", height - 5, class_="tick", text_anchor="end"))
    css = "figure fits wide" if width > 400 else "figure fits"
    return drawing(body, f"Histogram: {label}", height=height, width=width, css=css)


def _bars(
    labels: Sequence[str],
    source: Sequence[float],
    target: Sequence[float],
    width: int,
    height: int,
) -> Markup:
    base = height - 20
    most = max([*source, *target, 1e-9])
    step = width / len(labels)
    each = min(26.0, step * 0.4)
    body = [line("0", base, f"{width}", base, "axis")]
    for i, name in enumerate(labels):
        middle = (i + 0.5) * step
        for side, value, x in (
            ("source", source[i], middle - each),
            ("target", target[i], middle),
        ):
            tall = value / most * (base - 6)
            body.append(
                f'<rect x="{x:.1f}" y="{base - tall:.1f}" width="{each:.1f}" height="{tall:.1f}" '
                f'class="hist {side}"><title>{escape(name)}: {fmt.percent(value)} of the '
                f"{side}</title></rect>"
            )
        short = fmt.shorten(name, max(2, int(step / 7)))
        body.append(text(short, f"{middle:.1f}", height - 5, class_="tick", **_MIDDLE))
    return drawing(body, "Shares of values", height=height, width=width, css="figure fits")


def parts_bar(shares: Sequence[tuple[str, float]]) -> Markup:
    """Draw parts of a whole side by side, with their names beneath."""
    body, at = [], 0.0
    for i, (name, share) in enumerate(shares):
        if share <= 0:
            continue
        body.append(
            f'<rect x="{at * 100:.2f}%" y="2" width="{share * 100:.2f}%" height="22" '
            f'class="part p{i}"><title>{escape(name)} {fmt.percent(share, 0)}</title></rect>'
        )
        if share >= 0.08:
            body.append(text(name, f"{(at + share / 2) * 100:.2f}%", 42, class_="tick", **_MIDDLE))
            body.append(
                text(
                    fmt.percent(share, 0),
                    f"{(at + share / 2) * 100:.2f}%",
                    18,
                    class_="part-word",
                    **_MIDDLE,
                )
            )
        at += share
    label = ", ".join(f"{name} {fmt.percent(share, 0)}" for name, share in shares)
    return drawing(body, f"Parts of the difference: {label}", height=48, css="track")
