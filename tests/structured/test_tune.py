"""Each task from rows to a verdict, with tiny models of random weights."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

import landbridge
from landbridge.base.errors import BackboneError, DataError, RunError
from landbridge.structured.base import TASKS, Example
from landbridge.structured.fit import tune
from landbridge.structured.options import FitOptions, TaskOptions
from landbridge.structured.tuned import load_tuned

# Model, rows, steps, rate, score, and what of it at least (errors: at most).
CASES = {
    "token-classification": ("tagger", "sentences", 80, 3e-3, "F1", 0.9),
    "text-to-text": ("translator", "pairs", 450, 5e-3, "chrF", 0.6),
    "speech-recognition": ("listener", "recordings", 250, 3e-3, "WER", None),
    "speech-to-text": ("whisperer", "spoken", 200, 5e-3, "WER", None),
    "segmentation": ("segmenter", "scenes", 80, 5e-3, "mIoU", 0.7),
    "detection": ("detector", "things", 60, 3e-3, "mAP", None),
}


def quick(task, data, model, out, steps, rate, **more):
    fit = FitOptions(steps=steps, learning_rate=rate, device="cpu", **more.pop("fit", {}))
    more = {"keep_duplicates": True} | more  # rows are drawn from few words, to be learned soon
    return tune(task, data, model=str(model), out=out, fit=fit, scratch=False, **more)


def test_every_task_is_tried():
    assert set(CASES) == set(TASKS)


@pytest.mark.parametrize("task", list(CASES))
def test_from_rows_to_a_verdict(task, request, tmp_path):
    model, data, steps, rate, metric, least = CASES[task]
    data = request.getfixturevalue(data)
    own = {"size": 48} if task == "segmentation" else {"new_tokens": 8}
    options = TaskOptions(**{k: v for k, v in own.items() if k in TASKS.get(task).takes})
    tuned = quick(
        task, data, request.getfixturevalue(model), tmp_path / "run", steps, rate, options=options
    )
    assert tuned.verdict["metric"] == metric
    score = tuned.verdict["models"][0]["scores"][metric]
    assert np.isfinite(score)
    if least is not None:
        assert score > least, tuned.verdict
    assert not (tmp_path / "run" / "work").exists()
    lines = (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()
    assert len(lines) == tuned.verdict["judged_rows"]
    assert {"name", "truth", "predicted"} == set(json.loads(lines[0]))
    assert tuned.verdict["sentence"] in (tmp_path / "run" / "README.md").read_text()

    report = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert tuned.verdict["metric"] in report
    assert report.count("<article") == min(12, tuned.verdict["judged_rows"])
    assert ("data:image/png" in report) == (task in ("segmentation", "detection"))

    again = landbridge.load(tmp_path / "run")
    assert again.report(tmp_path / "r.html").read_text("utf-8") == report
    own = tuned.examples(data)[:5]
    both = [[tuned.task.plain(x) for x in t.predict_examples(own)] for t in (tuned, again)]
    assert both[0] == both[1]
    assert set(again.evaluate(data)["scores"]) == {m.name for m in tuned.task.metrics()}


def test_lora_moves_little_and_is_merged(tagger, sentences, tmp_path):
    whole = quick("token-classification", sentences, tagger, tmp_path / "a", 40, 3e-3)
    lora = quick(
        "token-classification", sentences, tagger, tmp_path / "b", 120, 1e-2, fit={"lora": True}
    )
    counts = [t.facts["parameters"]["moved"] for t in (whole, lora)]
    assert counts[1] < counts[0] / 2
    assert lora.verdict["models"][0]["scores"]["F1"] > 0.8
    names = [name for name, _ in landbridge.load_tuned(tmp_path / "b").model.named_parameters()]
    assert not any("lora" in name for name in names)


def test_the_verdict_compares_with_scratch_and_with_the_model_as_it_is(translator, pairs, tmp_path):
    fit = FitOptions(steps=60, learning_rate=5e-3, device="cpu")
    tuned = tune(
        "text-to-text",
        pairs,
        model=str(translator),
        out=tmp_path / "run",
        fit=fit,
        options=TaskOptions(new_tokens=8),
    )
    models = {row["model"]: row for row in tuned.verdict["models"]}
    assert set(models) == {"tuned", "scratch", "as it is"}
    assert tuned.verdict["reference"] == "scratch"
    gap = models["scratch"]["difference"]
    expected = models["tuned"]["scores"]["chrF"] - models["scratch"]["scores"]["chrF"]
    assert gap["value"] == pytest.approx(expected)
    assert gap["low"] <= gap["high"]
    assert {"BLEU", "chrF", "ROUGE-L"} == set(models["tuned"]["scores"])


def test_a_model_that_knows_the_tags_already_answers_as_it_is(tagger, sentences, tmp_path):
    first = quick("token-classification", sentences, tagger, tmp_path / "a", 80, 3e-3)
    assert first.verdict["reference"] is None
    second = quick(
        "token-classification", sentences, tmp_path / "a" / "model", tmp_path / "b", 5, 1e-5
    )
    models = {row["model"]: row for row in second.verdict["models"]}
    assert models["as it is"]["scores"]["F1"] > 0.9
    assert second.verdict["outcome"] == "can't tell"


def test_answers_that_judge_do_not_reach_training(tagger, sentences, tmp_path):
    judged = [dict(row, split="test") for row in sentences[:20]]
    rows = [*sentences[20:], *judged]
    wrong = [*sentences[20:], *[dict(row, ner_tags=["O"] * 4) for row in judged]]
    a = quick("token-classification", rows, tagger, tmp_path / "a", 20, 3e-3)
    b = quick("token-classification", wrong, tagger, tmp_path / "b", 20, 3e-3)
    states = [t.model.state_dict() for t in (a, b)]
    assert all(bool((states[0][k] == states[1][k]).all()) for k in states[0])


@pytest.mark.parametrize("lora", [False, True])
def test_an_interrupted_call_goes_on_to_the_same_model(tagger, sentences, tmp_path, lora):
    from landbridge.base.events import Events

    def fitted(out, steps, **more):
        fit = {"lora": lora}
        return quick("token-classification", sentences, tagger, out, steps, 3e-3, fit=fit, **more)

    whole = fitted(tmp_path / "a", 50)

    class Stop:
        def event(self, event):
            if event["event"] == "step" and event["step"] >= 40:
                raise KeyboardInterrupt

        def progress(self, what, total):
            from landbridge.base.events import SILENT

            return SILENT.progress(what, total)

    with pytest.raises(KeyboardInterrupt):
        fitted(tmp_path / "b", 50, events=Events(None, Stop()))
    assert list((tmp_path / "b" / "work").rglob("checkpoint-*"))
    with pytest.raises(RunError, match="begun with other fit"):
        fitted(tmp_path / "b", 60)
    again = fitted(tmp_path / "b", 50)
    states = [t.model.state_dict() for t in (whole, again)]
    assert all(bool((states[0][k] == states[1][k]).all()) for k in states[0])


@pytest.mark.parametrize(
    ("task", "rows", "says"),
    [
        ("token-classification", [{"tokens": ["a", "b"], "tags": ["O"]}] * 4, "2 words and 1 tags"),
        ("token-classification", [{"words": ["a"], "tags": ["O"]}] * 4, "at least two"),
        ("token-classification", [{"x": 1}] * 4, "none of the columns x"),
        ("text-to-text", [{"source": "", "target": "b"}] * 4, "expected a text"),
        ("text-to-text", [{"source": "a", "target": None}] * 4, "have an answer"),
        ("speech-recognition", [{"audio": "no.wav", "text": "a"}] * 4, "is not there"),
        ("detection", [{"image": b"x", "objects": {"bbox": [[0, 0, 0, 1]], "category": ["a"]}}] * 4,
         "has no area"),
        ("segmentation", [{"image": b"x", "mask": b"y"}] * 4, "cannot be decoded"),
        ("text-to-text", [{"source": "a", "target": "b"}], "at least two rows"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rows_is_said(task, rows, says, tagger, tmp_path):
    with pytest.raises(DataError, match=says):
        quick(task, rows, tagger, tmp_path / "run", 1, 1e-3)
    assert not (tmp_path / "run").exists()


def test_a_model_that_cannot_do_the_task(tagger, pairs, tmp_path):
    with pytest.raises(BackboneError, match="cannot do text-to-text"):
        quick("text-to-text", pairs, tagger, tmp_path / "a", 1, 1e-3)
    with pytest.raises(BackboneError, match="neither a folder nor a hub id"):
        quick("text-to-text", pairs, "nowhere", tmp_path / "b", 1, 1e-3)


def test_files_are_read_in_their_layouts(tmp_path, sentences):
    from landbridge.structured.rows import read_rows

    path = tmp_path / "some.conll"
    path.write_text("-DOCSTART- O\n\nada B-PER\nsleeps O\n\nin O\nrome B-LOC\n")
    rows = read_rows(path).rows
    assert rows == [
        {"tokens": ["ada", "sleeps"], "tags": ["B-PER", "O"]},
        {"tokens": ["in", "rome"], "tags": ["O", "B-LOC"]},
    ]
    lines = tmp_path / "some.jsonl"
    lines.write_text("\n".join(json.dumps(row) for row in sentences[:3]))
    assert [dict(row) for row in read_rows(lines).rows] == sentences[:3]
    for split in ("train", "test"):
        (tmp_path / "f" / split).mkdir(parents=True)
        (tmp_path / "f" / split / "metadata.jsonl").write_text(
            json.dumps({"file_name": "a.wav", "text": "hm"})
        )
    found = read_rows(tmp_path / "f")
    assert sorted(found.splits) == ["test", "train"]
    assert sorted(row["file_name"] for row in found.rows) == ["test/a.wav", "train/a.wav"]


def png(image):
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("task", ["segmentation", "detection"])
def test_transparent_and_sixteen_bit_images_are_read_as_everywhere(task):
    own = TASKS.get(task)(TaskOptions())

    def pixel(content):
        return own.opened(Example(content, None, "a")).getpixel((0, 0))

    clear = png(Image.new("RGBA", (2, 2), (9, 9, 9, 0)))
    deep = png(Image.fromarray(np.full((2, 2), 257 * 100, np.uint16)))
    assert pixel(clear) == (255, 255, 255)
    assert pixel(deep) == (100, 100, 100)
    twelve = [png(Image.fromarray(np.full((2, 2), 1000 * i, np.uint16))) for i in (1, 2, 4)]
    drawn = np.dstack([np.full((4, 4, 3), 255), np.eye(4) * 255]).astype(np.uint8)
    own.settle([Example(content, None, "a") for content in (*twelve, png(Image.fromarray(drawn)))])
    assert own.rule == {"value_range": [0.0, 4095.0], "ground": 0}
    assert pixel(twelve[0]) == (62, 62, 62)
    assert own.opened(Example(png(Image.fromarray(drawn)), None, "a")).getpixel((1, 0)) == (0,) * 3
    assert any("0..4095" in note for note in own.notes)
    given = own.given({"image": Image.fromarray(np.ones((2, 2), np.float32))}, "image", "a", None)
    assert pixel(given) == (0, 0, 0)  # a picture of floats in memory, of another unit


@pytest.mark.slow
def test_recordings_of_a_task_have_one_scale(recordings, listener, tmp_path):
    import soundfile

    rows = []
    for row in recordings:
        wave, rate = soundfile.read(io.BytesIO(row["audio"]), dtype="float32")
        out = io.BytesIO()
        soundfile.write(out, wave * 32768, rate, format="WAV", subtype="FLOAT")
        rows.append({**row, "audio": out.getvalue()})
    tuned = quick("speech-recognition", rows, listener, tmp_path / "run", 2, 1e-3)
    assert tuned.task.rule == {"full_scale": 32768.0}
    again = load_tuned(tmp_path / "run")
    assert again.task.rule == tuned.task.rule
    assert again.predict(rows[:3]) == tuned.predict(rows[:3])


def with_flaws(rows, column):
    """Return six rows of which the second cannot be read, and the fourth lacks what goes in."""
    found = [{**row} for row in rows[:6]]
    found[1][column] = b"no such thing" if isinstance(found[1][column], bytes) else 7
    found[3].pop(column)
    return found


@pytest.mark.parametrize(
    ("task", "model", "data", "column"),
    [
        ("token-classification", "tagger", "sentences", "tokens"),
        pytest.param("text-to-text", "translator", "pairs", "source", marks=pytest.mark.slow),
        pytest.param(
            "speech-recognition", "listener", "recordings", "audio", marks=pytest.mark.slow
        ),
    ],
)
def test_every_row_has_an_answer_or_a_reason_in_its_place(
    task, model, data, column, request, tmp_path
):
    rows = request.getfixturevalue(data)
    model = request.getfixturevalue(model)
    options = TaskOptions(**({"new_tokens": 4} if "new_tokens" in TASKS.get(task).takes else {}))
    tuned = quick(task, rows, model, tmp_path / "run", 2, 1e-3, options=options)
    given = with_flaws(rows, column)
    said = tuned.predict(given)
    assert [i for i, row in enumerate(said) if row["predicted"] is None] == [1, 3]
    assert [i for i, row in enumerate(said) if row["reason"]] == [1, 3]
    sound = tuned.predict([row for i, row in enumerate(given) if i not in (1, 3)])
    assert all(set(row) == {"name", "predicted"} for row in sound)
    assert [row["predicted"] for i, row in enumerate(said) if i not in (1, 3)] == [
        row["predicted"] for row in sound
    ]
    (truth,) = set(given[5]) - {column}
    given[5] = {**given[5], truth: None}
    found = tuned.evaluate(given)
    assert (found["n"], found["left_out"]) == (3, 1)
    assert sum(found["unanswered"].values()) == 2
    with pytest.raises(DataError):
        tuned.predict([given[1], given[3]])


@pytest.mark.slow
def test_a_broken_picture_leaves_the_others_their_masks(segmenter, scenes, tmp_path):
    tuned = quick(
        "segmentation",
        scenes,
        segmenter,
        tmp_path / "run",
        2,
        1e-3,
        options=TaskOptions(size=48),
    )
    images = sorted((scenes / "images").iterdir())[:4]
    broken = tmp_path / "broken.png"
    broken.write_bytes(images[1].read_bytes()[:60])
    paths = [images[0], broken, images[2], tmp_path / "none.png", images[3]]
    said = tuned.predict([{"image": str(path)} for path in paths])
    assert [i for i, row in enumerate(said) if row["predicted"] is None] == [1, 3]
    assert "decoded" in said[1]["reason"]
    assert "not there" in said[3]["reason"]
