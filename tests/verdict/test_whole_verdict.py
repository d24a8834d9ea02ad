"""Every field of every kind of verdict, against what is counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss

from landbridge.base.hashing import digest
from landbridge.domains.sealed import SealedLabels
from landbridge.domains.seen import Seen
from landbridge.metrics.estimates import mean_interval, paired_interval
from landbridge.metrics.intervals import Interval, labels_needed, pairs_needed
from landbridge.targets.registry import get_target_type
from landbridge.verdict.comparison import ByRows, outcome_of
from landbridge.verdict.evaluate import (
    Predicted,
    evaluate_predictions,
    labels_print,
    open_labels,
)
from landbridge.verdict.parts import Masked, part_scores
from landbridge.verdict.records import Chosen, Verdict
from landbridge.verdict.sentences import (
    choice_sentence,
    confidence_sentence,
    cross_validated_sentence,
    label_free_sentence,
    seeds_sentence,
    settle_sentence,
)
from landbridge.verdict.settle import (
    MOST_NAMED,
    Settle,
    Unlabelled,
    settled_by,
    settled_without_labels,
)
from landbridge.verdict.without_labels import (
    ASSUMPTION,
    cross_validated_verdict,
    label_free_verdict,
)

N = 90
CLASSES = ("ant", "bee", "cat")
HIT_RATE = get_target_type("multiclass").metric
TRUE = np.arange(N) % 3
NUMBERS = np.linspace(-20, 60, N)


def noisy(share: float, seed: int, seeds: int = 3) -> np.ndarray:
    """Return probabilities (seeds, N, 3), right on about a share, as sure as it happens."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([1, 1, 1], size=(seeds, N))
    best = np.where(rng.random((seeds, N)) < share, TRUE, (TRUE + 1) % 3)
    np.put_along_axis(p, best[..., None], 1.5, axis=2)
    return p / p.sum(-1, keepdims=True)


def predicted(method: str, values: np.ndarray, role: str = "baseline", **how: Any) -> Predicted:
    return Predicted(method, role, f"{method} in words", tuple(range(len(values))), values, **how)


def expected_figure(method: str, role: str, scores: np.ndarray, stored: bool, **how: Any) -> dict:
    sign = -1 if how.pop("error", False) else 1
    whole = mean_interval(scores[:1] if stored else scores, **how)
    each = (sign * scores.mean(1)).tolist()
    found: dict[str, Any] = {
        "method": method,
        "role": role,
        "what": f"{method} in words",
        "mean": pytest.approx(sign * whole.value),
        "low": pytest.approx(min(sign * whole.low, sign * whole.high)),
        "high": pytest.approx(max(sign * whole.low, sign * whole.high)),
        "per_seed": pytest.approx(each),
    }
    if len(each) > 1:
        spread = {"mean": np.mean(each), "low": min(each), "high": max(each)}
        found["over_seeds"] = pytest.approx(spread)
    return found


