"""The report of a space: who finds whom, beside chance."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..base import formatting as fmt
from ..base.typed import JsonObject
from ..domains.holdout.sides import holdout_notes
from ..report.blocks import Estimate, Facts, commands, forest, lead
from ..report.page import Outcome, Page, Section, noted
from ..report.samples import sample_cards
from ..verdict.comparison import outcome_of
from ..verdict.sentences import groups_sentence
from .recall import Recall

_TEXT = "text"


def page_of(folder: Path, facts: JsonObject) -> Page:
    """Return what the report shows; `facts` are what ``space.json`` holds."""
    at = shlex.quote(str(folder))
    recall = [Recall.from_json(item) for item in facts["recall"]]
    first = [item for item in recall if item.depth == recall[0].depth]
    depths = list(dict.fromkeys(item.depth for item in recall))
    what = (
        "Held-out rows that ask, and what the space answers first; those that it got wrong first."
    )
    parts = facts["parts"]
    lines = [
        (
            "What is nearest to words, or to a file",
            f'landbridge search {at} "a few words" --among DATA',
        )
    ]
    if _TEXT in parts:
        lines.append(
            ("Classes by their names alone", f"landbridge zero-shot {at} DATA --classes A,B")
        )
    lines.append(("How well it finds on other pairs", f"landbridge eval {at} DATA"))
    encoders = ", ".join(f"{part}: {name}" for part, name in facts["encoders"].items())
    done = [
        ("Modalities", ", ".join(parts)),
        ("Encoders", encoders),
        ("Pairs to learn from", fmt.count(facts["pairs"])),
        ("Pairs held out", fmt.count(facts["held_out"])),
        ("Steps", fmt.count(facts["steps"])),
        ("Seed", str(facts["seed"])),
    ]
    sections = [
        *(_found(recall, depth) for depth in depths),
        *sample_cards(folder, "Questions and answers", what),
        Section("done", "What was done", [Facts(done)]),
        Section("next", "What to do with it", commands(lines)),
    ]
    return Page(
        title=" + ".join(parts) + " in one space",
        headline=_headline(first),
        outcomes=[
            Outcome("better than chance" if _better(item) else "can't tell", _said(item))
            for item in first
        ],
        sections=sections,
        intro=noted(
            f"{fmt.count(facts['held_out'])} rows were held out; no label was read."
            + "".join(f" {said}." for said in facts.get("seen_sentences", ())),
            holdout_notes(facts),
        ),
    )


def _better(item: Recall) -> bool:
    return outcome_of(item.gain) == "helped"


def _headline(first: Sequence[Recall]) -> str:
    if not first:
        return "A space was made; too few rows were held out to judge it."
    best = [item for item in first if _better(item)]
    if len(best) == len(first):
        return (
            "Each modality finds what belongs to it in the other, clearly more often than chance."
        )
    if best:
        return f"{len(best)} of {len(first)} ways to ask find more than chance does."
    return "It cannot be told that the space finds more than chance does."


def _said(item: Recall) -> str:
    return (
        f"{item.query} asks, {item.answer} answers: right at once in "
        f"{fmt.percent(item.found.value)} of {fmt.count(item.n)}, by chance in "
        f"{fmt.percent(item.chance)}. {groups_sentence(item.n, item.judged_groups)}".rstrip()
    )


def _found(recall: Sequence[Recall], depth: int) -> Section:
    rows = [
        Estimate.of(
            f"{item.query} → {item.answer}",
            item.found,
            note=f"{fmt.count(item.n)} questions; chance {fmt.percent(item.chance)}",
            chosen=True,
            beside=item.chance,
        )
        for item in recall
        if item.depth == depth
    ]
    what = "the first answer" if depth == 1 else f"the first {depth} answers"
    text = f"How often {what} has what belongs to the question; the diamond is chance."
    name = f"first-{depth}" if depth > 1 else "first"
    return Section(name, f"Found in {what}", [lead(text), forest(rows)])
