"""The report of a federation: what it gave each client, what travelled, what was left out."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..base import formatting as fmt
from ..base.typed import JsonObject
from ..metrics.intervals import Interval
from ..report.blocks import Estimate, Facts, Items, Table, commands, fine, forest, lead
from ..report.page import Outcome, Page, Section, noted
from ..report.units import Units
from ..targets.registry import stored_target_type
from ..verdict.clients import LOCAL, POOLED, SOURCE, WORDS, ClientVerdict
from ..verdict.sentences import groups_sentence

_DID = {
    "helped": "learning together helped",
    "hurt": "learning together hurt",
    "can't tell": "it cannot be told whether learning together helped",
}
FEW = 10
"""A client with fewer rows is named where it is said what is sent."""


def units_of(facts: JsonObject) -> Units:
    """Return how figures are written."""
    metric = stored_target_type(facts).metric
    return Units(percent=metric.percent, saves=metric.lower_is_better)


def page_of(folder: Path, facts: JsonObject) -> Page:
    """Return what the report shows; `facts` are what ``federated.json`` holds."""
    verdicts = [ClientVerdict.from_json(one) for one in facts["verdict"]]
    judged = [one for one in verdicts if one.scores]
    units = units_of(facts)
    at = shlex.quote(str(folder))
    lines = [
        ("Answers for new rows, by what all share", f"landbridge predict {at} DATA"),
        (
            "In Python, by what a client keeps",
            f"landbridge.load({str(folder)!r}).predict(DATA, client={verdicts[0].name!r})",
        ),
        (
            "As a backbone for another task",
            f"landbridge transfer --target DATA --backbone run/{at}",
        ),
    ]
    n = sum(one.rows for one in verdicts)
    return Page(
        title=f"{fmt.counted(len(verdicts), 'client')} · {facts['strategy']} · {facts['backbone']}",
        headline=headline(facts),
        outcomes=[Outcome(one.outcome, sentence(one, units)) for one in verdicts],
        sections=[
            *(one for other in (LOCAL, POOLED, SOURCE) for one in _gains(judged, other, units)),
            _scores(verdicts, units),
            _traffic(facts),
            *_left_out(facts),
            _done(facts),
            Section("next", "What to do with it", commands(lines)),
        ],
        intro=noted(
            f"{fmt.counted(n, 'labelled row')} to learn from, "
            f"{fmt.count(sum(one.judged_rows for one in verdicts))} kept aside; "
            f"{fmt.counted(facts['rounds'], 'round')}; {fmt.counted(facts['seeds'], 'seed')}.",
            [f"{one.name}: {one.seen}" for one in verdicts if one.seen],
        ),
    )


def headline(facts: JsonObject) -> str:
    """Say what came out over all clients."""
    counts = facts["outcomes"]
    total = sum(counts.values())
    did = [f"{word} {counts[word]}" for word in ("helped", "hurt") if counts[word]]
    if not did:
        return f"Whether learning together helped cannot be told of any of {total} clients."
    rest = counts["can't tell"]
    open_ = f"; of {rest} it cannot be told" if rest else ""
    harmed = f" ({', '.join(facts['harmed'][:5])})" if facts["harmed"] else ""
    return f"Learning together {' and '.join(did)} of {total} clients{harmed}{open_}."


def sentence(one: ClientVerdict, units: Units) -> str:
    """Say one client's verdict."""
    if not one.scores:
        return f"{one.name}: nothing could be kept aside to judge on; it keeps {WORDS[one.kept]}."
    together = units.value(one.scores["federated"].value)
    groups = groups_sentence(one.judged_rows, one.judged_groups)
    rest = f" {groups}" if groups else ""
    if LOCAL not in one.scores:
        return f"{one.name}: {one.metric} {together}; it has no label to learn from alone.{rest}"
    alone = units.value(one.scores[LOCAL].value)
    kept = f" It keeps what was learned {WORDS[one.kept]}." if one.kept == LOCAL else ""
    kept = " It keeps the source as it is." if one.kept == SOURCE else kept
    return (
        f"{one.name}: {one.metric} {together} together, {alone} alone; "
        f"{_DID[one.outcome]}.{kept}{rest}"
    )


