"""Scores of structured answers, against what the usual tools say.

The expected numbers are those of sacreBLEU 2.6 (BLEU, chrF), jiwer 4.0 and pycocotools 2.0.
"""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.metrics import regions, text_scores
from landbridge.metrics.spans import f1, span_counts, spans

TRUTH = [
    "the cat sat on the mat, and looked at 3.5 very-small mice.",
    "It's 10-20 % off!",
    "a quick brown fox jumps over the lazy dog",
]
SAID = [
    "the cat sat on a mat and looked at 3.5 very-small mice.",
    "It is 10-20 % off !",
    "a quick brown dog jumps over a lazy fox",
]
BLEU = 56.77988214728101
CHRF = 73.76249899878313
WER = 0.36
CER = 0.1206896551724138
MAP = 0.48576732673267325


def total(counts):
    return np.sum([counts(a, b) for a, b in zip(SAID, TRUTH, strict=True)], axis=0)


def test_bleu_and_chrf_are_sacrebleus():
    assert 100 * text_scores.bleu(total(text_scores.bleu_counts)) == pytest.approx(BLEU, abs=1e-6)
    assert 100 * text_scores.chrf(total(text_scores.chrf_counts)) == pytest.approx(CHRF, abs=1e-6)
    one = text_scores.bleu_counts("nothing alike here at all", "quite other words are these")
    assert text_scores.bleu(one) == 0
    zero = text_scores.bleu_counts("the cat is here now", "the dog was there once")
    assert 0 < text_scores.bleu(zero) < 0.2
    assert text_scores.bleu(text_scores.bleu_counts(TRUTH[0], TRUTH[0])) == pytest.approx(1)


def test_word_and_character_errors():
    assert text_scores.ratio(total(text_scores.word_errors)) == pytest.approx(WER)
    assert text_scores.ratio(total(text_scores.character_errors)) == pytest.approx(CER)
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


def test_map_is_cocos():
    rng = np.random.default_rng(0)
    images = []
    for _ in range(8):
        n = rng.integers(1, 4)
        corner, size = rng.uniform(0, 60, (n, 2)), rng.uniform(20, 40, (n, 2))
        kinds = rng.integers(0, 2, n)
        moved = corner + rng.normal(0, 3, (n, 2))
        said = regions.Boxes(np.concatenate([moved, moved + size], 1), kinds, rng.random(n))
        there = regions.Boxes(np.concatenate([corner, corner + size], 1), kinds, np.ones(n))
        images.append([regions.matched(said, there, k) for k in range(2)])
    assert regions.mean_average_precision(images) == pytest.approx(MAP, abs=1e-9)
