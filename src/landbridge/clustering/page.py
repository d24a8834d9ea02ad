"""The report of groups: what was found, how sure, what each holds, and where rows lie."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

from ..base import formatting as fmt
from ..base.errors import RunError
from ..base.typed import JsonObject, count, number, read_checked
from ..metrics.intervals import Interval
from ..report.blocks import (
    Estimate,
    Facts,
    Heading,
    Table,
    commands,
    fine,
    forest,
    lead,
    points,
)
from ..report.page import Outcome, Page, Section, noted
from ..report.samples import sample_cards
from ..verdict.partition import LabelAgreement
from .outcome import ClusterVerdict

_MAP = {"x": [number], "y": [number], "group": [count]}
_SHOWN = 3
"""Labels named for each group."""


def page_of(folder: Path, facts: JsonObject) -> Page:
    """Return what the report shows; `facts` are what ``clusters.json`` holds."""
    at = shlex.quote(str(folder))
    verdict = ClusterVerdict.from_json(facts["verdict"])
    agreement = verdict.agreement
    gap = None if agreement is None else agreement.difference
    what = "A few rows of each group, from its surer half; then the least certain of all."
    transfer = f"landbridge transfer --target LABELLED --backbone run/{at}"
    lines = [
        ("The group of new rows", f"landbridge predict {at} DATA"),
        ("How far labels agree with the groups", f"landbridge eval {at} LABELLED"),
        ("Label a few rows of each group, then learn them", transfer),
    ]
    sections = [
        _groups(facts),
        _plane(folder, facts),
        *sample_cards(folder, "Rows of each group", what),
        *([] if agreement is None else [_agreement(facts, agreement)]),
        *([_tried(facts)] if facts["number"]["tried"] else []),
        _done(facts),
        Section("next", "What to do with it", commands(lines)),
    ]
    return Page(
        title=f"{fmt.count(facts['rows'])} rows of {facts['data']} in "
        f"{fmt.counted(facts['number']['groups'], 'group')} · {facts['backbone']}",
        headline=verdict.sentence,
        outcomes=[
            Outcome(
                verdict.outcome,
                verdict.sentence,
                what=""
                if gap is None
                else "(adjusted mutual information with the labels: 100 is the same partition, 0 "
                f"chance) against {facts['reference']['what']} alone",
                difference=gap,
            )
        ],
        sections=sections,
        intro=noted(_fine(facts, agreement)),
    )


def _plane(folder: Path, facts: JsonObject) -> Section:
    where = _map(folder / "map.json", len(facts["groups"]))
    names = [group["name"] for group in facts["groups"]]
    what = (
        "Each point is a row; near each other is alike in the eyes of the backbone. How far apart "
        "far groups are means little on such a map (t-SNE)."
    )
    plane = points(where["x"], where["y"], where["group"], names)
    return Section("map", "Where the rows lie", [lead(what), plane])


def _map(path: Path, groups: int) -> JsonObject:
    found: JsonObject = read_checked(path, _MAP)
    lengths = {key: len(found[key]) for key in _MAP}
    if len(set(lengths.values())) > 1 or max(found["group"], default=0) >= groups:
        raise RunError(
            f"{path} is damaged: it has {lengths} values, and groups up to "
            f"{max(found['group'], default=0)} of {groups}",
            hint="restore the file, or make the folder again",
        )
    return found


def _fine(facts: JsonObject, agreement: LabelAgreement | None) -> str:
    more = facts["source_rows"]
    rows = f"{fmt.counted(facts['rows'], 'row')}" + (
        f" and {fmt.count(more)} more of {facts['source']}" if more else ""
    )
    said = "no label was read" if agreement is None else f"{fmt.count(agreement.n)} labels judge"
    return f"{rows}; {said}. Groups never see labels."


def group_rows(facts: JsonObject) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of words: one row for each group, the largest first."""
    agreement = ClusterVerdict.from_json(facts["verdict"]).agreement
    heads = ["group", "rows", "share", "stability"]
    several = facts["source"] is not None
    heads += ["share in the source"] if several else []
    described = any(group["told"] for group in facts["groups"])
    heads += ["what sets it apart"] if described else []
    heads += ["labels in it"] if agreement is not None else []
    rows = []
    for i, group in enumerate(facts["groups"]):
        row = [
            group["name"],
            fmt.count(group["rows"]),
            fmt.percent(group["share"]),
            f"{group['comes_back']:.2f}",
        ]
        row += [fmt.percent(group["source_share"])] if several else []
        row += [", ".join(group["told"]) or fmt.DASH] if described else []
        row += [_labels(agreement, i)] if agreement is not None else []
        rows.append(row)
    return heads, rows


def _groups(facts: JsonObject) -> Section:
    heads, rows = group_rows(facts)
    what = (
        "“Stability”: how much of a group is found again when groups are made from half of the "
        "rows (Jaccard index): from 0.75 it is stable, under 0.6 it should not be trusted."
    )
    numbers = range(1, 5 if facts["source"] is not None else 4)
    table = Table(heads, rows, numbers, "The groups")
    return Section("groups", "The groups", [lead(what), table])


