"""Commands in processes of their own that start in no time, can be killed, and leave evidence."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

# One process imports everything once; commands are forked off it.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "torch",
        "sklearn.cluster",
        "landbridge.cli.app",
        "landbridge.runs.pipeline",
        "pyarrow.parquet",
        "imported_once",
    ]
)

SMALL = (
    *("--source", "sample:digits", "--target", "sample:digits", "--target-labels", "judge"),
    *("--method", "infomax+consistency", "--seeds", "2", "--budget", "10m", "--quiet"),
    *("--set", "data.max_rows=60", "--set", "training.steps=8"),
    *("--set", "training.source_steps=8", "--set", "training.precision=float32"),
    *("--set", "training.checkpoint_seconds=0", "--set", "training.batch_size=16"),
)
"""A run of three methods, two of them networks, that is over in seconds."""
ALONE = ("--set", "training.threads=1")
"""Without worker processes."""


class Command:
    """`landbridge` with some arguments, as the leader of its own process group.

    Parameters
    ----------
    args : sequence of str
    log : Path
        Gets what it writes to stdout and stderr.
    kill_at : tuple of (str, str, int), optional
        ("before" or "after", file name, n): it kills itself around the n-th time that a file
        of that name takes its place.
    """

    def __init__(
        self, args: Sequence[str], log: Path, kill_at: tuple[str, str, int] | None = None
    ) -> None:
        self.log = log
        arguments = (list(map(str, args)), str(log), kill_at, dict(os.environ))
        self.process = _CONTEXT.Process(target=_main, args=arguments)
        self.started = time.monotonic()
        self.process.start()

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def end(self, timeout: float = 120) -> int:
        """Wait for it and return its exit code, negative for a signal."""
        self.process.join(timeout)
        assert self.process.exitcode is not None, f"still running: {self.text()}"
        return self.process.exitcode

    def text(self) -> str:
        """Return what it has written."""
        return self.log.read_text() if self.log.exists() else ""

    def signal(self, number: int, *, group: bool = True) -> None:
        """Send a signal to it, or to its whole group."""
        if group and os.getpgid(self.pid) == self.pid:
            os.killpg(self.pid, number)
        else:
            os.kill(self.pid, number)

    def kill_after(self, seconds: float, *, group: bool = True) -> int:
        """Kill -9 once it has run this long, and return its exit code."""
        self.process.join(max(0.0, self.started + seconds - time.monotonic()))
        if self.process.exitcode is None:
            self.signal(signal.SIGKILL, group=group)
        return self.end()


def _main(
    args: list[str], log: str, kill_at: tuple[str, str, int] | None, environment: dict[str, str]
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    handle = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the server ignores it
    if kill_at is not None:
        _kill_at(*kill_at)
    from landbridge.cli.app import main

    sys.argv = ["landbridge", *args]
    main()


def _kill_at(when: str, name: str, count: int) -> None:
    usual, left = Path.replace, count

    def replace(self: Path, target: Any) -> Path:
        nonlocal left
        hit = Path(target).name == name
        left -= hit
        if hit and left == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = usual(self, target)
        if hit and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    Path.replace = replace  # type: ignore[method-assign]


# Evidence -----------------------------------------------------------------------------------


def check_whole(folder: Path) -> None:
    """Assert that no file is half-written: all are read, but for the log's last line."""
    import pyarrow.parquet as pq
    from safetensors.numpy import load

    if not folder.exists():
        return
    for file in folder.rglob("*"):
        if file.name.startswith(".") or not file.is_file() or file.suffix == ".part":
            continue
        if file.suffix == ".json" and not file.name.endswith(".part.json"):
            json.loads(file.read_text())
        elif file.suffix == ".safetensors":
            load(file.read_bytes())
        elif file.suffix == ".npy":
            np.load(file, allow_pickle=False)
        elif file.suffix == ".parquet":
            pq.read_table(file)
        elif file.suffix == ".jsonl":
            for line in file.read_text().split("\n")[:-1]:
                json.loads(line)


def result(folder: Path) -> dict[str, Any]:
    """Return what must not depend on interruptions: tensors, figures, predictions."""
    import pyarrow.parquet as pq
    from safetensors.numpy import load

    verdict = json.loads((folder / "verdict.json").read_text())
    choice = json.loads((folder / "choice.json").read_text())
    for row in choice["candidates"]:
        row.pop("cpu_s", None)
    tensors = load((folder / "model.safetensors").read_bytes())
    return {
        "tensors": {n: (t.dtype.str, t.shape, t.tobytes()) for n, t in tensors.items()},
        "verdict": verdict,
        "choice": choice,
        "predictions": pq.read_table(folder / "predictions.parquet").to_pydict(),
        "map": json.loads((folder / "map.json").read_text()),
    }


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Assert equality part by part: a difference should not print a whole network."""
    for part in one:
        assert one[part] == other[part] or part == "tensors", part
    assert one["tensors"].keys() == other["tensors"].keys()
    differ = [n for n in one["tensors"] if one["tensors"][n] != other["tensors"][n]]
    assert not differ, differ


def alive_in_group(pid: int) -> list[int]:
    """Return the processes of a group that still live."""
    import psutil

    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue  # it ended while we looked
    return found
