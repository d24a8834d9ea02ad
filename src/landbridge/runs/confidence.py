"""How sure the stored model may be: a temperature from whatever labels the setting grants.

What adapts without labels learns to be sure, so that its probabilities say little about how often
it is right. Nothing here reads a sealed label, and no answer changes.
"""

from __future__ import annotations

import numpy as np

from ..solvers.calibration.temperature import likeliest_temperature, temperature_for_confidence
from ..verdict.records import Temperature
from .context import FitContext
from .fit import Fit, FitSpec, finished
from .folds import compared_rows
from .select import SelectionResult

LEAST = 20
"""Rows with labels, at least, to fit a temperature on."""


def find_temperature(context: FitContext, selected: SelectionResult) -> Temperature:
    """Return the temperature of the stored model, which is the first seed's.

    Where target labels were cross-validated: the likeliest on the rows left out. Otherwise the
    likeliest on validation rows of the source, which were not learned from; and where the target
    has no labels, as much hotter as makes the mean confidence on the target no higher than how
    often other fits (seeds, else the nearest candidate) agree with the stored one there: two fits
    of one method agree about as often as they are right (Jiang et al., 2022, ICLR).
    """
    if not context.data.situation.target_type.class_scores:
        return Temperature()
    if selected.chosen in selected.folds:
        labeled = compared_rows(context.data.target)
        logits, labels = selected.folds[selected.chosen], context.data.target.labels[labeled]
        if len(labels) >= LEAST:
            flat = logits.reshape(-1, logits.shape[-1])
            value = likeliest_temperature(flat, np.tile(labels, len(logits)))
            return Temperature(value, f"fitted on {len(labels):,} cross-validated target labels")
        return Temperature()
    stored = selected.fits[selected.chosen][selected.seeds[0]]
    own, how = _on_source(context, stored)
    if context.data.situation.target != "none":
        return Temperature(own, how)
    logits = stored.output("target")
    agreement, whose = _agreement(context, selected, logits)
    if agreement is None or not len(logits):
        return Temperature(own, how)
    hot = temperature_for_confidence(logits, max(agreement, 1 / logits.shape[1] + 0.01))
    if hot <= own:
        return Temperature(own, how, agreement)
    said = f"set so that it is as sure on the target as its agreement with {whose} there"
    return Temperature(hot, said, agreement)


def _on_source(context: FitContext, stored: Fit) -> tuple[float, str]:
    """Return the likeliest temperature on the source's validation rows, never under 1."""
    file = stored.folder / "validation.npy"
    # A closed form on features answers for target rows: of source rows it need not say anything.
    silent = context.backbone.on_features and stored.report.start == "frozen"
    if context.data.source is None or silent or not file.exists():
        return 1.0, ""
    labels = context.data.source.labels[context.data.validation]
    inside = labels >= 0
    if inside.sum() < LEAST:
        return 1.0, ""
    value = likeliest_temperature(stored.output("validation")[inside], labels[inside])
    return max(1.0, value), f"fitted on {int(inside.sum()):,} validation rows of the source"


def _agreement(
    context: FitContext, selected: SelectionResult, logits: np.ndarray
) -> tuple[float | None, str]:
    """Return how often other fits give the stored model's answers on the target, and whose."""
    own = logits.argmax(1)
    others = [selected.fits[selected.chosen][seed] for seed in selected.seeds[1:]]
    whose = "its other seeds"
    if not others:
        whose = "the nearest other candidate"
        baselines = set(selected.fits)
        for row in selected.choice.candidates:
            name = row.method
            if name in baselines or row.gated is not None:
                continue
            found = finished(context, FitSpec(name, context.config.seed))
            if found is not None and (found.folder / "target.npy").exists():
                others.append(found)
    shares = [float((other.output("target").argmax(1) == own).mean()) for other in others]
    if not shares:
        return None, ""
    # Seeds are alike, so their mean; among candidates are bad ones, so the one nearest.
    return float(np.mean(shares) if selected.seeds[1:] else np.max(shares)), whose
