"""Scores of structured answers are those of the field's own tools, on random answers.

sacreBLEU (BLEU, chrF), rouge-score (ROUGE-L), jiwer (WER, CER), seqeval (F1 of spans in IOB2 and
IOBES) and pycocotools (mAP of boxes, overlap of masks) are asked each time.
"""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import pytest
from hypothesis import strategies as st

import needs
from landbridge.metrics.regions import box_iou
from landbridge.structured.base import TASKS
from landbridge.structured.options import TaskOptions
from properties import holds

WORDS = (
    "the cat sat on a mat cats Mats 3.5 1,000 very-small it's (so) & &amp; end. no! 10-20 % ’tis"
)
SIGNS = st.text("abcAB .,;:!?'\"-()/&%0123456789éß", max_size=30)
SENTENCE = st.lists(st.sampled_from(WORDS.split()), min_size=1, max_size=14).map(" ".join)
HANZI = st.text("今天气很好我们去公园吧。，3A ", min_size=1, max_size=12)


@st.composite
def pairs(draw, texts):
    """Texts and what was said of them: partly the same words in part of their places."""
    found = []
    for _ in range(draw(st.integers(1, 4))):
        there, other = draw(texts), draw(texts)
        cut = draw(st.integers(0, len(there)))
        said = draw(st.sampled_from([there, other, there[:cut] + other[cut:]]))
        found.append((said, there))
    return found


def scores_of(task, answers, labels=()):
    """Return all scores of a task, by name."""
    made = TASKS.get(task)(TaskOptions(), labels)
    return {m.name: m.of([m.counts(*pair) for pair in answers]) for m in made.metrics()}


@holds(answers=pairs(st.one_of(SENTENCE, SIGNS)))
def test_bleu_and_chrf_are_sacrebleus(answers):
    metrics = needs.package("sacrebleu").metrics
    ours = scores_of("text-to-text", answers)
    said, there = zip(*answers, strict=True)
    for name, theirs in (("BLEU", metrics.BLEU()), ("chrF", metrics.CHRF())):
        score = theirs.corpus_score(list(said), [list(there)]).score
        assert 100 * ours[name] == pytest.approx(score, abs=1e-6), name


@holds(answers=pairs(HANZI))
def test_bleu_of_chinese_is_sacrebleus(answers):
    metrics = needs.package("sacrebleu").metrics
    said, there = zip(*answers, strict=True)
    score = metrics.BLEU(tokenize="zh").corpus_score(list(said), [list(there)]).score
    assert 100 * scores_of("text-to-text", answers)["BLEU"] == pytest.approx(score, abs=1e-6)


@holds(answers=pairs(SENTENCE.filter(lambda text: any(map(str.isalnum, text)))))
def test_rouge_l_is_googles(answers):
    """Of texts with a word at all: of "&" for "&" ours says 1, theirs 0."""
    needs.package("rouge_score")
    from rouge_score.rouge_scorer import RougeScorer

    theirs = RougeScorer(["rougeL"])
    expected = [theirs.score(there, said)["rougeL"].fmeasure for said, there in answers]
    assert scores_of("text-to-text", answers)["ROUGE-L"] == pytest.approx(np.mean(expected))


@pytest.mark.parametrize("task", ["speech-recognition", "speech-to-text"])
def test_word_and_character_errors_are_jiwers(task):
    jiwer = needs.package("jiwer")

    @holds(answers=pairs(st.one_of(SENTENCE, HANZI).map(str.split).map(" ".join).filter(len)))
    def agree(answers):
        said, there = (list(texts) for texts in zip(*answers, strict=True))
        ours = scores_of(task, answers)
        assert ours["WER"] == pytest.approx(jiwer.wer(there, said))
        assert ours["CER"] == pytest.approx(jiwer.cer(there, said))

    agree(25)


MARKS = st.sampled_from(["O", *(f"{m}-{k}" for m in "BI" for k in ("PER", "LOC"))])


@st.composite
def tagged(draw, tags):
    """Sentences' tags and what was said, as long."""
    size = st.shared(st.integers(1, 9), key="size")
    rows = st.tuples(*(size.flatmap(tags) for _ in range(2)))
    return draw(st.lists(rows, min_size=1, max_size=4))


@st.composite
def iobes(draw, n):
    """Whole spans in IOBES, one after another, of n tokens."""
    tags = []
    while len(tags) < n:
        kind, long = draw(st.sampled_from(["", "PER", "LOC"])), draw(st.integers(1, 3))
        long = min(long, n - len(tags))
        marks = "O" if not kind else "S" if long == 1 else "B" + "I" * (long - 2) + "E"
        tags += [f"{mark}-{kind}" if kind else mark for mark in marks]
    return tags


@holds(answers=tagged(lambda n: st.lists(MARKS, min_size=n, max_size=n)))
def test_f1_of_spans_in_iob2_is_seqevals(answers):
    agree_with_seqeval(answers)


