"""The report of a tuned model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..base import formatting as fmt
from ..metrics.intervals import Interval
from ..report.page import Commands, Estimate, Estimates, Facts, Page, Section, Table, Verdict
from ..report.samples import sample_cards
from .judging import WORDS, ModelScore, TunedVerdict


def page_of(folder: Path, facts: dict[str, Any], summary: str, architecture: str) -> Page:
    """Return what the report shows.

    Parameters
    ----------
    folder : Path
    facts : dict
        What ``tuned.json`` holds.
    summary, architecture : str
        Of the task.
    """
    at = shlex.quote(str(folder))
    verdict = TunedVerdict.from_json(facts["verdict"])
    gaps = [(m.model, m.difference) for m in verdict.models if m.difference is not None]
    sections: list[tuple[str, Section]] = [
        ("comparison", _comparison(verdict)),
        ("scores", _scores(verdict.models)),
    ]
    if len(gaps) > 1:
        sections[1:1] = [("differences", _differences(verdict.metric, gaps))]
    lead = "Half are those that the tuned model got most wrong, half were taken from all others."
    sections += sample_cards(folder, "Judged rows and answers", lead)
    sections += [
        ("done", _done(facts)),
        (
            "next",
            Commands(
                "What to do with it",
                [
                    ("Answers for new rows", f"landbridge predict {at} DATA"),
                    ("How good it is on other rows", f"landbridge eval {at} DATA"),
                    (
                        "In transformers",
                        f'{architecture}.from_pretrained("{folder}/model")',
                    ),
                ],
            ),
        ),
    ]
    against = WORDS.get(str(verdict.reference), "")
    headline, notes = verdict.sentence, facts.get("notes") or ()
    for note in notes:  # they stand beneath it
        headline = headline.removesuffix(f" {note}.")
    return Page(
        title=f"{facts['task']} · {facts['model']}",
        headline=headline,
        verdicts=[
            Verdict(
                verdict.outcome,
                verdict.sentence,
                verdict.difference,
                f"of {verdict.metric}, fine-tuned against {against}" if against else "",
            )
        ],
        sections=sections,
        fine=f"Judged on {fmt.counted(verdict.judged_rows, 'row')} that no training saw. "
        f"{summary[0].upper()}{summary[1:]}.",
        notes=notes,
    )


def _comparison(verdict: TunedVerdict) -> Estimates:
    better = "Higher is better" if verdict.higher_is_better else "Lower is better"
    rows = [
        Estimate(WORDS.get(one.model, one.model), one.main, chosen=one.model == "tuned")
        for one in verdict.models
    ]
    lead = f"{verdict.metric} in %, with 95 % intervals over judged rows. {better}."
    return Estimates("Compared with what?", rows, lead)


def _differences(metric: str, gaps: Sequence[tuple[str, Interval]]) -> Estimates:
    rows = [Estimate.of_gap(WORDS.get(model, model), gap) for model, gap in gaps]
    lead = f"By how many points of {metric} the tuned model is better than each, by paired rows."
    return Estimates("Differences", rows, lead, zero=True)


def _scores(models: Sequence[ModelScore]) -> Table:
    names = list(models[0].scores)
    rows = [
        [WORDS.get(m.model, m.model), *(fmt.percent(m.scores[name]) for name in names)]
        for m in models
    ]
    return Table("Every score", ["model", *names], rows, right=range(1, len(names) + 1))


def _done(facts: dict[str, Any]) -> Facts:
    fit, numbers = facts["fit"], facts["parameters"]
    share = numbers["moved"] / max(1, numbers["total"])
    how = f"LoRA of rank {fit['rank']}" if fit["lora"] else "all weights"
    labels = ", ".join(facts["labels"])
    pairs = [
        ("Task", facts["task"]),
        ("Start", str(facts["origin"])),
        (
            "Trained",
            f"{how}: {fmt.count(numbers['moved'])} numbers, {fmt.percent(share)}",
        ),
        ("Rows to learn from", fmt.count(facts["rows"])),
        (
            "Steps",
            f"{fmt.count(facts['steps'])} of {fit['batch']} rows"
            if "steps" in facts
            else f"batches of {fit['batch']} rows",
        ),
        ("Seed", str(fit["seed"])),
    ]
    if labels:
        pairs.append((fmt.counted(len(facts["labels"]), "label"), fmt.shorten(labels, 300)))
    return Facts("What was done", pairs)
