"""Every field of a verdict on structured answers, and its sentence, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from landbridge.metrics.estimates import widened
from landbridge.structured.base import Example, Metric, padded
from landbridge.structured.evaluation import TunedVerdict, evaluate_predictions


def share(name: str = "F1", higher: bool = True, whole: bool = False) -> Metric:
    def score(counts: Any) -> float:
        hits, n = np.sum(counts, axis=0) if whole else counts
        return float(hits / n if higher else (n - hits) / n)

    return Metric(name, lambda said, true: [said == true, 1], score, higher, whole)


def words(rates: dict[str, float], n: int = 200) -> tuple[dict[str, list[int]], list[Example]]:
    """Return answers of models, right on the first rows, and the rows."""
    said = {
        name: [1 if i < round(rate * n) else 0 for i in range(n)] for name, rate in rates.items()
    }
    return said, [Example(f"row {i}", 1) for i in range(n)]


def test_every_field():
    said, rows = words({"tuned": 0.8, "scratch": 0.6, "as it is": 0.9})
    found = evaluate_predictions(
        [share(), share("second", higher=False)], said, rows, seed=3
    ).to_json()
    assert TunedVerdict.from_json(found).to_json() == found
    models = {row.pop("model"): row for row in found.pop("models")}
    sentence = found.pop("sentence")
    assert found == {
        "kind": "judged",
        "outcome": "helped",
        "reference": "scratch",
        "metric": "F1",
        "higher_is_better": True,
        "judged_rows": 200,
    }
    scores = {name: row["scores"] for name, row in models.items()}
    assert scores == {
        name: {"F1": pytest.approx(rate), "second": pytest.approx(1 - rate)}
        for name, rate in (("tuned", 0.8), ("scratch", 0.6), ("as it is", 0.9))
    }
    for name, rate in (("tuned", 0.8), ("scratch", 0.6), ("as it is", 0.9)):
        half = 1.96 * np.sqrt(rate * (1 - rate) / 200)
        assert (models[name]["low"], models[name]["high"]) == pytest.approx(
            (rate - half, rate + half), abs=0.015
        )
    assert models["tuned"]["difference"] is None
    assert models["scratch"]["difference"]["value"] == pytest.approx(0.2)
    gap = models["as it is"]["difference"]
    assert gap["value"] == pytest.approx(-0.1)
    assert gap["low"] < -0.1 < gap["high"] < 0
    own = models["scratch"]["difference"]
    assert sentence == (
        "Transfer helped: the tuned model has F1 80.0 on 200 rows, 20.0 better than the same "
        f"network from scratch (95 %: {100 * own['low']:+.1f} to {100 * own['high']:+.1f})."
    )
    again = evaluate_predictions([share()], said, rows, seed=3).to_json()["models"][0]
    assert (again["low"], again["high"]) == (models["tuned"]["low"], models["tuned"]["high"])
    other = evaluate_predictions([share()], said, rows, seed=4).to_json()["models"][0]
    assert other["low"] != models["tuned"]["low"] or other["high"] != models["tuned"]["high"]


def test_intervals_go_by_groups_where_rows_of_one_are_alike():
    said, rows = words({"tuned": 0.8, "scratch": 0.6})
    groups = np.arange(200) // 20
    plain, grouped = (
        evaluate_predictions([share()], said, rows, groups=some)
        for some in (None, groups[::-1].copy())
    )
    assert (plain.judged_groups, grouped.judged_groups) == (0, 10)
    assert "The 200 rows are of 10 groups, and intervals go by groups." in grouped.sentence
    assert "groups" not in plain.sentence
    assert TunedVerdict.from_json(grouped.to_json()) == grouped
    for wide, narrow in ((grouped.models[0].main, plain.models[0].main),
                         (grouped.difference, plain.difference)):  # fmt: skip
        assert wide.value == narrow.value
        assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)
    # ten groups of 0 or 1, of which eight are 1: the standard error of their mean, and Student's t
    half = 2.262 * np.sqrt(0.8 * 0.2 / 9)
    own = grouped.models[0].main
    assert 0.8 - own.low == pytest.approx(half, rel=0.25)
    assert own.high <= 1
    alone = evaluate_predictions([share()], said, rows, groups=np.arange(200))
    assert alone.difference.low == pytest.approx(plain.difference.low, abs=0.02)


@pytest.mark.parametrize("whole", [False, True])
def test_a_score_that_cannot_be_summed_has_the_same_intervals(whole):
    said, rows = words({"tuned": 0.8, "scratch": 0.7})
    own, other = evaluate_predictions([share(whole=whole)], said, rows).to_json()["models"]
    half = 1.96 * np.sqrt(0.8 * 0.2 / 200)
    assert own["high"] - own["low"] == pytest.approx(2 * half, rel=0.15)
    assert other["difference"]["value"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("rates", "higher", "says"),
    [
        ({"tuned": 0.5}, True,
         "The tuned model has F1 50.0 on 200 rows; there is nothing to compare it with."),
        ({"tuned": 0.4, "as it is": 0.6}, True, "Transfer hurt: the tuned model has F1 40.0 on 200 "
         "rows, 20.0 worse than the model as it is (95 %: "),
        ({"tuned": 0.6, "scratch": 0.4}, False, "Transfer helped: the tuned model has F1 40.0 on "
         "200 rows, 20.0 better than the same network from scratch (95 %: +"),
        ({"tuned": 0.5, "scratch": 0.5}, True, "It cannot be told whether transfer helped: the "
         "tuned model has F1 50.0 on 200 rows, as much as the same network from scratch."),
        ({"tuned": 0.5, "scratch": 0.505}, True, "It cannot be told whether transfer helped: the "
         "tuned model has F1 50.0 on 200 rows, 0.5 worse than the same network from scratch"),
    ],
)  # fmt: skip
def test_sentences(rates, higher, says):
    said, rows = words(rates)
    found = evaluate_predictions([share(higher=higher)], said, rows)
    assert found.sentence.startswith(says)
    assert found.reference == next((n for n in ("scratch", "as it is") if n in rates), None)


@pytest.mark.parametrize("higher", [True, False])
def test_where_every_row_is_right_there_is_still_an_interval(higher):
    said, rows = words({"tuned": 1.0, "scratch": 1.0}, 30)
    own, other = evaluate_predictions([share(higher=higher)], said, rows).to_json()["models"]
    value = 1.0 if higher else 0.0
    want = widened(value, value, value, 30)
    assert (own["low"], own["high"]) == (want.low, want.high)
    gap = widened(0.0, 0.0, 0.0, 30, share=False)
    assert other["difference"] == {"value": 0.0, "low": gap.low, "high": gap.high}


def test_an_error_rate_may_pass_one():
    rate = Metric("WER", lambda said, true: [3, 1], lambda c: float(c[0] / c[1]), higher=False)
    (own,) = evaluate_predictions([rate], {"tuned": [0] * 10}, [Example("a", 1)] * 10).to_json()[
        "models"
    ]
    assert (own["scores"], own["low"], own["high"]) == ({"WER": 3.0}, 3.0, 3.0)


def test_scores_of_some_rows():
    metric = share()
    counts = [[1, 1], [0, 1], [1, 1], [1, 1]]
    assert metric.of(counts) == 0.75
    assert metric.of(counts, np.array([1, 1, 0])) == pytest.approx(1 / 3)
    whole = share(whole=True)
    assert whole.of(counts) == 0.75
    assert whole.of(counts, np.array([1, 1, 0])) == pytest.approx(1 / 3)


def test_labels_are_filled_up_with_what_no_loss_counts():
    assert padded([[1, 2], [3]]).tolist() == [[1, 2], [3, -100]]
    assert padded([[1], []], 3).tolist() == [[1, -100, -100], [-100, -100, -100]]
    assert padded([[], []]).tolist() == [[-100], [-100]]
