"""A tiny network that knows three classes of striped images, and streams of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.mlp import Mlp
from landbridge.backbones.surgery import Network
from landbridge.backbones.weights import seeded
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.training.batches import Side
from landbridge.training.loop import TrainingData, train
from landbridge.training.plan import Phase

CLASSES = ("left", "middle", "right")


def striped(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return grey uint8 (n, 1, 16, 16) with a bright stripe at the class's place, and labels."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    x = rng.integers(0, 110, (n, 1, 16, 16))
    for row, label in zip(x, y, strict=True):
        row[0, :, 5 * label : 5 * label + 5] += 110
    return x.astype(np.uint8), y


class Kit:
    """What the tests start from."""

    classes = CLASSES
    preprocessing = ImagePreprocessing(16, 16, 1, mean=(0.3,), std=(0.3,))

    def __init__(self) -> None:
        x, y = striped(300, seed=1)
        with seeded("streaming kit"):
            self.network = Network(ConvNet(16, 16, 1, widths=(4, 6), dim=8), 3)
        side = Side(x, y, np.ones(len(y), bool))
        data = TrainingData(side, None, self.preprocessing, 3)
        train(
            self.network,
            (Phase("source", steps=150, learning_rate=5e-3, batch_size=32),),
            data,
            seed=0,
        )

    rows = staticmethod(striped)

    def encode(self, stored: np.ndarray) -> torch.Tensor:
        """Return network inputs."""
        return self.preprocessing.encode(torch.from_numpy(stored))

    def plain(self, norm: str | None) -> Network:
        """Return a network with layer normalisation, or with none at all."""
        with seeded("streaming plain"):
            network = Network(Mlp(256, 12, 2, norm="layer"), 3)
        if norm is None:
            for layer in network.backbone.layers:
                layer[2] = torch.nn.Identity()
        return network.eval()


@pytest.fixture(scope="session")
def kit() -> Kit:
    return Kit()
