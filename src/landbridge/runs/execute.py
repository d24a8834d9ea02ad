"""Runs fits, one after the other or side by side in worker processes.

Small networks gain little from a second thread and twice from a second process. Every fit
has the same number of threads either way, so its result does not depend on how it ran.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..base import errors as kinds
from ..base.errors import LandbridgeError, RunError, TrainingError
from ..base.events import Event, Events
from .fit import Fit, FitSpec, finished, run_fit
from .workspace import Workspace


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Give torch `count` threads within the block."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Runner:
    """Runs fits; worker processes start with the first fits that can share them, and stay.

    Parameters
    ----------
    workspace : Workspace
        Saved already, where `jobs` is more than 1: workers read it from disk.
    jobs : int
        Fits that run at once.
    events : Events
    """

    def __init__(self, workspace: Workspace, jobs: int, events: Events) -> None:
        self.workspace, self.jobs, self.events = workspace, jobs, events
        self._crew: Crew | None = None

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._crew is not None:
            self._crew.dismiss()

    def run(
        self, specs: Sequence[FitSpec], *, tolerate: bool = False
    ) -> dict[str, Fit | TrainingError]:
        """Run every fit that is not finished yet and return all of them by id.

        Parameters
        ----------
        tolerate : bool
            Return a fit's TrainingError in its place instead of raising it: one candidate
            that does not converge must not end the race.
        """
        results: dict[str, Fit | TrainingError] = {}
        todo: dict[str, FitSpec] = {}
        for spec in specs:
            done = finished(self.workspace, spec)
            if done is not None:
                results[spec.id] = done
            else:
                todo.setdefault(spec.id, spec)
        for spec, outcome in self._outcomes(list(todo.values())):
            if isinstance(outcome, TrainingError):
                if not tolerate:
                    raise outcome
                self.events.say("warning", f"{spec.method} failed: {outcome.found}", fit=spec.id)
            results[spec.id] = outcome
        return results

    def _outcomes(
        self, specs: Sequence[FitSpec]
    ) -> Iterator[tuple[FitSpec, Fit | TrainingError]]:
        if self.jobs > 1 and (len(specs) > 1 or self._crew is not None) and specs:
            if self._crew is None:
                self._crew = Crew(self.workspace, self.jobs)
            yield from self._crew.run(specs, self.events)
            return
        with threads(self.workspace.threads):
            for spec in specs:
                try:
                    yield spec, run_fit(self.workspace, spec, self.events)
                except TrainingError as error:
                    yield spec, error


# Worker processes ---------------------------------------------------------------------------


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


def _die_with(parent: int) -> None:
    """End this process when the parent is gone, so that a killed run leaves nothing behind."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _worker(path: str, count: int, tasks: Any, channel: Any, parent: int) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _die_with(parent)
    import torch

    torch.set_num_threads(count)
    workspace = Workspace.load(Path(path))
    events = Events(None, _Relay(channel))
    while True:
        spec = tasks.get()
        try:
            run_fit(workspace, spec, events)
            channel.put(("done", spec.id))
        except LandbridgeError as error:
            channel.put(("failed", spec.id, type(error).__name__, error.found, error.do))


class Crew:
    """Worker processes that take fits from a queue."""

    def __init__(self, workspace: Workspace, count: int) -> None:
        self.workspace = workspace
        context = multiprocessing.get_context("spawn")
        self.tasks: Any = context.Queue()
        self.channel: Any = context.Queue()
        arguments = (
            str(workspace.path), workspace.threads, self.tasks, self.channel, os.getpid()
        )  # fmt: skip
        with _no_main():
            self.workers = [
                context.Process(target=_worker, args=arguments, daemon=True) for _ in range(count)
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
        bars: dict[str, Any] = {}
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
                    fit = finished(self.workspace, spec)
                    assert fit is not None
                    yield spec, fit
                elif kind == "failed":
                    error = getattr(kinds, message[2])(message[3], do=message[4])
                    if not isinstance(error, TrainingError):
                        raise error
                    yield waiting.pop(key), error
        finally:
            for manager, _ in bars.values():
                manager.__exit__(None, None, None)

    def _next(self) -> Any:
        try:
            return self.channel.get(timeout=1.0)
        except queue.Empty:
            if all(worker.is_alive() for worker in self.workers):
                return None
            codes = [worker.exitcode for worker in self.workers]
            raise RunError(
                f"a worker process ended before its fit was finished (exit codes {codes}; -9 "
                "often means that memory ran out)",
                do="go on with `landbridge resume`, with training.threads=1 or fewer rows "
                "(data.max_rows)",
            ) from None


def _forward(events: Events, event: Event) -> None:
    fields = {k: v for k, v in event.items() if k not in ("time", "event", "message")}
    events.say(event["event"], event.get("message", ""), **fields)


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
