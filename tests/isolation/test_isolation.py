"""What ends the process that reads a file costs an error that names it, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import endings
import pyarrow as pa
import pytest

from landbridge.base.errors import ConfigError, DataError, LandbridgeWarning, StorageError
from landbridge.isolation import ask, process
from landbridge.isolation.ask import end_all, isolated, wrote
from landbridge.isolation.process import SECONDS, EndedError


@pytest.fixture(autouse=True)
def clean(tmp_path, monkeypatch):
    """Begin without a process, and leave neither one nor a file behind."""
    end_all()
    monkeypatch.setattr(ask, "_ends", [])
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    started = []
    made = process.ReaderProcess.__init__

    def noted(self):
        made(self)
        started.append((self, self.pid))

    monkeypatch.setattr(process.ReaderProcess, "__init__", noted)
    yield started
    end_all()
    assert not list(place.iterdir())
    assert not [pid for one, pid in started if one.is_alive or is_running(pid)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"some bytes")
    return path


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def asked(function, file, **arguments):
    return [table.to_pydict() for table in isolated(function, file, **arguments)]


def pid_of(file) -> int:
    return asked(endings.where, file)[0]["pid"][0]


ENDS = {
    endings.segfault: r"\(SIGSEGV\)",
    endings.abort: r"\(SIGABRT\): std::bad_alloc",
    endings.leave: r"\(code 3\)",
    endings.fail: r"\(code 1\): TypeError: a fault of ours",
    endings.later: r"\(SIGABRT\)",
}


def test_an_end_is_an_error_that_names_the_file_and_the_next_one_is_read(file):
    pids = {os.getpid()}
    for function, said in ENDS.items():
        pids.add(pid_of(file))
        with pytest.raises(EndedError, match=rf"t\.parquet ended the process .*{said}") as error:
            asked(function, file)
        assert error.value.exit_code == DataError.exit_code
        assert "download it again" in error.value.hint
    assert len(pids) == 1 + len(ENDS)


def test_a_file_that_takes_too_long_is_ended(file, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.3")
    with pytest.raises(EndedError, match=r"t\.parquet was not read within 0\.3 s") as error:
        asked(endings.hang, file)
    assert f"{SECONDS}=" in error.value.hint
    monkeypatch.setenv(SECONDS, "soon")
    with pytest.raises(ConfigError, match=SECONDS):
        asked(endings.where, file)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counted on Linux alone")
def test_a_small_file_that_takes_all_memory_is_refused(file):
    with pytest.raises(DataError, match="more memory than it may"):
        asked(endings.take_all, file)
    assert pid_of(file)


def test_one_process_reads_all_files_and_what_it_prints_is_no_answer(file, clean):
    assert pid_of(file) == pid_of(file) != os.getpid()
    assert asked(endings.count, file, to=3) == [{"i": [i]} for i in range(3)]
    assert len(clean) == 1


def test_it_does_not_wait_for_hours(file, monkeypatch):
    monkeypatch.setattr(ask, "_REST", 0.05)
    reader = pid_of(file)
    until(lambda: not is_running(reader))
    assert pid_of(file) != reader


def test_threads_and_files_within_files_have_their_own(file, clean):
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda k: asked(endings.count, file, to=k), range(6)))
    assert [len(tables) for tables in found] == list(range(6))
    outer = isolated(endings.count, file, to=3)
    next(outer)
    assert pid_of(file)
    assert len(list(outer)) == 2
    assert sum(one.is_alive for one, _ in clean) == 1, "one waits for the next file"


def test_who_stops_in_between_leaves_nothing(file, clean):
    tables = isolated(endings.count, file, to=3)
    next(tables)
    tables.close()
    assert not clean[0][0].is_alive
    assert asked(endings.count, file, to=1) == [{"i": [0]}]


def test_a_process_that_was_killed_while_it_waited_is_replaced(file):
    os.kill(before := pid_of(file), signal.SIGKILL)
    time.sleep(0.2)
    assert pid_of(file) != before


def test_what_this_process_wrote_is_read_in_it_until_it_changes(file):
    wrote(file)
    assert pid_of(file) == os.getpid()
    file.write_bytes(b"something else now")
    assert pid_of(file) != os.getpid()


def test_where_none_can_be_started_files_are_read_here_and_that_is_said(file, monkeypatch):
    monkeypatch.setattr("multiprocessing.spawn._python_exe", sys.executable + "-not-there")
    with pytest.warns(LandbridgeWarning, match="read in this process"):
        assert pid_of(file) == os.getpid()


def test_a_missing_file_and_a_full_disk_are_named(tmp_path, file, monkeypatch):
    with pytest.raises(DataError, match=r"gone\.parquet cannot be read"):
        asked(endings.where, tmp_path / "gone.parquet")
    pid_of(file)
    folder = ask._idle[0].folder
    (folder / "0.arrows").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"cannot take what .*t\.parquet") as error:
        asked(endings.where, file)
    assert "TMPDIR" in error.value.hint


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_has_its_own(file):
    before = pid_of(file)
    if (child := os.fork()) == 0:
        code = 1
        try:
            end_all()
            code = 0 if is_running(before) and pid_of(file) != before else 2
            end_all()
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert pid_of(file) == before


@pytest.mark.skipif(os.name == "nt", reason="there a process does not know that its parent ended")
def test_a_killed_run_leaves_neither_its_reader_nor_files(file, tmp_path):
    code = (
        "import sys; from pathlib import Path; import endings;"
        "from landbridge.isolation.ask import isolated;"
        "list(isolated(endings.hang, Path(sys.argv[1])))"
    )
    place = tmp_path / "its own"
    place.mkdir()
    paths = os.pathsep.join([str(Path(endings.__file__).parent), *filter(None, sys.path)])
    environment = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(place)}
    run = subprocess.Popen([sys.executable, "-c", code, str(file)], env=environment)
    written = file.with_suffix(".pid")
    try:
        until(lambda: written.exists() and written.read_text())
        reader = int(written.read_text())
        assert is_running(reader)
    finally:
        run.kill()
        run.wait()
    until(lambda: not is_running(reader))
    assert not list(place.iterdir())


def until(true, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_tables_come_as_they_were_made(tmp_path):
    """Metadata, dictionaries that differ by batch, nested and rare types, and no rows at all."""
    import pyarrow.parquet as pq

    from landbridge.domains.readers.parquet_files import read_parquet

    first, second = (pa.array(words).dictionary_encode() for words in (["a", "b"], ["c", None]))
    made = pa.table(
        {
            "word": pa.chunked_array([first, second]),
            "place": [{"x": 1, "tags": ["p"]}, None, {"x": 2, "tags": []}, {"x": 3, "tags": None}],
            "when": pa.array([0, 1, None, 3], pa.timestamp("ns", "Europe/Rome")),
            "view": pa.array(["a", "bb", None, "d" * 40], pa.string_view()),
            "price": pa.array([1, 2, 3, None], pa.decimal128(20, 2)),
        }
    ).replace_schema_metadata({"huggingface": "{}", "landbridge": "what only we may say"})
    path = tmp_path / "t.parquet"
    for table in (made, made.slice(0, 0)):
        pq.write_table(table, path, row_group_size=2)
        there, here = read_parquet(path), pq.read_table(path)
        assert there.equals(here)
        assert there.schema.equals(here.schema)
        assert there.schema.metadata == {b"huggingface": b"{}"}
        assert min(column.num_chunks for column in there.columns) >= 1
    assert read_parquet(path, []).num_columns == 0