def _gains(judged: Sequence[ClientVerdict], other: str, units: Units) -> list[Section]:
    there = [one for one in judged if other in one.against]
    if not there:
        return []
    rows = [
        Estimate.of_gap(
            one.name,
            one.against[other],
            units,
            note=f"{fmt.counted(one.judged_rows, 'row')} judged",
            chosen=not one.against[other].low <= 0 <= one.against[other].high,
        )
        for one in there
    ]
    what = "Points" if units.percent else "What is saved of the error"
    text = (
        f"{what}, together against {WORDS[other]}, on each client's own rows; right is better. "
        f"Intervals are corrected for {fmt.counted(len(there), 'client')} (Holm)."
    )
    title = {
        LOCAL: "What learning together gives each client",
        POOLED: "What it costs that rows stay where they are",
        SOURCE: "What it gives over the source as it is",
    }[other]
    nav = {LOCAL: "Gains", POOLED: "Pooled", SOURCE: "Source"}[other]
    return [Section(f"against-{other}", title, [lead(text), forest(rows, units, zero=True)], nav)]


def _scores(verdicts: Sequence[ClientVerdict], units: Units) -> Section:
    names = [n for n in WORDS if any(n in one.scores for one in verdicts)]

    def said(one: ClientVerdict, name: str) -> str:
        return units.value(one.scores[name].value) if name in one.scores else fmt.DASH

    rows = [
        [
            one.name,
            fmt.count(one.rows),
            fmt.count(one.judged_rows),
            *(said(one, name) for name in names),
            WORDS[one.kept],
        ]
        for one in verdicts
    ]
    heads = ["client", "rows", "judged", *(WORDS[n] for n in names), "keeps"]
    why = [f"{one.name}: {one.why}." for one in verdicts if one.why]
    return Section(
        "scores",
        "Every client",
        [
            Table(heads, rows, tuple(range(1, 3 + len(names))), "Every client"),
            lead(
                "What a client keeps is chosen by its own labelled rows, never by those that judge."
            ),
            *map(fine, why[:30]),
        ],
    )


def _traffic(facts: JsonObject) -> Section:
    rows = [
        [
            one["what"],
            "clients" if one["from"] == "client" else "server",
            fmt.count(one["numbers"]) if one["numbers"] else fmt.DASH,
            fmt.count(one["messages"]) if one["messages"] else fmt.DASH,
            fmt.size(one["bytes"]) if one["bytes"] else fmt.DASH,
        ]
        for one in facts["sent"]
    ]
    up, down = (sum(facts["traffic"][side].values()) for side in ("up", "down"))
    text = (
        f"Clients sent {fmt.size(up)} and were sent {fmt.size(down)} in all: sums over a client's "
        "rows and changes of a model, never the rows and their labels themselves."
    )
    few = [one["client"] for one in facts["verdict"] if 0 < one["rows"] < FEW]
    warned = (
        f"Sums over very few rows give them away (the mean of one row is the row): "
        f"{', '.join(few[:20])} learned from fewer than {FEW}."
    )
    heads = ["what", "sent by", "numbers", "messages", "bytes"]
    return Section(
        "traffic",
        "What travels",
        [lead(text), fine(warned) if few else None, Table(heads, rows, (2, 3, 4), "Sent")],
    )


def _left_out(facts: JsonObject) -> list[Section]:
    items = [(one["client"], f"takes no part: {one['why']}") for one in facts["refused"]]
    times: dict[tuple[str, str], list[int]] = {}
    for one in facts["refused_replies"]:
        times.setdefault((one["client"], one["why"]), []).append(one["round"])
    for (client, why), rounds in times.items():
        which = f"round {rounds[0]}" if len(rounds) == 1 else f"{len(rounds)} rounds"
        items.append((client, f"left out of {which}: {why}"))
    if not items:
        return []
    return [Section("left-out", "Left out", [Items(items[:100], "against")])]


def _done(facts: JsonObject) -> Section:
    pairs = [
        ("Strategy", facts["strategy"]),
        ("Backbone", facts["backbone"]),
        ("What is trained", facts["train"]),
        ("Aggregation", facts["aggregation"]),
        ("Classes", fmt.shorten(", ".join(facts["classes"]), 200)),
    ]
    gains = facts["mean_gain"]
    units = units_of(facts)
    for other, gain in gains.items():
        found = Interval.from_json(gain)
        pairs.append((f"Mean gain over {WORDS[other]}", units.difference(found)))
    return Section("done", "What was done", [Facts(pairs)])
