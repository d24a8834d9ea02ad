"""Methods on the same folds of the target's labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..base.errors import TrainingError
from ..targets.figures import PrimaryMetric
from .context import FitContext
from .execute import Runner
from .fit import FitSpec
from .folds import compared_rows, possible_folds
from .records import Plan

Folds = dict[str, np.ndarray]


@dataclass(frozen=True)
class CrossValidated:
    """What a cross-validation gave.

    Attributes
    ----------
    logits : dict of float32 ndarray (repeats, n, outputs)
        Out-of-fold outputs of each method that could be fitted.
    scores : dict of ndarray (repeats, n)
        The same as the metric counts it: hits, of classes.
    truth : ndarray
        Labels of the n rows, as networks learn them.
    metric : PrimaryMetric
    costs : dict of dict
        "steps" of a fit and "cpu_s" of all, by method.
    failed : dict of str
        Why, by method that could not be fitted in every fold.
    """

    logits: Folds
    scores: Folds
    truth: np.ndarray
    metric: PrimaryMetric
    costs: dict[str, dict[str, float]]
    failed: dict[str, str]


def cross_validate(
    context: FitContext, plan: Plan, names: Sequence[str], runner: Runner
) -> CrossValidated:
    """Fit methods on the plan's stratified folds of the target labels, as often as it says."""
    side, seed = context.data.target, context.config.seed
    folds, repeats = possible_folds(side, plan.folds), plan.repeats
    specs = [
        FitSpec(name, seed, repeat=repeat, fold=fold, folds=folds)
        for name in names
        for repeat in range(repeats)
        for fold in range(folds)
    ]
    done = runner.run(specs, tolerate=True)
    labeled = np.flatnonzero(compared_rows(side))
    logits: Folds = {}
    costs: dict[str, dict[str, float]] = {}
    failed: dict[str, str] = {}
    for spec in specs:
        fit = done[spec.id]
        if isinstance(fit, TrainingError):
            failed.setdefault(spec.method, fit.message)
            continue
        shape = (repeats, len(labeled), context.data.reading.n_outputs)
        own = logits.setdefault(spec.method, np.zeros(shape, np.float32))
        own[spec.repeat, np.searchsorted(labeled, fit.output("fold_rows"))] = fit.output("fold")
        cost = costs.setdefault(spec.method, {"steps": fit.report.steps, "cpu_s": 0.0})
        cost["cpu_s"] = round(cost["cpu_s"] + fit.cpu_s, 2)
    logits = {name: values for name, values in logits.items() if name not in failed}
    reading = context.data.reading
    metric, truth = reading.target_type.metric, reading.decode(side.labels[labeled])
    scores = {name: metric.score(reading.transform(v), truth) for name, v in logits.items()}
    return CrossValidated(logits, scores, side.labels[labeled], metric, costs, failed)
