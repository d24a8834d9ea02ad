"""The report of a tuned model."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ..base import formatting as fmt
from ..base.renamed import renamed
from ..base.typed import JsonObject
from ..metrics.intervals import Interval
from ..report.blocks import Estimate, Facts, Table, commands, forest, lead
from ..report.page import Outcome, Page, Section, noted
from ..report.samples import sample_cards
from .evaluation import WORDS, ModelScore, TunedVerdict


def page_of(folder: Path, facts: JsonObject, summary: str, architecture: str) -> Page:
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
    what = "Half are those that the tuned model got most wrong, half were taken from all others."
    lines = [
        ("Answers for new rows", f"landbridge predict {at} DATA"),
        ("How good it is on other rows", f"landbridge eval {at} DATA"),
        ("In transformers", f'{architecture}.from_pretrained("{folder}/model")'),
    ]
    sections = [
        _comparison(verdict),
        *([_differences(verdict.metric, gaps)] if len(gaps) > 1 else []),
        _scores(verdict.models),
        *sample_cards(folder, "Judged rows and answers", what),
        _done(facts),
        Section("next", "What to do with it", commands(lines)),
    ]
    against = WORDS.get(str(verdict.reference), "")
    headline, notes = verdict.sentence, facts.get("notes") or ()
    for note in notes:  # they stand beneath it
        headline = headline.removesuffix(f" {note}.")
    return Page(
        title=f"{facts['task']} · {facts['model']}",
        headline=headline,
        outcomes=[
            Outcome(
                verdict.outcome,
                verdict.sentence,
                verdict.difference,
                f"of {verdict.metric}, fine-tuned against {against}" if against else "",
            )
        ],
        sections=sections,
        intro=noted(
            f"Judged on {fmt.counted(verdict.judged_rows, 'row')} that no training saw. "
            f"{summary[0].upper()}{summary[1:]}.",
            notes,
        ),
    )


def _comparison(verdict: TunedVerdict) -> Section:
    better = "Higher is better" if verdict.higher_is_better else "Lower is better"
    rows = [
        Estimate.of(WORDS.get(one.model, one.model), one.main, chosen=one.model == "tuned")
        for one in verdict.models
    ]
    what = f"{verdict.metric} in %, with 95 % intervals over judged rows. {better}."
    return Section("comparison", "Compared with what?", [lead(what), forest(rows)])


def _differences(metric: str, gaps: Sequence[tuple[str, Interval]]) -> Section:
    rows = [Estimate.of_gap(WORDS.get(model, model), gap, chosen=False) for model, gap in gaps]
    what = f"By how many points of {metric} the tuned model is better than each, by paired rows."
    return Section("differences", "Differences", [lead(what), forest(rows, zero=True)])


def _scores(models: Sequence[ModelScore]) -> Section:
    names = list(models[0].scores)
    rows = [
        [WORDS.get(m.model, m.model), *(fmt.percent(m.scores[name]) for name in names)]
        for m in models
    ]
    table = Table(["model", *names], rows, range(1, len(names) + 1), "Every score")
    return Section("scores", "Every score", [table])


def _done(facts: JsonObject) -> Section:
    fit, numbers = renamed(facts["fit"], stored=True), facts["parameters"]
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
            f"{fmt.count(facts['steps'])} of {fit['batch_size']} rows"
            if "steps" in facts
            else f"batches of {fit['batch_size']} rows",
        ),
        ("Seed", str(fit["seed"])),
    ]
    if labels:
        pairs.append((fmt.counted(len(facts["labels"]), "label"), fmt.shorten(labels, 300)))
    return Section("done", "What was done", [Facts(pairs)])
