"""`landbridge merge`: one run out of several of the same θ₀."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb

WAYS = ("weighted", "ties", "dare", "add", "negate")


@verb("merge", "seed", "outside")
def merge(
    this: Frame,
    runs: Annotated[list[Path], o.argument("RUN...", "Finished runs.")],
    out: Annotated[Path, o.own("RUN", "The new run's folder.")],
    method: Annotated[str, o.own("METHOD", f"How: {', '.join(WAYS)}.")] = "weighted",
    weights: Annotated[
        str | None, o.own("W,W,...", "One for each run; 1 for all if not given.")
    ] = None,
    density: Annotated[float, o.own("SHARE", "Share of values that ties and dare keep.")] = 0.2,
    data: Annotated[
        str | None, o.own("DATA", "Unlabelled examples for batch normalisation's statistics.")
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
        data=data,
        out=out,
        events=this.events(),
        **this.given,
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
            f"--weights {text!r} is not a list of numbers", hint="write --weights 0.7,0.3"
        ) from error
