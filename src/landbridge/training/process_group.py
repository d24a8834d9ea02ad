"""Processes that train together: rank 0 does the whole command, the others take its steps.

A follower reads no data and writes nothing: rank 0 sends it the network, the phases and the rows of
each training, and it takes the same steps. So what holds for one process (who writes, what is
sealed, how to go on) holds for several.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.distributed as dist

from ..base.errors import ConfigError, LandbridgeError, RunError
from ..base.orphans import end_with
from .batches import Side
from .data import TrainingData
from .shared_steps import Ranks

_PATIENCE = timedelta(days=30)
"""A follower waits as long as the work between two trainings takes; a lost one is noticed at once,
by its connection."""
_LARGE = 1 << 20
"""Bytes of an array from which on it is sent once."""

_group: ProcessGroup | None = None


class ProcessGroup:
    """What rank 0 knows of its followers."""

    def __init__(
        self, ranks: Ranks, started: list[subprocess.Popen[bytes]], one_machine: bool = True
    ) -> None:
        self.ranks, self.started, self.one_machine = ranks, started, one_machine
        self.broken = False
        self._sent: dict[int, np.ndarray] = {}  # held, so that no other array gets its number

    def train(self, job: dict[str, Any]) -> None:
        """Tell the followers what is trained next."""
        data: TrainingData = job["data"]
        sides = [self._parcel(side) for side in (data.source, data.target)]
        bare = replace(data, source=None, target=None, features=None)
        try:
            packed = pickle.dumps({**job, "data": bare, "sides": sides})
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ConfigError(
                f"this network cannot be sent to other processes: {error}",
                hint="train it in one process: leave out --processes, or torchrun",
            ) from error
        with self.at_work():
            dist.broadcast_object_list([packed], src=0)

    def _parcel(self, side: Side | None) -> Any:
        if side is None:
            return None
        inputs = side.inputs
        key = id(inputs)
        own: Any = ("sent", key)
        if key not in self._sent or inputs.nbytes < _LARGE:
            own = ("array", key, np.asarray(inputs))
            if isinstance(inputs, np.memmap) and _whole(inputs) and self.one_machine:
                place = (str(Path(str(inputs.filename)).resolve()), inputs.offset)
                own = ("file", key, *place, inputs.dtype.str, inputs.shape)
            self._sent[key] = inputs
        return own, side.labels, side.labeled_mask, side.groups, side.domain

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Take steps in the block; after an error followers cannot be asked to stop."""
        try:
            yield
        except LandbridgeError:  # all ranks find it in the same place
            raise
        except RuntimeError as error:
            self.broken = True
            if not any(word in str(error) for word in ("onnection", "gloo", "NCCL", "store")):
                raise
            raise RunError(
                f"a process that trains along is gone: {str(error).splitlines()[0][:200]}",
                hint="go on with `landbridge resume`; as many processes as then, fewer or one",
            ) from error
        except BaseException:
            self.broken = True
            raise

    def dismiss(self) -> None:
        """Send the followers home."""
        if not self.broken:
            with contextlib.suppress(RuntimeError):  # those that are gone need no word
                dist.broadcast_object_list([None], src=0)
        for process in self.started:
            if self.broken:
                process.kill()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if dist.is_initialized():
            dist.destroy_process_group()


def _whole(inputs: np.memmap[Any, Any]) -> bool:
    """Say whether an array is what its file holds, in order, and no view of it."""
    size = os.path.getsize(inputs.filename) if inputs.filename else 0
    return bool(inputs.flags["C_CONTIGUOUS"]) and inputs.offset + inputs.nbytes == size


def process_group() -> ProcessGroup | None:
    """Return the processes of this process; None where it trains alone."""
    return _group


def ranks() -> Ranks | None:
    """Return who shares the steps of this process; None where it trains alone."""
    return None if _group is None else _group.ranks


