"""Folders with a metadata table, and datasets of Hugging Face."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import needs
from landbridge.base.errors import DataError, MissingExtra
from landbridge.domains.read import read_domain


def picture(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(path)


def test_a_table_names_the_files_of_a_folder(tmp_path):
    for i in range(6):
        picture(tmp_path / "in" / f"{i}.png", 40 * i)
    lines = ["file_name,label,hospital", *(f"in/{i}.png,{'ab'[i % 2]},h{i % 3}" for i in range(6))]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    domain = read_domain(tmp_path, domain="hospital")
    assert domain.modality == "image"
    assert [domain.classes[i] for i in domain.labels] == list("ababab")
    assert domain.groups == ("h0", "h1", "h2") * 2
    assert any("metadata.csv" in note for note in domain.notes)


def test_splits_of_a_folder_have_a_table_each(tmp_path):
    for split, n in (("train", 4), ("test", 2)):
        rows = []
        for i in range(n):
            picture(tmp_path / split / f"{i}.png", 40 * i)
            rows.append(json.dumps({"file_name": f"{i}.png", "label": "ab"[i % 2]}))
        (tmp_path / split / "metadata.jsonl").write_text("\n".join(rows))
    domain = read_domain(tmp_path)
    assert len(domain) == 6
    assert domain.held_out.sum() == 2
    assert [domain.classes[i] for i in domain.labels] in (list("ababab"), list("ababab"))


def test_what_a_metadata_table_lacks_is_said(tmp_path):
    picture(tmp_path / "a.png", 3)
    (tmp_path / "metadata.csv").write_text("file,label\na.png,x\n")
    with pytest.raises(DataError, match="no column 'file_name'"):
        read_domain(tmp_path)
    (tmp_path / "metadata.csv").write_text("file_name,label\nb.png,x\nc.png,y\n")
    with pytest.raises(DataError, match="none of the 2 image files"):
        read_domain(tmp_path)


def test_datasets_of_hugging_face():
    datasets = needs.package("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    texts = [f"this is the sentence number {i}" for i in range(8)]
    rows = {"text": texts, "label": [0, 1, 1, -1, 0, 1, 0, 1]}
    whole = datasets.Dataset.from_dict(rows, features=features)
    domain = read_domain(whole)
    assert domain.modality == "text"
    assert domain.classes == ("bad", "good")
    assert domain.labeled_mask.tolist() == [True, True, True, False, True, True, True, True]
    chosen = read_domain(whole.select([5, 2, 0]))  # a selection is a list of indices over a table
    assert chosen.examples.names() == ["dataset row 0", "dataset row 1", "dataset row 2"]
    assert [chosen.classes[i] for i in chosen.labels] == ["good", "good", "bad"]
    both = datasets.DatasetDict({"train": whole, "test": whole.select([0, 1])})
    assert read_domain(both).held_out.sum() == 2
    with pytest.raises(DataError, match="splits"):
        read_domain(datasets.DatasetDict({"first": whole}))
    with pytest.raises(DataError, match="streamed"):
        read_domain(whole.to_iterable_dataset())


def test_ids_of_the_hub_need_the_extra_and_a_network(monkeypatch):
    import importlib.util

    if importlib.util.find_spec("datasets") is None:
        with pytest.raises(MissingExtra, match="hub"):
            read_domain("hf:someone/reviews")
        return
    with pytest.raises(DataError, match="offline was asked for"):
        read_domain("hf:someone/reviews", offline=True)


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "tsv"])
def test_files_that_the_table_does_not_name_or_that_are_not_there_are_counted(tmp_path, ending):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for name in ("a", "b", "c", "d", "e", "f"):
        picture(tmp_path / "in" / f"{name}.png", 40 * ord(name) % 251)
    (tmp_path / "in" / "b.png").write_bytes(b"no image")
    rows = [
        {"file_name": "in/a.png", "label": "x"},
        {"file_name": "in\\b.png", "label": "y"},
        {"file_name": "in/C.PNG", "label": "x"},
        {"file_name": "in/gone.png", "label": "y"},
    ]
    path = tmp_path / f"metadata.{ending}"
    if ending == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif ending == "jsonl":
        path.write_text("\n".join(map(json.dumps, rows)))
    else:
        mark = "\t" if ending == "tsv" else ","
        path.write_text(
            "\n".join(mark.join(r) for r in (("file_name", "label"), *(r.values() for r in rows)))
        )
    domain = read_domain(tmp_path)
    left = {one.what: one.rows for one in domain.omissions}
    assert left["file that the metadata do not name"] == ("in/d.png", "in/e.png", "in/f.png")
    assert len(left["image file that does not exist"]) == 1
    assert "gone.png" in left["image file that does not exist"][0]
    assert len(left["unreadable image"]) == 1
    assert "b.png" in left["unreadable image"][0]
    assert len(domain) == 2
    assert any("3 more lie in the folder" in note for note in domain.notes)
