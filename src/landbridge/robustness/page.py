"""The page of a stress test."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from ..base import formatting as fmt
from ..metrics.intervals import Interval
from ..report.blocks import (
    Block,
    Blocks,
    Card,
    Cards,
    Details,
    Estimate,
    Facts,
    Forest,
    Heading,
    Items,
    Note,
    Panels,
    Table,
    commands,
    fine,
    forest,
    lead,
)
from ..report.inline import keys, sentence
from ..report.page import Outcome, Page, Section, noted, write_page
from ..report.svg import Mark
from ..report.units import Units
from .drawings import curve
from .records import SIDES, Paired, StressResult, Tested

_BADGES = {"helped": "more robust", "hurt": "less robust"}


def write_stress_page(result: StressResult, path: Path | str) -> Path:
    """Write the page of what `landbridge.stress` gave."""
    return write_page(page_of(result), path)


def page_of(result: StressResult) -> Page:
    """Return what the page shows."""
    units = Units(result.percent, result.lower_is_better)
    sections = [
        _summary(result, units),
        _attacks(result, units),
        _corruptions(result, units),
        _certified(result, units),
        _classes(result),
        _examples(result),
        _done(result),
    ]
    outcomes = [
        Outcome(own.outcome, f"{what}: {units.difference(own.difference)}")
        for own, what in (
            (result.attacked, "Right answers under every attack"),
            (result.corrupted, "Mean over corruptions"),
        )
        if own is not None and own.outcome is not None
    ]
    rows = f"{fmt.counted(result.rows, 'labelled row')} that the run did not learn from."
    if any("learned from" in note for note in result.notes):
        rows = f"{fmt.counted(result.rows, 'labelled row')}."
    return Page(
        title=f"What {result.method} withstands · {result.data}",
        headline=result.headline,
        outcomes=outcomes if len(outcomes) > 1 else [],
        sections=[one for one in sections if one is not None],
        intro=noted(rows, result.notes),
        name=f"{Path(result.run).name}: what it withstands",
        source=result.run,
    )


def _names(result: StressResult) -> Markup:
    return keys([result.method, *([result.reference] if result.reference else [])])


def _estimate(name: str, own: Paired, units: Units, note: str = "") -> Estimate:
    marks = [Mark.of(own.chosen)]
    said, below = units.value(own.chosen.value), ""
    if own.reference is not None:
        marks.append(Mark.of(own.reference, kind="baseline"))
        below = f"reference {units.value(own.reference.value)}"
    return Estimate(name, marks, said, note, below)


def _forest(estimates: Sequence[Estimate], units: Units) -> Forest:
    axis = units.axis([Mark(0.0), Mark(1.0)], False) if units.percent else None
    return forest(estimates, units, axis=axis, height=38)


def _gaps(named: Sequence[tuple[str, Paired]], units: Units) -> Block | None:
    """Return the differences to the reference, folded away; nothing where there is none."""
    gaps = [
        Estimate.of_gap(name, own.difference, units, chosen=own.outcome in ("helped", "hurt"))
        for name, own in named
        if own.difference is not None
    ]
    if not gaps:
        return None
    what = "How much better the run's model is than the reference, paired by rows; discs are sure."
    return Details("Differences to the reference", [fine(what), forest(gaps, units, zero=True)])


def _summary(result: StressResult, units: Units) -> Section:
    three = [
        (name, own, note)
        for name, own, note in (
            ("Without any change", result.clean, ""),
            ("Under every attack", result.attacked, "right whatever was tried"),
            ("Mean of corruptions", result.corrupted, "over all kinds and severities"),
        )
        if own is not None
    ]
    estimates = [_estimate(name, own, units, note) for name, own, note in three]
    blocks: list[Block | None] = [
        lead(Markup("Scores with 95 % intervals, on the same rows. {}").format(_names(result))),
        _forest(estimates, units),
    ]
    if result.reference:
        kept = _kept(result)
        blocks.append(_gaps([(name, own) for name, own, _ in three], units))
        blocks.append(fine(kept) if kept else None)
    else:
        blocks.append(
            fine("The run keeps no model to compare with: no more than this can be said.")
        )
    return Section("withstands", "What it withstands", blocks, "Overview")


def _kept(result: StressResult) -> str:
    """Say which share of the right answers stays right, for both."""
    if not result.percent:
        return ""
    parts = []
    for own, what in ((result.attacked, "every attack"), (result.corrupted, "corruptions")):
        if own is None or own.reference is None or result.clean.reference is None:
            continue
        shares = [
            after.value / before.value if before.value else 0.0
            for after, before in (
                (own.chosen, result.clean.chosen),
                (own.reference, result.clean.reference),
            )
        ]
        parts.append(
            f"{what}: {fmt.percent(shares[0], 0)}, of the reference {fmt.percent(shares[1], 0)}"
        )
    text = "; ".join(parts)
    return f"Of what is right without any change this stays right, under {text}." if text else ""


def _clean(result: StressResult) -> list[float | None]:
    other = result.clean.reference
    return [result.clean.chosen.value, None if other is None else other.value]


def _tests(
    result: StressResult, kind: str, units: Units, names: Sequence[str] = ()
) -> tuple[Forest, Block | None, Panels | None]:
    own = result.of_kind(kind)
    worst = sorted(own, key=lambda one: one.score.chosen.value * (1 - 2 * units.saves))
    estimates = [_estimate(_called(one), one.score, units, one.summary) for one in worst]
    drawn = [curve(one, _clean(result), units) for one in own if len(one.levels) > 1]
    gaps = _gaps([(_called(one), one.score) for one in worst], units)
    return _forest(estimates, units), gaps, Panels(drawn) if drawn else None


def _called(one: Tested) -> str:
    return f"{one.name}, {one.at}" if one.at else one.name


def _attacks(result: StressResult, units: Units) -> Section | None:
    skipped = [(name, why) for name, why in result.skipped.items()]
    if not result.of_kind("attack"):
        if not skipped:
            return None
        return Section("attacks", "Attacks", [Items([(n, f"not run: {w}") for n, w in skipped])])
    table, gaps, panels = _tests(result, "attack", units)
    unit = "; ".join(dict.fromkeys(one.unit for one in result.of_kind("attack")))
    what = (
        "The share of answers that stay right where somebody looks for a change that makes them "
        f"wrong, no larger than what stands beside the name ({unit}). The lowest line counts: an "
        "attack that fails says nothing about the next one."
    )
    notes: list[Block | None] = []
    for check in result.checks:
        who = result.method if check.model == "chosen" else result.reference
        if check.reliable is False:
            title = f"Gradient attacks on {who} are not to be believed"
            notes.append(Note(title, [sentence(reason) for reason in check.reasons], css="unsure"))
    if result.checks and not notes:
        reliable = all(check.reliable for check in result.checks)
        said = (
            "Searches without gradients found nothing that gradient attacks did not, and the loss "
            "rises with the size: the gradients are to be believed."
            if reliable
            else "No search without gradients was run, so nothing says whether gradients are to be "
            "believed."
        )
        notes.append(fine(said))
    blocks: list[Block | None] = [
        lead(what),
        table,
        gaps,
        *notes,
        Heading("By the size of changes") if panels else None,
        fine("From no change on; the dashed line is the size of the figures above."),
        panels,
    ]
    if not panels:
        blocks = [block for block in blocks[: 3 + len(notes)]]
    if skipped:
        blocks.append(Items([(name, f"not run: {why}") for name, why in skipped]))
    return Section("attacks", "Attacks", blocks)


def _corruptions(result: StressResult, units: Units) -> Section | None:
    if not result.of_kind("corruption"):
        return None
    table, gaps, panels = _tests(result, "corruption", units)
    what = "What happens to data by itself, at five severities; the figures are means over them."
    strengths = [
        [one.name, one.unit, ", ".join(f"{level.strength:g}" for level in one.levels)]
        for one in result.of_kind("corruption")
        if one.unit != "severity"
    ]
    blocks: list[Block | None] = [
        lead(what),
        table,
        gaps,
        Heading("By severity"),
        panels,
        Table(("corruption", "counted in", "severity 1 to 5"), strengths, label="Strengths")
        if strengths
        else None,
    ]
    return Section("corruptions", "Corruptions", blocks)


def _certified(result: StressResult, units: Units) -> Section | None:
    own = result.certificate
    if own is None:
        return None
    what = (
        f"The model answers what it answers most often under normal noise of {own.sigma:g} (white "
        "is 1). Right and certified: no change of a picture that is shorter than the radius, the "
        "root of all squared changes, alters that answer, whoever looks for it. Radius 0 is the "
        "share of right answers that are sure at all."
    )
    estimates = [_estimate(level.said, level.score, units) for level in own.levels]
    gaps = _gaps([(level.said, level.score) for level in own.levels], units)
    said = [
        f"{fmt.percent(share, 0)} of the rows of {who}"
        for side, who in zip(SIDES, (result.method, result.reference), strict=True)
        if (share := own.abstained.get(side)) is not None
    ]
    sure = (
        f"{own.selection:,} noisy copies choose a row's class, {own.draws:,} others bound its "
        f"radius; a radius is too large in at most one row of {1 / own.alpha:,.0f}. No answer is "
        f"sure in {' and '.join(said)}."
    )
    blocks: list[Block | None] = [lead(what), _forest(estimates, units), gaps, fine(sure)]
    return Section("certified", "Certified by smoothing", blocks)


def _share(own: Interval | None) -> str:
    return fmt.DASH if own is None else fmt.interval(own, 0)


def _classes(result: StressResult) -> Section | None:
    if len(result.classes) < 2:
        return None
    attacked = any(one.attacked is not None for one in result.classes)
    harmed = any(one.corrupted is not None for one in result.classes)
    heads = ["class", "rows", "without any change"]
    heads += ["under every attack"] if attacked else []
    heads += ["mean of corruptions"] if harmed else []
    rows = []
    for one in result.classes:
        row = [one.name, fmt.count(one.n), _share(one.clean)]
        row += [_share(one.attacked)] if attacked else []
        row += [_share(one.corrupted)] if harmed else []
        rows.append(row)
    text = "Of the run's model, the weakest first, with 95 % intervals."
    table = Table(heads, rows, range(1, len(heads)), "The weakest classes")
    return Section("classes", "The weakest classes", [lead(text), table])


def _examples(result: StressResult) -> Section | None:
    blocks: Blocks = []
    for kind, title, text in (
        ("attack", "Made wrong", "Rows whose answer the attack beneath each changed."),
        ("corruption", "Corrupted", "A row under each corruption."),
    ):
        own = [one for one in result.shown if one.kind == kind]
        if own:
            cards = [
                Card(one.name if kind == "attack" else one.how, one.pictures, one.lines, None)
                if kind == "corruption"
                else Card(one.name, one.pictures, one.lines, False, foot=one.how)
                for one in own
            ]
            blocks = [*blocks, Heading(title), fine(text), Cards(cards)]
    return Section("examples", "Examples", blocks) if blocks else None


def _done(result: StressResult) -> Section:
    at, rows = shlex.quote(result.run), fmt.counted(result.rows, "row")
    pairs = [
        ("Run", result.run),
        ("Data", result.data),
        ("Rows", rows if result.rows == result.of else f"{rows} of {fmt.count(result.of)}"),
        ("Attacks", ", ".join(one.name for one in result.of_kind("attack")) or "none"),
        ("Corruptions", ", ".join(one.name for one in result.of_kind("corruption")) or "none"),
        *(
            [("Smoothing", f"noise of {own.sigma:g}, {own.draws:,} draws a row")]
            if (own := result.certificate) is not None
            else []
        ),
        ("CPU time", f"{fmt.seconds(result.cpu_s)} of a budget of {fmt.seconds(result.budget_s)}"),
    ]
    lines = [
        ("More rows", f"landbridge stress {at} DATA --budget 20m"),
        (
            "One attack at another size",
            f"landbridge stress {at} DATA --attacks square --epsilon SIZE",
        ),
    ]
    return Section("done", "What was done", [Facts(pairs), *commands(lines)])
