"""One offline HTML file from a run folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from landbridge.base.files import write_text

from . import html
from .curves import learning_curves
from .read import RunFiles, read_run
from .view_answers import (
    calibration_view,
    classes_view,
    confusion_view,
    examples_view,
)
from .view_map import map_view
from .view_narrative import choice_view, cost_view, data_view, facts, repeat_view, transfer_view
from .view_numbers import numbers_view
from .view_parts import parts_view
from .view_several import several_view
from .view_verdict import comparison_view, verdict_view


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
    path = Path(out) if out is not None else run.folder / "report.html"
    write_text(path, render(run))
    return path


def render(run: RunFiles) -> str:
    """Return the report as one HTML text."""
    model = _model(run)
    scripts = ["scatter.js", "map.js"] if model["map"] else []
    return html.render("report.html.j2", model, scripts=scripts)


def _model(run: RunFiles) -> dict[str, Any]:
    problems: dict[str, str] = dict(run.problems)

    def safely(view: Callable[[RunFiles], Any], needs: str) -> Any:
        """Run one section; where its file holds something unexpected, the report says so."""
        try:
            return view(run)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            problems[needs] = f"holds something unexpected ({type(error).__name__}: {error})"
            return None

    about = run.get("run")
    verdict = safely(verdict_view, "verdict.json")
    if verdict is None:  # nothing else may build on it either
        run.values.pop("verdict")
        verdict = verdict_view(run)
    target = run.part("data", "target").get("name") or run.folder.name
    source = run.part("data", "source").get("name")
    model = {
        "title": f"{source} → {target}" if source else str(target),
        "created": str(about.get("created") or "")[:16].replace("T", " "),
        "version": str(about.get("landbridge") or ""),
        "verdict": verdict,
        "comparison": safely(comparison_view, "verdict.json"),
        "data": safely(data_view, "data.json"),
        "backbone": facts(run.get("backbone")),
        "preprocessor": facts(run.get("preprocessor")),
        "choice": safely(choice_view, "choice.json"),
        "curves": safely(lambda r: learning_curves(r.log, verdict["chosen"]), "log.jsonl"),
        "target": run.target_type,
        **{name: safely(VIEWS[name], "predictions.parquet") for name in run.target_type.sections},
        "parts": safely(parts_view, "parts.json"),
        "map": safely(map_view, "map.json"),
        "examples": safely(examples_view, "examples.json") if run.target_type.exclusive else None,
        "transfer": safely(transfer_view, "transfer.json"),
        "cost": safely(cost_view, "cost.json"),
        "repeat": repeat_view(run),
        "warnings": [
            *map(str, run.listed("merge", "notes")),
            *(str(e.get("message", "")) for e in run.log if e.get("event") == "warning"),
        ],
    }
    if verdict["unjudged"]:  # nobody knows which answers became right
        problems.pop("examples.json", None)
    return {**model, "problems": problems}


VIEWS: dict[str, Callable[[RunFiles], Any]] = {
    "classes": classes_view,
    "confusion": confusion_view,
    "calibration": calibration_view,
    "numbers": numbers_view,
    "several": several_view,
}
"""What shows answers: the sections that a kind of label asks for."""