def expected_gap(a: np.ndarray, b: np.ndarray, **how: Any) -> Any:
    gap = paired_interval(a, b, **how)
    return pytest.approx({"mean": gap.value, "low": gap.low, "high": gap.high, "p": gap.p})


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_every_field_of_a_judged_verdict(seeds):
    ours, scratch, probe = (noisy(*how, seeds) for how in ((0.8, 1), (0.75, 2), (0.5, 3)))
    raw = noisy(0.8, 4)[0]
    names: list[Any] = [CLASSES[i] for i in TRUE]
    names[5], names[7] = None, "zebra"
    has, rest = np.arange(N) != 5, np.flatnonzero(np.arange(N) != 5)
    unlabelled = Unlabelled(400, [(11, "row 11"), (12, "row 12")])
    verdict, truth = evaluate_predictions(
        SealedLabels(names),
        CLASSES,
        [
            predicted("probe", probe),
            predicted("mcc", ours, "chosen", raw=raw),
            predicted("scratch", scratch),
        ],
        "scratch",
        seeds_note="as planned",
        unlabelled=unlabelled,
        choice=Chosen("given", 1),
    )
    found = verdict.to_json()
    assert Verdict.from_json(found).to_json() == found
    assert truth.names.tolist() == names
    assert truth.index.tolist() == [-1 if i in (5, 7) else int(t) for i, t in enumerate(TRUE)]
    assert truth.index.dtype == np.int64
    assert truth.has.tolist() == has.tolist()
    assert (truth.has.dtype, truth.unseen) == (bool, ("zebra",))
    right = {}
    for name, p in (("probe", probe), ("mcc", ours), ("scratch", scratch)):
        right[name] = (p.argmax(-1) == truth.index)[:, rest]
    gaps = {name: expected_gap(right["mcc"][:1], right[name]) for name in ("probe", "scratch")}
    p0, index = ours[0][rest], truth.index[rest]
    one_hot = np.eye(3)[index] * (index >= 0)[:, None]
    calibration = found.pop("calibration")
    before = calibration.pop("before")
    assert before["confidence"] == pytest.approx(raw[rest].max(1).mean())
    assert 0 < before["ece"] < 0.5
    assert before["ece"] != calibration["ece"]
    seen_as_three = index >= 0
    exact = log_loss(index[seen_as_three], p0[seen_as_three], labels=[0, 1, 2], normalize=False)
    assert calibration["log_loss"] == pytest.approx((exact - np.log(1e-15)) / len(rest))
    brier = ((p0 - one_hot) ** 2).sum(1) + (index < 0)
    assert calibration["brier"] == pytest.approx(brier.mean())
    assert calibration["confidence"] == pytest.approx(p0.max(1).mean())
    assert 0 < calibration["ece_by_chance"] < 0.3
    settle = found.pop("settle")
    assert verdict.difference is not None
    scores = (right["mcc"][:1], right["scratch"])
    own = settled_by(verdict.difference, *scores, HIT_RATE, unlabelled)
    assert own is not None
    assert settle == own.to_json()
    assert found.pop("labels_to_settle") == own.labels
    sentence = found.pop("sentence")
    assert sentence.startswith("Can't tell whether the transfer helped: mcc is right on")
    assert f"judged on {len(rest)}" in sentence or "may be chance" in sentence
    assert found == {
        "kind": "judged",
        "outcome": "can't tell",
        "target_type": "multiclass",
        "metric": "accuracy",
        "lower_is_better": False,
        "reference": "scratch",
        "judged_rows": N - 1,
        "seeds": list(range(seeds)),
        "stored_seed": 0,
        "seeds_note": "as planned",
        "chosen": expected_figure("mcc", "chosen", right["mcc"], True),
        "baselines": [
            {
                **expected_figure(name, "baseline", right[name], False),
                "difference": gaps[name],
            }
            for name in ("probe", "scratch")
        ],
        "difference": gaps["scratch"],
        "difference_over_seeds": expected_gap(right["mcc"], right["scratch"])
        if seeds > 1
        else None,
        "assumption": None,
        "unseen_classes": ["zebra"],
        "seen": None,
        "choice": {"kind": "given", "compared": 1},
    }


def test_every_field_where_numbers_are_judged():
    rng = np.random.default_rng(0)
    ours = (NUMBERS + rng.normal(size=(2, N)) * [[2], [3]])[..., None]
    other = (NUMBERS + rng.normal(size=(2, N)) * 5)[..., None]
    verdict, truth = evaluate_predictions(
        SealedLabels(NUMBERS.tolist()),
        ("size",),
        [predicted("mcc", ours, "chosen"), predicted("scratch", other)],
        "scratch",
        target_type="regression",
    )
    found = verdict.to_json()
    a, b = (-np.abs(values[..., 0] - NUMBERS) for values in (ours, other))
    how = {"share": False, "scale": NUMBERS.std()}
    chosen, baseline = found["chosen"], found["baselines"][0]
    more = {one["role"]: one.pop("figures") for one in (chosen, baseline)}
    assert chosen == expected_figure("mcc", "chosen", a, True, error=True, **how)
    assert baseline.pop("difference") == expected_gap(a[:1], b, **how)
    assert baseline == expected_figure("scratch", "baseline", b, False, error=True, **how)
    assert found["difference_over_seeds"] == expected_gap(a, b, **how)
    assert (found["calibration"], found["unseen_classes"]) == (None, [])
    # those of the stored model are of its seed alone, a baseline's are means over seeds
    assert more["chosen"]["RMSE"] == pytest.approx(np.sqrt((a[0] ** 2).mean()))
    assert more["baseline"]["RMSE"] == pytest.approx(np.sqrt((b**2).mean(1)).mean())
    assert truth.index.tolist() == NUMBERS.tolist()
    assert (truth.names.tolist(), truth.unseen) == (NUMBERS.tolist(), ())


