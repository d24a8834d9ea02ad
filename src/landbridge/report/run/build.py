"""One offline HTML file from a run folder."""

from __future__ import annotations

from pathlib import Path

from ..blocks import Block
from ..page import Page, write_page
from .base import ODD, UNJUDGED, Part, odd
from .calibration import calibration
from .classification import classes, confusions, examples
from .cost import cost, repeat, transfer
from .curves import curves
from .labels import labels
from .maps import maps
from .modalities import modalities
from .numbers import numbers
from .read import RunFiles, read_run
from .story import story
from .transferred import shortcut_note, transferred
from .verdict import badges, comparison, headline, intro, outcome

_PREDICTIONS = "predictions.parquet"
SECTIONS = {
    "comparison": Part(
        "Compared with what?", comparison, "verdict.json", "There is no comparison:"
    ),
    "story": Part("What was done, and why", story, "data.json", nav="What was done"),
    "curves": Part(
        *("How it learned", curves, "log.jsonl", "There are no learning curves:"), nav="Learning"
    ),
    "classes": Part(
        *("Class by class", classes, _PREDICTIONS, "There are no results by class:"),
        *("there are no results by class", "{heading}"),
    ),
    "confusion": Part(
        *("What is taken for what", confusions, _PREDICTIONS, "There is no confusion matrix:"),
        *("there is no confusion matrix", None),
    ),
    "calibration": Part(
        *("Can its confidence be believed?", calibration, _PREDICTIONS),
        "Calibration needs probabilities and known labels, and this run does not hold both:",
        "calibration cannot be known",
    ),
    "numbers": Part(
        *("Predicted and true", numbers, _PREDICTIONS, "There is nothing to compare:"),
        *("predicted and true values cannot be compared", "{heading}", "classes"),
    ),
    "several": Part(
        *("Label by label", labels, _PREDICTIONS, "There are no results by label:"),
        *("there are no results by label", "{heading}", "classes"),
    ),
    "parts": Part(
        *("What each modality gives", modalities, "parts.json"),
        *("What each modality gives is not known:", "", "Modalities"),
    ),
    "map": Part("Source and target, before and after", maps, "map.json", "There is no map:"),
    "examples": Part(
        *("Examples that changed", examples, "examples.json", "There are no examples:"),
        "which answers became right or wrong is not known",
    ),
    "explained": Part(
        *("What the transfer changed", transferred, "explained.json"),
        *("What the transfer changed is not known:", "", "Changed"),
    ),
    "transfer": Part(
        *("What was carried over", transfer, "transfer.json"),
        *("Which tensors were carried over is not known:", "", None),
    ),
    "cost": Part("What it cost", cost, "cost.json"),
    "repeat": Part("To repeat it", repeat, "config.json"),
}
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


def tried_note(run: RunFiles) -> Block | None:
    """Return what the target does not have, which nobody may miss."""
    try:
        return shortcut_note(run)
    except ODD as error:
        run.problems["explained.json"] = odd(error)
        return None


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
    left_out = _BY_KIND - set(run.target_type.sections)
    if "parts" not in run.values and "parts.json" not in run.problems:
        left_out.add("parts")  # a run of one modality
    if "explained" not in run.values and "explained.json" not in run.problems:
        left_out.add("explained")  # a run of an older version
    shown = _MERGED if run.merged else set(SECTIONS) - left_out
    sections = [part.section(name, run) for name, part in SECTIONS.items() if name in shown]
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
        intro=[tried_note(run), *intro(run)],
        badges=badges(run),
        further=further,
        name=f"{said.outcome.capitalize()}: {title}",
        source=" from the run folder alone",
    )
