"""What a run's transfer changed: rows explained on both sides, as far as that costs little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from ..base.evenly import evenly
from ..base.events import Events
from ..base.typed import JsonObject
from ..domains.domain import Domain
from ..domains.task import Task
from ..explanation.base import BUDGET, EXPLAINERS, Explainer
from ..explanation.checks import check_row, method_check
from ..explanation.explain import Explained, Explaining
from ..explanation.gains import class_gains, gains
from ..explanation.records import Attribution, RowCheck
from ..explanation.reliance import reliance, shortcuts
from ..explanation.transferred import Transferred
from ..explanation.views.base import VIEWS, Rows
from ..report.drawn import plain
from ..targets.base import TargetType, objects
from ..targets.codec import TargetCodec
from ..training.inputs import saved_network
from ..verdict.evaluate import Truth
from .context import FitContext
from .explaining import recorded, rests_on, stages_between
from .fit import Fit, network_of
from .records import Plan
from .select import SelectionResult

SHARE = 0.06
"""Of the CPU time that a run was planned for, which is more than it takes: at most a tenth of what
it does take. Beyond, it is left out and the report says so."""
_CHECK = 18
"""Forward passes that checking a row takes."""
_CHECKED = 6
_COMPARED = 50


@dataclass(frozen=True)
class Effort:
    """How much is explained, and by what.

    Attributes
    ----------
    method : str
    rows : int
        Explained on both sides.
    whole : int
        Rows of each side that say what answers rest on; 0 for none.
    """

    method: str
    rows: int
    whole: int

    def passes(self, each: float, sides: int) -> float:
        """Return forward passes, where explaining a row takes `each` and there are `sides`."""
        checked = _CHECK * min(_CHECKED, self.whole)
        return 2 * self.rows * (each + _CHECK) + sides * self.whole * each + checked


EFFORTS = (
    Effort("contributions", 6, 200),
    Effort("occlusion", 4, 24),
    Effort("occlusion", 4, 12),
    Effort("grad-cam", 4, 12),
    Effort("occlusion", 2, 0),
)
"""Dearest first; the first that fits the rows and the time is taken."""


def what_changed(
    context: FitContext,
    task: Task,
    planned: Plan,
    selected: SelectionResult,
    truth: Truth | None,
    reading: TargetCodec,
    events: Events,
) -> Transferred:
    """Return ``explained.json``.

    Labels of judged rows are in it: the verdict has opened them. Which rows say what answers rest
    on does not depend on any label.
    """
    full, context = context, context.for_method(selected.chosen)
    name = str(selected.reference or "")
    chosen = selected.fits[selected.chosen][selected.seeds[0]]
    found = Transferred(selected.chosen, "" if name == selected.chosen else name)
    found = replace(found, directed=reading.target_type.directed)
    if context.backbone.preprocessing.name not in VIEWS:
        return replace(found, skipped="such rows cannot be taken apart")
    reference = None
    if found.reference and found.reference in selected.fits:
        reference = selected.fits[found.reference][selected.seeds[0]]
    which = "judged" if truth is not None else "target"
    found, rows = _answers(found, context, chosen, reference, reading, truth, which)
    after = _side(context, task, chosen, reading, which, events)
    if after is None:
        return replace(found, skipped="the model's outputs are no answers by themselves")
    before = None
    if reference is not None:
        own = full.for_method(found.reference)
        before = _side(own, task, reference, own.data.reading, which, events)
    found = _with_stages(found, full, chosen, after, before, events)
    source = _source(context, task, after, reading)
    sides = 1 + (before is not None) + (source is not None)
    effort = _affordable(after, planned, sides)
    if effort is None:
        return replace(found, skipped="it would have taken more than a tenth of the run's time")
    method = EXPLAINERS.get(effort.method)()
    found = replace(found, method=method.name, hidden=after.rows.view(0).hidden)
    found = _whole(found, effort, method, after, before, source, events)
    names = _target(task, which).examples.names()
    if before is None:
        return found
    true = None if truth is None else list(truth.names)
    shown = [_both(i, names[i], true, method, after, before) for i in rows[: effort.rows]]
    return replace(found, rows=tuple(one for one in shown if one is not None))


def _target(task: Task, which: str) -> Domain:
    rows = task.target.test_mask if which == "judged" else ~task.target.held_out
    return task.target.select(np.flatnonzero(rows))


def _answers(
    found: Transferred,
    context: FitContext,
    chosen: Fit,
    reference: Fit | None,
    reading: TargetCodec,
    truth: Truth | None,
    which: str,
) -> tuple[Transferred, list[int]]:
    """Return what changed in answers, and the rows to explain: from wrong to right first."""
    kind = reading.target_type
    if reference is None:
        return found, []
    values = reading.transform(chosen.output(which))
    earlier = context.data.reading.transform(reference.output(which))
    if truth is not None and not kind.exclusive:
        return found, _nearer(kind, values, earlier, truth)
    now, was = (objects(reading.predict(each)) for each in (values, earlier))
    changed = np.array([a != b for a, b in zip(now, was, strict=True)], bool)
    if kind.named:
        found = replace(found, changed=int(changed.sum()))
    sure = np.argsort(-(values.max(1) if kind.named else np.abs(values - earlier).sum(1)))
    if truth is None:
        return found, [int(i) for i in sure if changed[i]]
    right, before = (
        np.array([a == t for a, t in zip(x, truth.names, strict=True)]) for x in (now, was)
    )
    fixed, broken = right & ~before & truth.has, before & ~right & truth.has
    labeled = np.flatnonzero(truth.has)
    classes = class_gains(*(list(map(str, x[labeled])) for x in (truth.names, was, now)))
    order = [int(i) for i in sure if fixed[i]]
    lost = [int(i) for i in sure if broken[i]]
    rows = [*order[:3], *lost[:1], *order[3:], *lost[1:]]
    return replace(found, fixed=int(fixed.sum()), classes=tuple(classes)), rows


def _nearer(kind: TargetType, values: np.ndarray, earlier: np.ndarray, truth: Truth) -> list[int]:
    """Return the rows whose score gained most."""
    now, was = (kind.metric.score(each[None], truth.index)[0] for each in (values, earlier))
    gained = np.where(truth.has, now.astype(float) - was, 0.0)
    return [int(i) for i in np.argsort(-gained, kind="stable") if gained[i] > 0]


def _side(
    context: FitContext, task: Task, fit: Fit, reading: TargetCodec, which: str, events: Events
) -> Explaining | None:
    """Return a fit's network with the rows of a side; None where it answers something else."""
    stored, preprocessing = context.data.inputs(which), context.backbone.preprocessing
    examples = preprocessing.fitting(_target(task, which).examples)
    outputs = fit.output(which)
    if examples is None or len(examples) != len(stored) or not len(stored):
        return None
    network = network_of(context, fit, events).requires_grad_(False)
    if _outputs(network, stored[:1], preprocessing).shape[1] != reading.n_outputs:
        return None
    if outputs.shape[1] != reading.n_outputs:
        return None
    rows = Rows.of(preprocessing, examples, stored)
    return Explaining(network, rows, outputs, reading, BUDGET, context.config.seed)


