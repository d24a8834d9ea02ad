"""What the chosen model answers where only some of several modalities are there."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import torch

from ..base.events import Events
from ..domains.modalities.packed import MultimodalPreprocessing
from ..training.inputs import run_network
from ..verdict.evaluate import Truth
from ..verdict.parts import Masked, PartScores, part_scores
from .context import FitContext
from .fit import network_of
from .select import SelectionResult

MOST_ROWS = 2000
"""Judged rows that are answered again for each set of parts."""
MOST_PARTS = 5
"""Beyond, only each part alone and all but each are looked at: sets are as many as 2^parts."""


def by_parts(
    context: FitContext, selected: SelectionResult, truth: Truth | None, events: Events
) -> PartScores | None:
    """Return ``parts.json``: the score for each set of modalities, and what each adds.

    None where rows have one modality, or nothing was judged.
    """
    preprocessing = context.backbone.preprocessing
    if truth is None or not isinstance(preprocessing, MultimodalPreprocessing):
        return None
    rows = np.flatnonzero(truth.has)
    if len(rows) > MOST_ROWS:
        rows = rows[np.linspace(0, len(rows) - 1, MOST_ROWS).round().astype(int)]
    stored = np.array(context.data.test_inputs[rows])
    has = preprocessing.has(stored)
    names = tuple(preprocessing.parts)
    networks = [network_of(context, fit, events) for fit in selected.fits[selected.chosen].values()]
    device = torch.device(context.settings.device)
    found = []
    sets = list(_sets(names))
    with events.progress("answers with parts missing", len(sets)) as bar:
        for kept in sets:
            bar.advance()
            there = has[:, [names.index(name) for name in kept]].all(1)
            if not there.any():
                continue
            gone = tuple(name for name in names if name not in kept)
            inputs = preprocessing.without(stored[there], gone)
            values = [
                context.data.reading.transform(
                    run_network(network, inputs, preprocessing, device)[1]
                )
                for network in networks
            ]
            found.append(Masked(kept, np.flatnonzero(there), np.stack(values)))
    return part_scores(
        names, found, truth.index[rows], has, target_type=context.data.reading.target_type
    )


def _sets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield sets of parts, the whole one first, each alone last."""
    for count in range(len(names), 0, -1):
        if len(names) > MOST_PARTS and count not in (len(names), len(names) - 1, 1):
            continue
        yield from combinations(names, count)
