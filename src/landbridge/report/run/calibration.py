"""Whether the model's confidence can be believed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.verdict.records import Calibration

from ..blocks import Blocks, Columns, Details, Figure, Table, Tiles, lead
from ..svg import Plane, drawing
from .aggregate import Bin, reliability
from .base import pair
from .read import RunFiles


def calibration(run: RunFiles) -> Blocks | None:
    """Return the reliability diagram, and how far probabilities hold."""
    chosen, _ = pair(run)
    bins = reliability(chosen[:1])  # the model that is stored is that of the first seed
    filled = [(b, b.accuracy) for b in bins if b.accuracy]
    if not filled:
        return None
    given = run.verdict.calibration or Calibration()
    total = sum(b.rows for b, _ in filled)
    confidence = sum(b.rows * b.confidence for b, _ in filled) / total
    accuracy = sum(b.rows * right.value for b, right in filled) / total
    gap = confidence - accuracy
    said = "On average its confidence and its accuracy agree within two points."
    if abs(gap) >= 0.02:
        which = "more confident than right" if gap > 0 else "more often right than confident"
        said = (
            f"On average it is {fmt.signed(abs(gap)).lstrip('+')} points {which}: "
            f"confidence {fmt.percent(confidence)}, right {fmt.percent(accuracy)}."
        )
    tiles = [
        ("Calibration error (ECE)", fmt.percent(given.ece), _gap(given)),
        *_before(given),
        ("Brier score", fmt.figure(given.brier), "0 is perfect"),
        ("Log loss", fmt.figure(given.log_loss), "0 is perfect"),
    ]
    rows = [
        [
            f"{b.low * 100:.0f} to {b.high * 100:.0f} %",
            fmt.count(b.rows),
            fmt.percent(b.confidence),
            fmt.interval(right),
        ]
        for b, right in filled
    ]
    heads = ["Confidence", "Answers", "Mean confidence", "Right"]
    caption = (
        "On the dashed line confidence equals accuracy; above it the model is more often right "
        "than it says. Bars: how many answers have that confidence."
    )
    table = Details("The same as a table", [Table(heads, rows, (1, 2, 3), "Calibration")])
    return [
        lead(f"{said} This is about the stored model, that of the first seed."),
        Columns(
            [[Figure(reliability_diagram(bins), caption)], [Tiles(tiles), table]], "calibration"
        ),
    ]


def _gap(given: Calibration) -> str:
    """Say what a calibration error is, and how much of it so few examples give by chance."""
    said = "mean gap between confidence and accuracy"
    chance = fmt.number(given.ece_by_chance)
    if chance is None:
        return said
    return f"{said}; where confidence holds, so many examples show {fmt.percent(chance)}"


def _before(given: Calibration) -> list[tuple[str, str, str]]:
    """Say what the temperature changed, where there is one."""
    before = given.before
    if before is None or before.confidence == given.confidence:
        return []
    was = f"confidence was {fmt.percent(before.confidence)} on average"
    return [("The same without its temperature", fmt.percent(before.ece), was)]


def reliability_diagram(bins: Sequence[Bin]) -> Markup:
    """Draw accuracy against confidence, with how many answers lie in each bin beneath."""
    side, tall = 250.0, 36.0
    plane = Plane(44.0, 10.0, side, side, (0.0, 1.0), (0.0, 1.0))
    marks = [(tick, f"{tick * 100:g}") for tick in (0, 0.25, 0.5, 0.75, 1)]
    body = plane.frame(marks, marks, ("confidence of the answer, %", "right answers, %"))
    body.append(plane.line(0, 0, 1, 1, "zero"))
    base = plane.top + side + 46 + tall
    most = max((b.rows for b in bins), default=1) or 1
    notes = []
    for one in bins:
        right = one.accuracy
        if not right:
            continue
        note = (
            f"confidence {fmt.percent(one.confidence)}, right {fmt.interval(right)}, "
            f"{fmt.counted(one.rows, 'answer')}"
        )
        left, high = plane.at(one.low, 0)[0] + 1, one.rows / most * tall
        x, y = plane.at(one.confidence, right.value)
        body += [
            f'<rect x="{left:.1f}" y="{base - high:.1f}" width="{side / len(bins) - 2:.1f}" '
            f'height="{high:.1f}" class="bar"/>',
            plane.line(one.confidence, right.low, one.confidence, right.high, "interval chosen"),
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="dot chosen"><title>{note}</title>'
            "</circle>",
        ]
        notes.append(note)
    label = "Reliability: " + "; ".join(notes)
    return drawing(body, label, height=base + 4, width=side + 56, css="figure")
