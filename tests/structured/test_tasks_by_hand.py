"""What each task makes of a row, a batch, a model's outputs: counted by hand, nothing fitted."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from landbridge.base.errors import BackboneError, DataError
from landbridge.base.inside import Place
from landbridge.structured.base import TASKS, Example
from landbridge.structured.images import class_colours
from landbridge.structured.options import TaskOptions
from landbridge.structured.speech import RATE

HERE = Place(Path())


def task(name, **options):
    return TASKS.get(name)(TaskOptions(**options))


class Says(torch.nn.Module):
    """A model whose outputs are known, and that keeps what it was given."""

    def __init__(self, **outputs):
        super().__init__()
        self.where, self.given = torch.nn.Parameter(torch.zeros(1)), None
        self.outputs = SimpleNamespace(**outputs)

    def forward(self, **given):
        self.given = given
        return self.outputs


def png(array):
    out = io.BytesIO()
    Image.fromarray(np.asarray(array, np.uint8)).save(out, "PNG")
    return out.getvalue()


# Tags ---------------------------------------------------------------------------------------------


@pytest.fixture
def tags(tagger):
    own = task("token-classification", length=4)
    own.labels = ["O", "B-PER", "I-PER"]
    own.open(tagger)
    return own


def test_the_first_piece_of_a_word_is_labelled(tags):
    found = tags.encode(Example(["ada", "rome ada", "x"], ["B-PER", "B-LOC", "O"]))
    assert len(found["input_ids"]) == len(found["labels"]) == 4  # cut there
    assert found["labels"] == [1, -100, -100, 0]  # "B-LOC" is not learned; of two pieces the first
    batch = tags.collate([found, tags.encode(Example(["ada"], ["B-PER"]))])
    assert batch["labels"].tolist() == [[1, -100, -100, 0], [1, -100, -100, -100]]
    assert batch["attention_mask"].sum(1).tolist() == [4, 1]


def test_the_first_piece_of_a_word_answers_and_words_beyond_the_last_are_outside(tags):
    logits = torch.eye(3)[torch.tensor([[1, 2, 1, 0], [2, 0, 0, 0]])]
    model = Says(logits=logits)
    said = tags.predict(model, [Example(["ada", "rome ada", "x", "bob", "eve"]), Example(["mia"])])
    assert said == [["B-PER", "I-PER", "O", "O", "O"], ["I-PER"]]
    assert "labels" not in model.given


def test_tags_are_learned_with_their_insides():
    own = task("token-classification")
    own.learn_labels([Example(["a"], ["B-PER"]), Example(["b", "c"], ["O", "B-LOC"]), Example([])])
    assert own.labels == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    with pytest.raises(DataError, match="the rows to learn from have the tags"):
        own.learn_labels([Example(["a"], ["O"])])
    shown = own.shown(Example(["ada", "sat"], ["B-PER", "O"]), ["O", "O"])
    assert shown == {
        "lines": [("given", "ada sat"), ("true", "ada (B-PER)"), ("said", "nothing")],
        "right": False,
    }
    assert own.shown(Example(["a"], ["O"]), ["O"])["right"]
    f1, accuracy = own.metrics()
    assert accuracy.of([accuracy.counts(["O", "O"], ["B-PER", "O"])]) == 0.5
    assert f1.of([f1.counts(["O", "O"], ["B-PER", "O"])]) == 0


def test_words_and_tags_as_cells_hold_them():
    own = task("token-classification")
    row = {"tokens": "ada sat", "tags": ["B-PER", "O"]}
    assert own.example(row, "row 1", HERE, True).truth == ["B-PER", "O"]
    assert own.example(row, "row 1", HERE, False).truth is None
    for broken, says in (
        ({"tokens": [], "tags": []}, "row 1 has no words"),
        ({"tokens": ["a", None], "tags": ["O", "O"]}, "row 1: item 2 of 'tokens' is missing"),
        ({"tokens": ["a"], "tags": ["O", "O"]}, "row 1 has 1 words and 2 tags"),
    ):
        with pytest.raises(DataError, match=says):
            own.example(broken, "row 1", HERE, True)


# Pictures -----------------------------------------------------------------------------------------


@pytest.fixture
def masks():
    own = task("segmentation")
    own.size, own.mean, own.std = (2, 4), (0.5, 0.5, 0.5), (0.25, 0.5, 1.0)
    own.labels = ["class 0", "class 1", "class 2"]
    return own


def test_pixels_are_brought_to_the_models_size_and_scale(masks):
    image = masks.opened(Example(png(np.full((6, 8, 3), (0, 255, 51))), None, "a"))
    found = masks.pixels(image)
    assert (found.shape, found.dtype) == ((3, 2, 4), np.float32)
    assert np.allclose(found.reshape(3, -1).T, [-2.0, 1.0, -0.3], atol=1e-6)


def test_masks_are_learned_at_the_models_size(masks):
    mask = np.array([[0, 0, 1, 1], [0, 7, 255, 2]])
    found = masks.encode(Example(png(np.zeros((2, 4))), mask, "a"))
    assert found["labels"].tolist() == [[0, 0, 1, 1], [0, 255, 255, 2]]  # 7 is no class
    masks.learn_labels([Example(b"", mask % 7), Example(b"", None)])
    assert masks.labels == ["class 0", "class 1", "class 2", "class 3"]
    with pytest.raises(DataError, match="one class"):
        masks.learn_labels([Example(b"", np.array([[0, 255]]))])


def test_answers_have_the_images_own_size(masks):
    logits = torch.zeros(1, 3, 2, 2)
    logits[0, 2, :, 1] = 4.0
    logits[0, 1, :, 0] = 4.0
    (said,) = masks.predict(Says(logits=logits), [Example(png(np.zeros((6, 8))), None, "a")])
    assert said.shape == (6, 8)
    assert (said[:, :4] == 1).all()
    assert (said[:, 4:] == 2).all()
    assert masks.plain(said) == {"class 0": 0.0, "class 1": 0.5, "class 2": 0.5}
    assert masks.plain(np.zeros((2, 2), int)) == {"class 0": 1.0, "class 1": 0.0, "class 2": 0.0}
    (metric,) = masks.metrics()
    truth = np.where(np.arange(8) < 4, 1, 0) * np.ones((6, 1), int)
    assert metric.of([metric.counts(said, truth)]) == pytest.approx(1 / 3)
    with pytest.raises(DataError, match="a mask has"):
        metric.counts(said, truth[:3])
    shown = masks.shown(Example(png(np.zeros((6, 8))), truth, "a"), said)
    assert [what for _, what in shown["pictures"]] == ["image", "true", "said"]
    assert shown["lines"] == [("wrong", "50.0 % of the pixels")]
    colours = class_colours(3)
    assert (shown["pictures"][2][0][0, -1] == colours[2]).all()


def test_masks_that_are_none():
    own = task("segmentation")
    row = {"image": png(np.zeros((2, 2))), "mask": png(np.zeros((2, 2, 3)))}
    with pytest.raises(DataError, match="the mask of row 1 is RGB, expected one number a pixel"):
        own.example(row, "row 1", HERE, True)
    out = io.BytesIO()
    Image.fromarray(np.array([[0, 256]], np.uint16)).save(out, "PNG")
    with pytest.raises(DataError, match="the mask of row 1 holds 256, the largest class can be"):
        own.example({**row, "mask": out.getvalue()}, "row 1", HERE, True)
    with pytest.raises(DataError, match=r"row 9: the file .* is not there"):
        own.example({"image": None, "mask": None}, "row 9", HERE, False)


def test_colours_are_as_many_as_classes_and_a_grey_one():
    found = class_colours(4)
    assert found.shape == (5, 3)
    assert len({tuple(c) for c in found.tolist()}) == 5
    assert found[0].max() < 60
    assert found[4].tolist() == [153, 153, 153]
    assert class_colours(0).shape == (1, 3)


def test_the_size_is_the_options_or_the_models_own(tmp_path):
    def opened(config, **options):
        own = task("segmentation", **options)
        (tmp_path / "config.json").write_text(json.dumps({"model_type": "segformer", **config}))
        own.open(tmp_path)
        return own.size

    assert opened({}) == (256, 256)
    assert opened({"image_size": 64}) == (64, 64)
    assert opened({"image_size": [32, 48]}) == (32, 48)
    assert opened({"image_size": 64}, size=24) == (24, 24)
    with pytest.raises(BackboneError, match="wants images of 99999 x 5 pixels, expected at most"):
        opened({"image_size": [99999, 5]})
    with pytest.raises(BackboneError, match="wants images of 0 x 0"):
        opened({"image_size": [0, 0]})
    assert opened({"image_size": [0, 0]}, size=8) == (8, 8)
    (tmp_path / "config.json").write_text('{"model_type": "segformer"}')
    again = task("segmentation")
    again.size, again.mean, again.std = (3, 5), (0.1, 0.2, 0.3), (0.4, 0.5, 0.6)
    again.save(tmp_path)
    other = task("segmentation")
    other.open(tmp_path)
    assert (other.mean, other.std) == (pytest.approx(again.mean), pytest.approx(again.std))


# Boxes --------------------------------------------------------------------------------------------


@pytest.fixture
def boxes():
    own = task("detection", threshold=0.3)
    own.labels, own.size = ["cat", "dog"], (4, 4)
    return own


def box(left, top, right, low, label="cat", **more):
    return {"box": [left, top, right, low], "label": label, **more}


@pytest.mark.parametrize("keys", [("bbox", "category"), ("boxes", "categories"), ("bbox", "label")])
def test_boxes_as_files_hold_them(boxes, keys):
    value = {keys[0]: [[1, 2, 3, 4]], keys[1]: ["dog"]}
    row = {"image": b"", "objects": value}
    assert boxes.example(row, "r", HERE, True).truth == [box(1, 2, 4, 6, "dog")]
    as_list = [{"bbox": [1, 2, 3, 4], keys[1].replace("ies", "y"): "dog"}]
    assert boxes.example({"image": b"", "objects": as_list}, "r", HERE, True).truth == [
        box(1, 2, 4, 6, "dog")
    ]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"bbox": [[0, 0, 1, 1]]}, r"row 1: 'objects' has the keys \['bbox'\]"),
        ({"bbox": [[0, 0, 1, 1]], "category": []}, "row 1: 'objects' has the keys"),
        (3, "row 1: 'objects' is a int, expected a list of boxes"),
        ([{"bbox": [0, 0, 1]}], "row 1: 'objects' holds .* which is no box"),
        ([{"bbox": [0, 0, 1, "x"]}], "which is no box"),
        ([{"bbox": [0, 0, float("nan"), 1]}], "row 1: the box .* is not finite"),
        ([{"bbox": [0, 0, 0, 1]}], "has no area"),
        ([{"bbox": [0, 0, 1, -1]}], "has no area"),
    ],
)
def test_boxes_that_are_none(boxes, value, says):
    with pytest.raises(DataError, match=says):
        boxes.example({"image": b"", "objects": value}, "row 1", HERE, True)


def test_boxes_are_learned_as_shares_of_the_image(boxes):
    image = png(np.zeros((10, 20, 3)))
    truth = [box(2, 1, 6, 5, "dog"), box(0, 0, 40, 10), box(0, 0, 5, 5, "owl")]
    found = boxes.encode(Example(image, truth, "a"))["labels"]
    assert found["class_labels"].tolist() == [1, 0]
    assert found["boxes"].tolist() == pytest.approx(
        [pytest.approx([0.2, 0.3, 0.2, 0.4]), pytest.approx([1.0, 0.5, 1.0, 1.0])]
    )
    empty = boxes.encode(Example(image, [], "a"))
    assert empty["labels"]["boxes"].shape == (0, 4)
    batch = boxes.collate([empty, empty])
    assert (batch["pixel_values"].shape, len(batch["labels"])) == ((2, 3, 4, 4), 2)
    assert "labels" not in boxes.collate([{"pixel_values": empty["pixel_values"]}])
    boxes.learn_labels([Example(b"", truth), Example(b"", None)])
    assert boxes.labels == ["cat", "dog", "owl"]
    with pytest.raises(DataError, match="has a box"):
        boxes.learn_labels([Example(b"", [])])


def test_sure_boxes_are_answered_the_surest_first(boxes):
    chances = torch.tensor([[[0.2, 0.4, 0.4], [0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]]).log()
    where = torch.tensor([[[0.5, 0.5, 0.2, 0.4], [0.5, 0.5, 1.0, 1.0], [0.9, 0.5, 0.4, 0.2]]])
    model = Says(logits=chances, pred_boxes=where)
    (said,) = boxes.predict(model, [Example(png(np.zeros((10, 20, 3))), None, "a")])
    assert [(o["label"], o["score"]) for o in said] == [("cat", 0.8), ("dog", 0.4)]
    assert said[0]["box"] == [14.0, 4.0, 20.0, 6.0]  # cut at the border
    assert said[1]["box"] == [8.0, 3.0, 12.0, 7.0]
    truth = [box(8, 3, 12, 7, "dog"), box(0, 0, 5, 5, "owl")]
    (metric,) = boxes.metrics()
    assert metric.of([metric.counts(said, truth)]) == 1.0  # of the dogs; "owl" is no label
    shown = boxes.shown(Example(png(np.zeros((10, 20, 3))), truth[:1], "a"), said)
    assert shown["lines"] == [("true", "1 dog"), ("said", "1 cat")]  # as many as there are
    true, _ = shown["pictures"][0]
    assert true.shape == (80, 160, 3)
    assert true[24, 64:96].any()
    assert not true[:20].any()
    assert boxes.shown(Example(png(np.zeros((9, 9, 3))), [], "a"), [])["lines"][0][1] == "nothing"


# Recordings ---------------------------------------------------------------------------------------


def test_letters_of_transcriptions():
    own = task("speech-recognition")
    own.learn_labels([Example(b"", "b a"), Example(b"", None), Example(b"", "c")])
    assert own.labels == ["<pad>", "<unk>", "|", "a", "b", "c"]
    assert own.truth({"text": " Hm  HM\n"}, "text", "row 1", HERE) == "hm hm"
    with pytest.raises(DataError, match="row 1: 'text' holds 3"):
        own.truth({"text": 3}, "text", "row 1", HERE)


def heard(own, wave):
    own.wave = lambda example: np.asarray(wave, np.float32)
    return own


@pytest.mark.parametrize(("labels", "said"), [("abc", [3, 2, 1, 5]), ("ABC", [3, 2, 1, 5])])
def test_letters_are_learned_in_the_case_of_the_vocabulary(labels, said):
    own = heard(task("speech-recognition"), [1.0, 3.0])
    own.labels = ["<pad>", "<unk>", "|", *labels]
    found = own.encode(Example(b"", "a äc"))
    assert found["labels"] == said
    assert found["input_values"].tolist() == pytest.approx([-1, 1], abs=1e-5)
    own.normalise = False
    assert own.encode(Example(b"", "a"))["input_values"].tolist() == [1, 3]
    own.labels.remove("<unk>")
    assert own.encode(Example(b"", "ä"))["labels"] == [-100]


def test_waves_are_filled_up_and_their_ends_masked():
    own = task("speech-recognition")
    rows = [{"input_values": np.ones(n, np.float32), "labels": [n] * n} for n in (3, 1)]
    batch = own.collate(rows)
    assert batch["input_values"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert batch["labels"].tolist() == [[3, 3, 3], [1, -100, -100]]


def test_repeats_and_blanks_are_taken_out():
    own = heard(task("speech-recognition"), np.zeros(8))
    own.labels = ["<pad>", "<unk>", "|", "A", "B"]
    frames = torch.tensor([[3, 3, 0, 3, 2, 2, 4, 4], [1, 3, 3, 2, 4, 3, 3, 3]])
    model = Says(logits=torch.eye(5)[frames])
    model.config = SimpleNamespace(pad_token_id=0)
    model._get_feat_extract_output_lengths = lambda samples: torch.tensor([8, 5])
    assert own.predict(model, [Example(b""), Example(b"")]) == ["aa b", "a b"]


def test_recordings_are_cut_at_so_many_seconds(recordings):
    for seconds in (0.1, 0.2):
        own = task("speech-recognition", seconds=seconds)
        assert len(own.wave(Example(recordings[0]["audio"]))) == seconds * RATE
    own = task("speech-recognition")
    assert len(own.wave(Example(recordings[0]["audio"]))) == 9600


def test_a_models_vocabulary_and_rate(tmp_path):
    own = task("speech-recognition")
    own.labels = ["<pad>", "a"]
    own.open(tmp_path)  # nothing there: what was learned stays
    assert (own.labels, own.normalise) == (["<pad>", "a"], True)
    (tmp_path / "vocab.json").write_text('{"b": 1, "<pad>": 0, "c": 2}')
    (tmp_path / "preprocessor_config.json").write_text('{"do_normalize": false}')
    own.open(tmp_path)
    assert (own.labels, own.normalise) == (["<pad>", "b", "c"], False)
    own.save(tmp_path)
    other = task("speech-recognition")
    other.open(tmp_path)
    assert (other.labels, other.normalise) == (own.labels, own.normalise)
    (tmp_path / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')
    with pytest.raises(BackboneError, match="wants 8000 Hz, and 16000 are given"):
        own.open(tmp_path)


def test_the_blank_of_a_vocabulary_fills_up(listener):
    own = task("speech-recognition")
    own.labels = ["a", "<pad>", "b"]
    found = own.config(listener)
    assert (found.pad_token_id, found.vocab_size) == (1, 3)
    assert (found.ctc_zero_infinity, found.ctc_loss_reduction) == (True, "mean")
    own.labels = ["a", "b"]
    assert own.config(listener).pad_token_id == 0


def test_what_is_done_to_waves_is_written_for_transformers(tmp_path):
    from transformers import AutoFeatureExtractor

    own = task("speech-recognition")
    own.labels = ["<pad>", "a"]
    own.save(tmp_path)
    made = AutoFeatureExtractor.from_pretrained(tmp_path)
    assert (made.sampling_rate, made.feature_size, made.padding_value) == (16000, 1, 0.0)
    assert (made.do_normalize, made.return_attention_mask) == (True, True)
    assert json.loads((tmp_path / "vocab.json").read_text()) == {"<pad>": 0, "a": 1}


def test_pictures_are_enlarged_without_new_shades(boxes):
    sharp = png(np.where(np.arange(64).reshape(8, 8)[..., None] % 2, 255, 0) * np.ones(3, int))
    shown, _ = boxes.shown(Example(sharp, [], "a"), [])["pictures"][0]
    assert shown.shape == (160, 160, 3)
    assert set(np.unique(shown)) == {0, 255}


def test_a_mask_that_is_no_image_is_named():
    own = task("segmentation")
    with pytest.raises(DataError, match="the mask of row 4 cannot be decoded"):
        own.example({"image": b"", "mask": b"none"}, "row 4", HERE, True)
    with pytest.raises(DataError, match="row 5 cannot be decoded"):
        own.opened(Example(b"none", None, "row 5"))


def test_other_spaces_than_blanks_are_of_a_token(tmp_path):
    from landbridge.structured.conll import conll_rows

    (tmp_path / "a.conll").write_text("10\u00a0\tO\n a b \tB-X \n", encoding="utf-8")
    assert conll_rows(tmp_path / "a.conll")[0] == {
        "tokens": ["10\u00a0", "a b"],
        "tags": ["O", "B-X"],
    }
