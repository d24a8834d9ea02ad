"""Verdicts on constructed predictions whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import SealedError
from landbridge.domains.sealed import SealedLabels
from landbridge.metrics.intervals import Interval, labels_needed
from landbridge.verdict.comparison import outcome_of
from landbridge.verdict.evaluate import Predicted, evaluate_predictions, labels_to_settle
from landbridge.verdict.without_labels import cross_validated_verdict, label_free_verdict

CLASSES = ("ant", "bee", "cat")
N = 200


def predicted(method: str, right: np.ndarray, truth: np.ndarray, role: str = "baseline"):
    """Return answers that are right where `right` (seeds, n) says so, and sure by 0.8."""
    answers = np.where(right, truth, (truth + 1) % 3)
    p = np.full((*right.shape, 3), 0.1)
    np.put_along_axis(p, answers[..., None], 0.8, axis=2)
    return Predicted(method, role, f"{method} in words", tuple(range(len(right))), p)


def verdict_of(chosen: np.ndarray, other: np.ndarray, names=None, reference="source-only"):
    truth = np.arange(N) % 3
    names = [CLASSES[i] for i in truth] if names is None else names
    return evaluate_predictions(
        SealedLabels(names),
        CLASSES,
        [predicted("mcc", chosen, truth, "chosen"), predicted("source-only", other, truth)],
        reference,
    )[0].to_json()


def right(share: float, seeds: int = 3, offset: int = 0) -> np.ndarray:
    one = (np.arange(N) * 7 + offset) % N < round(share * N)
    return np.tile(one, (seeds, 1))


def test_helped():
    verdict = verdict_of(right(0.9), right(0.7))
    assert verdict["outcome"] == "helped"
    assert verdict["chosen"]["mean"] == pytest.approx(0.9)
    assert verdict["chosen"]["per_seed"] == pytest.approx([0.9] * 3)
    assert verdict["difference"]["mean"] == pytest.approx(0.2)
    assert 0 < verdict["difference"]["low"] < 0.2 < verdict["difference"]["high"]
    assert verdict["difference"]["p"] < 0.01
    assert verdict["labels_to_settle"] is None
    assert verdict["sentence"].startswith("Transfer helped: mcc is right on 90.0 %")
    assert "20.0 points more than using the source model" in verdict["sentence"]
    assert (verdict["judged_rows"], verdict["seeds"]) == (200, [0, 1, 2])
    assert verdict["baselines"][0]["difference"] == verdict["difference"]


def test_hurt():
    verdict = verdict_of(right(0.6), right(0.8))
    assert verdict["outcome"] == "hurt"
    assert verdict["difference"]["high"] < 0
    assert verdict["sentence"].startswith("Transfer hurt: mcc is right on 60.0 %")


def test_cannot_tell_and_how_many_labels_would():
    chosen = right(0.72)
    verdict = verdict_of(chosen, right(0.70, offset=40))
    assert verdict["outcome"] == "can't tell"
    disagreement = (chosen != right(0.70, offset=40)).mean()
    settle = verdict["settle"]
    assert settle["high"] == labels_needed(0.02, disagreement) - N
    assert 0 < settle["low"] < settle["high"]
    assert (settle["in_addition"], settle["judged"]) == (True, N)
    assert "(in addition to the 200 judged)" in verdict["sentence"]
    assert verdict["sentence"].startswith("Can't tell whether the transfer helped")


def test_the_headline_is_the_stored_model_and_seeds_are_beside_it():
    chosen = np.concatenate([right(0.9, 1), right(0.5, 1), right(0.85, 1)])
    verdict = verdict_of(chosen, right(0.7))
    assert verdict["chosen"]["mean"] == pytest.approx(0.9)
    assert verdict["stored_seed"] == 0
    assert verdict["chosen"]["over_seeds"] == pytest.approx({"mean": 0.75, "low": 0.5, "high": 0.9})
    assert verdict["difference"]["mean"] == pytest.approx(0.2)
    assert verdict["outcome"] == "helped"
    whole = verdict["difference_over_seeds"]
    assert whole["mean"] == pytest.approx(0.05)
    assert whole["low"] < 0 < whole["high"]
    assert "90.0 % of the examples, 20.0 points more" in verdict["sentence"]
    assert "over 3 seeds the mean is 75.0 % (50.0 % to 90.0 %)" in verdict["sentence"]
    assert "another seed might not have helped" in verdict["sentence"]


def test_seeds_of_the_reference_that_disagree_widen_the_interval():
    other = np.concatenate([right(0.9, 1), right(0.5, 1), right(0.7, 1)])
    verdict = verdict_of(right(0.85), other)
    assert verdict["outcome"] == "can't tell"
    assert verdict["difference"]["high"] - verdict["difference"]["low"] > 0.2


def test_the_same_answers():
    verdict = verdict_of(right(0.7), right(0.7))
    assert verdict["outcome"] == "can't tell"
    gap = verdict["difference"]
    assert (gap["mean"], gap["p"]) == (0.0, 1.0)
    assert gap["low"] == -gap["high"] < 0  # of rows that were not judged nobody knows
    assert verdict["labels_to_settle"] is None  # no number of labels tells them apart


def test_unseen_classes_count_as_wrong_and_are_named():
    names = [CLASSES[i] for i in np.arange(N) % 3]
    names[:20] = ["zebra"] * 20
    verdict = verdict_of(np.ones((2, N), bool), right(0.5, 2), names)
    assert verdict["unseen_classes"] == ["zebra"]
    assert verdict["judged_rows"] == N
    assert verdict["chosen"]["mean"] == pytest.approx(0.9)
    assert verdict["calibration"]["log_loss"] == pytest.approx(
        -0.9 * np.log(0.8) - 0.1 * np.log(1e-15), rel=1e-3
    )


def test_rows_without_a_sealed_label_are_left_out():
    names = [CLASSES[i] for i in np.arange(N) % 3]
    names[:50] = [None] * 50
    chosen = np.ones((2, N), bool)
    chosen[:, :50] = False
    verdict = verdict_of(chosen, right(0.5, 2), names)
    assert verdict["judged_rows"] == 150
    assert verdict["chosen"]["mean"] == 1.0


def test_a_reference_that_was_kept():
    truth = np.arange(N) % 3
    kept = predicted("source-only", right(0.7), truth, "chosen")
    probe = predicted("probe", right(0.6), truth)
    sealed = SealedLabels([CLASSES[i] for i in truth])
    verdict = evaluate_predictions(sealed, CLASSES, [kept, probe], "source-only")[0].to_json()
    assert verdict["outcome"] == "can't tell"
    assert verdict["difference"] is None
    assert verdict["reference"] == "source-only"
    assert verdict["sentence"].startswith("No transfer was kept, as none looked better: using")
    assert verdict["baselines"][0]["difference"]["mean"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("shares", "said", "then"),
    [
        ((0.9, 0.9), "right on 90.0 % of the examples (judged on 200 examples, 2 seeds).", ""),
        (
            (0.9, 0.6),
            "right on 90.0 % of the examples (judged on 200 examples).",
            "That is the stored model; over 2 seeds the mean is 75.0 % (60.0 % to 90.0 %).",
        ),
    ],
)
def test_a_figure_of_one_seed_is_not_said_to_be_of_all(shares, said, then):
    truth = np.arange(N) % 3
    kept = predicted("source-only", np.vstack([right(s, 1) for s in shares]), truth, "chosen")
    sealed = SealedLabels([CLASSES[i] for i in truth])
    verdict = evaluate_predictions(sealed, CLASSES, [kept], "source-only")[0].to_json()
    assert said in verdict["sentence"]
    assert verdict["sentence"].endswith(then)


@pytest.mark.parametrize("reference", [None, "scratch"])
def test_no_reference(reference):
    verdict = verdict_of(right(0.9), right(0.7), reference=reference)
    assert verdict["reference"] is None
    assert verdict["outcome"] == "can't tell"
    assert "nothing to compare it with" in verdict["sentence"]


def test_no_interval_no_outcome():
    assert outcome_of(None) == "can't tell"
    assert outcome_of(Interval(0.05, 0.0, 0.1)) == "can't tell"
    assert outcome_of(Interval(0.05, 0.01, 0.1)) == "helped"
    assert outcome_of(Interval(-0.05, -0.1, -0.01)) == "hurt"


def test_labels_to_settle():
    assert labels_to_settle(0.0, 0.0) is None
    assert labels_to_settle(0.0, 0.2) == labels_needed(0.005, 0.2)
    assert labels_to_settle(-0.1, 0.2) == labels_needed(0.1, 0.2)
    assert labels_to_settle(0.5, 0.2) == labels_needed(0.2, 0.2)
    assert labels_to_settle(0.05, 0.1) < labels_to_settle(0.02, 0.1)


def test_nothing_but_the_verdict_opens_the_seals():
    with pytest.raises(SealedError, match=__name__):
        SealedLabels(["ant"]).open()


# Without labels to judge by --------------------------------------------------------------------


def label_free(**how):
    arguments = {
        "chosen": "mcc",
        "what": "mcc in words",
        "baselines": [("source-only", "as it is")],
        "reference": "source-only",
        "figures": {"mcc": {"infomax": 1.0}},
        "best": "mcc",
        "seeds": (0, 1),
        "chosen_answers": np.array([0, 1, 2, 0] * 50),
        "reference_answers": np.array([0, 1, 2, 1] * 50),
    }
    return label_free_verdict(**(arguments | how)).to_json()


def test_label_free():
    verdict = label_free()
    assert (verdict["kind"], verdict["outcome"]) == ("label-free", "can't tell")
    assert verdict["disagreement"] == 0.25
    settle = verdict["settle"]
    assert (settle["low"], settle["high"]) == (
        labels_needed(0.25, 0.25),
        labels_needed(0.025, 0.25),
    )
    assert (settle["differ"], settle["rows_left"]) == (50, 200)
    assert [one["row"] for one in settle["rows"]] == list(range(3, 200, 4))
    assert verdict["labels_to_settle"] <= 200
    assert "The two differ on 50 of 200 target rows" in verdict["sentence"]
    assert "speaks for mcc over using the source model as it is" in verdict["sentence"]
    assert "it may not be possible with these" in verdict["sentence"]
    assert "mislead where class shares differ" in verdict["assumption"]
    assert verdict["chosen"]["mean"] is None
    assert verdict["chosen"]["figures"] == {"infomax": 1.0}


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"best": "source-only"}, "does not speak for mcc: it puts using the source model"),
        ({"best": None}, "Nothing speaks for or against mcc"),
        ({"reference": None, "reference_answers": None}, "Nothing speaks for or against mcc"),
        ({"chosen": "source-only", "best": "source-only"}, "so that was kept"),
    ],
)
def test_what_label_free_evidence_says(how, says):
    verdict = label_free(**how)
    assert says in verdict["sentence"]
    assert "None" not in verdict["sentence"]


def test_no_disagreement_settles_nothing():
    same = np.array([0, 1, 2])
    verdict = label_free(chosen_answers=same, reference_answers=same)
    assert verdict["labels_to_settle"] is None


# Cross-validated ----------------------------------------------------------------------------------


def cross_validated(lp_ft: float, scratch: float, **how):
    arguments = {
        "chosen": "lp-ft",
        "what": {},
        "correct": {"lp-ft": right(lp_ft), "scratch": right(scratch)},
        "reference": "scratch",
    }
    return cross_validated_verdict(**(arguments | how)).to_json()


def test_cross_validated():
    verdict = cross_validated(0.9, 0.7)
    assert (verdict["kind"], verdict["outcome"]) == ("cross-validated", "helped")
    assert verdict["seeds"] == [0, 1, 2]
    assert "repetition" in verdict["seeds_note"]
    assert "on the bright side" in verdict["sentence"]
    assert "transfer helped: lp-ft 90.0 %, +20.0 points" in verdict["sentence"]
    assert cross_validated(0.6, 0.8)["outcome"] == "hurt"
    unsure = cross_validated(0.71, 0.70)
    assert unsure["outcome"] == "can't tell"
    assert unsure["settle"]["high"] > 0


def test_cross_validated_reference_that_was_kept():
    verdict = cross_validated(0.9, 0.7, chosen="scratch")
    assert verdict["difference"] is None
    assert verdict["reference"] == "scratch"
    assert "no transfer was kept" in verdict["sentence"]
