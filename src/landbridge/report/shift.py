"""One offline page that shows how two domains differ and what that speaks for."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from landbridge.base import formatting as fmt
from landbridge.base.typed import JsonObject

from .blocks import (
    Block,
    Blocks,
    Details,
    Estimate,
    Facts,
    Figure,
    Figures,
    Forest,
    Heading,
    Items,
    Note,
    Row,
    Table,
    Text,
    fine,
    forest,
    lead,
)
from .figures import bar
from .inline import key, sentence, soft, tagged
from .page import Page, Section, write_page
from .scatter import Series, scatter
from .shift_drawings import column_picture, distance_track, parts_bar, score_histograms
from .svg import Mark
from .units import SHARES

if TYPE_CHECKING:
    from landbridge.diagnosis import Finding
    from landbridge.diagnosis.domains import Compared

    Findings = Mapping[str, Finding]

_TONES = {
    "none": "good",
    "slight": "plain",
    "moderate": "unsure",
    "strong": "bad",
    "unclear": "plain",
}
_DRAWN = 12
_MOST_CLASSES = 40


def write_shift_page(compared: Compared, path: Path | str) -> Path:
    """Write the page of what `landbridge.diagnosis.domains.compare_domains` gave."""
    return write_page(page_of(compared), path)


def page_of(compared: Compared) -> Page:
    """Return what the page shows, drawings included."""
    found = compared.diagnosis
    source, target = compared.source.name, compared.target.name
    if source == target:
        source, target = f"{source} (source)", f"{target} (target)"
    names, findings = (source, target), found.findings
    kind = compared.source.examples.noun
    rows = [f"{name}: {fmt.count(n)} {kind}." for name, n in zip(names, found.rows, strict=True)]
    advice = found.advice
    reminder = Markup(
        "Rules on figures, not a measurement of any method: <code>landbridge transfer</code> fits "
        "methods and judges them."
    )
    against = [(item.methods, item.reason) for item in advice.warns_against]
    intro: Blocks = [
        fine(
            f"{' '.join(rows)} {fmt.count(found.features)} features of {compared.backbone}. "
            f"{compared.match}".strip()
        ),
        Heading("What the figures speak for"),
        Items([(item.methods, item.reason) for item in advice.speaks_for]),
        Heading("What they warn against") if against else None,
        Items(against, "against") if against else None,
        *map(Text, advice.remarks),
        fine(reminder),
    ]
    notes = [f"{_title(name)}: {why}" for name, why in found.skipped] + list(found.notes)
    sections = (
        _distances(findings, names),
        _made_of(findings),
        _shares(findings, names),
        _columns(findings.get("columns"), names),
        _checks(findings, notes),
    )
    return Page(
        title=f"{source} → {target}",
        headline=advice.headline,
        outcomes=(),
        sections=[one for one in sections if one is not None],
        intro=intro,
        name=f"{source} → {target}: how they differ",
        first="advice",
    )


def _title(name: str) -> str:
    from landbridge.diagnosis import DIAGNOSES

    return DIAGNOSES.get(name).title


def _keys(names: tuple[str, str]) -> Markup:
    """Return the marks of both domains: the target is what the page is about."""
    return Markup(" ").join((key(names[0], "baseline"), key(names[1])))


_SCALES = (
    ("domain-classifier", "distance", "0: nobody can tell them apart; 2: anybody can", 2.0),
    ("mmd", "statistic", "in deviations of what chance gives, over all kernel widths", None),
    ("sliced-wasserstein", "distance", "in standard deviations of a domain", None),
)
"""Checks that are distances: the figure, what its scale is, and where that ends."""


def _distances(findings: Findings, names: tuple[str, str]) -> Section:
    """Return each distance on its own scale, beside what chance gives."""
    rows = []
    for name, figure, what, most in _SCALES:
        if name in findings:
            found, title = findings[name], _title(name)
            value, low, high = (found.figures.get(key) for key in (figure, "low", "high"))
            said = f"{value:.2f}"
            track = distance_track(
                float(value or 0), found.details["null"], low, high, f"{title} {said}", most
            )
            rows.append(Row(title, said, track, what, fmt.p_value(found.figures["p"])))
    text = (
        "The disc is what was measured; the faint ticks are the same rows with source and target "
        "mixed at random, so they show what chance alone gives."
    )
    blocks = [
        lead(text),
        Forest(rows),
        *_domain_classifier(findings.get("domain-classifier"), names),
        *_points(findings.get("moments"), names),
    ]
    return Section("distances", "How far apart they are", blocks, "How far")


def _domain_classifier(finding: Finding | None, names: tuple[str, str]) -> Blocks:
    if finding is None:
        return []
    right = fmt.percent(1 - finding.figures["error"], 0)
    text = Markup(
        "Scores of a linear classifier for rows that it did not learn from; it is right {} of the "
        "time. {}"
    )
    return [
        Heading("Can a classifier tell them apart?"),
        lead(text.format(right, _keys(names))),
        Figure(score_histograms(finding.details)),
    ]


def _points(finding: Finding | None, names: tuple[str, str]) -> Blocks:
    if finding is None:
        return []
    source, target = (np.asarray(finding.details[key]) for key in ("source", "target"))
    series = [
        Series(names[0], source[:, 0], source[:, -1], "base", diamond=True),
        Series(names[1], target[:, 0], target[:, -1], "accent"),
    ]
    label = "Rows of both domains along the two directions in which they vary most"
    text = Markup(
        "Up to 400 rows of each, along the two directions in which they vary most. Domains that "
        "lie apart here do; those that do not may still, in another direction. {}"
    )
    return [
        Heading("Both domains at once"),
        lead(text.format(_keys(names))),
        Figure(scatter(series, label, id="plane", width=640, height=340)),
    ]


def _made_of(findings: Findings) -> Section:
    moments = findings.get("moments")
    parts = [(p, moments.figures[p]) for p in ("mean", "scale", "correlation")] if moments else []
    text = "Means, scales and correlations of the features are the same, but for chance."
    drawn = any(share > 0 for _, share in parts)
    if drawn:
        text = (
            "The part of it that is in means, scales and correlations of the features, chance "
            "taken off."
        )
    cures = _cures(findings)
    much = (
        "How much of the difference is gone when one thing alone is corrected. A long bar speaks "
        "for that kind of method."
    )
    blocks = [
        lead(text),
        Figure(parts_bar(parts)) if drawn else None,
        *([Heading("What would take it away"), lead(much), Forest(cures)] if cures else []),
    ]
    return Section("made-of", "What the difference is made of", blocks, "What it is made of")


def _cures(findings: Findings) -> list[Row]:
    """Return how much of the difference each kind of correction takes away."""
    rows = []
    for name, figure, title, what in (
        ("label-shift", "explained", "Class weights", "of the A-distance"),
        ("overlap", "explained", "Weights on rows", "of MMD²"),
        ("moments", "explained_by_mean", "A shift of the mean", "of MMD², on other rows"),
        ("moments", "explained_by_map", "A linear map", "of MMD², on other rows"),
    ):
        value = findings[name].figures.get(figure) if name in findings else None
        finite = fmt.number(value)
        if finite is None:
            continue
        note, said = "", fmt.percent(finite, 0)
        if name == "overlap":
            share = findings[name].figures["effective_share"]
            note = f"{fmt.percent(share, 0)} of the source's rows still count"
        rows.append(Row(title, said, bar(finite, f"{title}: {said}"), note, what))
    return rows


def _shares(findings: Findings, names: tuple[str, str]) -> Section | None:
    """Return the shares of classes in both domains, largest change first where there are many."""
    finding = findings.get("label-shift")
    if finding is None:
        return None
    found = finding.details
    classes, ours, theirs = found["classes"], found["source"], found["target"]
    order = list(range(len(classes)))
    if len(order) > _MOST_CLASSES:
        order = sorted(sorted(order, key=lambda k: -abs(theirs[k] - ours[k]))[:_MOST_CLASSES])
    estimates = []
    for k in order:
        low, high = found["low"][k], found["high"][k]
        said = f"{fmt.percent(ours[k], 0)} → {fmt.percent(theirs[k], 0)}"
        between = f"{fmt.percent(low, 0)} to {fmt.percent(high, 0)}"
        marks = [Mark(ours[k], kind="baseline"), Mark(theirs[k], low, high)]
        estimates.append(Estimate(classes[k], marks, said, below=between))
    counted = bool(finding.figures["counted"])
    how = "Counted from the target's labels"
    how = how if counted else "Estimated from the target's features alone"
    text = Markup("{}, with 95 % intervals.").format(how)
    if finding.severity == "unclear":
        text += Markup(" <strong>Not to be relied on here.</strong>")
    if left := len(classes) - len(order):
        text += f" {left} classes that changed less are left out."
    axis = SHARES.axis([Mark(0.0), *(mark for one in estimates for mark in one.marks)])
    conditional = findings.get("conditional")
    blocks = [
        lead(Markup("{} {}").format(finding.sentence, _keys(names))),
        fine(text),
        forest(estimates, axis=axis),
        Text(conditional.sentence) if conditional else None,
    ]
    return Section("classes", "Shares of the classes", blocks, "Classes")


def _columns(finding: Finding | None, names: tuple[str, str]) -> Section | None:
    if finding is None:
        return None
    found = [_Column(one) for one in finding.details["columns"]]
    rows = [
        [
            tagged(one.name, *["changed"] * one.changed),
            one.way,
            one.distance,
            one.missing,
            one.p,
        ]
        for one in found
    ]
    drawn = [(column_picture(one.found), one.caption) for one in found if "source" in one.found][
        :_DRAWN
    ]
    heads = ["Column", "Compared by", "Distance", "Missing", "p, corrected"]
    blocks: list[Block | None] = [
        lead(Markup("{} {}").format(finding.sentence, _keys(names))),
        Figures([Figure(picture, caption, above=True) for picture, caption in drawn]),
        Details(f"All {len(rows)} columns", [Table(heads, rows, (2, 3, 4), "All columns")]),
    ]
    return Section("columns", "Column by column", blocks)


class _Column:
    """What is said of one column."""

    def __init__(self, found: JsonObject) -> None:
        before, after = found["missing"]
        distance = fmt.number(found["distance"])
        self.found = found
        self.name = str(found["name"])
        self.changed = found["p_holm"] <= 0.05
        self.distance = fmt.DASH if distance is None else f"{distance:.2f}"
        self.way = "KS distance" if found["kind"] == "numbers" else "total variation"
        gone = f"{fmt.percent(before, 0)} → {fmt.percent(after, 0)}"
        self.missing = gone if before or after else ""
        self.p = fmt.p_value(found["p_holm"])

    @property
    def caption(self) -> Markup:
        """Its name, and how far apart it is."""
        gone = f"; missing {self.missing}" if self.missing else ""
        small = f"{self.way} {self.distance}{gone}"
        return Markup("{}<small>{}</small>").format(soft(self.name), small)


def _checks(findings: Findings, notes: list[str]) -> Section:
    from landbridge.diagnosis import DIAGNOSES

    rows, figures = [], []
    for name, finding in findings.items():
        check = DIAGNOSES.get(name)
        level = Markup('<span class="level {}">{}</span>')
        what = Markup("{}<br><small>{}. {}.</small>")
        rows.append(
            [
                check.title,
                level.format(_TONES[finding.severity], finding.severity),
                what.format(finding.sentence, sentence(check.summary), check.paper),
            ]
        )
        each = (f"{k.replace('_', ' ')} {fmt.figure(v)}" for k, v in finding.figures.items())
        figures.append((check.title, ", ".join(each)))
    blocks = [
        Table(["Check", "Shift", "What was found"], rows, label="All checks", stacks=True),
        Details("Every figure", [Facts(figures)]),
        Note("Left out, or done to be quick", notes) if notes else None,
    ]
    return Section("checks", "All checks", blocks, "All checks")
