"""Words, counts, scales and curves of the report."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from landbridge.base import formatting
from landbridge.metrics import intervals
from landbridge.metrics.intervals import Interval
from landbridge.report import svg
from landbridge.report.run import aggregate
from landbridge.report.run.curves import learning_curves
from landbridge.report.run.maps import maps_of
from landbridge.report.run.matrix import busiest, confusion_matrix, worst_confusions
from landbridge.report.run.read import Predictions, RunFiles


def test_formatting() -> None:
    assert formatting.interval(Interval(0.942, 0.929, 0.953)) == "94.2 % (92.9 to 95.3)"
    assert formatting.difference(Interval(0.031, -0.012, 0.05)) == ("+3.1 points (−1.2 to +5.0)")
    assert formatting.signed(-0.0001) == "0.0"
    assert formatting.percent(float("nan")) == formatting.DASH
    assert formatting.seconds(75) == "1 min 15 s"
    assert formatting.size(4_815_765) == "4.8 MB"
    assert formatting.column([0.8, 0.81, None]) == ["0.80", "0.81", formatting.DASH]
    assert formatting.column([3, 12]) == ["3", "12"]
    assert formatting.p_value(1e-9) == "p < 0.001"


def test_wilson_is_that_of_metrics() -> None:
    for hits, rows in ((0, 5), (5, 5), (9, 10), (431, 900)):
        mine, theirs = aggregate.wilson(hits, rows), intervals.wilson_share(hits / rows, rows)
        assert mine is not None
        assert (mine.value, mine.low, mine.high) == pytest.approx(
            (theirs.value, theirs.low, theirs.high), abs=1e-12
        )


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-0.021, 0.063), (3, 3.0001), (0, 1e6)])
def test_ticks_are_inside_and_few(low: float, high: float) -> None:
    found = svg.ticks(low, high, 6)
    assert 1 <= len(found) <= 8
    assert all(low - 1e-9 <= t <= high + 1e-9 for t in found)


def _answers(true: list[str | None], predicted: list[str], seed: int = 0) -> Predictions:
    n = len(true)
    return Predictions(
        *("m", "chosen", seed, np.arange(n), [str(i) for i in range(n)]),
        *(np.array(predicted, object), np.array(true, object), None),
    )


def test_counts_by_hand() -> None:
    both = [
        _answers(["a", "a", "b", None], ["a", "b", "b", "a"]),
        _answers(["a", "a", "b", None], ["a", "a", "a", "a"], 1),
    ]
    counts = aggregate.confusion(both, ["a", "b"])
    assert counts.tolist() == [[3, 1], [1, 1]]
    recall = aggregate.recalls(both, ["a", "b"])
    assert (recall["a"].value, recall["a"].rows) == (0.75, 2)
    assert worst_confusions(counts, ["a", "b"])[0].count == 1
    assert aggregate.reliability(both) == []


def test_recall_goes_by_groups_where_rows_of_one_are_alike() -> None:
    rows = ["a"] * 40 + ["b"] * 4
    said = ["a"] * 20 + ["b"] * 24
    alone = _answers(rows, said)
    by_group = replace(alone, groups=np.arange(44) // 4)
    found = [aggregate.recalls([one], ["a", "b", "c"]) for one in (alone, by_group)]
    assert [set(one) for one in found] == [{"a", "b"}] * 2
    assert [(one["a"].value, one["a"].rows) for one in found] == [(0.5, 40)] * 2
    widths = [one["a"].high - one["a"].low for one in found]
    assert widths[1] > 1.5 * widths[0]


def test_a_matrix_of_many_classes_keeps_the_busiest() -> None:
    counts = np.diag(np.full(130, 5))
    counts[7, 9] = 3
    kept = busiest(counts, [str(i) for i in range(130)])
    assert len(kept) == 100
    assert {7, 9} <= set(kept)
    drawn = confusion_matrix(counts[:3, :3], ["<a>", "b", "c"], "label")
    assert "<a>" not in drawn
    assert "&lt;a&gt;" in drawn


def _step(fit: str, step: int, seed: int = 0, **losses: float) -> dict[str, object]:
    return {
        "event": "step",
        "fit": fit,
        "seed": seed,
        "phase": "adapt",
        "step": step,
        "total": sum(losses.values()),
        "losses": losses,
    }


def test_curves_put_the_chosen_first_and_keep_repeats_apart() -> None:
    log = [
        *(_step("b", s, seed, source=1.0 / s) for seed in (0, 1) for s in (1, 2, 3)),
        *(_step("a", s, source=1.0, term=float("nan")) for s in (1, 2)),
        *(_step("b (fold 1)", s, source=2.0) for s in (1, 1, 2, 2)),
        *(_step("b (fold 2)", s, source=2.0) for s in (1, 2)),
        {"event": "step", "fit": "broken", "step": None},
    ]
    fits = learning_curves(log, "b")
    assert [f.name for f in fits] == ["b", "a", "b, cross-validated"]
    _, only = fits[0].phases[0]
    assert len(only) == 1  # a total of one loss is that loss
    assert only[0].count("curve-line") == 2
    assert "no finite value" in "".join(fits[1].phases[0][1])
    assert fits[2].phases[0][1][0].count("curve-line") == 3


def test_a_map_of_numbers_has_its_ranges_in_order(tmp_path) -> None:
    ranges = ["under -1.5", "-1.5 to 2", "2 to 1e+01", "from 1e+01"]
    map_ = {
        "x": [0, 1, 2, 3],
        "y": [0, 1, 2, 3],
        "domain": ["target", "source", "target", "target"],
        "row": [7, 0, 8, 9],
        "label": [ranges[3], ranges[0], ranges[2], None],
        "predicted": [ranges[1], None, ranges[2], ranges[0]],
    }
    said = {"classes": ["price"], "target_type": "regression"}
    found = maps_of(RunFiles(tmp_path, values={"map": {"after": map_}, "labels": said}))
    payload = json.loads(found.json)
    assert payload["groups"] == ranges
    assert payload["rows"] == [0, 7, 1, 1]  # sources first, as they are drawn; steps
    assert payload["label"] == [0, 3, 2, None]
    assert payload["predicted"] == [[1, 2, 0]]
    assert (payload["before"], payload["names"]) == ("row ", [])
    moved = {**map_, "row": [1, 2, 3, 4]}
    with pytest.raises(ValueError, match="different rows"):
        maps_of(RunFiles(tmp_path, values={"map": {"before": map_, "after": moved}}))
