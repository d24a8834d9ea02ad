"""What a fit costs here: measured for a moment on this machine, then multiplied out."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

from ..backbones.surgery import make_network
from ..base.errors import MethodError
from ..base.events import Events
from ..base.threads import allowed_threads, cores, threads
from ..methods.core.feature import FeatureMethod
from ..methods.core.resolve import Method, require
from ..selection.portfolio import TARGET_ALONE
from ..training.plan import TrainingPlan
from ..training.precision import choose_precision
from ..training.probe import PROBE_SHARE, RowCosts, measured
from .context import FitContext
from .folds import possible_folds
from .tuned import FOLDS, trainings

FLOPS = 3e10
"""What a linear-algebra routine gets out of one thread, cautiously."""
START_ANYWHERE = ("source-only", "finetune", "pretrain", "distil")
"""What makes sense where nothing is known yet, beside what learns from the target alone."""
SMALL_NETWORK = 2_000_000
"""Parameters up to which several fits on few threads are faster than one on many."""
OVERHEAD = 12.0
"""Seconds for reading, the map and the report."""


@dataclass(frozen=True)
class Costs:
    """Seconds on this machine, with this run's threads.

    Attributes
    ----------
    row : RowCosts
        Of one row in the network.
    precision, precision_reason : str
        Number format of training, and why.
    dim : int
        Width of the features.
    """

    row: RowCosts
    precision: str
    dim: int
    precision_reason: str = ""

    def features(self, context: FitContext) -> float:
        """Return seconds for the features of all rows, had none been stored."""
        rows = len(context.data.target) + len(context.data.test_inputs)
        rows += 0 if context.data.source is None else len(context.data.source)
        return rows * self.row.forward

    def fit(self, context: FitContext, method: Method, scale: float) -> float:
        """Return estimated seconds of one fit, without the source-only fit it starts from."""
        n = len(context.data.target)
        n_source = 0 if context.data.source is None else len(context.data.source)
        if isinstance(method, FeatureMethod):
            work = 4 * (n + n_source) * self.dim**2 + 30 * self.dim**3
            # All stages are not in the store: their outputs are computed, once to fit on and
            # once for the answers.
            again = (
                2 * (n + len(context.data.test_inputs)) + n_source if method.stage_budget() else 0
            )
            return 0.1 + work / FLOPS + again * self.row.forward
        plans = method.variants(context.plan_context())
        folds = possible_folds(context.data.target, FOLDS)
        trained = sum(self._plan(context, plan.scaled(scale)) for plan in plans.values())
        return trained * trainings(method, plans, folds) / len(plans)

    def _plan(self, context: FitContext, plan: TrainingPlan) -> float:
        """Return estimated seconds of one training, and of the answers after it."""
        rows = len(context.data.target) + len(context.data.test_inputs)
        seconds = 0.1 if all(phase.on_stored for phase in plan.phases) else rows * self.row.forward
        source = context.data.source is not None
        return seconds + sum(self.row.phase(phase, source=source) for phase in plan.phases)


def measure(context: FitContext, events: Events) -> Costs:
    """Time a few small steps of the real network on real rows; see `landbridge.training.probe`.

    The probe takes at most `PROBE_SHARE` of the budget.
    """
    import torch

    start = time.perf_counter()
    opened = copy.copy(context.backbone.opened(context.config.seed, events))
    opened.module = copy.deepcopy(opened.module)
    device = torch.device(context.settings.device)
    with threads(1):
        network = make_network(opened, context.data.reading.n_outputs).to(device)
    wished = context.config.training.precision
    if wished == "auto":
        precision, why = choose_precision(network, device)
    else:
        precision, why = wished, "named"
    row = measured(
        network,
        context.data.target.inputs,
        context.backbone.preprocessing,
        precision,
        threads=context.settings.threads,
        allowed=PROBE_SHARE * context.config.budget_seconds,
        since=start,
    )
    return Costs(row, precision, network.backbone.dim, why)


def memory_mb(context: FitContext) -> float:
    """Return a rough peak: interpreter and torch, inputs, and copies of the network."""
    import math

    arrays = context.data.target.inputs.nbytes + context.data.test_inputs.nbytes
    if context.data.source is not None:
        arrays += context.data.source.inputs.nbytes
    module = context.backbone.opened(context.config.seed, Events()).module
    parameters = sum(math.prod(p.shape) for p in module.parameters())
    return 450 + (arrays + 6 * 4 * parameters) / 2**20


def parallel(context: FitContext) -> tuple[int, int]:
    """Return (fits at once, threads of each), fixed for the run by its plan.

    By what is there and what was named, never by the clock: a sum over other threads is rounded
    otherwise. No process gets more threads than `OMP_NUM_THREADS` and its like allow.
    """
    wish = context.config.training.threads
    if wish is not None:
        return 1, wish
    count = cores()
    at_most = allowed_threads() or count
    module = context.backbone.opened(context.config.seed, Events()).module
    small = sum(p.numel() for p in module.parameters()) < SMALL_NETWORK
    if small or at_most == 1:
        jobs = min(count, 4)
        return jobs, max(1, min(count // jobs, at_most))
    return 1, max(1, min(count, at_most))


def check_method(name: str, context: FitContext) -> None:
    """Raise where a method that the user named cannot run on these data."""
    require(context.methods[name], context.data.situation)
    situation = context.data.situation
    knows = situation.pretrained or situation.taught
    if name not in (*TARGET_ALONE, *START_ANYWHERE) and not knows:
        raise MethodError(
            f"method {name!r} transfers what is known, and nothing is: there is no labelled "
            f"source, and backbone {context.backbone.identity.name!r} is not pretrained",
            hint="give --source, or a pretrained --backbone (`landbridge backbones`)",
        )
