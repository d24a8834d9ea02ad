"""What kind of answer labels are read as, and that all of it stays sealed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import needs
from landbridge.base.errors import DataError
from landbridge.domains import Task, read_domain, seal
from landbridge.targets.registry import get_target_type, type_of_target

N = 60
X = np.random.default_rng(0).normal(size=(N, 3))


def csv(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (np.linspace(0, 1, N), "regression"),
        (np.arange(N) % 41 + 29, "regression"),  # ages
        (np.arange(N) % 30, "multiclass"),  # 0 to k−1 count classes
        (np.arange(N) % 30 + 1, "multiclass"),
        ((np.arange(N) % 3) * 0.5, "multiclass"),  # few values, though not whole
        (np.arange(N) % 2 == 0, "multiclass"),
        ([f"c{i % 4}" for i in range(N)], "multiclass"),
        ([["a", "b"][: i % 3] for i in range(N)], "multilabel"),
        ([("a;b", "a", "b;c", "c")[i % 4] for i in range(N)], "multilabel"),
        ([("a;b", "c;d")[i % 2] for i in range(N)], "multiclass"),  # two classes with odd names
        (np.random.default_rng(1).integers(0, 2, (N, 4)), "multilabel"),
    ],
)
def test_the_kind_is_read_off_the_labels(labels, kind) -> None:
    domain = read_domain((X, labels))
    assert domain.target_type.name == kind == type_of_target(domain.labels).name
    assert bool(domain.notes) == (kind != "multiclass")  # what is not usual is said


def test_what_the_user_says_wins() -> None:
    numbers = np.linspace(0, 1, N).round(1)
    assert read_domain((X, numbers), target_type="multiclass").target_type.name == "multiclass"
    assert (
        read_domain((X, numbers > 0.5), target_type="regression").labels.sum()
        == (numbers > 0.5).sum()
    )
    joined = read_domain((X, ["a,b", "b"] * 30), target_type="multilabel")
    assert joined.classes == ("a", "b")
    assert joined.labels.sum(0).tolist() == [30, 60]
    with pytest.raises(DataError, match="'ant' is not a number"):
        read_domain((X, ["ant"] * N), target_type="regression")


def test_one_hot_rows_are_not_several_unless_said() -> None:
    y = np.eye(3, dtype=int)[np.arange(N) % 3]
    with pytest.raises(DataError, match="argmax"):
        read_domain((X, y))
    assert read_domain((X, y), target_type="multilabel").labels.tolist() == y.tolist()


def test_missing_numbers_and_rows_of_a_table() -> None:
    y = np.linspace(0, 1, N)
    y[3] = np.nan
    domain = read_domain((X, y))
    assert np.flatnonzero(~domain.labeled_mask).tolist() == [3]
    table = np.random.default_rng(1).integers(0, 2, (N, 4)).astype(float)
    table[5, 1] = np.nan
    assert np.flatnonzero(~read_domain((X, table)).labeled_mask).tolist() == [5]
    y[3] = np.inf
    with pytest.raises(DataError, match="not a number"):
        read_domain((X, y))


def test_a_table_reads_a_target_like_its_source(tmp_path: Path) -> None:
    source = read_domain(
        csv(tmp_path / "s.csv", "a,age", [f"{i * i},{29 + i % 45}" for i in range(90)]), label="age"
    )
    assert (source.target_type.name, source.classes) == ("regression", ("age",))
    few = read_domain(csv(tmp_path / "t.csv", "a,age", ["1,30", "2,31", "3,30", "4,"]), like=source)
    assert few.target_type.name == "regression"
    assert few.labels[:3].tolist() == [30, 31, 30]


def test_lists_in_a_parquet_column(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [["cat", "dog"], [], None, ["dog"]] * 10
    pq.write_table(
        pa.table({"a": [float(i * i) for i in range(40)], "labels": rows}), tmp_path / "t.parquet"
    )
    domain = read_domain(tmp_path / "t.parquet")
    assert domain.target_type.name == "multilabel"
    assert domain.classes == ("cat", "dog")
    assert domain.labels[:2].tolist() == [[1, 1], [0, 0]]
    assert domain.labeled_mask[:4].tolist() == [True, True, False, True]
    assert not domain.omissions


def test_names_of_a_label_table_come_from_its_columns() -> None:
    pd = needs.package("pandas")
    y = pd.DataFrame({"sun": [1, 0] * 30, "rain": [1, 1, 0, 0] * 15})
    assert read_domain((X, y)).classes == ("sun", "rain")


def test_numbers_are_sealed_over_their_range() -> None:
    y = np.random.default_rng(3).permutation(np.linspace(10, 20, 200))
    target = seal(read_domain((np.zeros((200, 2)), y)), "use", 0.25)
    assert target.test_mask.sum() == 50
    # a quarter of each tenth, so the judged rows resemble the others much more than at random
    drawn = np.sort(y[target.test_mask])
    assert np.abs(drawn - np.linspace(10, 20, 50)).max() < 1.0
    assert not target.labels[target.test_mask].any()  # nothing of them is left
    alone = seal(read_domain((np.zeros((200, 2)), y)), "judge")
    assert not alone.labels.any()
    assert alone.classes == ()


def test_a_label_that_only_judged_rows_have_does_not_leak() -> None:
    labels = [["a"]] * 30 + [["a", "b"]] * 30
    split = ["train"] * 30 + ["test"] * 30
    target = seal(read_domain((X, labels), split=split), "use")
    assert target.classes == ("a",)
    assert target.labels.shape == (N, 1)
    assert not target.labels[30:].any()


def test_task_of_numbers_and_of_several() -> None:
    y = np.linspace(0, 1, N)
    source, target = read_domain((X, y), name="s"), seal(read_domain((X, y), name="t"), "judge")
    task = Task.build(source, target)
    assert (task.target_type.name, task.classes, task.target_labels) == (
        "regression",
        ("value",),
        "none",
    )
    ours, theirs = task.training()
    assert ours is not None
    assert ours.labels.tolist() == y.tolist()
    assert theirs.labels.shape == (N,)
    assert "1 classes" not in task.sentence()
    table = np.random.default_rng(1).integers(0, 2, (N, 2))
    several = Task.build(
        read_domain((X, [[str(v) for v in np.flatnonzero(r)] for r in table])),
        seal(read_domain((X, [["1", "2"][: i % 3] for i in range(N)])), "use"),
    )
    assert several.classes[:2] == ("1", "2")  # all labels of either side, the target's first
    assert several.training()[0].labels[:, 0].tolist() == table[:, 1].tolist()


def test_kinds_that_differ_are_an_error() -> None:
    with pytest.raises(DataError, match=r"(?s)read as regression.*--target-type"):
        Task.build(read_domain((X, np.linspace(0, 1, N))), read_domain((X, ["a", "b"] * 30)))
    with pytest.raises(DataError, match="nothing to predict"):
        Task.build(None, read_domain((X, [2.5] * N), target_type="regression"))


def test_strata_of_few_numbers() -> None:
    known = np.arange(15) > 0
    found = get_target_type("regression").strata(np.linspace(1, 0, 15), known)
    assert found[known].tolist() == [0] * 14


def _carriers(values, tmp_path, column):
    frame = pd.DataFrame({"a": np.linspace(0, 1, len(values)), column: values})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    return [tmp_path / "a.csv", tmp_path / "a.parquet", tmp_path / "a.jsonl", frame]


@pytest.mark.parametrize("column", ["class", "category_id", "Label", "species", "fine_label"])
def test_a_column_whose_name_says_class_holds_classes(tmp_path, column):
    ids = np.repeat([i for i in range(1, 91) if i % 9], 6)
    for what in _carriers(ids, tmp_path, column):
        found = read_domain(what, label=column)
        assert found.target_type.name == "multiclass"
        assert len(found.classes) == len(set(ids))
        assert any("as its name says" in note for note in found.notes)
    assert (
        read_domain(tmp_path / "a.csv", label=column, target_type="regression").target_type.name
        == "regression"
    )


@pytest.mark.parametrize("column", ["price", "age", "y", "classroom"])
def test_other_columns_of_many_numbers_are_quantities(tmp_path, column):
    ages = np.repeat([i for i in range(18, 90) if i % 9], 6)
    for what in _carriers(ages, tmp_path, column):
        assert read_domain(what, label=column).target_type.name == "regression"


@pytest.mark.parametrize("shape", ["numpy", "torch", "lists", "tuples", "frame", "words"])
def test_labels_with_a_second_axis_of_one(shape):
    y = np.arange(21) % 3
    given = {
        "numpy": y[:, None],
        "torch": torch.tensor(y)[:, None],
        "lists": [[v] for v in y.tolist()],
        "tuples": [(v,) for v in y.tolist()],
        "frame": pd.DataFrame({"y": y}),
        "words": np.array(list("012"))[y][:, None],
    }[shape]
    x = np.random.default_rng(0).random((21, 3))
    for wish in ("auto", "multiclass"):
        found = read_domain((x, given), target_type=wish)
        assert (found.target_type.name, found.classes) == ("multiclass", ("0", "1", "2"))
        assert (found.labels == y).all()


def test_whole_numbers_beyond_floats_are_different_classes():
    codes = [900000000000496003, 900000000000496006, 900000000000496009]
    for given in (codes * 4, np.array(codes * 4)):
        assert read_domain((np.eye(12), given)).classes == tuple(map(str, codes))


@pytest.mark.parametrize(
    "write", [json.dumps, str, lambda t: str(tuple(t)), lambda t: str(set(t)) if t else "[]"]
)
def test_written_lists_are_several_labels(tmp_path, write):
    rows = [["red", "blue"], ["red"], [], ["it's, blue", "red"]] * 5
    frame = pd.DataFrame({"x": np.arange(20.0) ** 2, "tags": rows})
    wanted = read_domain(frame, label="tags")
    frame.assign(tags=[write(tags) for tags in rows]).to_csv(tmp_path / "t.csv", index=False)
    for like in (None, wanted):
        found = read_domain(tmp_path / "t.csv", label="tags", like=like)
        assert (found.target_type.name, found.classes) == ("multilabel", wanted.classes)
        np.testing.assert_array_equal(found.labels, wanted.labels)
    assert (
        read_domain(tmp_path / "t.csv", label="tags", target_type="multiclass").target_type.name
        == "multiclass"
    )
    frame.assign(tags=[str(np.array(tags)) for tags in rows]).to_csv(tmp_path / "n.csv")
    with pytest.raises(DataError, match="looks like a list"):
        read_domain(tmp_path / "n.csv", label="tags")


def test_a_label_that_is_no_number_is_named_with_its_row():
    rows = pd.DataFrame({"x": np.arange(4.0), "price": ["1.5", "2", "unknown", "4"]})
    with pytest.raises(DataError, match="row 3: the label 'unknown' is not a number"):
        read_domain(rows, label="price", target_type="regression")
