"""The source network of benchmarks/stream.py: trained once on CIFAR-10 and kept."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import data
from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.surgery import Network
from landbridge.backbones.weights import seeded
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.training.batches import Side
from landbridge.training.checkpoint import load_tensors, save_tensors
from landbridge.training.inputs import run_network
from landbridge.training.loop import TrainingData, train
from landbridge.training.plan import Phase

WIDTHS = (16, 48, 96)
PHASE = Phase("source", steps=1600, rate=2e-3, batch=64, weight_decay=1e-2, augment="weak")
PREPROCESSING = ImagePreprocessing(32, 32, 3, mean=(0.5,) * 3, std=(0.25,) * 3, flip=True)
CLASSES = 10


def new_network(seed: int) -> Network:
    """Return the architecture at random."""
    with seeded("stream", seed):
        return Network(ConvNet(32, 32, 3, widths=WIDTHS, dim=128), CLASSES)


def source_network(seed: int) -> Network:
    """Return the network trained on the 10,000 training rows, from the cache where it is there."""
    kept = (
        Path(tempfile.gettempdir()) / "landbridge-benchmarks" / f"stream-source-{seed}.safetensors"
    )
    network = new_network(seed)
    if kept.exists():
        network.load_state_dict(load_tensors(kept)[0])
        return network.eval()
    x, y = data.cifar10("train")
    stored = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    side = Side(stored, y.astype(np.int64), np.ones(len(y), bool))
    train(network, (PHASE,), TrainingData(side, None, PREPROCESSING, CLASSES), seed=seed)
    kept.parent.mkdir(parents=True, exist_ok=True)
    save_tensors(kept, network.state_dict(), {"seed": seed})
    return network.eval()


def test_rows() -> tuple[np.ndarray, np.ndarray]:
    """Return the 2,000 test images, uint8 (n, 32, 32, 3), and their labels."""
    return data.cifar10("test")


def main() -> None:
    """Train the networks and say how good they are on clean test rows."""
    x, y = test_rows()
    for seed in range(1):
        network = source_network(seed)
        logits = run_network(network, x.transpose(0, 3, 1, 2), PREPROCESSING)[1]
        print(seed, f"{(logits.argmax(1) == y).mean():.4f}", flush=True)


if __name__ == "__main__":
    main()
