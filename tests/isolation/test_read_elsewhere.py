"""Tables that native code takes apart are read in a process of their own, whoever reads them."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import endings
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq
import pytest

import landbridge
from landbridge.base.errors import DataError
from landbridge.base.events import SILENT
from landbridge.domains.read import read_domain
from landbridge.isolation.ask import end_all
from landbridge.isolation.process import EndedError
from landbridge.multi_task.read import read_tasks
from landbridge.report.run.read import read_run
from landbridge.structured.rows import read_rows

ROWS = {
    "x": [i * i % 11 + 0.5 for i in range(30)],
    "label": ["a", "b", "c"] * 10,
    "kind": ["p", "q"] * 15,
}


def parquet(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(ROWS), path)
    return path


def lines(path: Path) -> Path:
    rows = [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def metadata(folder: Path) -> Path:
    folder.mkdir()
    for i in range(3):
        (folder / f"{i}.txt").write_text(f"some words, number {i}")
    pq.write_table(
        pa.table({"file_name": [f"{i}.txt" for i in range(3)], "label": list("aba")}),
        folder / "metadata.parquet",
    )
    return folder


def shards(folder: Path) -> Path:
    rows = [{"bytes": f"contents {i}".encode(), "path": None} for i in range(30)]
    folder.mkdir()
    pq.write_table(pa.table({"image": rows, **ROWS}), folder / "a.parquet")
    return folder


def run_folder(folder: Path) -> Path:
    folder.mkdir()
    for name in ("run", "config"):
        (folder / f"{name}.json").write_text("{}")
    answers = {"method": ["m"], "role": ["chosen"], "seed": [0], "row": [0], "name": ["n"]}
    answers |= {"predicted": ["a"], "true": ["a"]}
    pq.write_table(pa.table(answers), folder / "predictions.parquet")
    return folder


WAYS = {
    "parquet": lambda d: read_domain(parquet(d / "t.parquet"), label="label"),
    "shards": lambda d: read_domain(shards(d / "t"), columns=["x"], label="label"),
    "metadata": lambda d: read_domain(metadata(d / "t")),
    "json lines": lambda d: read_domain(lines(d / "t.jsonl"), label="label"),
    "tasks": lambda d: read_tasks(str(parquet(d / "t.parquet")), ["label", "kind"], {}, SILENT),
    "structured": lambda d: read_rows(parquet(d / "t.parquet")),
    "report": lambda d: read_run(run_folder(d / "t")).predictions[0].predicted.tolist(),
}


@pytest.fixture
def nothing_native_here(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("read in this process")

    for name in ("read_table", "ParquetFile", "ParquetDataset", "read_schema", "read_metadata"):
        monkeypatch.setattr(pq, name, refuse)
    monkeypatch.setattr(pyarrow.json, "read_json", refuse)


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_taken_apart_in_this_process(tmp_path, monkeypatch, nothing_native_here, way):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / "cache"))
    assert WAYS[way](tmp_path)


NATIVE = {
    "pyarrow.parquet": ("read_table", "ParquetFile", "ParquetDataset", "read_schema"),
    "pyarrow": ("json", "orc", "feather", "dataset", "ipc", "memory_map"),
}


def test_no_other_module_names_a_native_reader():
    """What is read of a file by Arrow is in `isolation`; csv is read as strings, and stays."""
    root = Path(landbridge.__file__).parent
    found = []
    for path in root.rglob("*.py"):
        text = path.read_text("utf-8")
        if path.parent.name == "isolation" or "pyarrow" not in text:
            continue
        tree = ast.parse(text)
        for node in ast.walk(tree):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = [one.name for one in node.names] if module in NATIVE else []
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                module = {"pq": "pyarrow.parquet", "pa": "pyarrow"}.get(node.value.id)
                names = [node.attr]
            if isinstance(node, ast.Import):
                names = [one.name.rpartition(".")[2] for one in node.names]
                module = "pyarrow" if node.names[0].name.startswith("pyarrow.") else None
            if set(names) & set(NATIVE.get(module, ())):
                found.append(f"{path.relative_to(root)}:{node.lineno}")
    assert not found


def test_json_that_ends_arrow_is_named_by_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr("landbridge.isolation.json_lines.table", endings.segfault)
    end_all()
    path = lines(tmp_path / "t.jsonl")
    path.write_text(path.read_text() + '{"x": [1, "label": "a"}\n')
    with pytest.raises(DataError, match=r"t\.jsonl.* line 31 is no whole JSON"):
        read_domain(path)


def test_a_table_that_ends_its_reader_costs_an_error(tmp_path, monkeypatch):
    path = parquet(tmp_path / "t.parquet")
    monkeypatch.setattr("landbridge.isolation.parquet.whole", endings.segfault)
    end_all()
    with pytest.raises(EndedError, match=r"t\.parquet ended the process .*SIGSEGV"):
        read_domain(path)
    monkeypatch.undo()
    assert len(read_domain(path, label="label")) == 30


def test_what_a_file_says_of_how_text_was_read_is_not_believed(tmp_path):
    said = json.dumps({"typed": "no", "path": "/etc/passwd", "rows": 30, "names": True})
    pq.write_table(
        pa.table(ROWS).replace_schema_metadata({"landbridge": said}), tmp_path / "t.parquet"
    )
    assert list(read_domain(tmp_path / "t.parquet", label="label").classes) == ["a", "b", "c"]