def _labels(agreement: LabelAgreement, number: int) -> str:
    counts = agreement.table[number].tolist() if number < len(agreement.table) else []
    order = sorted(range(len(counts)), key=lambda i: -counts[i])[:_SHOWN]
    total = max(1, sum(counts))
    return ", ".join(
        f"{agreement.classes[i]} {fmt.percent(counts[i] / total)}" for i in order if counts[i]
    )


def _agreement(facts: JsonObject, agreement: LabelAgreement) -> Section:
    rows = []
    sides = [(facts["backbone"], agreement.score, True)]
    if agreement.reference is not None:
        sides.append((facts["reference"]["what"], agreement.reference, False))
    for key, name in (
        ("ami", "adjusted mutual information"),
        ("ari", "adjusted Rand index"),
        ("accuracy", "accuracy, each group one class"),
    ):
        for who, score, chosen in sides:
            rows.append(Estimate.of(who, getattr(score, key), note=name, chosen=chosen))
    what = (
        f"Beside {fmt.count(agreement.n)} sealed labels of {len(agreement.classes)} classes. The "
        "first two are 0 for chance; all are 100 % for the same partition."
    )
    title = "How far groups and labels are the same"
    return Section("labels", title, [lead(what), forest(rows)])


def plateau_rows(facts: JsonObject) -> tuple[list[str], list[list[str]]]:
    """Return heads and rows of words: one row for each number that stands out, the fewest first."""
    found = facts["number"].get("plateaus") or []
    judged = facts["verdict"].get("plateaus") or {}
    compared = any(one["difference"] for one in judged.values())
    heads = ["groups", "come back", "by chance", "more than chance", "bits"]
    heads += ["agree with labels"] if judged else []
    heads += [f"{facts['reference']['what']} alone", "difference"] if compared else []
    rows = []
    for one in found:
        about = f" (like {one['low']} to {one['high']})" if one["low"] < one["high"] else ""
        gain = Interval(one["gain"], one["gain"] - 2 * one["error"], one["gain"] + 2 * one["error"])
        row = [
            f"{one['groups']}{about}" + (", chosen" if one["chosen"] else ""),
            f"{one['stability']:.2f}",
            f"{one['chance']:.2f}",
            f"{gain.value:.2f} ({gain.low:.2f} to {gain.high:.2f})",
            f"{one['information']:.1f}",
        ]
        said: JsonObject = judged.get(str(one["groups"]), {})
        row += [fmt.hundredths(said["ami"]["value"], 0)] if judged else []
        if compared:
            row += [
                fmt.hundredths(said["reference"]["value"], 0),
                fmt.difference(Interval.from_json(said["difference"]), unit=False),
            ]
        rows.append(row)
    return heads, rows


def _tried(facts: JsonObject) -> Section:
    number, stand_out = facts["number"], facts["number"].get("plateaus") or []
    estimates = []
    for one in number["tried"]:
        spread = 2 * one["error"]
        low, high = max(0.0, one["stability"] - spread), min(1.0, one["stability"] + spread)
        there = any(level["low"] <= one["groups"] <= level["high"] for level in stand_out)
        estimate = Estimate.of(
            fmt.counted(one["groups"], "group"),
            Interval(one["stability"], low, high),
            note=f"{fmt.signed(one['gain'], 0).lstrip('+')} points over chance",
            chosen=one["groups"] == number["groups"],
            beside=one["chance"],
        )
        estimates.append(replace(estimate, tags=("stands out",)) if there else estimate)
    what = (
        "How much groups from one half of the rows agree with groups from the other; the lower "
        "diamond is what halves of a cloud without groups agree in."
    )
    if not stand_out:
        what += " The number with the greatest difference was taken."
        return Section("number", "How many groups", [lead(what), forest(estimates)])
    heads, rows = plateau_rows(facts)
    rule = (
        "These numbers stand out: fewer and more groups come back clearly less often. Taken was "
        "the one whose groups say the most of a row: “bits” is what comes back beyond chance, "
        "times log2 of the number. Measured on ten new splits; no label was asked. Another one: "
    )
    others = [one for one in stand_out if not one["chosen"]] or stand_out
    option = f"--groups {others[0]['groups']}"
    css = ["is-chosen" if one["chosen"] else "" for one in stand_out]
    table = Table(heads, rows, range(1, len(heads)), "Numbers of groups that stand out", css)
    every = [Heading("Each number that was tried"), fine(what), forest(estimates)]
    return Section("number", "How many groups", [lead(rule + option + "."), table, *every])


def _done(facts: JsonObject) -> Section:
    learned = facts["pretraining_steps"]
    knows = "its weights as they are"
    if facts["flat"]:
        knows = "the columns themselves"
    elif learned:
        knows = f"learned from these rows, unlabelled, in {fmt.count(learned)} steps"
    pairs = [
        ("Backbone", f"{facts['backbone']}: {knows}"),
        ("Grouping", f"{facts['method']} in {facts['directions']} directions"),
        ("Number of groups", "given" if facts["number"]["given"] else "found: see above"),
        ("Seed", str(facts["seed"])),
    ]
    return Section("done", "What was done", [Facts(pairs)])
