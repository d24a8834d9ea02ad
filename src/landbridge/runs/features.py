"""Features and answers for a run's rows. A backbone that stands still sees each row once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from ..backbones.base import LoadedBackbone
from ..backbones.maps import pooled, stage_maps
from ..backbones.store import FeatureStore
from ..backbones.surgery import Network
from ..base.events import Events
from ..base.hashing import tensors_digest
from ..base.stored import checked, stored_array
from ..training.devices import borrowed
from ..training.inputs import run_network
from ..training.precision import layout
from .context import FitContext


def backbone_hash(network: Network) -> str:
    """Return the hash of a network's backbone, by which the store knows its features."""
    return tensors_digest(network.backbone.state_dict())


def frozen_features(
    context: FitContext, network: Network, which: str, seed: int, events: Events
) -> np.ndarray:
    """Return float32 features of "source", "target" or "judged" rows, through the store.

    Features of a pretrained backbone go to the user's cache and serve later runs too; those
    of our own net, trained in this run, stay in the run's work folder.
    """
    inputs = context.data.inputs(which)
    if len(inputs) == 0:
        return np.zeros((0, network.backbone.dim), np.float32)
    if which == "judged" and len(context.data.test_rows):
        return frozen_features(context, network, "target", seed, events)[context.data.test_rows]
    if next(network.backbone.parameters(), None) is None:  # nothing is computed: nothing to store
        return run_network(network, inputs, context.backbone.preprocessing)[
            0
        ]  # no device is needed
    opened = context.backbone.opened(seed, events)
    pretrained = context.data.situation.pretrained and not context.data.own_backbone
    if not pretrained:
        identity = replace(opened.identity, hash=backbone_hash(network))
        opened = LoadedBackbone(network.backbone, context.backbone.preprocessing, identity)
    store = FeatureStore(None if pretrained else context.path / "work" / "features")
    with borrowed(opened.module, torch.device(context.settings.device)):
        return store.features(
            opened, inputs, context.data.fingerprints[which], precision="float32", events=events
        )


def stage_features(
    context: FitContext, network: Network, which: str, budget: int, events: Events
) -> np.ndarray:
    """Return the pooled outputs of all stages for the rows of a side, float32 (n, columns).

    Kept in the run's work folder, for the run's other seeds and folds.
    """
    name = f"stages-{backbone_hash(network)}-{context.data.fingerprints[which]}-{budget}.npy"
    file = context.path / "work" / "features" / name
    if checked(file):
        return np.load(file, mmap_mode="r", allow_pickle=False)
    inputs, parts, device = context.data.inputs(which), [], torch.device(context.settings.device)
    network.eval()
    with torch.inference_mode(), borrowed(network, device):
        for start in range(0, len(inputs), 64):
            stored = torch.from_numpy(np.array(inputs[start : start + 64]))
            with stage_maps(network, True) as maps:
                network.backbone(layout(context.backbone.preprocessing.encode(stored.to(device))))
            parts.append(pooled(maps, budget).cpu().numpy())
    found = np.concatenate(parts)
    return stored_array(
        file, found.shape, np.float32, lambda start: [found[start:]], what="stages", events=events
    )


def input_columns(context: FitContext, which: str) -> np.ndarray:
    """Return the network inputs of a side, float32 (n, numbers), laid flat."""
    stored = torch.from_numpy(np.array(context.data.inputs(which)))
    return context.backbone.preprocessing.encode(stored).flatten(1).numpy()


def stands_still(context: FitContext, network: Network, seed: int, events: Events) -> bool:
    """Say whether features that are, or may be, in the store give the network's answers."""
    if not network.reads_features:
        return False
    if context.data.situation.pretrained and not context.data.own_backbone:
        expected = context.backbone.opened(seed, events).identity.hash
    else:
        expected = context.backbone.frozen_hashes.get(seed, "")
    return backbone_hash(network) == expected


def stored_features(
    context: FitContext, seed: int, events: Events
) -> Callable[[Network, np.ndarray], np.ndarray]:
    """Return what gives the loop features for its stored inputs, from the store if it can."""

    def compute(network: Network, inputs: np.ndarray) -> np.ndarray:
        for which in ("target", "source"):
            if which == "source" and context.data.source is None:
                continue
            if inputs is context.data.inputs(which) and stands_still(
                context, network, seed, events
            ):
                return frozen_features(context, network, which, seed, events)
        return run_network(
            network, inputs, context.backbone.preprocessing, torch.device(context.settings.device)
        )[0]

    return compute


class RowOutputs:
    """Features and logits of a network for rows of a run.

    Called with "source", "target" or "judged" and, for some of them, row numbers; returns
    float32 (n, d) and (n, classes).
    """

    def __init__(self, context: FitContext, network: Network, seed: int, events: Events) -> None:
        self.context, self.network, self.seed, self.events = context, network, seed, events
        self.still = stands_still(context, network, seed, events)

    def __call__(self, which: str, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        context, network = self.context, self.network
        inputs = context.data.inputs(which)
        n = len(inputs) if rows is None else len(rows)
        if n == 0:
            shape = network.head.out_features
            return np.zeros((0, network.backbone.dim), np.float32), np.zeros((0, shape), np.float32)
        if not self.still:
            chosen = inputs if rows is None else inputs[rows]
            device = torch.device(context.settings.device)
            return run_network(network, chosen, context.backbone.preprocessing, device)
        x = frozen_features(context, network, which, self.seed, self.events)
        x = np.array(x if rows is None else x[rows])
        with torch.inference_mode():
            return x, network.head(torch.from_numpy(x)).numpy()
