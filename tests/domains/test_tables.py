"""Tables in files and in memory, and their encoding."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from landbridge.base.errors import DataError
from landbridge.base.events import Events
from landbridge.domains import TableExamples, TablePreprocessing, Task, input_hint, read_domain
from landbridge.domains.modalities.base import load_preprocessing


def csv(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(40):
        width = "" if i == 3 else f"{rng.normal():.4f}"
        colour, species = "red" if i % 3 else "blue", "iris" if i % 2 else "rose"
        rows.append(f"{i},{rng.normal():.4f},{width},{colour},{species}")
    return csv(tmp_path / "flowers.csv", "id,length,width,colour,species", rows)


def test_csv(flowers: Path) -> None:
    domain = read_domain(flowers)
    assert domain.classes == ("iris", "rose")
    assert domain.label_column == "species"
    assert any("label column: 'species'" in note for note in domain.notes)
    table = domain.examples
    assert isinstance(table, TableExamples)
    assert (table.numeric, table.categorical) == (["length", "width"], ["colour"])
    assert domain.omissions[0].rows == ("id",)
    assert np.isnan(table.columns["width"]).sum() == 1
    assert table.names()[0] == "flowers row 1"


def test_label_is_overridden_or_missing(flowers: Path) -> None:
    assert read_domain(flowers, label="colour").classes == ("blue", "red")
    with pytest.raises(DataError, match=r"'specie' .*\n.*did you mean 'species'"):
        read_domain(flowers, label="specie")
    assert read_domain(flowers, labelled=False).labelled == "none"


def test_label_guessed_from_values(tmp_path: Path) -> None:
    rows = [f"{i * 0.37},{i % 3},{i * 1.01}" for i in range(30)]
    domain = read_domain(csv(tmp_path / "t.csv", "a,kind,b", rows))
    assert domain.label_column == "kind"
    assert domain.classes == ("0", "1", "2")
    rows = [f"{i * 0.37},{i * 1.01}" for i in range(30)]
    domain = read_domain(csv(tmp_path / "t.csv", "a,b", rows))
    assert domain.labelled == "none"
    assert any("no label column" in note for note in domain.notes)


def test_all_distinct_labels(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", "a,label", [f"{i % 3},name{i}" for i in range(30)])
    with pytest.raises(DataError, match=r"'label' has 30 different .* identifier"):
        read_domain(path)


def test_few_labels_may_all_differ() -> None:
    labels = [str(i) if i < 10 else None for i in range(100)]
    assert read_domain((np.eye(100), labels)).labelled == "few"


def test_missing_labels_are_unlabelled_rows(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", "a,label", ["1,x", "2,", "3,?", "4,y"])
    domain = read_domain(path)
    assert domain.labeled_mask.tolist() == [True, False, False, True]
    assert any("2 of 4 rows have no label" in note for note in domain.notes)


def test_split_column_and_separators(tmp_path: Path) -> None:
    rows = [
        f"{i};{i % 2};{'Train' if i < 6 else 'validation' if i < 8 else 'test'}" for i in range(10)
    ]
    domain = read_domain(csv(tmp_path / "t.csv", "a;label;split", rows))
    assert domain.validation.sum() == 2
    assert domain.held_out.sum() == 2
    with pytest.raises(DataError, match="split of t has the values"):
        read_domain(tmp_path / "t.csv", split="a")
    rows = [f"{i}\t{i % 2}" for i in range(10)]
    assert read_domain(csv(tmp_path / "t.tsv", "a\tlabel", rows)).classes == ("0", "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,label\n1,x\n2,y,3\n", "cannot be read as a table"),
        ("a,a,label\n1,2,x\n", r"several columns called \['a'\]"),
        ("a,label\n", "no rows"),
        ("label\nx\ny\n", "no column to learn from"),
    ],
)
def test_broken_csv(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        read_domain(tmp_path / "t.csv")


def test_broken_parquet(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(DataError, match="no whole Parquet"):
        read_domain(tmp_path / "t.parquet")


def test_infinite_value_names_row_and_column(tmp_path: Path) -> None:
    path = csv(tmp_path / "t.csv", "a,label", ["1.5,x", "inf,y", "2,y"])
    with pytest.raises(DataError, match="column 'a' is infinite in t row 2"):
        read_domain(path)


def test_image_paths(tmp_path: Path, image) -> None:
    for i in range(6):
        image(tmp_path / "pictures" / f"{i}.jpg", 30 * i)
    (tmp_path / "pictures" / "5.jpg").write_bytes(b"cut")
    rows = [f"pictures/{i}.jpg,{'ant' if i % 2 else 'bee'},{i}" for i in range(7)]
    domain = read_domain(csv(tmp_path / "t.csv", "file,label,age", rows))
    assert domain.modality == "image"
    assert len(domain) == 5
    assert [domain.classes[i] for i in domain.labels] == ["bee", "ant", "bee", "ant", "bee"]
    left = {o.what: len(o.rows) for o in domain.omissions}
    assert left == {
        "image file that does not exist": 1,
        "unreadable image": 1,
        "column beside the images": 1,
    }
    csv(tmp_path / "bad.csv", "file,label", ["nowhere/1.jpg,a", "nowhere/2.jpg,b"])
    with pytest.raises(DataError, match="relative to the folder of the table"):
        read_domain(tmp_path / "bad.csv")


def test_parquet_with_images(tmp_path: Path, image) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = [image(tmp_path / f"{i}.png", 40 * i) for i in range(4)]
    table = pa.table(
        {
            "image": [{"bytes": f.read_bytes(), "path": f.name} for f in files],
            "label": [0, 1, 1, -1],
        }
    )
    features = {"label": {"names": ["ant", "bee"], "_type": "ClassLabel"}}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    pq.write_table(table.replace_schema_metadata(meta), tmp_path / "t.parquet")
    domain = read_domain(tmp_path / "t.parquet")
    assert domain.classes == ("ant", "bee")
    assert domain.labeled_mask.tolist() == [True, True, True, False]
    assert domain.examples.names()[0] == "t row 1"


def test_parquet_types(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "when": pa.array([0, 1, 2, 3], pa.timestamp("s")),
            "span": pa.array([0, 1, 2, 3], pa.duration("s")),
            "kind": pa.array(["a", "b", None, "a"]).dictionary_encode(),
            "flag": [True, False, None, True],
            "n": [1, None, 3, 4],
            "y": [1.0, 2.0, 2.0, 1.0],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    domain = read_domain(tmp_path / "t.parquet")
    assert domain.classes == ("1", "2")
    assert isinstance(domain.examples, TableExamples)
    assert domain.examples.columns["flag"].tolist() == ["True", "False", None, "True"]
    assert domain.examples.numeric == ["when", "when (month)", "when (weekday)", "span", "n"]


def test_a_target_is_read_like_its_source(tmp_path: Path) -> None:
    rows = [f"{i},{i * 0.5},{i % 2},{'x' if i % 3 else 'y'}" for i in range(30)]
    source = read_domain(csv(tmp_path / "s.csv", "id,a,sex,diagnosis", rows))
    rows = [f"{i * 7},{i * 0.5},{i % 2}" for i in range(30)]
    path = csv(tmp_path / "t.csv", "id,a,sex", rows)
    assert read_domain(path).label_column == "sex"  # a guess, and a wrong one here
    target = read_domain(path, like=source)
    assert target.labelled == "none"
    assert isinstance(target.examples, TableExamples)
    assert list(target.examples.columns) == ["a", "sex"]
    assert Task.build(source, target).target_labels == "none"


def test_columns_must_match(tmp_path: Path) -> None:
    source = read_domain(
        csv(tmp_path / "s.csv", "a,b,label", [f"{i},{i / 3},{i % 2}" for i in range(9)])
    )
    target = read_domain(
        csv(tmp_path / "t.csv", "a,c,label", [f"{i},{i / 3},{i % 2}" for i in range(9)])
    )
    with pytest.raises(DataError, match=r"target 't' lacks 'b'; the source 's' lacks 'c'"):
        Task.build(source, target)
    target = read_domain(
        csv(tmp_path / "t.csv", "a,b,label", [f"{i},w{i % 2},{i % 2}" for i in range(9)])
    )
    with pytest.raises(DataError, match="'b' holds numbers in the source 's' and words"):
        Task.build(source, target)


def test_encoding() -> None:
    table = TableExamples(
        {
            "a": [1.0, np.nan, 3.0, 100.0],
            "same": [5.0, 5.0, 5.0, 5.0],
            "kind": np.array(["x", "y", None, "x"], object),
        }
    )
    prep = TablePreprocessing.fit([table])
    out = prep.prepare(table)
    assert out.dtype == np.float32
    assert prep.shape == (out.shape[1],) == (2 + 1 + 4,)
    assert out[:, 0].mean() == pytest.approx(0, abs=1e-6)
    assert out[:, 1].tolist() == [0, 1, 0, 0]
    assert (out[:, 2] == 0).all()
    assert out[:, 3:].tolist() == [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]
    new = TableExamples({"a": [2.0], "same": [7.0], "kind": np.array(["z"], object), "more": [1.0]})
    assert prep.prepare(new)[0, 3:].tolist() == [0, 0, 1, 0]
    assert load_preprocessing(json.loads(json.dumps(prep.to_dict()))) == prep
    with pytest.raises(DataError, match=r"lacks \['same', 'kind'\]"):
        prep.prepare(TableExamples({"a": [1.0]}))
    with pytest.raises(DataError, match="'a' holds 'w'"):
        prep.prepare(TableExamples({**new.columns, "a": np.array(["w"], object)}))


def test_categories_are_capped_and_domains_fitted_together() -> None:
    words = np.array([f"w{i % 80:02d}" for i in range(200)], object)
    prep = TablePreprocessing.fit([TableExamples({"w": words})])
    assert prep.shape == (51,)
    empty = np.array([None] * 2, object)
    both = [TableExamples({"a": [1.0, 2.0]}), TableExamples({"a": empty})]
    assert TablePreprocessing.fit(both).shape == (2,)


def test_augmentation_of_rows() -> None:
    table = TableExamples({"a": np.arange(50.0), "k": np.array(["x", "y"] * 25, object)})
    prep = TablePreprocessing.fit([table])
    stored = torch.from_numpy(prep.prepare(table))
    assert torch.equal(prep.augment(stored, "none", torch.Generator()), stored)
    for strength in ("weak", "strong"):
        views = [prep.augment(stored, strength, torch.Generator().manual_seed(1)) for _ in "ab"]  # type: ignore[arg-type]
        assert torch.equal(*views)
        assert not torch.equal(views[0], stored)
    weak = prep.augment(stored, "weak", torch.Generator().manual_seed(1))
    assert torch.equal(weak[:, 1:], stored[:, 1:])  # categories are left alone
    strong = prep.augment(stored, "strong", torch.Generator().manual_seed(1))
    gone = (strong[:, 1:] == 0).all(dim=1)
    assert 2 < gone.sum() < 25


def test_hint() -> None:
    domain = read_domain((np.random.default_rng(0).normal(size=(6, 3)), list("ababab")))
    assert input_hint([domain, domain]).columns == 3
    grey = read_domain(np.zeros((3, 8, 10), np.uint8))
    colour = read_domain(np.random.default_rng(0).integers(0, 255, (3, 12, 9, 3)).astype(np.uint8))
    assert input_hint([grey]).channels == 1
    found = input_hint([grey, colour])
    assert (found.height, found.width, found.channels) == (12, 10, 3)
    with pytest.raises(DataError, match="modalities"):
        input_hint([domain, grey])


@pytest.mark.data
def test_heart(data_folder: Path) -> None:
    names = ("cleveland", "hungarian", "switzerland", "va")
    domains = [read_domain(data_folder / "heart" / f"processed.{n}.data") for n in names]
    assert [len(d) for d in domains] == [303, 294, 123, 200]
    assert {d.label_column for d in domains} == {"x13"}
    assert any("x0, x1" in note for note in domains[0].notes)
    prep = TablePreprocessing.fit([d.examples for d in domains])
    for domain in domains:
        assert np.isfinite(prep.prepare(domain.examples)).all()
    assert Task.build(domains[0], domains[1]).match.shared


@pytest.mark.data
def test_cifar_parquet(data_folder: Path) -> None:
    domain = read_domain(data_folder / "cifar10" / "test-first-2000.parquet", max_rows=300)
    assert domain.modality == "image"
    assert len(domain.classes) == 10
    assert domain.examples.shape_hint() == (32, 32, 3)


def test_columns_that_a_note_names_are_not_warned_of_again(tmp_path):
    rows = "".join(f"user-{i},{i % 3}.5,{'ab'[i % 2]}\n" for i in range(40))
    (tmp_path / "t.csv").write_text("id,x,label\n" + rows)
    domain = read_domain(tmp_path / "t.csv", events=Events(tmp_path / "log.jsonl"))
    assert [o.rows for o in domain.omissions] == [("id",)]
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert sum("'id'" in event["message"] for event in log) == 1
    assert not [event for event in log if event["event"] == "warning"]


@pytest.mark.filterwarnings("error")
def test_a_number_far_beyond_those_at_fit_is_named() -> None:
    prep = TablePreprocessing.fit([TableExamples({"age": [1.0, 2, 3], "size": [1.0, 2, 3]})])
    for wrong in (1e300, -1.7e308, 1e39):
        rows = TableExamples({"age": [1.0, 2, 3], "size": [1.0, wrong, wrong]}, names="abc")
        with pytest.raises(DataError, match=r"column 'size' holds .*e\+.* in b and 1 more rows"):
            prep.prepare(rows)
    large = TableExamples({"age": [1.0], "size": [1e30]})
    assert np.isfinite(prep.prepare(large)).all()