def test_equal_errors_have_the_interval_that_the_truth_allows():
    """The error of the next row may be as large as the truth is spread."""
    ours, other = (np.tile(NUMBERS + off, (2, 1))[..., None] for off in (1.0, 3.0))
    found, _ = evaluate_predictions(
        SealedLabels(NUMBERS.tolist()),
        ("size",),
        [predicted("mcc", ours, "chosen"), predicted("scratch", other)],
        "scratch",
        target_type="regression",
    )
    half = 1.96 * np.sqrt(2 * NUMBERS.var() / (N + 2)) / np.sqrt(N + 2)
    for one in (found.difference, found.difference_over_seeds):
        assert one is not None
        assert (one.low, one.high) == pytest.approx((2 - half, 2 + half), rel=0.01)
    assert found.chosen.score.high == pytest.approx(1 + half, rel=0.01)
    assert found.baselines[0].score.high == pytest.approx(3 + half, rel=0.01)
    of_constants, _ = evaluate_predictions(
        SealedLabels([4.0] * N),
        ("size",),
        [predicted("mcc", np.full((1, N, 1), 5.0), "chosen")],
        None,
        target_type="regression",
    )
    assert of_constants.chosen.figures is not None
    assert of_constants.chosen.figures["R²"] is None  # nothing can be said of it


@pytest.mark.parametrize("kept", ["", "asked", "all"])
def test_rows_that_were_learned_from(kept):
    values = noisy(0.95, 0, 1)
    found, _ = evaluate_predictions(
        SealedLabels([CLASSES[i] for i in TRUE]),
        CLASSES,
        [predicted("mcc", values, "chosen"), predicted("scratch", noisy(0.4, 1, 1))],
        "scratch",
        seen=Seen(3, N, kept=kept),
    )
    assert found.outcome == ("can't tell" if kept == "all" else "helped")
    assert found.to_json()["seen"]["kept"] == kept
    assert (found.settle, found.labels_to_settle) == (None, None)
    assert ("says nothing of new data" in found.sentence) == (kept == "all")


def test_what_is_opened():
    assert labels_print(None) == "none"
    assert labels_print(SealedLabels(["a", None])) == digest(["a", None])
    assert labels_print(SealedLabels(["a", None])) != labels_print(SealedLabels(["b", None]))
    truth = open_labels(SealedLabels([("a", "new"), None, ("b",)]), ("a", "b"), "multilabel")
    assert truth.index.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert truth.names.tolist() == [("a", "new"), None, ("b",)]
    assert (truth.has.tolist(), truth.unseen) == ([True, False, True], ("new",))
    nothing = open_labels(SealedLabels([]), ("a", "b"))
    assert (nothing.has.dtype, nothing.index.dtype, nothing.unseen) == (bool, np.int64, ())
    assert outcome_of(Interval(-0.5, -1.0, 0.0)) == "can't tell"


def test_a_figure_and_a_difference_of_hits():
    scores = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], bool)
    both, first = (
        ByRows().score("m", "r", "w", scores, stored=stored).to_json() for stored in (False, True)
    )
    assert (both["mean"], first["mean"]) == (0.5, 0.75)
    assert both["per_seed"] == [0.75, 0.25]
    assert both["over_seeds"] == {"mean": 0.5, "low": 0.25, "high": 0.75}
    assert "over_seeds" not in ByRows().score("m", "r", "w", scores[:1]).to_json()
    gap, other = ByRows().difference(scores[:1], scores), paired_interval(scores[:1], scores)
    assert gap == other


# Without labels to judge by -----------------------------------------------------------------------


