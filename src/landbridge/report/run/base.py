"""What all sections of a run's report share: a file that is missing or odd is said, never fatal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..blocks import Block, Blocks, Text
from ..page import Section
from .read import Predictions, RunFiles

UNJUDGED = {
    "label-free": "No label was opened",
    "cross-validated": "No rows were kept apart for judging",
}
"""Why nobody knows which answers are right, by the kind of verdict."""
ODD = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What a file raises that holds something unexpected."""


@dataclass(frozen=True)
class Part:
    """A section of a run's report."""

    title: str
    make: Callable[[RunFiles], Blocks | None]
    """Gives blocks; none where the file holds nothing for them."""
    file: str
    """That they are made from."""
    otherwise: str = ""
    """Said where there are none: "There is no map:"."""
    unjudged: str = ""
    """What follows from rows without truth: "there is no confusion matrix"."""
    nav: str | None = ""
    """As a `Section` has it; "{heading}" is what the kind of label is headed with."""
    id: str = ""
    """Where it is not the name."""

    def section(self, name: str, run: RunFiles) -> Section:
        """Return what a run's files give to see."""
        nav = self.nav and self.nav.format(heading=run.target_type.heading)
        blocks = tried(run, self.make, self.file, self.otherwise, self.unjudged)
        return Section(self.id or name, self.title, blocks, nav)


def tried(
    run: RunFiles,
    make: Callable[[RunFiles], Blocks | None],
    file: str,
    otherwise: str,
    unjudged: str = "",
) -> Blocks:
    """Return what a file gives to see, or why there is nothing; see `Part`."""
    try:
        found = make(run)
    except ODD as error:
        run.problems[file] = odd(error)
        found = None
    if found:
        return found
    why = "" if run.merged else UNJUDGED.get(run.verdict.kind, "")
    if why and unjudged:
        return [Text(f"{why}, so {unjudged}.", "missing")]
    return [missing(run, file, otherwise)]


def odd(error: Exception) -> str:
    """Say that a file holds something unexpected."""
    return f"holds something unexpected ({type(error).__name__}: {error})"


def missing(run: RunFiles, file: str, otherwise: str) -> Block:
    """Say why there is nothing to see."""
    why = run.problems.get(file, "holds nothing for it")
    return Text(Markup("{} <code>{}</code> {}.").format(otherwise, file, why), "missing")


def pair(run: RunFiles) -> tuple[Sequence[Predictions], Sequence[Predictions]]:
    """Return the answers of the chosen method and of the reference.

    Of a judged run those of the stored model and of the reference's first seed: what is drawn
    is the model that answers. Cross-validated: of all repetitions.
    """
    chosen = run.of_role("chosen")
    reference = run.of_role("baseline", run.verdict.reference or "")
    if run.verdict.stored_seed is not None:
        return chosen[:1], reference[:1]
    return chosen, reference
