"""What a fit costs here: measured for a moment on this machine, then multiplied out."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..backbones.extraction import forward_batch
from ..backbones.surgery import make_network
from ..base.errors import MethodError
from ..base.events import Events
from ..base.threads import allowed_threads, cores, threads
from ..methods.core.feature import FeatureMethod
from ..methods.core.resolve import Method, require
from ..methods.core.strengths import fits_of
from ..selection.portfolio import TARGET_ALONE
from ..selection.records import PlannedFit
from ..training.plan import TrainingPlan
from ..training.precision import choose_precision
from ..training.probe import PROBE_SHARE, RowCosts, batches, measured
from ..training.process_group import ranks
from .context import FitContext
from .estimates import Amounts
from .folds import possible_folds
from .kept_costs import costs_file, read_costs, write_costs
from .tuned import FOLDS, trainings

SOURCE_ONLY = "source-only"
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
    processes : int
        That share each step.
    """

    row: RowCosts
    precision: str
    dim: int
    precision_reason: str = ""
    processes: int = 1

    def features(self, context: FitContext) -> float:
        """Return seconds for the features of all rows, had none been stored."""
        rows = _answered(context)
        rows += 0 if context.data.source is None else len(context.data.source)
        return rows * self.row.forward

    def fit(self, context: FitContext, method: Method, scale: float) -> float:
        """Return estimated seconds of one fit, without the source-only fit it starts from."""
        n = len(context.data.target)
        n_source = 0 if context.data.source is None else len(context.data.source)
        if isinstance(method, FeatureMethod):
            columns = method.on_columns and context.backbone.preprocessing.columnar
            width = int(np.prod(context.data.target.inputs.shape[1:])) if columns else self.dim
            labeled = int(context.data.target.labeled_mask.sum())
            rows = (labeled or n_source) if columns else n + n_source
            own = method.fit_seconds(rows, width, context.data.reading.n_outputs) * fits_of(method)
            # All stages are not in the store: their outputs are computed, once to fit on and
            # once for the answers.
            again = (
                2 * (n + len(context.data.test_inputs)) + n_source if method.stage_budget() else 0
            )
            return own + again * self.row.forward
        plans = method.variants(context.plan_context())
        folds = possible_folds(context.data.target, FOLDS)
        trained = sum(self._plan(context, plan.scaled(scale)) for plan in plans.values())
        return trained * trainings(method, plans, folds) / len(plans)

    def _plan(self, context: FitContext, plan: TrainingPlan) -> float:
        """Return estimated seconds of one training, and of the answers after it."""
        rows = _answered(context)
        seconds = 0.1 if all(phase.on_stored for phase in plan.phases) else rows * self.row.forward
        source = context.data.source is not None
        row = self.row.shared(self.processes)
        return seconds + sum(row.phase(phase, source=source) for phase in plan.phases)


def _answered(context: FitContext) -> int:
    """Return the rows of the target that go through the network, each once."""
    among = len(context.data.test_rows) > 0  # then the test rows are the target's
    return len(context.data.target) + (0 if among else len(context.data.test_inputs))


def measure(context: FitContext, events: Events) -> Costs:
    """Time a few small steps of the real network on real rows; see `landbridge.training.probe`.

    The probe takes at most `PROBE_SHARE` of the budget. What it found is kept on this machine, and
    read where the same is asked again.
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
    data, preprocessing = context.data.target.inputs, context.backbone.preprocessing
    count = context.settings.threads
    file = costs_file(network, data, preprocessing, precision, count, device)
    row = read_costs(file)
    if row is None:
        row = measured(
            network,
            data,
            preprocessing,
            precision,
            threads=count,
            allowed=PROBE_SHARE * context.config.budget_seconds,
            since=start,
        )
        write_costs(file, row)
    return Costs(row, precision, network.backbone.dim, why, _processes(context))


def amounts(
    context: FitContext, costs: Costs, fallback: Costs, fits: Sequence[PlannedFit], jobs: int
) -> Amounts:
    """Return how much there is of what costs, for `landbridge.runs.estimates`.

    `fallback`: of the small net, where training from scratch uses it.
    """

    def step_bytes(name: str) -> int:
        place = context.for_method(name)
        own = costs if place is context else fallback
        return _step_rows(place, name) * own.row.activations

    data, inputs = context.data, [context.data.target.inputs]
    inputs += [] if len(data.test_rows) else [data.test_inputs]
    inputs += [] if data.source is None else [data.source.inputs]
    module = context.backbone.opened(context.config.seed, Events()).module
    return Amounts(
        rows=sum(map(len, inputs)),
        input_bytes=sum(x.nbytes for x in inputs),
        parameters=sum(p.numel() for p in module.parameters()),
        dim=costs.dim,
        activations=costs.row.activations,
        at_once=forward_batch(module, context.backbone.preprocessing),
        step_bytes=max((step_bytes(fit.method) for fit in fits), default=0),
        jobs=jobs if len(fits) > 1 else 1,
        probe_bytes=costs.row.probe_bytes,
    )


def needs_source_fit(context: FitContext, names: Sequence[str]) -> bool:
    """Say whether fits start from one on the source that is none of them."""
    if SOURCE_ONLY in names or context.data.situation.source != "labelled":
        return False
    for name in names:
        method = context.methods[name]
        if isinstance(method, FeatureMethod):
            if context.data.own_backbone:
                return True
        elif method.plan(context.plan_context()).start == "source":
            return True
    return False


def _step_rows(place: FitContext, name: str) -> int:
    """Return how many rows go through the whole network in the largest step of a method."""
    method = place.methods[name]
    if isinstance(method, FeatureMethod):
        return 0
    source = place.data.source is not None
    phases = [
        phase
        for plan in method.variants(place.plan_context()).values()
        for phase in plan.phases
        if not phase.on_stored
    ]
    return max((batches(phase, source) * phase.batch_size for phase in phases), default=0)


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
    if (processes := _processes(context)) > 1:
        return 1, max(1, min(count // processes, at_most))
    module = context.backbone.opened(context.config.seed, Events()).module
    small = sum(p.numel() for p in module.parameters()) < SMALL_NETWORK
    if small or at_most == 1:
        jobs = min(count, 4)
        return jobs, max(1, min(count // jobs, at_most))
    return 1, max(1, min(count, at_most))


def _processes(context: FitContext) -> int:
    """Return how many processes share each step."""
    there = ranks()
    return context.config.training.processes if there is None else there.size


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
