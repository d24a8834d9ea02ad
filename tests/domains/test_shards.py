"""Parquet shards: what is read of them, and that contents stay on disk."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from landbridge.base.errors import DataError
from landbridge.domains.modalities.pieces import Piece
from landbridge.domains.read import read_domain


def png(value):
    out = io.BytesIO()
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(out, "PNG")
    return out.getvalue()


def write(path, values, start=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"bytes": png(v), "path": None} for v in values]
    labels = ["dark" if v < 100 else "bright" for v in values]
    pq.write_table(pa.table({"image": rows, "label": labels}), path)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))


def test_a_folder_of_shards_is_one_domain(tmp_path):
    write(tmp_path / "d" / "a.parquet", [10, 200, 30])
    write(tmp_path / "d" / "b.parquet", [210, 50])
    domain = read_domain(tmp_path / "d")
    assert domain.modality == "image"
    assert [domain.classes[i] for i in domain.labels] == [
        "dark", "bright", "dark", "bright", "dark"
    ]  # fmt: skip
    assert all(isinstance(item, Piece) for item in domain.examples.items)
    table = pa.concat_tables([pq.read_table(f) for f in sorted((tmp_path / "d").glob("*"))])
    pq.write_table(table, tmp_path / "whole.parquet")
    whole = read_domain(tmp_path / "whole.parquet")
    assert domain.examples.fingerprint() == whole.examples.fingerprint()
    assert domain.examples.contents() == whole.examples.contents()
    (store,) = (tmp_path / "cache" / "shards").glob("*.bin")
    before = store.stat().st_mtime_ns
    read_domain(tmp_path / "d")
    assert store.stat().st_mtime_ns == before, "it was written again"


def test_names_of_shards_say_the_split(tmp_path):
    write(tmp_path / "d" / "data" / "train-00000-of-00002.parquet", [10, 200])
    write(tmp_path / "d" / "data" / "train-00001-of-00002.parquet", [10, 200])
    write(tmp_path / "d" / "data" / "test-00000-of-00001.parquet", [20])
    domain = read_domain(tmp_path / "d")
    assert domain.held_out.tolist() == [True, False, False, False, False]


def test_missing_and_broken_rows_are_left_out_and_said(tmp_path):
    rows = [{"bytes": png(10)}, {"bytes": None}, {"bytes": b"no image"}, {"bytes": png(200)}]
    (tmp_path / "d").mkdir()
    table = pa.table({"image": rows, "label": ["a", "b", "a", "b"]})
    pq.write_table(table, tmp_path / "d" / "x.parquet")
    domain = read_domain(tmp_path / "d", image="image")
    assert len(domain) == 2
    assert {o.what: len(o.rows) for o in domain.omissions} == {
        "row without an image": 1,
        "unreadable image": 1,
    }


def test_shards_of_different_tables(tmp_path):
    write(tmp_path / "d" / "a.parquet", [10])
    pq.write_table(pa.table({"x": [1]}), tmp_path / "d" / "b.parquet")
    with pytest.raises(DataError, match="shards of one table"):
        read_domain(tmp_path / "d")
    (tmp_path / "d" / "b.parquet").write_bytes(b"PAR1 cut short")
    with pytest.raises(DataError, match="no whole Parquet"):
        read_domain(tmp_path / "d")
