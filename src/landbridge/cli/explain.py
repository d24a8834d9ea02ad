"""`landbridge explain`: why a run answers as it does, and how far that can be relied on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ..base.errors import ConfigError
from . import options as o
from .frame import Frame
from .verbs import verb

if TYPE_CHECKING:
    from ..explanation.records import RowExplanation
    from ..explanation.result import Explanations

_NOTHING = 1e-5
_SHOWN = 3
"""Units of a row on the terminal."""


@verb("explain", "label", "seed", "outside", keys=("training.threads",))
def explain(
    this: Frame,
    run: o.RunFolder,
    data: o.Data,
    rows: Annotated[
        str | None, o.own("N|NAMES", "How many telling rows (20), or names joined by commas.")
    ] = None,
    method: Annotated[
        str,
        o.own(
            "NAME",
            "contributions, integrated-gradients, grad-cam, occlusion, shapley; auto takes what "
            "passes its checks best.",
        ),
    ] = "auto",
    passes: Annotated[
        int, o.own("N", "Forward passes that explaining a row may take; a table's 16 times that.")
    ] = 25,
    source: Annotated[
        str | None,
        o.own("DATA", 'The source, where it lies elsewhere now; "none" leaves it out.'),
    ] = None,
    out: Annotated[Path | None, o.own("FILE", "Write a page: one offline .html file.")] = None,
) -> None:
    """Say why rows of DATA are answered as they are, and check what is said against the model.

    Labels in DATA decide which rows are shown, and nothing else.
    """
    if out is not None and out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"--out {out}: the page is one HTML file", hint="end the name in .html")
    from ..finished import load
    from .predict import taken

    loaded = load(run)
    how = {"rows": rows, "method": method, "passes": passes, "out": out}
    if not hasattr(loaded, "explain"):
        raise ConfigError(
            f"{run} is no folder of `landbridge transfer` or `tune`, and cannot be explained",
            hint="name the folder of a run",
        )
    given = taken(loaded.explain, run, {**this.given, "source": source})
    found = loaded.explain(data, **how, **given, events=this.events())
    value = {"run": str(run), "page": None if out is None else str(out), **found.to_json()}
    this.result(value, lambda: _show(found, out))


def _show(found: Explanations, out: Path | None) -> None:
    """Show rows with what speaks most for and against, then what was checked."""
    from rich.text import Text

    from ..base.shown import from_shared_folder
    from .tables import console, percent, show_paths, show_rows

    screen = console()
    screen.print()
    screen.print(Text(found.sentence()[:1].upper() + found.sentence()[1:], style="bold"))
    for one in found.shortcuts:
        screen.print(Text(f"warning: {one.sentence()}", style="yellow"))
    for note in found.notes:
        screen.print(Text(note, style="dim"))
    rows = []
    folder, names = from_shared_folder([row.name for row in found.rows])
    for row, name in zip(found.rows, names, strict=True):
        sure = "" if row.probability is None else f" ({percent(row.probability)})"
        speaks = _speaks(row)
        checked = f"{row.check.gain:.2f}" if row.check.passed else "not to be relied on"
        rows.append([name, f"{_said(row.answer)}{sure}", _said(row.truth), speaks, checked])
    screen.print()
    ways = "raises (+) or lowers (-) it" if found.directed else "speaks for (+) or against (-) it"
    heads = ["row", "answer", "true", f"what {ways} most, of all", "check"]
    show_rows(screen, heads, rows, title=f"in {folder}" if folder else "")
    checks = [
        [
            one.method,
            f"{one.cost:.0f}",
            f"{one.gain.value:.2f}",
            f"{one.gain.low:.2f} to {one.gain.high:.2f}",
            "; ".join(one.problems) or "passed",
        ]
        for one in found.checks
    ]
    screen.print()
    show_rows(screen, ["method", "passes", "gain", "95 % interval", ""], checks, right=(1, 2, 3))
    screen.print(Text(f"{found.method}: {found.reason}", style="dim"))
    screen.print()
    if out is not None:
        show_paths(screen, [("page", str(out))])
    else:
        screen.print(Text("--out why.html shows it in pictures", style="dim"))


def _speaks(row: RowExplanation) -> str:
    """Return the strongest units with their shares, as scores of most methods have no unit."""
    whole = sum(abs(score) for score in row.scores)
    if not whole > _NOTHING:
        return "nothing changes the answer"
    shares = [f"{unit} {100 * score / whole:+.0f} %" for unit, score in row.strongest(_SHOWN)]
    return ("; " if any("," in unit for unit in row.units) else ", ").join(shares)


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