def test_every_field_of_a_cross_validated_verdict():
    right = {name: noisy(share, i)[..., 0] > 0.5 for i, (name, share) in enumerate(
        {"lp-ft": 0.7, "scratch": 0.68, "probe": 0.4}.items())}  # fmt: skip
    unlabelled = Unlabelled(1000, [(1, "one")])
    verdict = cross_validated_verdict(
        chosen="lp-ft",
        what={"lp-ft": "lp-ft in words", "scratch": "scratch in words"},
        correct=right,
        reference="scratch",
        figures={"scratch": {"x": 1.0}},
        unlabelled=unlabelled,
    )
    assert verdict.difference is not None
    settle = settled_by(verdict.difference, right["lp-ft"], right["scratch"], HIT_RATE, unlabelled)
    assert settle is not None
    found = verdict.to_json()
    assert Verdict.from_json(found).to_json() == found
    assert found.pop("sentence") == cross_validated_sentence(verdict)
    probe = expected_figure("probe", "baseline", right["probe"], False) | {"what": "probe"}
    assert found == {
        "kind": "cross-validated",
        "outcome": "can't tell",
        "target_type": "multiclass",
        "metric": "accuracy",
        "lower_is_better": False,
        "reference": "scratch",
        "judged_rows": N,
        "lone_rows": 0,
        "seen": None,
        "seeds": [0, 1, 2],
        "seeds_note": "each is a repetition of the cross-validation",
        "chosen": expected_figure("lp-ft", "chosen", right["lp-ft"], False),
        "baselines": [
            {
                **expected_figure("scratch", "baseline", right["scratch"], False),
                "figures": {"x": 1.0},
                "difference": expected_gap(right["lp-ft"], right["scratch"]),
            },
            {**probe, "difference": expected_gap(right["lp-ft"], right["probe"])},
        ],
        "difference": expected_gap(right["lp-ft"], right["scratch"]),
        "settle": settle.to_json(),
        "labels_to_settle": settle.labels,
        "assumption": "The same labels chose the method, so the figures are on the bright side.",
        "calibration": None,
        "unseen_classes": [],
    }
    alone = cross_validated_verdict(
        chosen="lp-ft", what={}, correct=right, reference="nothing", lone=1
    )
    assert (alone.reference, alone.difference) == (None, None)
    assert "1 more is the only one of its class" in alone.sentence


def test_every_field_of_a_label_free_verdict():
    ours = np.arange(40) % 2
    other = ours.copy()
    other[[3, 8]] = 1 - other[[3, 8]]
    rows = [(100 + i, f"file {i}") for i in range(40)]
    given: dict[str, Any] = {
        "chosen": "mcc",
        "what": "mcc in words",
        "baselines": [("mcc", "mcc in words"), ("scratch", "from scratch")],
        "reference": "scratch",
        "figures": {"scratch": {"infomax": 0.5}},
        "best": "mcc",
        "seeds": (4, 5),
        "chosen_answers": ours,
        "reference_answers": other,
        "rows": rows,
        "choice": Chosen("label-free", 2),
    }
    verdict = label_free_verdict(**given)
    found = verdict.to_json()
    assert Verdict.from_json(found).to_json() == found
    settle = found.pop("settle")
    assert settle["rows"] == [{"row": 103, "name": "file 3"}, {"row": 108, "name": "file 8"}]
    assert (settle["differ"], settle["among"], settle["judged"]) == (2, "target rows", 0)
    assert settle["in_addition"] is False
    assert settle["low"] == labels_needed(0.05, 0.05)
    assert settle["high"] == labels_needed(0.005, 0.05)
    assert verdict.settle is not None
    assert found.pop("labels_to_settle") == verdict.settle.labels
    found.pop("sentence")
    blank = {"mean": None, "low": None, "high": None, "per_seed": []}
    own = {"method": "mcc", "role": "chosen", "what": "mcc in words", **blank, "figures": {}}
    base = {"method": "scratch", "role": "baseline", "what": "from scratch", **blank}
    assert found == {
        "kind": "label-free",
        "outcome": "can't tell",
        "target_type": "multiclass",
        "metric": None,
        "reference": "scratch",
        "judged_rows": 0,
        "seeds": [4, 5],
        "seeds_note": "",
        "chosen": own,
        "baselines": [base | {"figures": {"infomax": 0.5}, "difference": None}],
        "difference": None,
        "disagreement": 0.05,
        "assumption": ASSUMPTION,
        "calibration": None,
        "unseen_classes": [],
        "choice": {"kind": "label-free", "compared": 2},
    }
    for lacking in ("chosen_answers", "reference_answers"):
        blind = label_free_verdict(**(given | {lacking: None}))
        assert (blind.disagreement, blind.settle) == (0.0, None)
    assert label_free_verdict(**(given | {"best": None})).assumption is None
    plain = label_free_verdict(**(given | {"rows": None}))
    assert plain.settle is not None
    assert plain.settle.rows[0] == (3, "row 3")


