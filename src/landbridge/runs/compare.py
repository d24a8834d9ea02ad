"""Candidates side by side: fitted by the runner, compared by `landbridge.selection`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from ..backbones.surgery import Network
from ..base.errors import TrainingError
from ..base.events import Events
from ..diagnosis.class_shares import class_shares
from ..metrics.labelfree import Candidate, ClassAMI, Pool
from ..selection import records
from ..selection.choose import choose_by_validation, choose_label_free
from ..selection.clusters import Clusters, class_clusters
from ..selection.conditions import Evidence, asks_for_clusters, left_out, without_clusters
from ..selection.portfolio import TARGET_ALONE
from ..selection.records import Choice, Finding, NotTried
from ..solvers.calibration.softmax import softmax
from ..solvers.calibration.temperature import log_likelihoods
from .context import FitContext
from .cross_validation import Folds, cross_validate
from .execute import Runner
from .features import frozen_features
from .fit import Fit, FitSpec, frozen_network
from .records import Plan
from .reference import by_source_validation

SIDES = ("source", "target")

PREFERRED = ("consensus",)
SIMPLE_FIRST = (
    *("source-only", "probe", "self-training", "coral", "feature-map", "head-only", "scratch"),
    *("joint", "mcc", "infomax", "lp-ft", "layerwise", "finetune", "structure"),
    *("infomax+consistency", "dann"),
)
"""From the simplest to the most complex, for ties."""


def label_free(context: FitContext, plan: Plan, runner: Runner) -> Choice:
    """Fit every candidate once and compare their answers on unlabelled target rows."""
    config, read = context.config, _FrozenRows(context, runner.events)
    seen = Evidence(
        rows=len(context.data.target),
        classes=len(context.data.classes),
        clusters=_clusters(context, plan.candidates, read),
        label_shift="" if config.class_shares == "same" else _label_shift(context, read),
        same_shares=config.class_shares == "same",
        sources=_sources(context),
    )
    out = left_out(
        *(plan.candidates, plan.references, seen, context.methods),
        named=config.candidates is not None,
    )
    specs = {name: FitSpec(name, config.seed) for name in plan.candidates if name not in out}
    done = runner.run(list(specs.values()), tolerate=True)
    candidates, costs, failed = [], {}, {}
    for name, spec in specs.items():
        fit = done[spec.id]
        if isinstance(fit, TrainingError):
            failed[name] = fit.message
            continue
        candidates.append(_candidate(context, name, fit))
        costs[name] = {"steps": fit.report.steps, "cpu_s": fit.cpu_s}
    _some_left(costs, failed)
    baselines = {name: done[spec.id] for name, spec in specs.items() if name in plan.references}
    reference, why = by_source_validation(
        context, plan, {name: fit for name, fit in baselines.items() if isinstance(fit, Fit)}
    )
    reference = reference or plan.reference or candidates[0].name
    asked = [c for c in candidates if c.name == reference or c.name not in plan.references]
    choice = choose_label_free(
        *(asked, reference),
        label_shift=bool(seen.label_shift),
        clusters=seen.clusters.found,
    )
    if out and len(asked) == 1:
        first = next(iter(out))
        choice = replace(
            choice,
            reason=f"{choice.method} is kept: without target labels nothing here could tell "
            f"whether an adaptation helps ({first}: {out[first]})",
        )
    choice = replace(
        choice,
        reference=reference,
        reference_reason=why,
        clusters=Finding(seen.clusters.found, seen.clusters.reason),
        label_shift=Finding(bool(seen.label_shift), seen.label_shift),
        not_tried=tuple(NotTried(name, why) for name, why in out.items()),
    )
    return _complete(choice, costs, failed)


def _sources(context: FitContext) -> int:
    """Return of how many domains the source is made, as far as methods are told."""
    source = context.data.source
    if source is None or source.domain is None:
        return 1
    return len(np.unique(source.domain))


class _FrozenRows:
    """Features of either side that stand still, each read once, when it is first asked for."""

    def __init__(self, context: FitContext, events: Events) -> None:
        self.context, self.events = context, events
        self._features: dict[str, np.ndarray] = {}

    @cached_property
    def _network(self) -> Network:
        return frozen_network(self.context, self.context.config.seed, self.events)

    def features(self, which: str) -> np.ndarray:
        """Return those of the "source" or the "target"."""
        if which not in self._features:
            own = (self.context, self._network, which, self.context.config.seed, self.events)
            self._features[which] = frozen_features(*own)
        return self._features[which]


def _clusters(context: FitContext, names: Sequence[str], read: _FrozenRows) -> Clusters:
    """Ask the source whether classes form clusters, where a candidate depends on that."""
    source = context.data.source
    if source is None or not asks_for_clusters(names):
        return Clusters(True, float("nan"), "nothing here depends on them")
    labeled = np.flatnonzero(context.data.teaching)
    x = read.features("source")[labeled]
    return class_clusters(x, source.labels[labeled], context.config.seed)


def _label_shift(context: FitContext, read: _FrozenRows) -> str:
    """Return in a sentence that class shares differ strongly, or "" where not, or not to be told.

    Judged on the features of the source's model, before any candidate is fitted: methods that
    make both sides alike, or want all classes equally often, then harm.
    """
    source = context.data.source
    if source is None or not context.data.situation.shared_classes:
        return ""
    sides = [read.features(which) for which in SIDES]
    labeled = context.data.teaching
    names = np.array(context.data.classes, dtype=object)[np.where(labeled, source.labels, 0)]
    found = class_shares(sides[0], names, sides[1], labeled=labeled, seed=context.config.seed)
    if found is None or not found.differ:
        return ""
    return found.sentence()


def evidence(context: FitContext, fits: Mapping[str, Fit], reference: str) -> Choice:
    """Return what label-free scores say of finished fits, as a choice among them."""
    candidates = [_candidate(context, name, fit) for name, fit in fits.items()]
    return choose_label_free(candidates, reference)


def by_validation(context: FitContext, plan: Plan, runner: Runner) -> tuple[Choice, Folds]:
    """Compare candidates by repeated stratified cross-validation on the target labels."""
    clusters, out = groups_of(context, plan, runner.events)
    names = [name for name in plan.candidates if name not in out]
    found = cross_validate(context, plan, names, runner)
    _some_left(found.logits, found.failed)
    ties = None
    few = context.data.situation.target == "few"
    if few and clusters.found and context.data.situation.target_type.class_scores:
        ties = _class_ami(context, list(found.logits), runner)
    order = [name for name in SIMPLE_FIRST if name in found.logits]
    order += [name for name in found.logits if name not in order]
    alone = TARGET_ALONE if context.data.situation.taught and few else ()
    likelihood = None
    if few and context.data.situation.target_type.class_scores and len(context.data.classes) > 2:
        likelihood = {
            name: log_likelihoods(logits, found.truth) for name, logits in found.logits.items()
        }
    choice = choose_by_validation(
        *(found.scores, order, plan.references, ties, found.metric, alone),
        preferred=PREFERRED if few and clusters.found else (),
        likelihood=likelihood,
    )
    choice = replace(choice, not_tried=tuple(NotTried(name, why) for name, why in out.items()))
    return _complete(choice, found.costs, found.failed), found.logits


def groups_of(context: FitContext, plan: Plan, events: Events) -> tuple[Clusters, dict[str, str]]:
    """Return whether the source's classes form clusters, and whom that leaves out, and why."""
    clusters = _clusters(context, plan.candidates, _FrozenRows(context, events))
    named = context.config.candidates is not None
    return clusters, {} if named else without_clusters(plan.candidates, clusters)