def _outputs(network: object, stored: np.ndarray, preprocessing: object) -> np.ndarray:
    return saved_network(network, np.array(stored), preprocessing)[1]  # type: ignore[arg-type]


def _source(
    context: FitContext, task: Task, after: Explaining, reading: TargetCodec
) -> Explaining | None:
    """Return the chosen network with rows of the source, drawn evenly."""
    side, domain = context.data.source, task.source
    if side is None or domain is None:
        return None
    most = max(effort.whole for effort in EFFORTS)
    pick = np.asarray(evenly(len(side), most))
    own = domain.select(np.flatnonzero(~domain.held_out)[pick])
    examples = after.rows.preprocessing.fitting(own.examples)
    if examples is None or not len(pick):
        return None
    stored = np.array(side.inputs[pick])
    rows = replace(
        Rows.of(after.rows.preprocessing, examples, stored), blank=after.rows.blank
    )  # what is usual is the target's on both sides
    outputs = _outputs(after.network, stored, after.rows.preprocessing)
    return replace(after, rows=rows, outputs=outputs)


def _affordable(after: Explaining, planned: Plan, sides: int) -> Effort | None:
    """Return the most that fits the rows and a share of the time that the run was planned for.

    It goes by the plan, so that a run that goes on does what the uninterrupted one would have.
    """
    allowed = SHARE * max(planned.cpu_s, 0.0)
    each = (planned.forward_s or 0.0) + VIEWS.get(after.rows.preprocessing.name).pass_s
    games = [after.game(int(i))[0] for i in evenly(len(after.outputs), 3)]
    for effort in EFFORTS:
        method = EXPLAINERS.get(effort.method)()
        if any(method.misfit(game) for game in games):
            continue
        passes = max(map(method.most_passes, games))
        if effort.passes(passes, sides) * each <= allowed:
            return effort
    return None


