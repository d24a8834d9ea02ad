"""What the first screen says: the verdict, and the comparison it rests on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.shown import in_one_line
from landbridge.metrics.labelfree import explained, heading
from landbridge.verdict.records import MethodScore, Verdict
from landbridge.verdict.settle import Settle

from ..blocks import (
    Block,
    Blocks,
    Details,
    Estimate,
    Heading,
    Note,
    Table,
    Text,
    fine,
    forest,
    lead,
)
from ..inline import sentence, tagged
from ..page import Outcome
from ..svg import Mark
from ..units import Units
from .read import RunFiles

_KINDS = {
    "judged": "Judged on {rows} with labels that no method saw.",
    "cross-validated": "Cross-validated on the labelled rows ({rows}): no rows "
    "were kept apart for judging.",
    "label-free": "No labels were opened: this is evidence without truth, not a measurement.",
}
_BADGES = {"label-free": "no labels opened", "cross-validated": "cross-validated"}
_STOPPED = {"failed": "This run failed.", "interrupted": "This run was interrupted."}


def outcome(run: RunFiles) -> Outcome:
    """Return the verdict in a word and as a line."""
    verdict, units = run.verdict, run.units
    if run.merged:  # its verdict.json holds a sentence, and no evidence
        return Outcome("not judged")
    metric, chosen, reference = _names(verdict)
    way = f"of {metric}, {chosen} minus {reference}"
    if units.saves:
        way = f"of {metric} saved by {chosen} against {reference}"
    gap = None if verdict.kind == "label-free" else verdict.difference
    return Outcome(verdict.outcome or "no verdict", difference=gap, what=way, units=units)


def _names(verdict: Verdict) -> tuple[str, str, str]:
    return (
        verdict.metric or "accuracy",
        verdict.chosen.method or "the chosen method",
        verdict.reference or "the reference",
    )


def badges(run: RunFiles) -> list[str]:
    """Return what else is said beside the outcome."""
    said = [] if run.merged else [_BADGES.get(run.verdict.kind, "")]
    return [one for one in (*said, "reference kept" if kept(run) else "") if one]


def headline(run: RunFiles) -> tuple[str, str]:
    """Return what is said first, and the rest of it."""
    status = str(run.get("run").get("status"))
    return headed(run.verdict.sentence or _STOPPED.get(status, "This run has no verdict yet."))


def headed(said: str) -> tuple[str, str]:
    """Return what a verdict says first, and the rest of it.

    Examples
    --------
    >>> headed("Transfer helped: 98.1 % are right. That is the stored model.")
    ('Transfer helped: 98.1 % are right.', 'That is the stored model.')
    """
    ends = [found.end() for found in re.finditer(r"[.!?](?= [A-Z])", said)]
    if said.startswith("There are no labels") and len(ends) > 1:
        ends = ends[1:]  # what was done without them is the news
    end = ends[0] if ends and ends[0] < len(said) else len(said)
    return said[:end], said[end:].strip()


def kept(run: RunFiles) -> bool:
    """Say whether what the outcome is measured against was itself kept.

    Another baseline may have been chosen, and may well have helped.
    """
    same = run.verdict.chosen.method == run.verdict.reference
    return bool(run.get("choice").get("kept_reference")) and same


def intro(run: RunFiles) -> Blocks:
    """Return what stands beneath the verdict: what it assumes, what would settle it, on what."""
    verdict, about = run.verdict, run.get("run")
    stopped = str(about.get("status")) in _STOPPED
    failed = str(about.get("error") or "") if stopped else ""
    kind = "" if run.merged else verdict.kind
    assumes = Markup("<strong>It assumes:</strong> {}").format(verdict.assumption)
    blocks: list[Block | None] = []
    if failed:
        blocks.append(Text(f"The run stopped with: {failed}", "missing"))
    if kind == "label-free":
        said = (
            "No target label was opened, so there is no accuracy to show. What follows is "
            "evidence, not measurement."
        )
        inside = [Text(said), Text(assumes) if verdict.assumption else None]
        blocks.append(Note("A verdict without labels", blocks=inside, css="unsure"))
    elif verdict.assumption:
        blocks.append(fine(assumes))
    # A run of an older version says a single number, and not in all of its sentences.
    if verdict.settle is None and verdict.labels_to_settle is not None:
        about_so_many = fmt.counted(verdict.labels_to_settle, "labelled target example")
        text = Markup("<strong>About {}</strong>, drawn at random, would settle it.")
        blocks.append(fine(text.format(about_so_many)))
    blocks.append(_apart(verdict.settle))
    rows = fmt.counted(verdict.judged_rows, "target example")
    how = "" if kind == "label-free" else _KINDS.get(kind, "").format(rows=rows)
    seeds = fmt.seeds(verdict.seeds, verdict.seeds_note)
    blocks.append(fine(" ".join(filter(None, (how, seeds and f"{seeds}.")))))
    if verdict.unseen_classes:
        text = Markup("<strong>Classes that the model could not know:</strong> {}.")
        blocks.append(fine(text.format(", ".join(verdict.unseen_classes))))
    if run.problems:
        n = len(run.problems)
        are = "is" if n == 1 else "are"
        what = "not written, or damaged" if stopped else "missing or damaged"
        listed = Markup("").join(
            Markup("<li><code>{}</code> {}</li>").format(*one) for one in run.problems.items()
        )
        title = f"{fmt.counted(n, 'file')} of this run {are} {what}"
        blocks.append(Details(title, [Text(Markup("<ul>{}</ul>").format(listed))]))
    return blocks


def _apart(settle: Settle | None) -> Block | None:
    """Return the rows that the stored model and the reference answer differently, by name."""
    rows = [] if settle is None else [name for _, name in settle.rows]
    if not rows:
        return None
    count = (settle and settle.differ) or 0
    more = ", … (verdict.json has the first hundred)" if count > len(rows) else ""
    title = f"The {fmt.counted(count, 'row')} on which the two differ"
    if count == 1:
        title = "The row on which the two differ"
    return Details(title, [Text(in_one_line(rows) + more)], css="fine")


def comparison(run: RunFiles) -> Blocks | None:
    """Return the chosen method against each baseline, as rows of a chart and of a table."""
    verdict, units = run.verdict, run.units
    scores = verdict.scores
    if verdict.kind == "label-free" or not any(one.score.measured for one in scores):
        return _label_free(scores)
    metric, chosen, _ = _names(verdict)
    estimates = [
        Estimate(
            one.method,
            [Mark.of(one.score, one.per_seed, "chosen" if one.role == "chosen" else "baseline")],
            units.interval(one.score),
            note=one.what,
            tags=_tags(one, verdict.reference),
            chosen=one.role == "chosen",
        )
        for one in scores
    ]
    return [
        lead(_how(verdict)),
        forest(estimates, units, height=34),
        *_differences(scores, units, metric, chosen),
        Details("The same as a table", [_table(scores, units, metric)]),
    ]


def _tags(one: MethodScore, reference: str | None = None) -> list[str]:
    if one.role == "chosen":
        return ["chosen"]
    return ["reference"] if one.method == reference else []


def _how(verdict: Verdict) -> str:
    """Say what is drawn."""
    n = len(verdict.seeds)
    lines = "Lines are 95 % intervals."
    if verdict.stored_seed is not None and n > 1:
        lines = (
            "The disc is the stored model, a diamond a baseline's mean over seeds; lines are "
            "95 % intervals, small dots single seeds."
        )
    elif n > 1:
        lines = "Discs and diamonds are means, lines 95 % intervals, small dots single seeds."
    seeds = f", with {n} seeds" if n > 1 else ""
    return f"Every method answered the same target examples{seeds}. {lines}"


def _differences(
    scores: Sequence[MethodScore], units: Units, metric: str, chosen: str
) -> list[Block | None]:
    """Draw chosen minus each baseline; nothing where there is nothing to draw."""
    estimates = [
        Estimate(
            one.method,
            [Mark.of(gap)],
            units.difference(gap, unit=False),
            below=fmt.p_value(gap.p),
            label=f"chosen minus {one.method}: {units.difference(gap)}",
        )
        for one in scores
        if (gap := one.difference) is not None
    ]
    if not estimates:
        return []
    title = f"{chosen} minus each of the others"
    if units.saves:
        title = f"What {chosen} saves against each of the others"
    end = f"points of {metric}" if units.percent else metric
    return [Heading(title), forest(estimates, units, zero=True, height=26, end=end)]


def _table(scores: Sequence[MethodScore], units: Units, metric: str) -> Table:
    rows = [
        [
            one.method,
            units.interval(one.score),
            units.difference(one.difference, unit=False),
            fmt.p_value(one.difference and one.difference.p),
            ", ".join(map(units.value, one.per_seed)),
        ]
        for one in scores
    ]
    heads = ["Method", f"{sentence(metric)} (95 % interval)", units.against, "p", "Each seed"]
    marked = ["is-chosen" * (one.role == "chosen") for one in scores]
    return Table(heads, rows, (1, 2, 3), "Comparison of methods", marked)


def _label_free(scores: Sequence[MethodScore]) -> Blocks | None:
    each = [one.figures or {} for one in scores]
    names = list(dict.fromkeys(name for figures in each for name in figures))
    if not names:
        return None
    columns = [fmt.column([figures.get(name) for figures in each]) for name in names]
    rows = [
        [tagged(one.method, *_tags(one), small=one.what), *(own[i] for own in columns)]
        for i, one in enumerate(scores)
    ]
    said = (
        "Without labels there are no accuracies. These scores are computed from the answers "
        "alone; higher speaks for a method, unless its column says otherwise, and proves nothing."
    )
    marked = ["is-chosen" * (one.role == "chosen") for one in scores]
    right = range(1, len(names) + 1)
    heads = ["Method", *map(heading, names)]
    also = explained(names)
    return [
        lead(said),
        Table(heads, rows, right, "Label-free scores", marked),
        fine(also and f"{also}."),
    ]
