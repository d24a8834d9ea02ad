"""Learning curves: one small drawing per loss of each phase of each fit.

One line stands for one seed, fold or repeat.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.events import Event

from ..blocks import Block, Blocks, Details, Heading, Panels, Text, lead
from ..svg import Plane, drawing, line, text, ticks
from .read import RunFiles

_POINTS = 90
_FOLD = re.compile(r"(.*) \(fold (\d+)\)")
Line = list[tuple[float, float]]


@dataclass(frozen=True)
class Fit:
    """One fit's drawings, by phase."""

    name: str
    phases: Sequence[tuple[str, Sequence[Markup]]]
    chosen: bool


def curves(run: RunFiles) -> Blocks | None:
    """Return each loss by itself, the chosen method's first and the others folded away."""
    if not run.log:
        return None
    shown: list[Block | None] = []
    for fit in learning_curves(run.log, run.verdict.chosen.method or "the chosen method"):
        own: list[Block | None] = []
        for phase, drawings in fit.phases:
            own += [Heading(phase, level=4), Panels(drawings)]
        shown += [Heading(fit.name, "chosen"), *own] if fit.chosen else [Details(fit.name, own)]
    if not shown:
        said = "Nothing in this run was trained by gradient steps, so there are no learning curves."
        return [Text(said, "missing")]
    return [lead("Each loss by itself, one line per seed, fold or repeat."), *shown]


def learning_curves(log: Sequence[Event], chosen: str) -> list[Fit]:
    """Return the fits of events of kind "step", the chosen first, each with drawings by phase."""
    found: dict[str, dict[str, dict[str, dict[str, list[Line]]]]] = {}
    for event in log:
        step = fmt.number(event.get("step"))
        if event.get("event") != "step" or step is None:
            continue
        name, fold = str(event.get("fit", "")), ""
        if folded := _FOLD.fullmatch(name):
            name, fold = f"{folded[1]}, cross-validated", folded[2]
        losses_of = found.setdefault(name, {}).setdefault(str(event.get("phase", "")), {})
        losses = event.get("losses")
        values = {"total": event.get("total"), **(losses if isinstance(losses, dict) else {})}
        for loss, value in values.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                lines = losses_of.setdefault(str(loss), {})
                _follow(lines.setdefault(f"{event.get('seed')}/{fold}", []), step, float(value))
    fits = []
    for fit in sorted(found, key=lambda name: (name != chosen, name)):
        phases = []
        for phase, by_loss in found[fit].items():
            # a total of one loss is that loss
            shown = {n: v for n, v in by_loss.items() if n != "total" or len(by_loss) != 2}
            panels = [
                panel(loss, [one for some in lines.values() for one in some], fit)
                for loss, lines in shown.items()
            ]
            phases.append((phase, panels))
        fits.append(Fit(fit, phases, fit == chosen))
    return fits


def _follow(lines: list[Line], step: float, value: float) -> None:
    """Add a point to the first line that has not come so far.

    The log does not say which repeat an event belongs to, and a resumed run repeats some steps.
    """
    for one in lines:
        if one[-1][0] < step:
            one.append((step, value))
            return
    lines.append([(step, value)])


def panel(name: str, lines: Sequence[Line], fit: str) -> Markup:
    """Draw one loss over steps, one line per seed."""
    width, height, left = 210, 140, 38
    clean = [_thin([(s, v) for s, v in points if math.isfinite(v)]) for points in lines]
    lost = sum(not math.isfinite(v) for points in lines for _, v in points)
    values = [v for points in clean for _, v in points]
    heading = text(fmt.shorten(name, 28), f"{left}", 14, class_="panel-title")
    if not values:
        body = [heading, text("no finite value", f"{left}", 70, class_="tick")]
        label = f"{name} of {fit}: no finite value"
        return drawing(body, label, height=height, width=width, css="figure curve")
    log_scale = min(values) > 0 and max(values) / min(values) > 100

    def lift(value: float) -> float:
        return math.log10(value) if log_scale else value

    low, high = lift(min(values)), lift(max(values))
    if not log_scale and 0 <= low < 0.5 * high:
        low = 0.0
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    steps = [s for points in clean for s, _ in points]
    first, last = min(steps), max(steps)
    plane = Plane(left, 24, width - left - 6, height - 48, (first, last), (low, high))
    right, under = f"{width - 6}", height - 24
    marks = ticks(low, high, 4)
    if log_scale:
        marks = [float(p) for p in range(math.ceil(low), math.floor(high) + 1)]
    body = [heading]
    for tick in marks:
        said, y = fmt.figure(10.0**tick if log_scale else tick), plane.at(first, tick)[1]
        body.append(line(f"{left}", y, right, y, "grid"))
        body.append(text(said, f"{left - 5}", y + 3.5, class_="tick", text_anchor="end"))
    body.append(line(f"{left}", under, right, under, "axis"))
    body.append(text(fmt.figure(first), f"{left}", height - 8, class_="tick"))
    end = {"class_": "tick", "text_anchor": "end"}
    body.append(text(f"step {fmt.figure(last)}", right, height - 8, **end))
    if log_scale:
        body.append(text("log scale", right, 14, **end))
    elif lost:
        body.append(text(f"{lost} not finite", right, 14, class_="tick bad", text_anchor="end"))
    for order, points in enumerate(clean):
        at = [(round(x), round(y, 1)) for x, y in (plane.at(s, lift(v)) for s, v in points)]
        moves = " ".join(f"{c - a} {d - b:.3g}" for (a, b), (c, d) in pairwise(at))
        if len(at) == 1:
            body.append(f'<circle cx="{at[0][0]}" cy="{at[0][1]}" r="2.5" class="seed"/>')
        elif at:
            start = f"{at[0][0]} {at[0][1]}"
            body.append(f'<path d="M{start}l{moves}" class="curve-line s{order % 3}"/>')
    ends = [points[-1][1] for points in clean if points]
    label = (
        f"{name} of {fit}: from {fmt.figure(sum(p[0][1] for p in clean if p) / len(ends))} "
        f"to {fmt.figure(sum(ends) / len(ends))} in {fmt.figure(last)} steps"
    )
    return drawing(body, label, height=height, width=width, css="figure curve")


def _thin(points: Line) -> Line:
    if len(points) <= _POINTS:
        return points
    step = (len(points) - 1) / (_POINTS - 1)
    return [points[round(i * step)] for i in range(_POINTS)]
