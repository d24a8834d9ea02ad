"""The most memory that a process and all below it took."""

from __future__ import annotations

import subprocess
import sys
import time

from landbridge.base import memory
from landbridge.base.memory import PeakMemory, tree_mb

CHILD = "rows = bytearray(80_000_000); print(flush=True); input()"


def test_what_was_freed_again_counts(monkeypatch):
    monkeypatch.setattr(memory, "LEAST_S", 0.01)
    monkeypatch.setattr(memory, "SHARE", 1.0)
    before = tree_mb()
    with PeakMemory() as peak:
        rows = bytearray(80_000_000)
        seen = time.monotonic() + 30
        while peak.mb < before + 60 and time.monotonic() < seen:
            time.sleep(0.01)
        del rows
    assert peak.mb > before + 60
    assert peak.look() == round(peak.mb, 1)


def test_processes_below_count_until_they_end():
    before = tree_mb()
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", CHILD], stdin=pipe, stdout=pipe) as child:
        child.stdout.readline()
        during = tree_mb()
        assert tree_mb(child.pid) > 70
        child.communicate(b"\n")
    assert during > before + 70
    assert tree_mb(child.pid) == 0
