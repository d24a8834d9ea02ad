"""One offline HTML file from a run folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..page import Page, Section, write_page
from .answers import calibration, classes, confusions, examples
from .base import ODD, UNJUDGED, odd
from .cost import cost, repeat, transfer
from .curves import curves
from .labels import labels
from .maps import maps
from .modalities import modalities
from .numbers import numbers
from .read import RunFiles, read_run
from .story import story
from .verdict import badges, comparison, headline, intro, outcome

SECTIONS: Sequence[tuple[str, Callable[[RunFiles], Section | None]]] = (
    ("comparison", comparison),
    ("story", story),
    ("curves", curves),
    ("classes", classes),
    ("confusion", confusions),
    ("calibration", calibration),
    ("numbers", numbers),
    ("several", labels),
    ("parts", modalities),
    ("map", maps),
    ("examples", examples),
    ("transfer", transfer),
    ("cost", cost),
    ("repeat", repeat),
)
"""All sections, in their order."""
_BY_KIND = {"classes", "confusion", "calibration", "numbers", "several", "examples"}
"""Those that a kind of label asks for, or does not."""
_MERGED = {"story", "cost", "repeat"}
"""Those of a run that was merged from others."""


def write_report(run_dir: Path | str, out: Path | str | None = None) -> Path:
    """Write the report of a run.

    Parameters
    ----------
    run_dir : path
        The run folder; files that are missing from it are named in the report.
    out : path, optional
        The file to write; ``report.html`` in the run folder where left out.

    Returns
    -------
    path
        The file written. The same folder gives the same bytes.

    Raises
    ------
    RunError
        Where the folder is none, or holds no run.
    """
    run = read_run(Path(run_dir))
    return write_page(page_of(run), Path(out) if out is not None else run.folder / "report.html")


def page_of(run: RunFiles) -> Page:
    """Return what the report shows."""
    try:
        said = outcome(run)
    except ODD as error:  # nothing else may build on it either
        run.problems["verdict.json"] = odd(error)
        run.values.pop("verdict")
        said = outcome(run)
    if not run.merged and run.verdict.kind in UNJUDGED:  # nobody knows which answers became right
        run.problems.pop("examples.json", None)
    kind = run.target_type
    names = [name for name, _ in SECTIONS if name not in _BY_KIND or name in kind.sections]
    shown = [name for name in names if not run.merged or name in _MERGED]
    sections = [own for name, make in SECTIONS if name in shown and (own := make(run)) is not None]
    created = str(run.get("run").get("created") or "")[:16].replace("T", " ")
    target = run.part("data", "target").get("name") or run.folder.name
    source = run.part("data", "source").get("name")
    title = f"{source} → {target}" if source else str(target)
    first, further = headline(run)
    return Page(
        title=f"{title} · {created}" if created else title,
        headline=first,
        outcomes=[said],
        sections=sections,
        intro=intro(run),
        badges=badges(run),
        further=further,
        name=f"{said.outcome.capitalize()}: {title}",
        source=" from the run folder alone",
    )