def _whole(
    found: Transferred,
    effort: Effort,
    method: Explainer,
    after: Explaining,
    before: Explaining | None,
    source: Explaining | None,
    events: Events,
) -> Transferred:
    """Add what answers rest on: after and before, in the target and in the source."""
    drawn = [int(i) for i in evenly(len(after.outputs), effort.whole)] if effort.whole else []
    ours, was = [], []
    pairs: list[tuple[Attribution, RowCheck]] = []
    with events.progress("what answers rest on", len(drawn)) as bar:
        for place, row in enumerate(drawn):
            bar.advance()
            own = after.scores(row, method)
            if own is None:
                continue
            other = None if before is None else before.scores(row, method)
            ours.append(own)
            if other is not None:
                was.append((own, other))
            if place % max(1, len(drawn) // _CHECKED) == 0 and len(pairs) < _CHECKED:
                game, _ = after.game(row)
                said = method.explain(game, after.budget, after.seed)
                pairs.append((said, check_row(game, said.scores, after.seed)))
    theirs: list[dict[str, float]] = []
    if source is not None and effort.whole:
        theirs = rests_on(
            source, method, effort.whole, "what answers rest on in the source", events
        )
    if not pairs:
        return found
    check = method_check(method.name, pairs, None, 0.0)
    found = replace(found, check=check)
    if not check.passed:
        return found
    return replace(
        found,
        features=tuple(gains([b for _, b in was], [a for a, _ in was])),
        target=tuple(reliance(ours)),
        source=tuple(reliance(theirs)),
        whole_rows=len(ours),
        source_rows=len(theirs),
        shortcuts=tuple(shortcuts(theirs, ours)),
    )


def _both(
    row: int,
    name: str,
    truth: Sequence[object] | None,
    method: Explainer,
    after: Explaining,
    before: Explaining,
) -> JsonObject | None:
    """Return a row explained before and after, as plain values."""
    one, other = after.explain(row, method), before.explain(row, method)
    if one is None or other is None:
        return None
    true = None if truth is None else truth[row]
    return {
        "name": name,
        "row": row,
        "true": None if true is None else str(true),
        "after": _plain(after, row, one, true),
        "before": _plain(before, row, other, true),
    }


def _plain(side: Explaining, row: int, one: Explained, truth: object) -> JsonObject:
    values = side.codec.transform(side.outputs[row : row + 1])[0]
    record = recorded(side.codec, one, "", row, values, truth, "")
    own = record.to_json()
    return {key: own[key] for key in ("answer", "probability", "about", "check", "shares")} | {
        "right": record.right,
        "units": [[unit, round(score, 4)] for unit, score in record.strongest(5)],
        "drawn": plain(record.drawn),
    }


def _with_stages(
    found: Transferred,
    full: FitContext,
    chosen: Fit,
    after: Explaining,
    before: Explaining | None,
    events: Events,
) -> Transferred:
    """Add how far each stage went: from θ₀, of our own net from the reference's."""
    if chosen.report.start == "frozen":
        return found
    context = full.for_method(found.chosen)
    if context.data.situation.pretrained:
        first, what = context.backbone.opened(chosen.seed, events).module, "the pretrained backbone"
    elif before is not None and full.for_method(found.reference) is context:
        first, what = before.network.backbone, found.reference
    else:
        return found
    with torch.inference_mode():
        stages = stages_between(first, after.network.backbone, after.rows, _COMPARED)
    return replace(found, stages=tuple(stages), stages_from=what)
