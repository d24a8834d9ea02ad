"""Words and tags as files hold them: names in a schema, lists in cells, CoNLL, schemes of tags."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from landbridge.base.errors import DataError
from landbridge.base.halves import whole_text
from landbridge.domains.readers.columns import from_arrow
from landbridge.metrics.spans import f1, span_counts, spans
from landbridge.structured.base import TASKS
from landbridge.structured.options import TaskOptions
from landbridge.structured.rows import read_rows

NAMES = ["O", "B-PER", "I-PER"]
LABEL = {"names": NAMES, "_type": "ClassLabel"}
SEQUENCES = {
    "Sequence": {"feature": LABEL, "_type": "Sequence"},
    "List": {"feature": LABEL, "_type": "List"},
    "literal": [LABEL],
}


def hub_table(columns, features):
    meta = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    return pa.table(columns).replace_schema_metadata(meta)


def token_rows(data):
    task = TASKS.get("token-classification")(TaskOptions())
    raw = read_rows(data)
    pairs = zip(raw.rows, raw.names, strict=True)
    return [task.example(row, name, raw.folder, True) for row, name in pairs]


@pytest.mark.parametrize("kind", SEQUENCES)
def test_names_in_a_schema_stand_for_numbers(tmp_path, kind):
    columns = {"tokens": [["Ada", "Byron", "sat"]], "ner_tags": [[1, 2, 0]]}
    table = hub_table(columns, {"ner_tags": SEQUENCES[kind]})
    pq.write_table(table, tmp_path / "a.parquet")
    truth = token_rows(tmp_path / "a.parquet")[0].truth
    assert truth == ["B-PER", "I-PER", "O"]
    assert f1(span_counts(["O"] * 3, truth)) == 0.0
    assert from_arrow(table).lists["ner_tags"][0] == ["B-PER", "I-PER", "O"]


def test_names_inside_a_struct_and_a_sequence_of_structs(tmp_path):
    objects = {"bbox": {"feature": {"_type": "Value"}, "_type": "List"}, "category": [LABEL]}
    for features in (objects, {"feature": {"category": LABEL}, "_type": "Sequence"}):
        columns = {"image": ["a.png"], "objects": [{"bbox": [[0, 0, 2, 2]], "category": [2]}]}
        pq.write_table(hub_table(columns, {"objects": features}), tmp_path / "a.parquet")
        assert read_rows(tmp_path / "a.parquet").rows[0]["objects"]["category"] == ["I-PER"]


@pytest.mark.parametrize("tags", [[1, 3], [-2, 0]])
def test_a_number_without_a_name_is_refused_with_its_row(tmp_path, tags):
    table = hub_table({"tokens": [["a", "b"]], "ner_tags": [tags]}, {"ner_tags": SEQUENCES["List"]})
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"row 1, column 'ner_tags' holds the class"):
        read_rows(tmp_path / "a.parquet")


def test_damaged_names_are_refused():
    table = pa.table({"a": [1]}).replace_schema_metadata({b"huggingface": b"{not json"})
    with pytest.raises(DataError, match="names of classes"):
        from_arrow(table)


@pytest.mark.parametrize("written", [json.dumps, repr, lambda words: repr(tuple(words))])
def test_lists_written_into_cells_are_lists(tmp_path, written):
    words, tags = ["Ada", "doesn't", "sit, down"], ["B-PER", "O", "O"]
    frame = pd.DataFrame({"tokens": [written(words)] * 2, "ner_tags": [written(tags)] * 2})
    frame.to_csv(tmp_path / "a.csv", index=False)
    for data in (tmp_path / "a.csv", frame, frame.to_dict("records")):
        found = token_rows(data)[1]
        assert (found.given, found.truth) == (words, tags)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("tokens", str(np.array(["Ada", "sat"]))),
        ("ner_tags", str(np.array([1, 0]))),
        ("tokens", "['Ada', 'sat'"[:-1] + "]"),
        ("tokens", "['Ada' ... 'sat']"),
    ],
)
def test_lists_that_cannot_be_told_apart_are_refused(tmp_path, column, cell):
    row = {"tokens": '["Ada", "sat"]', "ner_tags": '["B-PER", "O"]', column: cell}
    pd.DataFrame([row]).to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataError, match=f"a row 1, column '{column}'"):
        read_rows(tmp_path / "a.csv")


def test_brackets_that_are_words_stay_words():
    found = token_rows([{"tokens": "[ sic ]", "ner_tags": "O O O"}])[0]
    assert found.given == ["[", "sic", "]"]


def test_arrays_in_cells():
    frame = pd.DataFrame(
        {"tokens": [np.array(["Ada", "sat"])], "ner_tags": [np.array(["B-PER", "O"])]}
    )
    assert token_rows(frame)[0].truth == ["B-PER", "O"]


CONLL = {
    "hash tokens": ("We O\n# O\ntags B-X\n\nC B-L\n# I-L\n", [["We", "#", "tags"], ["C", "#"]]),
    "comments": ("# sent_id = 1\n# text = a b\nAda B-X\n# note of four\nsat O\n", [["Ada", "sat"]]),
    "hashtag": ("#fun O\nday O\n", [["#fun", "day"]]),
    "no-break space": ("10\u00a0000 B-N\neuros O\n", [["10\u00a0000", "euros"]]),
    "line separator": ("a\u2028b O\nc O\n", [["a\u2028b", "c"]]),
    "tabs": ("New York\tB-L\nis\tO\n", [["New York", "is"]]),
    "columns": (
        "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n",
        [["EU", "rejects"]],
    ),
    "line ends": ("a O\r\nb O\r\n\r\nc O\r\n", [["a", "b"], ["c"]]),
}


@pytest.mark.parametrize("kind", CONLL)
def test_conll(tmp_path, kind):
    text, tokens = CONLL[kind]
    (tmp_path / "a.conll").write_bytes(text.encode())
    assert [row["tokens"] for row in read_rows(tmp_path / "a.conll").rows] == tokens


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a O\n10 000 B-N\nb O\n", "line 2: .* has 3 columns"),
        ("a\tO\nb\t\n", "line 2: .* has no tag"),
        ("1\ta\t_\t_\t_\t_\t0\tr\t_\t_\n2\tb\t_\t_\t_\t_\t1\tr\t_\t_\n", "CoNLL-U"),
    ],
)
def test_conll_that_is_refused(tmp_path, text, says):
    (tmp_path / "a.conll").write_text(text)
    with pytest.raises(DataError, match=says):
        read_rows(tmp_path / "a.conll")


@pytest.mark.parametrize(
    "tags",
    [
        ["B-PER", "I-PER", "I-PER", "O", "B-LOC"],
        ["B-PER", "I-PER", "E-PER", "O", "S-LOC"],
        ["B-PER", "I-PER", "L-PER", "O", "U-LOC"],
        ["B-PER", "M-PER", "E-PER", "O", "S-LOC"],
    ],
    ids=["IOB2", "IOBES", "BILOU", "BMES"],
)
def test_every_scheme_marks_the_same_spans(tags):
    assert spans(tags) == {("PER", 0, 3), ("LOC", 4, 5)}


def test_neighbours_of_one_kind_are_two_spans():
    assert spans(["S-A", "S-A", "B-A", "E-A"]) == {("A", 0, 1), ("A", 1, 2), ("A", 2, 4)}
    assert spans(["U-A", "U-A"]) == {("A", 0, 1), ("A", 1, 2)}


def test_halves_of_characters_in_every_column():
    cut = "good\ud83d"
    assert whole_text(cut) == "good\ufffd"
    assert whole_text("\ud83d\ude00") == "\U0001f600"
    assert token_rows([{"tokens": [cut], "ner_tags": ["O"]}])[0].given == ["good\ufffd"]
    task = TASKS.get("text-to-text")(TaskOptions())
    raw = read_rows([{"source": cut, "target": cut}])
    found = task.example(raw.rows[0], "row", raw.folder, True)
    assert (found.given, found.truth) == ("good\ufffd", "good\ufffd")


def _coco(folder, **changed):
    layout = {
        "images": [{"id": 0, "file_name": "a.png"}],
        "annotations": [{"image_id": 0, "category_id": 7, "bbox": [0, 0, 2, 2]}],
        "categories": [{"id": 7, "name": "square"}],
    }
    (folder / "annotations.json").write_text(json.dumps(layout | changed))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"categories": []}, "category_id 7, which no category has"),
        ({"images": [{"id": 0}]}, "COCO's layout has images"),
        ({"images": [{"id": 0, "file_name": "a" * 300}]}, "names no file"),
    ],
)
def test_what_is_wrong_in_cocos_file_is_said(tmp_path, changed, said):
    _coco(tmp_path, **changed)
    with pytest.raises(DataError, match=said):
        read_rows(tmp_path)


def test_json_nested_too_deep_is_said_in_words(tmp_path, monkeypatch):
    _coco(tmp_path)

    def deep(text):
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("landbridge.structured.rows.json.loads", deep)
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path)
    assert caught.value.message.endswith("is no whole JSON: maximum recursion depth exceeded")
    assert caught.value.hint
