"""Classes that two sides write otherwise are the same classes, whoever asks."""

import unicodedata

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge import read_domain
from landbridge.base.errors import DataError
from landbridge.domains.spelling import same_classes
from landbridge.runs.stream import stream_data

PAIRS = {
    "case": (["neg", "pos"], ["Neg", "POS"]),
    "truth": (["false", "true"], ["0", "1"]),
    "yes": (["no", "yes"], ["False", "True"]),
    "zeros": (["1", "2"], ["01", "02"]),
    "points": (["1", "2"], ["1.0", "2.00"]),
    "marks": (["new york", "rome"], ["New_York", "Rome"]),
    "wide": (["A1", "B2"], ["\uff21\uff11", "\uff22\uff12"]),
    "blanks": (["a b", "c"], ["a  b", "c "]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_the_same_classes_in_another_spelling(name):
    ours, theirs = PAIRS[name]
    found, how = same_classes(ours, [x.strip() for x in theirs])
    right = {t.strip(): o for o, t in zip(ours, theirs, strict=True) if t.strip() != o}
    assert found == right
    assert how


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (["cat", "dog"], ["ant", "bee"]),
        (["1", "01"], ["01", "001"]),  # 001 could be either
        (["a", "b"], ["A", "a"]),  # a is there as it is
        (["0", "1", "2"], ["false", "true", "2"]),  # three classes are no truth
        (["pos", "Pos"], ["POS", "neg"]),
    ],
)
def test_what_could_be_another_class_stays_one(ours, theirs):
    assert same_classes(ours, theirs)[0] == {}


def test_composed_and_decomposed_letters_are_one_class_everywhere(tmp_path):
    composed, taken_apart = "café", unicodedata.normalize("NFD", "café")
    assert composed != taken_apart
    frame = pd.DataFrame({"x": range(4), "label": [composed, taken_apart, "tea", "tea"]})
    frame.to_csv(tmp_path / "a.csv", index=False)
    for what in (frame, tmp_path / "a.csv", (np.eye(4), list(frame.label))):
        assert read_domain(what).classes == ("café", "tea")


def rows(seed, names, n=60):
    draw = np.random.default_rng(seed)
    y = draw.integers(0, 2, n)
    frame = pd.DataFrame(draw.normal(size=(n, 3)) + 4 * y[:, None], columns=list("abc"))
    return frame.assign(label=np.array(names, object)[y])


QUICK = {"method": "probe", "seeds": 1, "budget": "60s"}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spelling")
    return landbridge.transfer(
        rows(0, ["neg", "pos"]),
        rows(1, ["Neg", "Pos"]),
        target_labels="judge",
        out=folder / "run",
        **QUICK,
    )


def test_a_transfer_is_judged_by_what_the_labels_mean(run):
    assert run.verdict["chosen"]["mean"] > 0.9
    assert any("'Neg' is 'neg'" in note for note in run.data["target"]["notes"])


@pytest.mark.parametrize("names", [["NEG", "POS"], ["neg ", " pos"]])
def test_eval_and_stream_compare_by_what_the_labels_mean(run, names):
    data = rows(2, names)
    assert run.evaluate(data)["accuracy"] > 0.9
    assert stream_data(run, data)["accuracy"]["source"] > 0.9


def test_no_class_in_common_is_said_and_not_judged(run, tmp_path):
    with pytest.raises(DataError, match="none of the 60 labels"):
        landbridge.transfer(
            rows(0, ["neg", "pos"]),
            rows(1, ["bad", "good"]),
            target_labels="judge",
            out=tmp_path / "run",
            **QUICK,
        )
    assert not (tmp_path / "run").exists()
    for ask in (run.evaluate, lambda data: stream_data(run, data)):
        with pytest.raises(DataError, match="is a class of the run"):
            ask(rows(2, ["bad", "good"]))


def test_classes_that_the_source_does_not_have_are_counted(tmp_path):
    target = rows(1, ["neg", "pos"])
    target.loc[:4, "label"] = "neutral"
    run = landbridge.transfer(
        rows(0, ["neg", "pos"]), target, target_labels="judge", out=tmp_path / "run", **QUICK
    )
    assert any("5 of 60 labels" in note for note in run.data["target"]["notes"])
    assert run.verdict["chosen"]["mean"] < 0.95


def test_several_tasks_know_their_classes_in_another_spelling(tmp_path):
    frame = rows(0, ["neg", "pos"]).assign(size=lambda f: f.a * 2)
    made = landbridge.multitask(frame, labels=["label", "size"], out=tmp_path / "both", steps=30)
    score = {task["task"]: task["value"] for task in made.evaluate(frame)["tasks"]}
    other = made.evaluate(frame.assign(label=frame.label.str.upper()))["tasks"]
    assert {task["task"]: task["value"] for task in other} == score
    with pytest.raises(DataError, match="none of the labels of column 'label'"):
        made.evaluate(frame.assign(label="x"))
