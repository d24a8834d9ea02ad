"""What answers that are numbers look like: predicted against true, and what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
from markupsafe import Markup

from landbridge.metrics.regression import regression_metrics

from . import words
from .amounts import Amounts
from .read import Answers, RunFiles
from .svg import around, drawing, line, text, ticks
from .view_answers import pair

_MOST_POINTS = 1500
_LEFT, _TOP, _SIDE, _UNDER = 56.0, 10.0, 270.0, 40.0


def numbers_view(run: RunFiles) -> dict[str, Any] | None:
    """Return scatters of predicted against true and of errors, and the figures."""
    sides = [
        (answers[0].method, *both)
        for answers in pair(run)
        if (both := _pairs(answers[0:1])) is not None
    ]
    if not sides:
        return None
    name = str((run.get("labels").get("classes") or ["value"])[0])
    low, high = around([v for _, true, said in sides for v in (*true, *said)], 0.04)
    reach = max(np.abs(said - true).max() for _, true, said in sides) * 1.05 or 1.0
    true_low, true_high = around([v for _, true, _ in sides for v in true], 0.04)
    drawn = [
        {
            "method": method,
            "scatter": _scatter(
                true,
                said,
                (low, high),
                (low, high),
                f"true {name}",
                "predicted",
                f"{method}: predicted against true {name}",
                "diagonal",
            ),
            "errors": _scatter(
                true,
                said - true,
                (true_low, true_high),
                (-reach, reach),
                f"true {name}",
                "predicted minus true",
                f"{method}: error against true {name}",
                "flat",
            ),
        }
        for method, true, said in sides
    ]
    figures = [regression_metrics(true, said) for _, true, said in sides]
    return {
        "name": name,
        "drawn": drawn,
        "rows": [
            (key, [_figure(key, found[key]) for found in figures], _MEANING[key])
            for key in figures[0]
        ],
        "count": words.count(len(sides[0][1])),
        "shown": min(_MOST_POINTS, len(sides[0][1])),
        "sentence": _sentence(sides[0][1], sides[0][2]),
    }


_MEANING = {
    "RMSE": "root of the mean squared error, in the label's units",
    "MAE": "mean absolute error, in the label's units",
    "R²": "1 is perfect, 0 is as good as always the mean",
    "Spearman": "correlation of ranks: is the order right?",
}


def _figure(key: str, value: float) -> str:
    return words.figure(value) if key in ("R²", "Spearman") else Amounts(False).value(value)


def _pairs(answers: list[Answers]) -> tuple[np.ndarray, np.ndarray] | None:
    if not answers or not answers[0].known.any():
        return None
    known = answers[0].known
    return answers[0].true[known].astype(float), answers[0].predicted[known].astype(float)


def _sentence(true: np.ndarray, said: np.ndarray) -> str:
    """Say whether answers lie too high or low, and whether they shrink towards the middle."""
    apart = said - true
    bias, spread = float(apart.mean()), float(apart.std())
    unit = Amounts(False)
    if abs(bias) > 2 * spread / np.sqrt(len(true)):
        way = "high" if bias > 0 else "low"
        text = f"On average its answers lie {unit.value(abs(bias))} too {way}."
    else:
        text = "On average its answers lie neither too high nor too low."
    if true.std() > 0 and said.std() < 0.7 * true.std():
        text += (
            f" They vary by {unit.value(float(said.std()))} (standard deviation), the truth by "
            f"{unit.value(float(true.std()))}: high values are answered too low and low ones too "
            "high."
        )
    return text


def _scatter(
    x: np.ndarray,
    y: np.ndarray,
    across: tuple[float, float],
    up: tuple[float, float],
    x_name: str,
    y_name: str,
    label: str,
    ideal: str,
) -> Markup:
    """Draw points with the line on which they would lie if all were right."""
    width, height = _LEFT + _SIDE + 12, _TOP + _SIDE + _UNDER

    def at_x(v: float) -> float:
        return _LEFT + (v - across[0]) / (across[1] - across[0]) * _SIDE

    def at_y(v: float) -> float:
        return _TOP + (up[1] - v) / (up[1] - up[0]) * _SIDE

    body = [f'<rect x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" class="panel"/>']
    for tick in ticks(*across, 5):
        body.append(line(f"{at_x(tick):.1f}", _TOP, f"{at_x(tick):.1f}", _TOP + _SIDE, "grid"))
        body.append(
            text(
                words.figure(tick),
                f"{at_x(tick):.1f}",
                _TOP + _SIDE + 16,
                class_="tick",
                text_anchor="middle",
            )
        )
    for tick in ticks(*up, 5):
        body.append(line(f"{_LEFT}", at_y(tick), f"{_LEFT + _SIDE}", at_y(tick), "grid"))
        body.append(
            text(
                words.figure(tick), f"{_LEFT - 6}", at_y(tick) + 4, class_="tick", text_anchor="end"
            )
        )
    left, right = across
    ends = (left, right) if ideal == "diagonal" else (0.0, 0.0)
    body.append(
        f'<path d="M{at_x(left):.1f} {at_y(ends[0]):.1f}L{at_x(right):.1f} {at_y(ends[1]):.1f}" '
        'class="zero"/>'
    )
    shown = np.unique(np.linspace(0, len(x) - 1, min(_MOST_POINTS, len(x))).astype(int))
    faint = 0.75 if len(shown) < 150 else 0.45 if len(shown) < 600 else 0.28
    body += [
        f'<circle cx="{at_x(x[i]):.1f}" cy="{at_y(y[i]):.1f}" r="2.6" class="point" '
        f'fill-opacity="{faint}"/>'
        for i in shown
    ]
    body.append(
        text(x_name, f"{_LEFT + _SIDE / 2:g}", height - 6, class_="tick", text_anchor="middle")
    )
    middle = _TOP + _SIDE / 2
    body.append(
        text(
            y_name,
            "12",
            middle,
            class_="tick",
            text_anchor="middle",
            transform=f"rotate(-90 12 {middle:g})",
        )
    )
    return drawing(body, label, height=height, width=width, css="figure fits")
