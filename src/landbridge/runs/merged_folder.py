"""The folder of a merged run: what `predict`, `eval` and `report` read, and where it came from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

import torch

from ..artifacts.making import making
from ..artifacts.state import read_state
from ..base.files import write_bytes, write_json, write_text
from ..report.markdown import md
from ..report.run.build import write_report
from ..training.checkpoint import load_tensors
from ..training.network_folder import MODEL, save_tensors_of
from ..verdict.records import Verdict
from ..verdict.without_labels import label_free_verdict
from .records import Cost, read_config, read_record

COPIED = ("backbone.json", "preprocessor.json", "labels.json", "data.json", "plan.json")
"""What a merged run has of the first of its parts."""
State = Mapping[str, torch.Tensor]


class MergeFacts(TypedDict):
    """What ``merge.json`` holds; density and seed of those methods that have them."""

    method: str
    runs: list[str]
    theta0: str
    theta0_name: str
    weights: list[float] | None
    density: float | None
    seed: int | None
    notes: list[str]


def write_merged(
    out: Path,
    first: Path,
    state: State,
    start: State,
    facts: MergeFacts,
    asked: Mapping[str, Any],
) -> None:
    """Write a finished run.

    Parameters
    ----------
    out : Path
        Not there yet, or left by the same merge when it was interrupted.
    first : Path
        The run whose data, classes and preprocessing hold for the new one.
    state, start : mapping of tensors
        The merged network and θ₀.
    facts : dict
        As ``merge.json`` holds them.
    asked : dict
        What makes it the same merge.
    """
    words = sentence(facts)
    with making(
        out,
        "merge",
        asked,
        files={"config.json": read_config(first).to_dict()},
        facts={
            "given": read_state(first).get("given") or [],
            "command": command(facts, asked, out),
        },
        undone=(),
    ):
        for name in COPIED:
            write_bytes(out / name, (first / name).read_bytes())
        write_json(out / "merge.json", facts)
        parameters = save_tensors_of(
            out,
            state,
            start,
            load_tensors(first / MODEL)[1]["kind"],
            theta0=facts["theta0"],
            method=f"merge ({facts['method']})",
            seed=facts["seed"] or 0,
        )
        write_json(
            out / "choice.json",
            {
                "method": f"merge ({facts['method']})",
                "kind": "given",
                "reason": words,
                "kept_reference": False,
                "candidates": [],
                "not_tried": [],
            },
        )
        write_json(out / "verdict.json", _verdict(facts, words).to_json())
        parameters = replace(parameters, moved=parameters.total)
        write_json(out / "cost.json", Cost((), 0.0, "cpu", 1, parameters).to_json())
        write_text(out / "README.md", card(out, facts, words))
        write_report(out)


def sentence(facts: MergeFacts) -> str:
    """Say in one line what a run is merged from."""
    parts = facts["runs"]
    weights = facts["weights"] or [1.0] * len(parts)
    named = ", ".join(f"{w:g} × {run}" for w, run in zip(weights, parts, strict=True))
    return f"Merged ({facts['method']}) on top of the θ₀ {facts['theta0_name']} from {named}."


def command(facts: MergeFacts, asked: Mapping[str, Any], out: Path) -> str:
    """Return the command line that merges the same; rows from memory have no name in it."""
    words = ["landbridge", "merge", *facts["runs"], "--method", facts["method"]]
    if facts["weights"] is not None:
        words += ["--weights", ",".join(f"{w:g}" for w in facts["weights"])]
    for name, value in (("density", facts["density"]), ("seed", facts["seed"])):
        if value is not None:
            words += [f"--{name}", f"{value:g}"]
    if asked["data"] is not None:
        words += ["--data", "DATA" if asked["from_memory"] else asked["data"]]
    if asked.get("outside"):
        words.append("--outside")
    return shlex.join([*words, "--out", str(out)])


def card(out: Path, facts: MergeFacts, words: str) -> str:
    """Return the README of a merged run."""
    classes = read_record(out, "labels.json")["classes"]
    notes = "".join(f"- {md(note)}\n" for note in facts["notes"])
    return (
        f"# {md(out.name)}\n\n{md(words)}\n\n"
        f"It answers with {len(classes)} classes: {', '.join(map(md, classes[:20]))}"
        f"{', …' if len(classes) > 20 else ''}.\n\n"
        "It has not been judged: `landbridge eval` measures it on labelled examples. "
        "Configuration, data and plan in this folder are those of the first run.\n"
        + (f"\n{notes}" if notes else "")
    )


def _verdict(facts: MergeFacts, words: str) -> Verdict:
    import numpy as np

    from ..targets.registry import multiclass

    verdict = label_free_verdict(
        chosen=f"merge ({facts['method']})",
        what="several runs merged into one",
        baselines=[],
        reference=None,
        figures={},
        best=None,
        seeds=(),
        chosen_answers=np.zeros(0, np.int64),
        reference_answers=None,
        target_type=multiclass(),
    )
    said = f"{words} It has not been judged: landbridge eval measures it."
    return replace(verdict, sentence=said)
