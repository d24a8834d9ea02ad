"""20,000 damaged inputs: each is read, or refused with a cause that has a name."""

from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import areas
from carriers import read_whole, tables_of, write_carriers

from landbridge.base.errors import LandbridgeError

TIMES = {
    "tables": 7700,
    "media": 4000,
    "foreign": 1000,
    "hub": 120,
    "structured": 2500,
    "configuration": 4000,
    "records": 300,
    "sealed": 1000,
    "resealed": 500,
}
WORKER = Path(__file__).parent / "worker.py"
LONGEST = 20
"""Seconds for one input."""


def tried(area: str, place: Path, first: int, count: int) -> list[str]:
    """Return what had no named cause, in one process after another where one ends."""
    found: list[str] = []
    end = first + count
    while first < end:
        args = [sys.executable, str(WORKER), area, str(place)]
        (place / "at").unlink(missing_ok=True)  # of the process before, while this one begins
        environment = {**os.environ, "LANDBRIDGE_CACHE": str(place / "cache")}
        with (place / "log").open("w") as log:
            process = subprocess.Popen(
                [*args, str(first), str(end - first)], stdout=log, stderr=log, env=environment
            )
            stuck = _watched(process, place)
        if process.returncode == 0:
            break
        at = _at(place)
        tail = (place / "log").read_text(errors="replace")[-1500:]
        if at is None or len(found) > 20:
            found.append(f"ended before it began: {tail}")
            break
        how = f"took more than {LONGEST} s" if stuck else f"exit {process.returncode}"
        found.append(f"{area} {at}: {how}: {tail}")
        first = at + 1
    file = place / "found.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    return found + [f"{area} {one['number']}: {one['what']}" for one in map(json.loads, lines)]


def _watched(process: subprocess.Popen[bytes], place: Path) -> bool:
    """Wait for its end; end it where it stays at one input for too long."""
    last, since = None, 0
    tick = threading.Event()
    while process.poll() is None:
        tick.wait(0.2)
        at = _at(place)
        since = since + 1 if at == last and at is not None else 0
        last = at
        if since > 5 * LONGEST:
            process.kill()
            process.wait()
            return True
    return False


def _at(place: Path) -> int | None:
    file = place / "at"
    text = file.read_text().split("\n")[0] if file.exists() else ""
    return int(text) if text else None


@pytest.mark.slow
@pytest.mark.parametrize("area", TIMES)
def test_no_input_ends_without_a_named_cause(area, tmp_path):
    areas.prepare(area, tmp_path)
    found = tried(area, tmp_path, 0, TIMES[area])
    assert not found, f"{len(found)} of {TIMES[area]}:\n" + "\n".join(found[:20])


def test_all_of_them_are_many():
    assert sum(TIMES.values()) >= 20_000


@pytest.mark.parametrize("area", ["configuration", "tables", "structured"])
def test_a_few_in_the_quick_tests(area, tmp_path):
    areas.prepare(area, tmp_path)
    attempt = areas.AREAS[area](tmp_path)
    for number in range(40):
        with contextlib.suppress(LandbridgeError):
            assert attempt(random.Random(f"{area} {number}"), tmp_path / "tried") == ""


def test_an_input_that_ends_the_process_is_named_and_the_rest_is_tried(tmp_path, monkeypatch):
    worker = tmp_path / "worker.py"
    worker.write_text(
        "import os, sys\nfrom pathlib import Path\nplace = Path(sys.argv[2])\n"
        "for i in range(int(sys.argv[3]), int(sys.argv[3]) + int(sys.argv[4])):\n"
        "    (place / 'at').write_text(f'{i}\\n')\n"
        "    if i == 3:\n        os.abort()\n"
    )
    monkeypatch.setattr(sys.modules[__name__], "WORKER", worker)
    found = tried("tables", tmp_path, 0, 6)
    assert len(found) == 1
    assert found[0].startswith("tables 3: exit -6")
    assert _at(tmp_path) == 5


def test_every_carrier_is_read_as_it_was_written(tmp_path):
    write_carriers(tmp_path / "carriers")
    files = tables_of(tmp_path / "carriers")
    assert len({file.suffix for file in files}) > 6
    for file in files:
        read_whole(file)