def _class_ami(context: FitContext, names: list[str], runner: Runner) -> dict[str, float]:
    """Return ClassAMI on the usable target rows, of fits on all labels.

    The verdict uses these fits again.
    """
    seed = context.config.seed
    specs = {name: FitSpec(name, seed) for name in names}
    done = runner.run(list(specs.values()), tolerate=True)
    scores = {}
    for name, spec in specs.items():
        fit = done[spec.id]
        if isinstance(fit, Fit):
            seen = _candidate(context, name, fit)
            scores[name] = ClassAMI().score(seen, Pool((seen,), seed=seed))
    return scores


def _candidate(context: FitContext, name: str, fit: Fit) -> Candidate:
    accuracy = None
    # A closed form on features answers for target rows: of source rows it need not say anything.
    # A small net from scratch has never been given the source's rows.
    asked = not (context.backbone.on_features and fit.report.start == "frozen")
    if asked and fit.has("validation") and context.data.source is not None:
        held = context.data.source.labels[context.data.validation]
        accuracy = float((fit.output("validation").argmax(1) == held).mean())
    return Candidate(name, softmax(fit.output("target")), fit.output("target_features"), accuracy)


def _some_left(left: Mapping[str, object], failed: dict[str, str]) -> None:
    if not left:
        name, why = next(iter(failed.items()))
        raise TrainingError(
            f"none of the {len(failed)} candidates could be trained; {name}: {why}",
            hint="lower training.rate, set training.clip, or use training.precision=float32",
        )


def _complete(
    choice: Choice, costs: Mapping[str, Mapping[str, float]], failed: Mapping[str, str]
) -> Choice:
    """Add what candidates cost, and those that failed, as gated ones."""
    compared = (replace(row, cost=costs.get(row.method, {})) for row in choice.candidates)
    out = (records.Candidate(name, {}, why) for name, why in failed.items())
    return replace(choice, candidates=(*compared, *out))