# What would settle it -----------------------------------------------------------------------------

HITS = np.arange(100) % 2 > 0
GAP = Interval(0.1, -0.1, 0.3)


def settled(left: int | None) -> Settle:
    a, b = HITS[None].copy(), HITS[None].copy()
    b[0, :20] = ~b[0, :20]
    unlabelled = None if left is None else Unlabelled(left, [(7, "seven")] * 150)
    found = settled_by(GAP, a, b, get_target_type("multiclass").metric, unlabelled)
    assert found is not None
    return found


def test_how_many_labels_in_addition():
    least, most = labels_needed(0.2, 0.2) - 100, labels_needed(0.1, 0.2) - 100
    found = settled(None)
    assert found.to_json() == {
        "low": max(1, least),
        "high": most,
        "in_addition": True,
        "judged": 100,
        "rows_left": None,
        "possible": None,
        "differ": None,
        "among": None,
        "rows": [],
    }
    assert found.labels == most
    for left, possible, reach in (
        (most, True, most),
        (most + 9, True, most),
        (most - 1, None, most - 1),
        (max(1, least), None, max(1, least)),
        (0, False, None),
    ):
        found = settled(left)
        assert (found.possible, found.rows_left, found.labels) == (possible, left, reach)
        named = (150, "rows without a label") if left else (None, None)
        assert (found.differ, found.among) == named
        assert found.rows == (((7, "seven"),) * MOST_NAMED if left else ())


def test_differences_of_numbers_are_settled_by_their_spread():
    rng = np.random.default_rng(0)
    a = -np.abs(rng.normal(size=(2, 30)))
    b = a + 0.01 * rng.normal(size=(2, 30))
    spread, smallest = (a - b).mean(0).std(), abs(b.mean()) / 100
    gap = Interval(1e-6, -0.02, 0.05)
    found = settled_by(gap, a, b, get_target_type("regression").metric, Unlabelled(9, [(1, "a")]))
    assert found is not None
    assert found.low == max(1, pairs_needed(0.05, spread) - 30)
    assert found.high == max(1, pairs_needed(smallest, spread) - 30)
    assert (found.differ, found.rows) == (None, ())  # numbers nearly always differ
    assert settled_by(gap, a, a, get_target_type("regression").metric) is None
    nothing = Interval(0.0, 0.0, 0.0)
    assert settled_by(nothing, a, 0 * a, get_target_type("regression").metric) is None


def test_without_a_label_or_without_a_row_nothing_is_settled():
    assert settled_without_labels(Unlabelled(5, [])) is None
    assert settled_without_labels(Unlabelled(0, [(1, "a")])) is None
    found = settled_without_labels(Unlabelled(4, [(1, "a")]))
    assert found is not None
    assert (found.judged, found.in_addition, found.rows_left) == (0, False, 4)


# By modalities ------------------------------------------------------------------------------------


def test_modalities_of_numbers_and_seeds():
    """Rows 0 to 3 have all three; what is said of them is off by 1, without b by 3, alone by 4."""
    truth = NUMBERS[:8]

    def off(size: float, rows: int) -> np.ndarray:
        return (truth[:rows] + np.array([[size], [9.0]]))[..., None]

    found = part_scores(
        ("a", "b", "c"),
        [
            Masked(("a", "b", "c"), np.arange(4), off(1, 4)),
            Masked(("a", "c"), np.arange(8), off(3, 8)),
            Masked(("a",), np.arange(8), off(4, 8)),
        ],
        truth,
        np.ones((8, 3), bool),
        target_type="regression",
    )
    assert (found.metric, found.rows) == ("mean absolute error", 8)
    assert found.parts == ("a", "b", "c")
    assert [one.score.value for one in found.sets] == pytest.approx([1, 3, 4])  # the stored model
    assert found.sets[0].per_seed == pytest.approx([1, 9])
    assert [name for name, _ in found.adds] == ["b"]  # nothing was answered without a, or c
    assert found.adds[0][1].value == pytest.approx(2)
    nothing = [Masked(("a", "c"), np.arange(8), off(3, 8))]
    alone = part_scores(
        ("a", "b", "c"), nothing, truth, np.ones((8, 3), bool), target_type="regression"
    )
    assert alone.adds == ()


# Sentences, word for word -------------------------------------------------------------------------


