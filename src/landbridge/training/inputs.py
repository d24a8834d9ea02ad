"""Where a phase's batches come from: stored rows, or features of a backbone that stands still."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
import torch

from ..backbones.extraction import batch_size, forward_batch, prefers_channels_last, thinned
from ..backbones.surgery import Network
from ..base.errors import DataError, RunError
from ..base.events import SILENT, Events
from ..domains.examples import Examples, data_of
from ..domains.modalities.base import Preprocessing, Strength
from .batches import Side
from .devices import borrowed, place_of
from .precision import layout


class InputSource(ABC):
    """Gives batches and takes them through the network."""

    @abstractmethod
    def batch(
        self, side: Side, rows: np.ndarray, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Return the inputs of these rows."""

    @abstractmethod
    def forward(self, network: Network, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return features and logits of a batch."""


class StoredInputs(InputSource):
    """Rows as stored, encoded or augmented on the fly."""

    def __init__(self, preprocessing: Preprocessing, device: torch.device) -> None:
        self.preprocessing, self.device = preprocessing, device

    def batch(
        self, side: Side, rows: np.ndarray, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Return encoded (and augmented) rows."""
        # Moved as stored, a quarter of the bytes for images; changed by the device.
        stored = torch.from_numpy(np.array(side.inputs[rows])).to(self.device)
        if strength == "none":
            return self.preprocessing.encode(stored)
        return self.preprocessing.augment(stored, strength, generator)

    def forward(self, network: Network, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the whole network."""
        return network(x)


MOVED_BYTES = 1 << 30
"""Features up to this size are moved to the device as a whole, larger ones batch by batch."""


class FeatureInputs(InputSource):
    """Features computed once: a frozen backbone never sees the same row twice."""

    def __init__(
        self,
        network: Network,
        preprocessing: Preprocessing,
        device: torch.device,
        compute: Callable[[Network, np.ndarray], np.ndarray] | None = None,
    ) -> None:
        self.network, self.preprocessing, self.device = network, preprocessing, device
        self.compute = compute
        self._features: dict[int, torch.Tensor] = {}

    def batch(
        self, side: Side, rows: np.ndarray, strength: Strength, generator: torch.Generator
    ) -> torch.Tensor:
        """Return features of these rows; a strong view of them is a dropout of a third."""
        key = id(side.inputs)
        if key not in self._features:
            if self.compute is not None:
                found = self.compute(self.network, side.inputs)
            else:
                found = run_features(self.network, side.inputs, self.preprocessing, self.device)
            kept = torch.from_numpy(np.array(found))
            self._features[key] = kept.to(self.device) if found.nbytes <= MOVED_BYTES else kept
        features = self._features[key]
        x = features[torch.from_numpy(rows).to(features.device)]
        if strength == "strong":
            x = thinned(x, generator)
        return x.to(self.device)

    def forward(self, network: Network, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the head alone."""
        return x, network.head(x)


def run_examples(
    network: Network, preprocessing: Preprocessing, examples: Examples, events: Events = SILENT
) -> tuple[np.ndarray, np.ndarray]:
    """Return features (n, d) and logits (n, outputs) of raw examples.

    Raises
    ------
    DataError
        Where they are of another modality than the network takes.
    """
    fitting = preprocessing.fitting(examples)
    if fitting is None:
        raise DataError(
            f"the data hold {data_of(examples.modality)}, and the model takes "
            f"{data_of(preprocessing.modality)}",
            hint="give data like those it was made from",
        )
    return saved_network(network, preprocessing.prepare(fitting, events=events), preprocessing)


def saved_network(
    network: Network, rows: np.ndarray, preprocessing: Preprocessing
) -> tuple[np.ndarray, np.ndarray]:
    """Do as `run_network` with a network from a folder, whose files may not belong together.

    Raises
    ------
    RunError
        Where the network does not take such rows.
    """
    try:
        return run_network(network, rows, preprocessing)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, IndexError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise RunError(
            "the network does not take what its preprocessor.json makes: "
            f"{(str(error).splitlines() or [''])[0][:300]}",
            hint="restore backbone.json, preprocessor.json and the weights from the same folder",
        ) from error


@torch.inference_mode()
def run_network(
    network: Network,
    inputs: np.ndarray,
    preprocessing: Preprocessing,
    device: torch.device | None = None,
    batch: int = 256,
) -> tuple[np.ndarray, np.ndarray]:
    """Return float32 features (n, d) and logits (n, classes) in evaluation mode."""
    device = device or place_of(network)
    network.eval()
    if prefers_channels_last(network):
        batch = forward_batch(network, preprocessing, batch)
    lengths = preprocessing.lengths(inputs)
    # Rows of like length are answered together, and come back in their own order.
    order = None if lengths is None else np.argsort(lengths, kind="stable")
    if order is not None:
        batch = min(batch, batch_size(preprocessing.size))
    # One array from the beginning: thousands of small ones between what a batch takes and gives
    # back would leave the heap full of holes.
    found: tuple[np.ndarray, np.ndarray] | None = None
    with borrowed(network, device):
        for start in range(0, len(inputs), batch):
            end = min(start + batch, len(inputs))
            rows = slice(start, end) if order is None else order[start:end]
            stored = torch.from_numpy(np.array(inputs[rows]))
            f, z = network(layout(preprocessing.encode(stored.to(device))))
            if found is None:
                n = len(inputs)
                found = (
                    np.empty((n, *f.shape[1:]), np.float32),
                    np.empty((n, *z.shape[1:]), np.float32),
                )
            found[0][rows], found[1][rows] = f.float().cpu().numpy(), z.float().cpu().numpy()
    if found is None:
        raise ValueError("there are no rows")
    return found


def run_features(
    network: Network, inputs: np.ndarray, preprocessing: Preprocessing, device: torch.device
) -> np.ndarray:
    """Return float32 features (n, d) in evaluation mode, leaving the mode as it was."""
    training = [module.training for module in network.modules()]
    features, _ = run_network(network, inputs, preprocessing, device)
    for module, mode in zip(network.modules(), training, strict=True):
        module.training = mode
    return features