@holds(answers=tagged(iobes))
def test_f1_of_spans_in_iobes_is_seqevals(answers):
    needs.package("seqeval")
    from seqeval.scheme import IOBES

    agree_with_seqeval(answers, mode="strict", scheme=IOBES)


def agree_with_seqeval(answers, **how):
    needs.package("seqeval")
    from seqeval.metrics import accuracy_score, f1_score

    said, there = (list(tags) for tags in zip(*answers, strict=True))
    ours = scores_of("token-classification", answers)
    assert ours["token accuracy"] == pytest.approx(accuracy_score(there, said))
    if any(tag != "O" for row in said + there for tag in row):  # of nothing, seqeval's F1 is 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # no span was said, or is there
            assert ours["F1"] == pytest.approx(f1_score(there, said, **how))


@st.composite
def boxes(draw, scored):
    """Boxes of a small grid: many overlap alike, which is where tools may differ."""
    places = st.tuples(*(st.integers(0, 6) for _ in "xy"), *(st.integers(1, 8) for _ in "wh"))
    kinds = st.sampled_from(["cat", "dog", "owl"])
    scores = st.integers(1, 9).map(lambda x: x / 10)
    found = []
    for (x, y, w, h), kind in draw(st.lists(st.tuples(places, kinds), max_size=7)):
        box = {"box": [x, y, x + w, y + h], "label": kind}
        found.append(box | ({"score": draw(scores)} if scored else {}))
    return found


@holds(answers=st.lists(st.tuples(boxes(True), boxes(False)), min_size=1, max_size=4))
def test_map_of_boxes_is_cocos(answers):
    labels = ["cat", "dog", "owl"]
    expected = coco(answers, labels)
    assert scores_of("detection", answers, labels)["mAP"] == pytest.approx(expected, abs=1e-9)


def test_of_true_boxes_that_overlap_alike_the_last_is_found_as_cocos_is():
    there = [{"box": [x, 0, x + 10, 10], "label": "cat"} for x in (0, 2)]
    said = [
        {"box": [x, 0, x + 10, 10], "label": "cat", "score": s} for x, s in ((1, 0.9), (0, 0.8))
    ]
    expected = coco([(said, there)], ["cat"])
    assert scores_of("detection", [(said, there)], ["cat"])["mAP"] == pytest.approx(expected)


def coco(answers, labels):
    """Return pycocotools' mAP; 0 where there is nothing to find, or nothing was said."""
    needs.package("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def rows(side):
        for image, pair in enumerate(answers, 1):
            for box in pair[side]:
                x, y, right, low = box["box"]
                size = right - x, low - y
                yield {
                    "image_id": image,
                    "category_id": 1 + labels.index(box["label"]),
                    "bbox": [x, y, *size],
                    "area": size[0] * size[1],
                    "iscrowd": 0,
                    **({"score": box["score"]} if "score" in box else {}),
                }

    said, there = list(rows(0)), [row | {"id": i} for i, row in enumerate(rows(1), 1)]
    if not said or not there:
        return 0.0
    truth = COCO()
    truth.dataset = {
        "images": [{"id": i} for i in range(1, 1 + len(answers))],
        "categories": [{"id": i, "name": name} for i, name in enumerate(labels, 1)],
        "annotations": there,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        judge = COCOeval(truth, truth.loadRes(said), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0])


CORNERS = st.lists(st.tuples(*(st.floats(0, 9) for _ in "xywh")), min_size=1, max_size=5)


@holds(a=CORNERS, b=CORNERS)
def test_overlap_of_boxes_is_cocos(a, b):
    needs.package("pycocotools")
    from pycocotools import mask

    a, b = (np.array(x) + np.array([0, 0, 0.1, 0.1]) for x in (a, b))
    ours = box_iou(*(np.concatenate([x[:, :2], x[:, :2] + x[:, 2:]], 1) for x in (a, b)))
    np.testing.assert_allclose(ours, mask.iou(a, b, [0] * len(b)), atol=1e-12)


@holds(seed=st.integers(0, 10_000), classes=st.integers(2, 5), images=st.integers(1, 3))
def test_overlap_of_masks_is_cocos(seed, classes, images):
    needs.package("pycocotools")
    from pycocotools import mask

    rng = np.random.default_rng(seed)
    there = rng.integers(0, classes, (images, 5, 7))
    said = np.where(rng.random(there.shape) < 0.5, there, rng.integers(0, classes, there.shape))
    expected = []
    for kind in range(classes):
        one, other = (
            mask.encode(np.asfortranarray(x.reshape(-1, 7) == kind, np.uint8))
            for x in (said, there)
        )
        if mask.area(one) or mask.area(other):
            expected.append(mask.iou([one], [other], [0])[0, 0])
    labels = [f"class {i}" for i in range(classes)]
    ours = scores_of("segmentation", list(zip(said, there, strict=True)), labels)["mIoU"]
    assert ours == pytest.approx(np.mean(expected))
