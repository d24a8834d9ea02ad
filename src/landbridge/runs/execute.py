"""Runs fits, one after the other or side by side in worker processes.

Small networks gain little from a second thread and twice from a second process. Every fit
has the same number of threads either way, so its result does not depend on how it ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..base.errors import TrainingError
from ..base.events import Events
from ..base.threads import threads
from ..methods.core.base import METHODS
from ..methods.core.resolve import split_variant
from ..objectives.base import TERMS
from .context import FitContext
from .fit import Fit, FitSpec, finished, run_fit
from .workers import WorkerPool


class Runner:
    """Runs fits; worker processes start with the first fits that can share them, and stay.

    Parameters
    ----------
    context : FitContext
        Saved already, where `jobs` is more than 1: workers read it from disk.
    jobs : int
        Fits that run at once.
    events : Events
    """

    def __init__(self, context: FitContext, jobs: int, events: Events) -> None:
        self.context, self.jobs, self.events = context, jobs, events
        self._crew: WorkerPool | None = None

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
            done = finished(self.context, spec)
            if done is not None:
                results[spec.id] = done
            else:
                todo.setdefault(spec.id, spec)
        for spec, outcome in self._outcomes(list(todo.values())):
            if isinstance(outcome, TrainingError):
                if not tolerate:
                    raise outcome
                self.events.log("warning", f"{spec.method} failed: {outcome.message}", fit=spec.id)
            results[spec.id] = outcome
        return results

    def _outcomes(self, specs: Sequence[FitSpec]) -> Iterator[tuple[FitSpec, Fit | TrainingError]]:
        here = list(specs)
        if self.jobs > 1 and (len(specs) > 1 or self._crew is not None):
            # A method that a script registered is known to this process alone.
            here = [spec for spec in specs if not found_anywhere(spec.method)]
            away = [spec for spec in specs if found_anywhere(spec.method)]
            if away:
                if self._crew is None:
                    self._crew = WorkerPool(self.context, self.jobs)
                yield from self._crew.run(away, self.events)
        with threads(self.context.settings.threads):
            for spec in here:
                try:
                    yield spec, run_fit(self.context, spec, self.events)
                except TrainingError as error:
                    yield spec, error


def found_anywhere(name: str) -> bool:
    """Say whether a new process knows the method: it, or a term of it, is of no script alone."""
    base, _ = split_variant(name)
    parts = [part for part in base.split("+") if part != "joint" or "+" not in base]
    return all(
        registry.found_anywhere(part)
        for part in parts
        for registry in (METHODS, TERMS)
        if part in registry
    )
