"""What answers that are numbers look like: predicted against true, and what is left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.evenly import evenly
from landbridge.metrics.regression import regression_metrics

from ..blocks import Block, Blocks, Columns, Figure, Heading, Table, lead
from ..scatter import Axes, Series, scatter
from ..svg import around
from ..units import Units
from .base import pair
from .read import Predictions, RunFiles

_MOST_POINTS = 1500


def numbers(run: RunFiles) -> Blocks | None:
    """Return scatters of predicted against true and of errors, and the figures."""
    sides = [
        (predictions[0].method, *both)
        for predictions in pair(run)
        if (both := _pairs(predictions[0:1])) is not None
    ]
    if not sides:
        return None
    name = str((run.get("labels").get("classes") or ["value"])[0])
    low, high = ends = around([v for _, true, said in sides for v in (*true, *said)], 0.04)
    reach = max(np.abs(said - true).max() for _, true, said in sides) * 1.05 or 1.0
    first, last = wide = around([v for _, true, _ in sides for v in true], 0.04)
    right = Axes(ends, ends, f"true {name}", "predicted", ((low, low), (high, high)))
    none = Axes(
        wide, (-reach, reach), f"true {name}", "predicted minus true", ((first, 0.0), (last, 0.0))
    )
    _, true, said = sides[0]
    shown = "" if len(true) <= _MOST_POINTS else f" ({fmt.count(_MOST_POINTS)} are drawn)"
    text = (
        f"{_sentence(true, said)} On the dashed line an answer is right. This is about the stored "
        f"model, that of the first seed, on {fmt.count(len(true))} judged examples{shown}."
    )
    blocks: list[Block | None] = [lead(text)]
    for k, (method, true, said) in enumerate(sides):
        against = _drawn(true, said, right, f"{method}: predicted against true {name}", f"said-{k}")
        errors = _drawn(
            true, said - true, none, f"{method}: error against true {name}", f"errors-{k}"
        )
        figures = [
            Figure(against, f"Predicted against true {name}."),
            Figure(errors, "What is left: above the line the answer is too high."),
        ]
        tag = "reference" if k else "chosen"
        blocks += [Heading(method, tag), Columns([[one] for one in figures])]
    found = [regression_metrics(true, said) for _, true, said in sides]
    rows = [[key, *(_figure(key, one[key]) for one in found), _MEANING[key]] for key in found[0]]
    heads = ["Figure", *(method for method, *_ in sides), "What it is"]
    table = Table(heads, rows, range(1, len(heads) - 1), "Figures of the answers")
    return [*blocks, table]


_MEANING = {
    "RMSE": "root of the mean squared error, in the label's units",
    "MAE": "mean absolute error, in the label's units",
    "R²": "1 is perfect, 0 is as good as always the mean",
    "Spearman": "correlation of ranks: is the order right?",
}


def _figure(key: str, value: float) -> str:
    return fmt.figure(value) if key in ("R²", "Spearman") else Units(False).value(value)


def _pairs(predictions: Sequence[Predictions]) -> tuple[np.ndarray, np.ndarray] | None:
    if not predictions or not predictions[0].has_truth.any():
        return None
    labeled = predictions[0].has_truth
    return predictions[0].true[labeled].astype(float), predictions[0].predicted[labeled].astype(
        float
    )


def _sentence(true: np.ndarray, said: np.ndarray) -> str:
    """Say whether answers lie too high or low, and whether they shrink towards the middle."""
    apart = said - true
    bias, spread = float(apart.mean()), float(apart.std())
    unit = Units(False)
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


def _drawn(x: np.ndarray, y: np.ndarray, axes: Axes, label: str, id: str) -> Markup:
    """Draw points with the line on which they would lie if all were right."""
    shown = evenly(len(x), _MOST_POINTS)
    return scatter(
        [Series("rows", x[shown], y[shown], "accent")],
        label,
        id=id,
        width=338,
        height=320,
        radius=2.6,
        opacity=0.75 if len(shown) < 150 else 0.45 if len(shown) < 600 else 0.28,
        axes=axes,
    )
