"""Scores of structured answers in cases that are counted by hand.

That they are those of the field's tools on random answers: `test_peers_of_scores`.
"""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.metrics import regions, text_scores
from landbridge.metrics.spans import f1, span_counts, spans


def test_bleu_of_texts_with_no_run_of_four_words_in_common():
    one = text_scores.bleu_counts("nothing alike here at all", "quite other words are these")
    assert text_scores.bleu(one) == 0
    zero = text_scores.bleu_counts("the cat is here now", "the dog was there once")
    assert 0 < text_scores.bleu(zero) < 0.2


def test_edit_distance():
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = ("".join(rng.choice(list("abc"), rng.integers(0, 7))) for _ in "ab")
        assert text_scores.distance(a, b) == slow(a, b)


def slow(a, b):
    if not a or not b:
        return len(a) + len(b)
    return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))


def test_rouge_l_by_hand():
    # the cat sat | the cat ... sat: 3 of 3 and 3 of 6 words in common
    score = text_scores.rouge_l("The cat sat.", "the cat, it sat on it")
    assert score[0] == pytest.approx(2 * 3 / 9)
    assert text_scores.rouge_l("", "")[0] == 1


def test_spans_as_conlleval_reads_them():
    tags = ["B-PER", "I-PER", "B-PER", "O", "I-LOC", "I-ORG", "B-ORG"]
    assert spans(tags) == {
        ("PER", 0, 2), ("PER", 2, 3), ("LOC", 4, 5), ("ORG", 5, 6), ("ORG", 6, 7)
    }  # fmt: skip
    said = ["B-PER", "O", "B-PER", "O", "B-LOC", "O", "B-ORG"]
    counts = span_counts(said, tags)
    assert counts.tolist() == [3, 4, 5]
    assert f1(counts) == pytest.approx(2 * 3 / 9)
    assert spans(["NOUN", "VERB"]) == {("NOUN", 0, 1), ("VERB", 1, 2)}
    assert f1(np.zeros(3, int)) == 1


def test_mean_iou_by_counting():
    truth = np.array([[0, 0, 1], [1, 2, 255]])
    said = np.array([[0, 1, 1], [1, 0, 2]])
    counts = regions.overlap_counts(said, truth, 3)
    expected = [1 / 3, 2 / 3, 0 / 1]
    assert regions.mean_iou(counts) == pytest.approx(np.mean(expected))
    assert regions.mean_iou(regions.overlap_counts(truth[:1], truth[:1], 3)) == 1
