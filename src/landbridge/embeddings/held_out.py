"""How well a space finds on rows that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..backbones.surgery import Network
from ..base.events import Events
from ..domains.modalities.multimodal import MultimodalExamples
from ..domains.modalities.packed import MultimodalPreprocessing
from ..training.inputs import run_network
from .recall import Recall, recalls


def embedded(
    network: Network,
    preprocessing: MultimodalPreprocessing,
    examples: MultimodalExamples,
    events: Events,
) -> list[np.ndarray]:
    """Return the vectors of each part, 0 where a row lacks it."""
    inputs = preprocessing.prepare(examples, events=events)
    both = run_network(network, inputs, preprocessing)[0]
    return np.split(both, len(preprocessing.parts), axis=1)


def evaluate_recall(
    names: tuple[str, ...],
    examples: MultimodalExamples,
    own: Sequence[np.ndarray],
    groups: np.ndarray | None = None,
) -> list[Recall]:
    """Return how often rows of one modality find their own in another, by their vectors.

    Intervals go by `groups` of rows that may be alike, where there are some.
    """
    contents = contents_of(examples, names)
    found: list[Recall] = []
    for a in range(len(names)):
        for b in range(a + 1, len(names)):
            rows = own[a].any(1) & own[b].any(1)
            if rows.sum() < 2:
                continue
            ids = contents[rows][:, [a, b]]
            same = (ids[:, None] == ids[None]).any(-1)
            alike = None if groups is None else groups[rows]
            found += recalls(own[a][rows], own[b][rows], same, (names[a], names[b]), alike)
    return found


def contents_of(examples: MultimodalExamples, names: tuple[str, ...]) -> np.ndarray:
    """Return which content each row has of each part, int64 (n, parts); a missing one is unlike."""
    found = np.empty((len(examples), len(names)), np.int64)
    for i, name in enumerate(names):
        found[:, i] = -1 - np.arange(len(examples))
        if name not in examples.parts:
            continue
        part, rows = examples.part(name)
        found[rows, i] = np.unique(part.contents(), return_inverse=True)[1]
    return found
