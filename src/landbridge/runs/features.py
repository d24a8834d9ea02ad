"""Frozen features of a run's rows, through the store: computed once, reused by every method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..backbones.base import Opened
from ..backbones.store import FeatureStore
from ..backbones.surgery import Network
from ..base.events import Events
from ..base.hashing import tensors_digest
from ..training.inputs import run_network
from .workspace import Workspace


def frozen_features(
    workspace: Workspace, network: Network, which: str, seed: int, events: Events
) -> np.ndarray:
    """Return float32 features of "source", "target" or "judged" rows.

    Features of a pretrained backbone go to the user's cache and serve later runs too; those
    of our own net, trained in this run, stay in the run's work folder.
    """
    inputs = {
        "source": None if workspace.source is None else workspace.source.inputs,
        "target": workspace.target.inputs,
        "judged": workspace.judged,
    }[which]
    assert inputs is not None
    if len(inputs) == 0:
        return np.zeros((0, network.backbone.dim), np.float32)
    opened = workspace.opened(seed, events)
    pretrained = workspace.situation.pretrained
    if not pretrained:
        identity = replace(opened.identity, hash=tensors_digest(network.backbone.state_dict()))
        opened = Opened(network.backbone, workspace.preprocessing, identity)
    if next(network.backbone.parameters(), None) is None:  # nothing is computed: nothing to store
        return run_network(network, inputs, workspace.preprocessing)[0]
    store = FeatureStore(None if pretrained else workspace.path / "work" / "features")
    return store.features(
        opened, inputs, workspace.fingerprints[which], precision="float32", events=events
    )
