"""A model is asked a few rows at a time; one that cannot be decoded leaves the others theirs."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from landbridge.base.errors import DataError
from landbridge.domains.modalities.texts import TextExamples
from landbridge.structured.base import Example, Metric
from landbridge.structured.conll import conll_rows
from landbridge.structured.predictions import predictions_of, predictions_or_errors
from landbridge.structured.tuned import Tuned

WORDS = ["a", "four", "bad", "seven77", "ab", "xyz", "bad", "longest of all"] * 3


class Lengths:
    """A task that answers with the length of what is given, and cannot read "bad"."""

    name = "lengths"

    def __init__(self):
        self.asked = []

    def example(self, row, name, folder, labelled):
        if row["given"] is None:
            raise DataError(f"{name}: nothing there", hint="give something")
        return Example(row["given"], row.get("truth") if labelled else None, name)

    def predict(self, model, examples):
        self.asked.append([e.given for e in examples])
        if any(e.given == "bad" for e in examples):
            raise DataError("it cannot be decoded", hint="restore it")
        return [len(e.given) for e in examples]

    def raw(self, examples):
        return TextExamples([e.given for e in examples])

    def plain(self, prediction):
        return prediction

    def metrics(self):
        right = Metric("right", lambda said, true: [said == true, 1], lambda c: float(c[0] / c[1]))
        return [right]


MODEL = SimpleNamespace(eval=lambda: None)


def examples(words):
    return [Example(word, None, f"row {i}") for i, word in enumerate(words)]


def test_rows_of_like_length_are_asked_together_and_answers_come_in_order():
    task, words = Lengths(), [word for word in WORDS if word != "bad"]
    assert predictions_of(task, MODEL, examples(words)) == [len(word) for word in words]
    flat = [len(word) for batch in task.asked for word in batch]
    assert flat == sorted(flat)
    assert len(task.asked) > 1
    assert predictions_or_errors(Lengths(), MODEL, examples(words))[1] == {}


def test_what_cannot_be_decoded_is_found_row_by_row():
    said, broken = predictions_or_errors(Lengths(), MODEL, examples(WORDS))
    wrong = [i for i, word in enumerate(WORDS) if word == "bad"]
    assert sorted(broken) == wrong
    assert all(error.message == "it cannot be decoded" for error in broken.values())
    assert said == [None if word == "bad" else len(word) for word in WORDS]


def test_each_row_of_the_input_has_an_answer_or_a_reason(tmp_path):
    tuned = Tuned(tmp_path, Lengths(), MODEL, {})
    rows = [{"given": word} for word in ("abc", "bad", None, "x")]
    said = tuned.predict(rows)
    assert [row["predicted"] for row in said] == [3, None, None, 1]
    assert [row.get("reason") for row in said] == [
        None,
        "it cannot be decoded",
        "nothing there",
        None,
    ]
    assert [row["name"] for row in said] == [f"rows row {i}" for i in (1, 2, 3, 4)]
    labelled = [{**row, "truth": truth} for row, truth in zip(rows, (3, 1, 1, 2), strict=True)]
    found = tuned.evaluate([*labelled, {"given": "y", "truth": None}])
    assert (found["task"], found["n"], found["left_out"]) == ("lengths", 2, 1)
    assert found["scores"] == {"right": 0.5}
    assert found["unanswered"] == {"row that cannot be read": 2}
    assert all(e.truth is None for e in tuned.examples(labelled[:1]))
    assert tuned.examples(labelled[:1], labelled=True)[0].truth == 3


def test_where_no_row_can_be_read_the_first_error_is_said(tmp_path):
    tuned = Tuned(tmp_path, Lengths(), MODEL, {})
    with pytest.raises(DataError, match="rows row 1: nothing there"):
        tuned.predict([{"given": None}, {"given": None}])
    with pytest.raises(DataError, match="cannot be decoded"):
        tuned.predict([{"given": "bad"}])
    with pytest.raises(DataError, match="no row has an answer to compare with"):
        tuned.evaluate([{"given": "x", "truth": None}])


def test_a_file_of_tokens_in_another_encoding(tmp_path):
    (tmp_path / "a.conll").write_bytes("é O\n".encode("latin-1"))
    with pytest.raises(DataError, match="is not UTF-8") as error:
        conll_rows(tmp_path / "a.conll")
    assert error.value.hint == "save it as UTF-8"
