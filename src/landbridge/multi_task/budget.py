"""How many seeds and steps of several tasks a budget allows, decided once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ..base.config import parse_budget
from ..base.events import Events
from ..base.files import read_json, write_json
from ..base.formatting import percent
from ..base.typed import checked
from ..selection.budget import allot
from ..training.devices import borrowed
from ..training.probe import PROBE_SHARE, RowCosts, measured
from .fits import Fits

PLAN = "plan.json"
TOGETHER = "all tasks together"
OVERHEAD = 5.0
"""Seconds for reading and the report."""
_SHAPE = {"seeds": int, "scale": float, "note": str}


@dataclass(frozen=True)
class FitPlan:
    """What the budget allows.

    Attributes
    ----------
    seeds : int
    scale : float
        Factor on the steps of every fit.
    note : str
        Why there are fewer than three seeds, "" otherwise.
    """

    seeds: int
    scale: float
    note: str


def plan_fits(
    fits: Fits, alone: Sequence[str], seeds: int | None, budget: str, work: Path | None
) -> FitPlan:
    """Return the plan, the one that an interrupted call left where there is one.

    As `landbridge transfer` plans: three seeds, then two, then shorter training, down to a quarter,
    from what a row costs in CPU time, measured within a twentieth of the budget. Seeds and steps
    that were named are kept, and what they take is said.

    Parameters
    ----------
    fits : Fits
    alone : sequence of str
        The tasks that are learned alone as well.
    seeds : int or None
    budget : str
    work : Path, optional
        Where the plan is kept.
    """
    file = None if work is None else work / PLAN
    if file is not None and file.exists():
        return FitPlan(**checked(read_json(file), _SHAPE, str(file)))
    seconds = parse_budget(budget)
    costs = _probe(fits, PROBE_SHARE * seconds)
    chosen = {TOGETHER: list(range(len(fits.tasks)))}
    chosen |= {f"{name} alone": [i] for i, name in enumerate(alone)}

    def cost(name: str, scale: float) -> float:
        phase = fits.phase(chosen[name]).scaled(scale)
        return 0.1 + costs.phase(phase) + len(fits.test_rows) * costs.forward

    plan = allot(
        references=[name for name in chosen if name != TOGETHER],
        candidates=(),
        given=TOGETHER,
        cost=cost,
        steps=lambda name, scale: fits.phase(chosen[name]).scaled(scale).steps,
        budget=seconds,
        overhead=OVERHEAD + costs.probe_work_s,
        jobs=1,
        seeds=seeds,
        first_seed=0,
        cross_validate=False,
    )
    said = plan.seeds_note if seeds is None else ""
    _tell(plan.seconds, plan.scale, said, seconds, fits.events)
    found = FitPlan(len(plan.seeds), float(plan.scale), said)
    if file is not None:
        write_json(file, found.__dict__)
    return found


def _tell(seconds: float, scale: float, note: str, budget: float, events: Events) -> None:
    shorter = f"training is shortened to {percent(scale, 0)}" if scale < 1 else ""
    if said := "; ".join(part for part in (note, shorter) if part):
        events.log("note", f"a budget of {budget:,.0f} s: {said}")
    if seconds > budget:
        events.log(
            "warning",
            f"the shortest plan takes about {seconds:,.0f} s, the budget is {budget:,.0f} s: it "
            "will take longer",
        )


def _probe(fits: Fits, allowed: float) -> RowCosts:
    network = fits.network(range(len(fits.tasks)), 0)
    with borrowed(network, fits.device):
        return measured(
            network,
            np.asarray(fits.inputs[:64]),
            fits.opened.preprocessing,
            "float32",
            threads=torch.get_num_threads(),
            allowed=allowed,
        )