@contextmanager
def together(processes: int | None, threads: int | None = None) -> Iterator[None]:
    """Train with so many processes on this machine in the block; one needs none of this.

    Under torchrun the processes are there already, and `processes` may be left out.

    Parameters
    ----------
    processes : int or None
    threads : int, optional
        Of each.

    Raises
    ------
    ConfigError
        Where torch has no way to do that here.
    """
    global _group
    if _group is not None or (processes or 1) == 1:
        yield
        return
    if not dist.is_available():
        raise ConfigError(
            f"training.processes = {processes}, and this build of torch cannot do that",
            hint="leave it out",
        )
    assert processes is not None
    _group = _start(processes, threads)
    try:
        yield
    finally:
        _leave()


def _start(processes: int, threads: int | None) -> ProcessGroup:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = f"tcp://127.0.0.1:{port}"
    env = dict(os.environ) | ({} if threads is None else {"OMP_NUM_THREADS": str(threads)})
    word = [sys.executable, "-m", "landbridge.training.process_group", str(os.getpid()), place]
    started = [
        subprocess.Popen([*word, str(rank), str(processes)], env=env | {"LOCAL_RANK": str(rank)})
        for rank in range(1, processes)
    ]
    try:
        dist.init_process_group(
            *(_backend(), place), rank=0, world_size=processes, timeout=_PATIENCE
        )
    except (RuntimeError, ValueError) as error:
        for process in started:
            process.kill()
        raise RunError(
            f"{processes} processes did not find each other: {error}", hint="use fewer, or one"
        ) from error
    return ProcessGroup(Ranks(0, processes), started)


def _backend() -> str:
    several = torch.cuda.is_available() and dist.is_nccl_available()
    return "cpu:gloo,cuda:nccl" if several else "gloo"


def take_part_if_asked() -> bool:
    """Take part in what torchrun began, and say whether this process was a follower.

    Rank 0 goes on with the command; a follower is here until that is done.
    """
    global _group
    dist.init_process_group(_backend(), timeout=_PATIENCE)
    rank, size = dist.get_rank(), dist.get_world_size()
    hosts: list[Any] = [None] * size
    dist.all_gather_object(hosts, socket.gethostname())
    if rank:
        follow()
        return True
    _group = ProcessGroup(Ranks(rank, size), [], one_machine=len(set(hosts)) == 1)
    atexit.register(_leave)
    return False


def _leave() -> None:
    global _group
    if _group is not None:
        done, _group = _group, None
        done.dismiss()


def follow() -> None:
    """Take part in trainings until rank 0 says that there are no more."""
    from .loop import take_part  # which imports this

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rank 0 says what becomes of this one
    own = Ranks(dist.get_rank(), dist.get_world_size())
    arrays: dict[int, np.ndarray] = {}
    while True:
        given: list[Any] = [None]
        dist.broadcast_object_list(given, src=0)
        if given[0] is None:
            break
        job = pickle.loads(given[0])  # from rank 0 of this very command
        source, target = (_unpacked(side, arrays) for side in job.pop("sides"))
        job["data"] = replace(job["data"], source=source, target=target)
        with contextlib.suppress(LandbridgeError):  # rank 0 tells of it
            take_part(job, own)
    dist.destroy_process_group()


def _unpacked(side: Any, arrays: dict[int, np.ndarray]) -> Side | None:
    if side is None:
        return None
    (how, key, *rest), labels, labeled_mask, groups, domain = side
    if how == "file":
        name, offset, kind, shape = rest
        rest = [np.memmap(name, np.dtype(kind), "r", offset, shape)]
    if rest:
        arrays[key] = rest[0]
    return Side(arrays[key], labels, labeled_mask, groups, domain)


def main(parent: str, place: str, rank: str, size: str) -> None:
    """Be a follower of the process that started this one."""
    end_with(int(parent))
    dist.init_process_group(
        *(_backend(), place), rank=int(rank), world_size=int(size), timeout=_PATIENCE
    )
    follow()


if __name__ == "__main__":
    main(*sys.argv[1:])
