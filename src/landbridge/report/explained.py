"""The page that says why rows are answered as they are, and how far that can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landbridge.base import formatting as fmt
from landbridge.base.shown import from_shared_folder
from landbridge.explanation.records import (
    MethodCheck,
    Neighbour,
    RowExplanation,
)
from landbridge.explanation.reliance import Reliance
from landbridge.explanation.result import Explanations

from .blocks import (
    Block,
    Blocks,
    Box,
    Boxes,
    Details,
    Estimate,
    Facts,
    Heading,
    Note,
    Shots,
    Table,
    Text,
    fine,
    forest,
    lead,
)
from .drawn import bars, blocks_of, flat, said, uri
from .inline import sentence
from .page import Outcome, Page, Section, noted, write_page
from .svg import Mark
from .units import SHARES

_KINDS = {
    "for": "speaks for the answer",
    "against": "speaks against it",
    "near": "nearest in features",
}


def write_explained_page(found: Explanations, path: Path | str) -> Path:
    """Write the page of what `landbridge.Run.explain` gave."""
    return write_page(page_of(found), path)


def page_of(found: Explanations) -> Page:
    """Return what the page shows, pictures included."""
    said = "passed its checks" if found.check.passed else "not to be relied on"
    warned = [sentence(one.sentence()) + "." for one in found.shortcuts]
    text = f"Scores are in {found.unit}; hidden parts {found.hidden}."
    shortcut: Block | None = None
    if warned:
        shortcut = Note("What the target does not have", warned)
    sections = [
        Section("rows", "Why these rows are answered so", [lead(_rows_lead(found)), _rows(found)]),
        *_whole(found),
        *_changed(found),
        _checks(found),
        _done(found),
    ]
    return Page(
        title=f"{fmt.counted(len(found.rows), 'row')} of {found.data} · {found.run_method}",
        headline=sentence(found.sentence()),
        outcomes=[Outcome(said, found.sentence())],
        sections=sections,
        intro=[shortcut, *noted(text, found.notes)],
        name=f"Why: {found.data}",
    )


def _rows_lead(found: Explanations) -> str:
    colours = "Orange speaks for the answer, blue against it. "
    if found.directed:
        colours = "Orange raises the answer, blue lowers it. "
    if found.failed:
        colours += (
            f"{fmt.counted(found.failed, 'row')} marked “not to be relied on”: there, hiding parts "
            "in the order of their scores changes the answer no faster than in random order."
        )
    return colours


def _rows(found: Explanations) -> Block:
    _, names = from_shared_folder([row.name for row in found.rows])
    return Boxes([_box(row, name, found) for row, name in zip(found.rows, names, strict=True)])


def _box(row: RowExplanation, name: str, found: Explanations) -> Box:
    blocks: list[Block | None] = [fine(_said(row)), *blocks_of(row.drawn)]
    if row.shares:
        blocks += [Heading("What each modality says", level=4), bars(list(row.shares))]
    if row.before is not None:
        blocks.append(Heading(f"Before the transfer ({found.reference})", level=4))
        blocks += [fine(_said(row.before, why=False)), *blocks_of(row.before.drawn)]
    if row.neighbours:
        blocks.append(Details("Learned rows beside it", _neighbours(row.neighbours)))
    tag = "" if row.check.passed else f"not to be relied on ({row.check.gain:+.2f})"
    return Box(name, blocks, row.right, tag, warned=True)


def _said(row: RowExplanation, why: bool = True) -> str:
    """Return the answer, the truth and why the row is shown."""
    parts = [f"says {said(row.answer)}"]
    if row.probability is not None:
        parts[0] += f" ({fmt.percent(row.probability, 0)})"
    if row.truth is not None and (row.right is None or not row.right):
        parts.append(f"true is {said(row.truth)}")
    elif row.right:
        parts.append("right")
    if row.about not in (row.answer, ""):
        parts.append(f"shown is what speaks for {row.about}")
    if why:
        parts.append(row.why)
    return "; ".join(parts)


def _neighbours(rows: Sequence[Neighbour]) -> Blocks:
    """Return learned rows by what they are to the answer."""
    blocks: list[Block | None] = []
    for kind, what in _KINDS.items():
        own = [row for row in rows if row.kind == kind]
        if not own:
            continue
        blocks.append(Heading(sentence(what), level=4))
        shots = [
            (uri(flat(row.picture)), f"{row.label} ({row.change:+.3f})")
            for row in own
            if row.picture is not None
        ]
        if shots:
            blocks.append(Shots(shots))
            continue
        heads = ["row", "label", "change"]
        cells = [
            [row.name, row.label + (f": {row.text}" if row.text else ""), f"{row.change:+.3f}"]
            for row in own
        ]
        blocks.append(Table(heads, cells, (2,), what))
    return blocks


def _whole(found: Explanations) -> list[Section]:
    """Return what answers rest on over many rows, and in the source."""
    if not found.whole:
        return []
    sides = [_forest(found.whole, found.whole_rows, found.data)]
    if found.source:
        sides.append(_forest(found.source, found.source_rows, "the source"))
    what = (
        f"Share of what {'moves' if found.directed else 'speaks for'} the answers, on average over "
        "rows that are drawn evenly, with 95 % intervals."
    )
    blocks = [*(block for side in sides for block in side), *_concepts(found)]
    return [Section("whole", "What answers rest on", [lead(what), *blocks], "Rests on")]


def _forest(rows: Sequence[Reliance], n: int, side: str) -> Blocks:
    estimates = [
        Estimate(
            one.key,
            [Mark.of(one.share)],
            SHARES.interval(one.share),
            f"in {fmt.counted(one.rows, 'row')}",
        )
        for one in rows[:8]
    ]
    return [Heading(f"In {side}", after=fmt.counted(n, "row")), forest(estimates)]


def _concepts(found: Explanations) -> Blocks:
    """Return regions that the model sees alike, with how much answers rest on them."""
    if not found.concepts:
        return []
    text = (
        "Regions of these images in groups that the last maps of the model see alike, with their "
        "share of what speaks for the answers; shown are those that speak most, the rest is pale."
    )
    estimates = [
        Estimate(
            f"{number}: {one.name}",
            [Mark.of(one.share)],
            SHARES.interval(one.share),
            f"in {fmt.counted(one.rows, 'row')}",
        )
        for number, one in enumerate(found.concepts, 1)
    ]
    shots = [
        Details(
            f"{number}: {one.name}, {fmt.counted(one.regions, 'region')}",
            [Shots([(uri(cut), "") for cut in one.pictures])],
            open=number <= 3,
        )
        for number, one in enumerate(found.concepts, 1)
        if one.pictures
    ]
    return [Heading("Regions that are alike"), fine(text), forest(estimates), *shots]


def _changed(found: Explanations) -> list[Section]:
    """Return how far the transfer moved the backbone, stage by stage."""
    if not found.stages:
        return []
    what = (
        "How far each stage went from the backbone that was taken: the norm of what was added over "
        "that of the weights, and how alike what the stage gives is before and after (linear CKA: "
        "1 is the same up to a rotation)."
    )
    rows = [[one.stage, f"{one.moved:.3f}", f"{one.alike:.2f}"] for one in found.stages]
    table = Table(["stage", "moved", "alike"], rows, (1, 2), "Stages of the backbone")
    changed = [row for row in found.rows if row.before is not None]
    said = None
    if changed:
        names = ", ".join(row.name.rsplit("/", 1)[-1] for row in changed[:5])
        more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
        said = Text(f"Rows above that are explained on both sides: {names}{more}.")
    return [Section("transfer", "What the transfer changed", [lead(what), table, said])]


def _checks(found: Explanations) -> Section:
    what = (
        "“Gain”: how much faster the answer goes when parts are hidden in the order of their "
        "scores, and comes back when they are shown, than in random order (1 at most). "
        "“Not said”: the share of what hiding changes that sums of scores do not say. “Stable”: "
        "rank correlation after a change that means nothing. “Shuffled”: the same with the "
        "model's weights shuffled, where an explanation should be another one."
    )
    rows = [_check_row(one) for one in found.checks]
    heads = ["method", "passes", "gain", "not said", "stable", "shuffled", "rows", "verdict"]
    css = ["is-chosen"] + ["" if one.passed else "is-gated" for one in found.checks[1:]]
    table = Table(heads, rows, range(1, 7), "Methods and their checks", css)
    misfits = [f"{name}: {why}" for name, why in found.misfits]
    more = Details("Methods that do not fit", [Note("", misfits)]) if misfits else None
    why = Text(f"Taken is {found.method}: {found.reason}.")
    return Section("checks", "How far this can be relied on", [lead(what), table, why, more])


def _check_row(one: MethodCheck) -> list[str]:
    low, high = one.gain.low, one.gain.high
    return [
        one.method,
        f"{one.cost:.0f}",
        f"{one.gain.value:.2f} ({low:.2f} to {high:.2f})",
        f"{one.infidelity:.2f}",
        fmt.DASH if one.stability is None else f"{one.stability:.2f}",
        f"{one.randomised:.2f}",
        str(one.rows),
        "; ".join(one.problems) or "passed",
    ]


def _done(found: Explanations) -> Section:
    above = "raises the answer" if found.directed else "speaks for the answer"
    pairs = [
        ("Method", f"{found.method}: {found.summary}"),
        ("Hidden parts", f"They {found.hidden}"),
        ("Scores", f"in {found.unit}; above 0 {above}"),
    ]
    return Section("done", "What was done", [Facts(pairs)])
