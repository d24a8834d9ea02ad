"""Files whose names are no UTF-8 or hold controls are read, with a name that can be kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import landbridge
from landbridge.artifacts.free import check_free
from landbridge.base.errors import RunError
from landbridge.base.events import Events
from landbridge.base.files import write_json
from landbridge.domains.read import read_domain
from landbridge.structured.rows import read_rows

from .test_inside import KINDS

CAFE = os.fsdecode(b"caf\xe9")
"""As Latin-1 writes it."""


def _kept(texts) -> None:
    """Check that names can be kept in every kind of file."""
    pa.array(list(texts), pa.string())
    json.dumps(list(texts), ensure_ascii=False).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_such_names_is_read(tmp_path, kind):
    make, ending = KINDS[kind]
    root = tmp_path / CAFE
    for label in (f"a{CAFE}", "b\x1b[2J"):
        for i in range(3):
            make(root / label / f"{CAFE}_{i}{ending}", i + 1)
    (root / "b\x1b[2J" / f"{CAFE}{ending}").write_bytes(b"")
    found = read_domain(root, events=Events(tmp_path / "log.jsonl"))
    assert found.classes == ("acaf\\xe9", "b\x1b[2J")
    assert found.name == "caf\\xe9"
    assert len(found) == 6
    _kept([*found.classes, *found.examples.names(), found.name])
    assert len(found.examples.fingerprint()) > 4
    write_json(tmp_path / "a.json", {"rows": [o.rows for o in found.omissions]})
    (root / "b\x1b[2J" / f"{CAFE}{ending}").unlink()
    _kept(read_domain(root, domain="folder").groups)
    _kept(read_domain(root, pattern="{word}_{take}", domain="word").groups)


def test_a_table_of_such_a_name_is_read(tmp_path):
    for name, text in ((f"{CAFE}.csv", "a,label\n1,x\n2,y\n3,x\n"), (f"{CAFE}.txt", "a b\nc d\n")):
        (tmp_path / name).write_text(text)
        found = read_domain(tmp_path / name)
        assert found.name == "caf\\xe9"
        _kept(found.examples.names())
    (tmp_path / f"{CAFE}.jsonl").write_text('{"tokens": ["a"], "tags": ["O"]}\n')
    _kept(read_rows(tmp_path / f"{CAFE}.jsonl").names)


def test_metadata_beside_such_files(tmp_path):
    make, _ = KINDS["image"]
    make(tmp_path / f"{CAFE}.png")
    make(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("file_name,label\na.png,x\n")
    found = read_domain(tmp_path)
    assert len(found) == 1
    (left,) = found.omissions  # the file that nobody names
    assert Path(left.rows[0]).name == f"{CAFE}.png"
    write_json(tmp_path / "a.json", {"rows": left.rows})


def test_shards_below_such_a_folder_are_read(tmp_path):
    make, _ = KINDS["image"]
    content = make(tmp_path / "a.png").read_bytes()
    (tmp_path / CAFE).mkdir()
    table = pa.table({"image": [content] * 4, "label": list("xyxy")})
    with (tmp_path / CAFE / "train-0.parquet").open("wb") as file:
        pq.write_table(table, file)
    found = read_domain(tmp_path / CAFE)
    assert len(found) == 4
    _kept(found.examples.names())


def test_a_folder_to_write_to_needs_a_name_that_all_can_write(tmp_path):
    for kind in ("run", "clusters"):
        with pytest.raises(RunError, match="is no UTF-8"):
            check_free(tmp_path / CAFE, kind)
    with pytest.raises(RunError, match="is no UTF-8"):
        landbridge.load(tmp_path / CAFE)
