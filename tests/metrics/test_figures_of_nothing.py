"""Figures where there is little or nothing to count: no rows, no words, no boxes, equal scores."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from landbridge.metrics import text_scores
from landbridge.metrics.figures import confusion, figures
from landbridge.metrics.labelfree import Candidate
from landbridge.metrics.multilabel import as_wide, multilabel_metrics, per_label_metrics
from landbridge.metrics.ranking import score_candidates
from landbridge.metrics.regions import LEVELS, Boxes, Matches, average_precision, matched
from landbridge.metrics.regions import mean_average_precision as mean_ap
from landbridge.metrics.regression import regression_metrics
from landbridge.metrics.spans import spans


def test_no_rows_give_no_figures_and_no_warnings():
    nothing, table = np.zeros(0), np.zeros((0, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(np.isnan(v) for v in regression_metrics(nothing, nothing).values())
        assert all(np.isnan(v) for v in multilabel_metrics(table, table).values())
        found = figures(nothing.astype(int), probabilities=table)
    assert found.n == 0
    assert np.isnan([found.accuracy, found.macro_f1, found.log_loss, found.brier, found.ece]).all()


def test_of_one_row_there_are_errors_and_no_correlation():
    found = regression_metrics(np.array([2.0]), np.array([5.0]))
    assert (found["MAE"], found["RMSE"]) == (3, 3)
    assert np.isnan([found["R²"], found["Spearman"]]).all()
    two = regression_metrics(np.array([1.0, 2.0]), np.array([4.0, 3.0]))
    assert two["Spearman"] == -1
    assert np.isnan(regression_metrics(np.array([1.0, 2.0]), np.ones(2))["Spearman"])


def test_labels_that_nobody_says():
    true, said = np.zeros((4, 2)), np.full((4, 2), 0.5)  # one half is no answer
    found = multilabel_metrics(true, said)
    assert np.isnan([found["micro F1"], found["macro F1"], found["mean average precision"]]).all()
    assert (found["subset accuracy"], found["Jaccard index"]) == (1, 1)
    assert np.isnan(per_label_metrics(true, said)["f1"]).all()
    assert as_wide(said, np.zeros((4, 1))) is said
    assert as_wide(np.ones((2, 4, 2)), np.zeros((4, 3)))[..., 2].tolist() == [[0] * 4] * 2


def test_a_matrix_may_have_more_classes_than_occur():
    one = np.array([0, 1, 1])
    assert confusion(one, one).shape == (2, 2)
    assert confusion(one, one, 3).tolist() == [[1, 0, 0], [0, 2, 0], [0, 0, 0]]
    assert confusion(one[:0], one[:0]).shape == (0, 0)
    assert confusion(np.array([0, 2]), np.array([1, 0])).tolist() == [[0, 1, 0], [0] * 3, [1, 0, 0]]
    for wrong in (np.array([0, 1, 3]), np.array([0, 1, -1])):
        with pytest.raises(ValueError, match="outside 0 … 2"):
            confusion(one, wrong, 3)
        with pytest.raises(ValueError, match="outside 0 … 2"):
            confusion(wrong, one, 3)


@pytest.mark.parametrize("name", ["wer", "cer"])
def test_errors_in_texts_without_words(name):
    count, score, higher = text_scores.TEXT_SCORES[name]
    assert not higher
    assert score(count("", "")) == 0
    assert score(count("some words", "")) == 1
    assert score(count("", "ab")) == 1
    assert score(count("a b", "a b") + count("a c", "a b")) == pytest.approx(
        {"wer": 1 / 4, "cer": 1 / 6}[name]
    )


def test_bleu_and_chrf_of_texts_that_share_nothing_or_are_short():
    assert text_scores.bleu(text_scores.bleu_counts("", "a b c d")) == 0
    assert text_scores.bleu(text_scores.bleu_counts("a b c", "a b c")) == 0  # none of four words
    assert text_scores.bleu(text_scores.bleu_counts("a b c d", "a b c d")) == 1
    shorter = text_scores.bleu(text_scores.bleu_counts("a b c d", "a b c d e f g h"))
    assert shorter == pytest.approx(np.exp(1 - 8 / 4))
    assert text_scores.chrf(text_scores.chrf_counts("", "")) == 0
    assert text_scores.chrf(text_scores.chrf_counts("xyz", "abc")) == 0
    assert text_scores.chrf(text_scores.chrf_counts("abcdefg", "a b c d e f g")) == 1
    # one of two letters, and the pair not at all: precision 1/1 and recall 1/2 of one letter
    assert text_scores.chrf(text_scores.chrf_counts("a", "ab")) == pytest.approx(5 / (4 / 0.5 + 1))


def test_marks_that_are_no_marks():
    assert spans(["B-", "X-PER", "O"]) == {("B-", 0, 1), ("X-PER", 1, 2)}  # names, not marks
    assert spans(["B-PER", "X-PER", "NOUN"]) == {("PER", 0, 1)}
    assert spans(["B-A", "M-A", "E-A", "I-A"]) == {("A", 0, 3), ("A", 3, 4)}
    assert spans(["I-A", "L-A", "U-A", "B-A"]) == {("A", 0, 2), ("A", 2, 3), ("A", 3, 4)}
    assert spans([]) == set()


def boxes(*rows, score=0.5):
    corners = np.array([row[:4] for row in rows], float).reshape(-1, 4)
    scores = np.array([row[4] if len(row) > 4 else score for row in rows], float)
    return Boxes(corners, np.zeros(len(rows), int), scores)


def test_the_surest_boxes_count_and_no_more_than_asked():
    there = boxes((0, 0, 10, 10))
    said = boxes((50, 50, 60, 60, 0.9), (0, 0, 10, 10, 0.8), (0, 0, 10, 10, 0.7))
    found = matched(said, there, 0)
    assert found.scores.tolist() == [0.9, 0.8, 0.7]
    assert found.right.tolist() == [[False, True, False]] * len(LEVELS)
    assert not matched(said, there, 0, most=1).right.any()
    assert (matched(said, there, 1).there, matched(said, there, 1).scores.size) == (0, 0)
    half = matched(boxes((0, 0, 10, 5)), there, 0)  # one half overlaps: the first level alone
    assert half.right[:, 0].tolist() == [True, *[False] * 9]


def test_precision_keeps_the_order_of_equal_scores():
    """Images come in their order, and so do boxes of the same score, however many there are."""
    right = np.arange(40) < 20
    part = Matches(np.full(40, 0.5), np.tile(right, (len(LEVELS), 1)), 20)
    assert average_precision([part]) == pytest.approx(np.ones(len(LEVELS)))
    late = Matches(np.full(40, 0.5), np.tile(~right, (len(LEVELS), 1)), 20)
    assert average_precision([late]) == pytest.approx(np.full(len(LEVELS), 0.5))


def test_precision_without_boxes():
    none = Matches(np.zeros(0), np.zeros((len(LEVELS), 0), bool), 0)
    missed = Matches(np.zeros(0), np.zeros((len(LEVELS), 0), bool), 3)
    assert np.isnan(average_precision([none])).all()
    assert average_precision([missed]).tolist() == [0.0] * len(LEVELS)
    assert (mean_ap([]), mean_ap([[none]]), mean_ap([[none, missed]])) == (0, 0, 0)


def world(n=60, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    sharp = np.eye(3)[labels] * 0.94 + 0.02
    weak = rng.dirichlet(np.ones(3) * 5, n)
    return labels, sharp, weak


def test_ranking_says_how_it_was_asked():
    labels, sharp, weak = world()
    sides = [Candidate("sharp", sharp, np.eye(3)[labels])], Candidate("weak", weak)
    plain, shifted = score_candidates(*sides), score_candidates(*sides, label_shift=True)
    assert (plain.label_shift, shifted.label_shift) == (False, True)
    assert plain.reference == shifted.reference == "weak"
    assert set(plain.weights.values()) == {1.0}
    assert score_candidates(*sides, label_shift=True, damping=0.5).weights["infomax"] == 0.5
    assert plain.ranks == {"weak": 5.0, "sharp": 4.0}
    assert shifted.ranks == {"weak": 4.25, "sharp": 2.5}
    without = score_candidates(*sides, clusters=False)
    assert without.weights["class_ami"] == 0
    assert without.ranks == {"weak": 3.0, "sharp": 3.0}


def test_clusters_are_of_so_many_rows_at_most():
    labels, sharp, weak = world(300)
    x = np.where(np.arange(300)[:, None] < 150, np.eye(3)[labels], np.eye(3)[labels - 1])
    found = [
        score_candidates([Candidate("sharp", sharp, x)], Candidate("weak", weak), max_rows=most)
        for most in (299, 300)
    ]
    assert all(one.figures["sharp"]["class_ami"] < 0.9 for one in found)
    assert found[0].figures["sharp"]["class_ami"] != found[1].figures["sharp"]["class_ami"]
