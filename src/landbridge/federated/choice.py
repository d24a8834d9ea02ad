"""What a client keeps: what was learned together, alone, or the source as it is.

Chosen by the client's own labelled rows, a part of which nobody learns from in turn; its sealed
labels are not asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..base.formatting import counted
from ..base.seeds import numpy_rng
from ..verdict.clients import FEDERATED, LOCAL, SOURCE, WORDS
from .clients import Client
from .learner import Rows
from .trainer import Trainer

LEAST = 6
"""Labelled rows with which a client can choose."""


def choose_kept(
    clients: Sequence[Client], rows: dict[str, Rows], trainer: Trainer, folds: int, seed: int
) -> dict[str, tuple[str, str]]:
    """Return for each client what it keeps, and why."""
    if not folds:
        return {one.name: (FEDERATED, "no choice was asked for") for one in clients}
    able = {c.name: c for c in clients if c.name in rows and len(rows[c.name]) >= LEAST}
    parts = {name: _folds(one, folds, seed) for name, one in able.items()}
    scores: dict[str, dict[str, list[np.ndarray]]] = {name: {} for name in able}
    for fold in range(folds):
        left = {
            name: own.only(parts[name] != fold) if name in able else own
            for name, own in rows.items()
        }
        left = {name: own for name, own in left.items() if len(own)}
        together = trainer.fit(left, seed, f"fold {fold} together")
        for name, one in able.items():
            out = rows[name].only(parts[name] == fold)
            if not len(out):
                continue
            models = {FEDERATED: together.of(name)}
            if name in left:
                alone = trainer.alone.fit({name: left[name]}, seed, f"fold {fold} of {name}")
                models[LOCAL] = alone.model
            if trainer.source is not None:
                models[SOURCE] = trainer.learner(seed).start() | trainer.source
            truth = one.labels[one.learned][parts[name] == fold]
            for kind, model in models.items():
                values = trainer.codec.transform(trainer.outputs(model, out.x))
                own = trainer.codec.target_type.metric.score(values, truth)
                scores[name].setdefault(kind, []).append(np.asarray(own, float))
    return {one.name: _kept(scores.get(one.name, {}), trainer) for one in clients}


def _folds(one: Client, folds: int, seed: int) -> np.ndarray:
    """Return the part that each labelled row is of; rows of one block are of one part."""
    blocks = np.arange(len(one.domain)) if one.domain.blocks is None else one.domain.blocks
    place = np.unique(blocks[one.learned], return_inverse=True)[1]
    order = numpy_rng("federated folds", seed, one.name).permutation(int(place.max()) + 1)
    return np.asarray(order[place] % folds)


def _kept(scores: dict[str, list[np.ndarray]], trainer: Trainer) -> tuple[str, str]:
    """Return the model with the best score on rows left out, of equal ones what was together."""
    if not scores:
        return FEDERATED, f"it has fewer than {LEAST} labelled rows, too few to choose by"
    means = {kind: float(np.concatenate(own).mean()) for kind, own in scores.items()}
    best = max(means, key=lambda kind: (round(means[kind], 12), kind == FEDERATED))
    metric = trainer.codec.target_type.metric
    n = len(np.concatenate(scores[FEDERATED]))
    said = ", ".join(
        f"{WORDS[kind]} {metric.format(metric.figure(m))}" for kind, m in means.items()
    )
    return best, f"{said} on {counted(n, 'row')} of its own, left out in turn"