def told(**how: Any) -> Verdict:
    usual: dict[str, Any] = {
        "kind": "judged",
        "target_type": "multiclass",
        "chosen": {"method": "mcc", "mean": 0.8},
        "reference": "scratch",
        "outcome": "can't tell",
        "difference": {"mean": 0.02, "low": -0.01, "high": 0.05},
        "judged_rows": 40,
        "seeds": [0],
        "metric": "accuracy",
    }
    return Verdict.from_json(usual | how)


@pytest.mark.parametrize(
    ("how", "best", "says"),
    [
        ({}, None, "Nothing speaks for or against mcc, as nothing could be compared."),
        ({}, "mcc", "Label-free evidence speaks for mcc over training from scratch, but it can't "
         "prove it."),
        ({}, "scratch", "Label-free evidence does not speak for mcc: it puts training from scratch "
         "first."),
        ({"reference": "mcc"}, "mcc", "No adaptation looked better than mcc by label-free "
         "evidence, so that was kept."),
        ({"reference": "mcc", "choice": {"kind": "given", "compared": 1}}, None,
         "Mcc was kept. It was named, so no other way was tried."),
        ({"reference": "probe", "chosen": {"method": "probe"}, "target_type": "regression"}, None,
         "Nothing tells methods apart without labels where an answer is a number: a simple "
         "regression on frozen features was kept, and whether an adaptation would help is not "
         "known."),
    ],
)  # fmt: skip
def test_label_free_sentences(how, best, says):
    assert label_free_sentence(told(**how), best) == f"There are no labels to judge by. {says}"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, "In cross-validation on 40 labelled examples transfer may or may not have helped: mcc "
         "80.0 %, +2.0 points against training from scratch (-1.0 points to +5.0 points). The same "
         "labels chose the method, so this is on the bright side."),
        ({"target_type": "regression", "metric": "mean absolute error", "lower_is_better": True,
          "chosen": {"method": "mcc", "mean": 12.0}, "outcome": "hurt", "reference": "probe",
          "difference": {"mean": -200.0, "low": -300.0, "high": -100.0}, "lone_rows": 1},
         "In cross-validation on 40 labelled examples transfer hurt: mcc 12.00 (mean absolute "
         "error), -200 saved against a simple regression on frozen "
         "features (-300 to -100). The same labels chose the method, so this is on the bright "
         "side. 1 more is the only one of its class, and was learned from alone."),
        ({"target_type": "multilabel", "metric": "Jaccard index", "outcome": "helped",
          "lone_rows": 2},
         "In cross-validation on 40 labelled examples transfer helped: mcc 80.0 % (Jaccard index), "
         "+2.0 points against training from scratch (-1.0 points to +5.0 points). The same labels "
         "chose the method, so this is on the bright side. 2 more are each the only one of their "
         "class, and were learned from alone."),
        ({"difference": None, "reference": None},
         "In cross-validation on 40 labelled examples mcc is right on 80.0 %. No labels were kept "
         "for judging."),
        ({"difference": None, "reference": "source-only",
          "chosen": {"method": "source-only", "mean": 0.8}},
         "In cross-validation on 40 labelled examples no transfer was kept, as none looked better: "
         "using the source model unchanged is right on 80.0 %. No labels were kept for judging."),
    ],
)  # fmt: skip
def test_cross_validated_sentences(how, says):
    assert cross_validated_sentence(told(**how)) == says


