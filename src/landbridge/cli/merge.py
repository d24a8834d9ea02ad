"""`landbridge merge`: one run out of several of the same θ₀."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..base.errors import ConfigError
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..base.config import RunConfig

WAYS = ("weighted", "ties", "dare", "add", "negate")


@verb("merge", "seed", "outside")
def merge(
    this: Frame,
    found: RunConfig,
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished runs.")],
    out: Annotated[Path, typer.Option(metavar="RUN", help="The new run's folder.")],
    method: Annotated[
        str, typer.Option("--method", metavar="METHOD", help=f"How: {', '.join(WAYS)}.")
    ] = "weighted",
    weights: Annotated[
        str | None,
        typer.Option(metavar="W,W,...", help="One for each run; 1 for all if not given."),
    ] = None,
    density: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of values that ties and dare keep.")
    ] = 0.2,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="DATA",
            help="Unlabelled examples for batch normalisation's statistics.",
        ),
    ] = None,
) -> None:
    """Merge runs of the same backbone: average, add or take away what each has learned.

    The first run's data, preprocessing and class order hold for the new one.
    """
    from ..runs.merge import merge as together

    this.run = out
    made = together(
        runs,
        method=method,  # type: ignore[arg-type]  # checked there, with what is known
        weights=_numbers(weights),
        density=density,
        seed=found.seed,
        data=data,
        outside=found.data.outside,
        out=out,
        events=this.events(),
    )
    words = made.choice["reason"]

    def show() -> None:
        from rich.text import Text

        from .tables import USES, console, show_folder

        screen = console()
        screen.print(Text(words, style="bold"))
        screen.print()
        show_folder(screen, out, *USES)

    this.result(
        {
            "run": str(out),
            "method": method,
            "sentence": words,
            "report": str(out / "report.html"),
        },
        show,
    )


def _numbers(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise ConfigError(
            f"--weights {text!r} is not a list of numbers", do="write --weights 0.7,0.3"
        ) from error
