"""What caches keep: checked, made anew where it is wrong, by one process at a time, private."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from landbridge.base.errors import StorageError
from landbridge.base.events import SILENT, Events
from landbridge.base.stored import checked, facts_of, stored_array, stored_file

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither modes nor fork")
SHAPE = (40, 7)


class Heard:
    def __init__(self) -> None:
        self.said: list[str] = []

    def event(self, event: dict) -> None:
        self.said.append(f"{event['event']}: {event.get('message', '')}")

    def progress(self, *_: object) -> contextlib.AbstractContextManager:
        return Events().progress("", 0)


def right() -> np.ndarray:
    return np.random.default_rng(0).normal(size=SHAPE).astype(np.float32)


def blocks(made: list[int], stop_at: int | None = None):
    def chunks(start: int):
        for first in range(start, len(right()), 8):
            if stop_at is not None and first >= stop_at:
                raise KeyboardInterrupt
            made.append(first)
            yield right()[first : first + 8]

    return chunks


def array(path: Path, made: list[int] | None = None, heard: Heard | None = None, **more):
    made = [] if made is None else made
    events = SILENT if heard is None else Events(None, heard)
    chunks = blocks(made, more.pop("stop_at", None))
    return stored_array(path, SHAPE, np.float32, chunks, what="rows", events=events, **more)


def damaged(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "empty":
        data = bytearray()
    elif how == "foot gone":
        data = data[: 128 + 4 * int(np.prod(SHAPE))]
    elif how == "of another kind":
        data = bytearray(b"not an array at all" * 40)
    elif how.startswith("cut"):
        data = data[: int(len(data) * float(how.split()[1]))]
    elif how.startswith("flip"):
        data[int((len(data) - 1) * float(how.split()[1]))] ^= 0x20
    elif how == "rows swapped":
        rows = np.frombuffer(bytes(data[128 : 128 + 4 * 280]), np.float32).reshape(SHAPE)
        data[128 : 128 + 4 * 280] = rows[::-1].tobytes()
    path.write_bytes(data)


@pytest.mark.parametrize(
    "how",
    [
        *("empty", "foot gone", "of another kind", "rows swapped"),
        *(f"cut {share}" for share in (0.01, 0.3, 0.9, 0.999)),
        *(f"flip {share}" for share in (0, 0.02, 0.1, 0.5, 0.7, 0.85, 0.9, 0.95, 0.99, 1)),
    ],
)
def test_a_wrong_file_is_made_anew_and_said(tmp_path, how):
    path = tmp_path / "images-a.npy"
    array(path)
    damaged(path, how)
    made: list[int] = []
    heard = Heard()
    assert np.array_equal(array(path, made, heard), right())
    assert made[0] == 0
    assert [s for s in heard.said if s.startswith("note") and "damaged" in s]
    assert np.array_equal(array(path, made := []), right())
    assert made == [], "what was made anew is kept"


def test_a_file_of_other_data_is_not_taken(tmp_path):
    array(tmp_path / "images-a.npy")
    shutil.copy(tmp_path / "images-a.npy", tmp_path / "images-b.npy")
    array(tmp_path / "images-b.npy", made := [])
    assert made, "the file's name was right, its content was of other data"


def test_files_of_earlier_versions_are_made_anew(tmp_path):
    np.save(tmp_path / "images-a.npy", np.zeros(SHAPE, np.float32))
    heard = Heard()
    assert np.array_equal(array(tmp_path / "images-a.npy", heard=heard), right())
    assert "earlier version" in heard.said[0]


def test_an_interrupted_one_is_gone_on_with(tmp_path):
    path = tmp_path / "images-a.npy"
    with pytest.raises(KeyboardInterrupt):
        array(path, stop_at=24)
    made: list[int] = []
    assert np.array_equal(array(path, made), right())
    assert made == [24, 32]
    assert not list(tmp_path.glob("*.part*"))


@pytest.mark.parametrize("how", ["flip 0.5", "flip 0", "cut 0.5", "empty"])
def test_a_damaged_unfinished_file_is_not_trusted(tmp_path, how):
    path = tmp_path / "images-a.npy"
    with pytest.raises(KeyboardInterrupt):
        array(path, stop_at=24)
    damaged(next(tmp_path.glob("*.part")), how)
    assert np.array_equal(array(path), right())


@pytest.mark.parametrize(
    "state", ["", "[]", "{}", '{"blocks": 3}', '{"blocks": [[1, 2]]}', '{"blocks": [["a", 1, 2]]}']
)
def test_a_damaged_state_is_not_trusted(tmp_path, state):
    path = tmp_path / "images-a.npy"
    with pytest.raises(KeyboardInterrupt):
        array(path, stop_at=24)
    next(tmp_path.glob("*.part.json")).write_text(state)
    assert np.array_equal(array(path), right())


def test_facts_and_files(tmp_path):
    array(tmp_path / "features-a.npy", facts={"identity": "x"})
    assert facts_of(tmp_path / "features-a.npy") == {"identity": "x"}
    calls = []

    def pieces():
        calls.append(1)
        yield from (b"ab", b"", b"c" * 100)

    for damage in (None, "flip 0.5", "cut 0.5", "empty"):
        path = stored_file(tmp_path / "k.bin", pieces, what="contents")
        assert path.read_bytes().startswith(b"abccc")
        if damage:
            damaged(path, damage)
            assert not checked(path)
            stored_file(path, pieces, what="contents")
            assert checked(path)
    assert len(calls) == 4


@posix
def test_two_processes_never_share_an_unfinished_file(tmp_path):
    """Others that begin meanwhile and are ended early take nothing from the one at work."""
    path = tmp_path / "images-a.npy"

    def child(pause: float) -> int:
        number = os.fork()
        if number == 0:
            with contextlib.suppress(BaseException):

                def chunks(start):
                    for first in range(start, SHAPE[0], 2):
                        time.sleep(pause)
                        yield right()[first : first + 2]

                stored_array(path, SHAPE, np.float32, chunks)
                os._exit(0)
            os._exit(1)
        return number

    rng = np.random.default_rng(0)
    for _ in range(5):
        path.unlink(missing_ok=True)
        worker = child(0.01)
        for _ in range(3):
            time.sleep(rng.uniform(0.01, 0.06))
            other = child(0.05)
            time.sleep(0.02)
            os.kill(other, signal.SIGKILL)
            os.waitpid(other, 0)
        assert os.waitpid(worker, 0)[1] == 0
        assert np.array_equal(np.load(path), right())


@posix
def test_the_second_process_waits_and_says_so(tmp_path):
    from landbridge.base.locks import locked

    path, heard = tmp_path / "images-a.npy", Heard()
    with locked(path.with_suffix(".lock")):
        number = os.fork()
        if number == 0:
            array(path, heard=heard)
            os._exit(0 if any("waiting" in s for s in heard.said) else 3)
        time.sleep(0.3)
        assert not path.exists()
    assert os.waitpid(number, 0)[1] == 0
    assert checked(path)


@posix
def test_caches_are_private(tmp_path, monkeypatch):
    root = tmp_path / "cache"
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(root))
    (root / "features").mkdir(parents=True)
    root.chmod(0o755)
    old = [root / "images-old.npy", root / "features" / "features-old.npy"]
    for file in (*old, root / "mine.txt"):
        file.write_bytes(b"x")
        file.chmod(0o644)
    before = os.umask(0o022)
    try:
        array(root / "images-a.npy")
        array(root / "features" / "features-a.npy")
        with pytest.raises(KeyboardInterrupt):
            array(root / "images-b.npy", stop_at=24)
    finally:
        os.umask(before)
    modes = {p.relative_to(root): p.stat().st_mode & 0o777 for p in root.rglob("*")}
    others = modes.pop(Path("mine.txt"))
    assert root.stat().st_mode & 0o777 == 0o700
    assert {m for p, m in modes.items() if p.name != "features"} == {0o600}
    assert modes[Path("features")] == 0o700
    assert others == 0o644, "a file of the user's own was touched"


@posix
def test_pictures_in_pages_and_json_are_private(tmp_path):
    from landbridge.base.files import write_json, write_text

    before = os.umask(0o022)
    try:
        write_json(tmp_path / "a.json", {"p": "data:image/png;base64,AAAA"})
        write_text(tmp_path / "a.html", '<img src="data:image/png;base64,AAAA">')
        write_text(tmp_path / "b.html", "no picture")
    finally:
        os.umask(before)
    modes = [(tmp_path / n).stat().st_mode & 0o777 for n in ("a.json", "a.html", "b.html")]
    assert modes == [0o600, 0o600, 0o644]


@posix
@pytest.mark.parametrize("what", ["finished", "unfinished", "lock"])
def test_links_in_a_cache_are_not_written_through(tmp_path, what):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    ending = {"finished": ".npy", "unfinished": ".part", "lock": ".lock"}[what]
    path = tmp_path / "c" / "images-a.npy"
    path.parent.mkdir()
    path.with_suffix(ending).symlink_to(victim)
    if what == "lock":
        with pytest.raises(StorageError, match="is a link"):
            array(path)
    else:
        assert np.array_equal(array(path), right())
    assert victim.read_bytes() == b"precious"
