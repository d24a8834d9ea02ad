"""Worker processes that fit, tell the parent what happens, and die with it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ..base import errors as kinds
from ..base.errors import LandbridgeError, MissingExtra, RunError, TrainingError
from ..base.events import Event, Events, Progress
from ..base.orphans import end_with
from .context import FitContext
from .fit import Fit, FitSpec, finished, run_fit

_LOOK_EVERY = 1.0
"""Seconds between looks at whether all workers live."""


class _Relay:
    """In a worker: sends events and progress to the parent."""

    def __init__(self, channel: Any) -> None:
        self.channel = channel

    def event(self, event: Event) -> None:
        self.channel.put(("event", event))

    @contextlib.contextmanager
    def progress(self, what: str, total: int) -> Iterator[Any]:
        key = f"{os.getpid()}-{time.monotonic_ns()}"
        self.channel.put(("open", key, what, total))
        try:
            yield _RelayBar(self.channel, key)
        finally:
            self.channel.put(("close", key))


class _RelayBar:
    """Bundles steps, so that a quick loop does not flood the channel."""

    def __init__(self, channel: Any, key: str) -> None:
        self.channel, self.key = channel, key
        self.pending, self.sent = 0, time.monotonic()
        self.figures: dict[str, float] = {}

    def advance(self, steps: int = 1, **figures: float) -> None:
        self.pending += steps
        self.figures |= figures
        if time.monotonic() - self.sent > 0.2:
            self.channel.put(("advance", self.key, self.pending, self.figures))
            self.pending, self.sent, self.figures = 0, time.monotonic(), {}


def _worker(path: str, count: int, tasks: Any, channel: Any, parent: int) -> None:
    end_with(parent)
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(count)
    threadpool_limits(count)  # NumPy's, for good
    for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[pool] = str(count)  # what is loaded later: SciPy's BLAS, scikit-learn's OpenMP
    context = FitContext.load(Path(path))
    events = Events(None, _Relay(channel))
    while True:
        spec = tasks.get()
        try:
            run_fit(context, spec, events)
            channel.put(("done", spec.id))
        except LandbridgeError as error:
            channel.put(("failed", spec.id, type(error).__name__, error.message, error.hint))


class WorkerPool:
    """Worker processes that take fits from a queue."""

    def __init__(self, context: FitContext, count: int) -> None:
        self.context = context
        self._looked = time.monotonic()
        spawning = multiprocessing.get_context("spawn")
        self.tasks: Any = spawning.Queue()
        self.channel: Any = spawning.Queue()
        arguments = (
            str(context.path), context.settings.threads, self.tasks, self.channel, os.getpid()
        )  # fmt: skip
        with _no_main(), _no_interrupts():
            self.workers = [
                spawning.Process(target=_worker, args=arguments, daemon=True) for _ in range(count)
            ]
            for worker in self.workers:
                worker.start()

    def dismiss(self) -> None:
        """End the workers, whatever they are doing: checkpoints keep what they did."""
        for worker in self.workers:
            worker.kill()
        for worker in self.workers:
            worker.join(timeout=5)
        for pipe in (self.tasks, self.channel):
            pipe.cancel_join_thread()
            pipe.close()

    def run(
        self, specs: Sequence[FitSpec], events: Events
    ) -> Iterator[tuple[FitSpec, Fit | TrainingError]]:
        """Hand out fits and yield each as it ends; forward what workers say."""
        waiting = {spec.id: spec for spec in specs}
        for spec in specs:
            self.tasks.put(spec)
        bars: dict[str, tuple[AbstractContextManager[Progress], Progress]] = {}
        try:
            while waiting:
                message = self._next()
                if message is None:
                    continue
                kind, key = message[0], message[1]
                if kind == "event":
                    _forward(events, key)
                elif kind == "open":
                    manager = events.progress(message[2], message[3])
                    bars[key] = (manager, manager.__enter__())
                elif kind == "advance" and key in bars:
                    bars[key][1].advance(message[2], **message[3])
                elif kind == "close" and key in bars:
                    bars.pop(key)[0].__exit__(None, None, None)
                elif kind == "done":
                    spec = waiting.pop(key)
                    fit = finished(self.context, spec)
                    assert fit is not None
                    yield spec, fit
                elif kind == "failed":
                    error = _error(*message[2:])
                    if not isinstance(error, TrainingError):
                        raise error
                    yield waiting.pop(key), error
        finally:
            for opened, _ in bars.values():
                opened.__exit__(None, None, None)

    def _next(self) -> Any:
        """Return a worker's next message, None where there is none within a second."""
        message = None
        with contextlib.suppress(queue.Empty):
            message = self.channel.get(timeout=_LOOK_EVERY)
        if message is not None and time.monotonic() - self._looked < _LOOK_EVERY:
            return message
        self._looked = time.monotonic()
        codes = [worker.exitcode for worker in self.workers if not worker.is_alive()]
        if not codes:
            return message
        if any(code < 0 for code in codes if code is not None):
            why, hint = (
                f"was killed (exit codes {codes}); often memory ran out",
                "go on with `landbridge resume`; if it happens again, start a run with fewer "
                "rows (data.max_rows) or one process (training.threads=1)",
            )
        else:
            why, hint = (
                f"stopped (exit codes {codes}), see its traceback above",
                "this is a bug in landbridge or in a package below it; what was finished is kept",
            )
        raise RunError(f"a worker process {why}, before its fit was finished", hint=hint)


def _error(kind: str, found: str, hint: str) -> LandbridgeError:
    """Make a worker's error again, of the same kind and with the same exit code."""
    made = getattr(kinds, kind, LandbridgeError)
    if not issubclass(made, LandbridgeError) or issubclass(made, MissingExtra):
        made = LandbridgeError
    return made(found, hint=hint)


def _forward(events: Events, event: Event) -> None:
    fields = {k: v for k, v in event.items() if k not in ("time", "event", "message")}
    events.log(event["event"], event.get("message", ""), **fields)


@contextlib.contextmanager
def _no_main() -> Iterator[None]:
    """Keep spawned workers from importing the caller's script again.

    A script without an ``if __name__ == "__main__"`` guard would start its run anew in
    every worker. Workers need nothing from it.
    """
    main = sys.modules["__main__"]
    saved = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    try:
        for name in saved:
            setattr(main, name, None)
        if getattr(main, "__file__", "") is None:
            del main.__file__
        yield
    finally:
        for name, value in saved.items():
            setattr(main, name, value)


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from processes that start meanwhile: the parent decides what it means.

    The mask is inherited; in this process an interrupt only waits for the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