SETTLE = {
    "rows_left": 30,
    "low": 5,
    "high": 20,
    "differ": 4,
    "among": "rows without a label",
    "judged": 40,
    "rows": [],
}
DRAWN = "About 5 to 20 more labelled examples, drawn at random, would settle it"
MORE = "more labelled examples, drawn at random, would settle it"
BESIDE = "(in addition to the 40 judged)"


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({}, f"The two differ on 4 of 30 rows without a label: label those first. {DRAWN} "
         f"{BESIDE}."),
        ({"differ": 1}, "The two differ on 1 of 30 rows without a label: look at that one first. "
         f"{DRAWN} {BESIDE}."),
        ({"differ": 2, "low": 40, "high": 50}, "The two differ on 2 of 30 rows without a label: "
         f"those say most. About 40 to 50 {MORE} {BESIDE}; that is more than "
         "the 30 here, so it cannot be settled with these data."),
        ({"differ": 0}, "The two answer all 30 rows without a label alike, so labels for those "
         f"settle nothing. {DRAWN} {BESIDE}."),
        ({"differ": 0, "rows_left": 1, "low": 1}, "The two answer the 1 row without a label "
         f"alike, so a label for it settles nothing. About 1 to 20 {MORE} {BESIDE}; there are 1 "
         "here, so it may not be possible with these."),
        ({"differ": 0, "rows_left": 2, "low": 1, "high": 2}, "The two answer all 2 rows without a "
         f"label alike, so labels for those settle nothing. About 1 to 2 {MORE} {BESIDE}."),
        ({"differ": None}, f"{DRAWN} {BESIDE}."),
        ({"rows_left": 0, "differ": None}, f"{DRAWN} {BESIDE}; none are left "
         "here, so it cannot be settled with these data."),
        ({"rows_left": None, "differ": None}, f"{DRAWN} {BESIDE}."),
        ({"low": 1, "high": 1, "differ": None, "judged": 0}, "About 1 labelled example, "
         "drawn at random, would settle it."),
        ({"among": "target rows", "judged": 0}, "The two differ on 4 of 30 target rows: "
         "label those first. About 5 to 20 labelled examples, drawn at random, would settle it."),
    ],
)  # fmt: skip
def test_what_would_settle_it(how, says):
    assert settle_sentence(told(settle=SETTLE | how)) == says


def test_what_would_settle_it_of_an_older_run():
    assert settle_sentence(told(labels_to_settle=120)) == (
        "About 120 labelled examples, drawn at random, would settle it."
    )
    assert settle_sentence(told()) == settle_sentence(told(labels_to_settle=None)) == ""


CHOICE = {"kind": "cross-validation", "rows": 24, "value": 0.9, "reference_value": 0.85}


def test_what_spoke_for_the_choice():
    assert choice_sentence(told(choice=CHOICE)) == (
        "It was chosen by cross-validation on 24 other labelled examples: 90.0 % against 85.0 % of "
        "training from scratch."
    )
    for lacking in ({"reference_value": None}, {"kind": "label-free"}):
        assert choice_sentence(told(choice=CHOICE | lacking)) == ""
    assert choice_sentence(told(choice=None)) == choice_sentence(told()) == ""


def test_confidence_that_is_off():
    sure = {"calibration": {"confidence": 0.95}}
    assert confidence_sentence(told(**sure)) == (
        "Its probabilities cannot be taken at their word: it is surer than it is right (confidence "
        "95.0 % on average, right 80.0 %)."
    )
    shy = confidence_sentence(told(calibration={"confidence": 0.6}))
    assert "it is less sure than it is right (confidence 60.0 %" in shy
    for fine in (
        told(calibration={"confidence": 0.88}),
        told(calibration=None),
        told(),
        told(**sure, target_type="regression"),
        told(**sure, chosen={"method": "mcc", "mean": None}),
    ):
        assert confidence_sentence(fine) == ""


SPREAD = {"mean": 0.75, "low": 0.7, "high": 0.8}


def test_what_all_seeds_give():
    own = {"method": "mcc", "mean": 0.8, "over_seeds": SPREAD}
    start = "That is the stored model; over 3 seeds the mean is 75.0 % (70.0 % to 80.0 %)"
    some = {"chosen": own, "seeds": [0, 1, 2]}
    assert seeds_sentence(told(**some)) == f"{start}."
    for outcome, low, high, more in (
        ("helped", -0.1, 0.1, ", so another seed might not have helped"),
        ("helped", 0.0, 0.1, ", so another seed might not have helped"),
        ("helped", 0.01, 0.1, ""),
        ("hurt", -0.1, 0.1, ", so another seed might not have hurt"),
        ("hurt", -0.1, 0.0, ", so another seed might not have hurt"),
        ("hurt", -0.1, -0.01, ""),
        ("can't tell", -0.1, 0.1, ""),
    ):
        gap = {"mean": 0.0, "low": low, "high": high}
        said = seeds_sentence(told(**some, outcome=outcome, difference_over_seeds=gap))
        assert said == f"{start}{more}."
    flat = own | {"over_seeds": {"mean": 0.8, "low": 0.8, "high": 0.8}}
    assert seeds_sentence(told(**some | {"chosen": flat})) == seeds_sentence(told()) == ""
