"""The model card: a README.md beside the model, for whoever finds the folder later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from landbridge.base import formatting as fmt
from landbridge.base.files import write_text

from ..markdown import md
from .base import ODD
from .read import RunFiles, read_run

_ROWS = {
    "tabular": "rows of tables",
    "image": "images",
    "text": "texts",
    "audio": "recordings",
    "several": "rows of several modalities",
}
"""What a reader calls the examples of a modality."""


def write_card(run_dir: Path | str) -> Path:
    """Write the model card of a run as README.md in its folder, and return its path.

    Raises
    ------
    RunError
        Where the folder is none, or holds no run.
    """
    run = read_run(Path(run_dir))
    path = run.folder / "README.md"
    write_text(path, card(run))
    return path


def card(run: RunFiles) -> str:
    """Return the model card as Markdown."""
    parts = [_part(make, run) for make in (_title, _verdict, _data, _use, _limits)]
    parts.append(_licence())
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _part(make: Callable[[RunFiles], list[str]], run: RunFiles) -> list[str]:
    """Return a part of the card; what it is made from may be damaged."""
    try:
        return make(run)
    except ODD:
        return ["Something that belongs here is not said: a file of this run is damaged."]


def _title(run: RunFiles) -> list[str]:
    target = run.part("data", "target")
    choice, backbone = run.get("choice"), run.get("backbone")
    name = target.get("name") or run.folder.name
    classes = run.classes
    kind = run.target_type
    rows = _ROWS.get(str(target.get("modality")), "data")
    what = kind.card.format(rows=rows, count=fmt.counted(len(classes), kind.noun, kind.nouns))
    shown = ", ".join(md(c) for c in classes[:20]) + (", …" if len(classes) > 20 else "")
    how = (
        f"Method: {md(choice['method'])}. Why: {md(choice.get('reason') or 'not recorded')}"
        if choice.get("method")
        else ""
    )
    base = backbone.get("name") or backbone.get("backbone") or backbone.get("id")
    return [
        f"# {md(name)}",
        "",
        f"{what}: {shown}." if classes else f"{what}.",
        *([f"Backbone: {md(base)}."] if base else []),
        how.strip(),
        "Made by Landbridge; the whole story is in `report.html`.",
    ]


def _verdict(run: RunFiles) -> list[str]:
    verdict, unit = run.verdict, run.units
    lines = ["## Did the transfer help?", ""]
    if not run.get("verdict"):
        return [*lines, "This run has no verdict."]
    lines += [
        f"**{md(verdict.outcome.capitalize())}.** {md(verdict.sentence)}",
        "",
    ]
    if verdict.kind == "label-free":
        lines += ["No target label was opened: this is evidence, not a measurement."]
        if verdict.assumption:
            lines += [f"It assumes: {md(verdict.assumption)}"]
        return lines
    lines += [
        f"| method | {md(verdict.metric or 'accuracy')} (95 % interval) "
        f"| {unit.against[0].lower()}{unit.against[1:]} |",
        "|---|---|---|",
    ]
    for one in verdict.scores:
        name = f"**{md(one.method)}** (chosen)" if one.role == "chosen" else md(one.method)
        gap = unit.difference(one.difference, unit=False)
        lines.append(f"| {name} | {unit.interval(one.score)} | {gap} |")
    kinds = {"cross-validated": "Cross-validated on", "judged": "Judged on"}
    rows = fmt.counted(verdict.judged_rows, "target example")
    basis = f"{kinds.get(verdict.kind, 'On')} {rows}."
    seeds = md(fmt.seeds(verdict.seeds, verdict.seeds_note))
    lines += ["", f"{basis} {seeds}." if seeds else basis]
    return lines


def _data(run: RunFiles) -> list[str]:
    data = run.get("data")
    if not data:
        return []
    lines = ["## Data", "", md(data.get("setting") or ""), ""]
    for side in run.sides:
        sealed = f" ({fmt.count(side.n_test)} kept for judging)" if side.n_test else ""
        lines.append(
            f"- {side.role}: {md(side.name)}, {fmt.counted(side.usable, 'usable row')} "
            f"of {fmt.count(side.rows)}{sealed}, labelled: {md(side.labelled)}"
        )
        lines += [f"  - left out: {fmt.count(o.count)} {md(o.what)}" for o in side.omissions]
    return lines


def _use(run: RunFiles) -> list[str]:
    return [
        "## Use it",
        "",
        "```python",
        "import landbridge",
        "",
        'run = landbridge.load_run("path/to/this/folder")',
        'answers = run.predict("path/to/new/examples")',
        "```",
        "",
        "Or: `landbridge predict path/to/this/folder NEW_EXAMPLES`.",
        "Nothing in this folder is a pickle.",
    ]


def _limits(run: RunFiles) -> list[str]:
    verdict = run.verdict
    lines = [
        "## Limits",
        "",
        f"- {run.target_type.limits}",
        "- The figures hold for examples drawn like those it was judged on, and for no others.",
    ]
    if verdict.unseen_classes:
        lines.append(f"- It never saw: {', '.join(md(c) for c in verdict.unseen_classes)}.")
    sure = verdict.calibration
    if sure is not None and fmt.number(sure.ece) is not None:
        chance = fmt.number(sure.ece_by_chance)
        few = "" if chance is None else f"; so many examples show {fmt.percent(chance)} by chance"
        lines.append(
            f"- Its confidence is off by {fmt.percent(sure.ece)} on average "
            f"(expected calibration error{few})."
        )
    return lines


def _licence() -> list[str]:
    return [
        "## Licence",
        "",
        "Not stated. It depends on the licences of the data and of the backbone, which Landbridge",
        "does not know; whoever shares this folder has to look them up and write them here.",
    ]
