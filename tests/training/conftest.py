"""Tiny networks and rows for the tests of the loop."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from landbridge.backbones.convnet import ConvNet
from landbridge.backbones.mlp import Mlp
from landbridge.backbones.surgery import Network
from landbridge.backbones.weights import seeded
from landbridge.base.events import Events
from landbridge.domains.modalities.image import ImagePreprocessing
from landbridge.domains.modalities.table import TableExamples
from landbridge.domains.modalities.tabular import TablePreprocessing
from landbridge.training.batches import Side
from landbridge.training.loop import LoopOptions, TrainingData, train
from landbridge.training.plan import Phase

CLASSES = 3


class Interrupted(Exception):
    """What a test raises in the middle of training."""


class Heard:
    """A listener that remembers."""

    def __init__(self):
        self.events = []

    def event(self, event):
        self.events.append(event)

    def progress(self, what, total):
        from contextlib import nullcontext

        from landbridge.base.events import _Silent

        return nullcontext(_Silent())

    def of(self, kind):
        return [e for e in self.events if e["event"] == kind]


class Kit:
    """Everything that a small training needs, the same at every call."""

    Interrupted = Interrupted
    Heard = Heard

    def __init__(self, kind="convnet", n_source=40, n_target=30, n_labelled=9):
        rng = np.random.default_rng(7)
        self.kind = kind
        labels = [rng.integers(0, CLASSES, n) for n in (n_source, n_target)]
        if kind == "convnet":
            self.preprocessing = ImagePreprocessing(16, 16, 1, mean=(0.2,), std=(0.35,))
            inputs = [rng.integers(0, 160, (len(y), 1, 16, 16), dtype=np.uint8) for y in labels]
            for x, y in zip(inputs, labels, strict=True):
                for row, label in zip(x, y, strict=True):
                    row[0, 4 * label : 4 * label + 4] += 90
        else:
            table = TableExamples({f"c{i}": rng.normal(size=50) for i in range(6)})
            self.preprocessing = TablePreprocessing.fit([table])
            inputs = [rng.normal(size=(len(y), 6)).astype(np.float32) for y in labels]
            for x, y in zip(inputs, labels, strict=True):
                x[np.arange(len(y)), y] += 2
            inputs[1] += 0.5
        known = np.zeros(n_target, bool)
        known[:n_labelled] = True
        self.source = Side(inputs[0], labels[0].astype(np.int64), np.ones(n_source, bool))
        self.target = Side(inputs[1], labels[1].astype(np.int64), known)
        self.data = TrainingData(self.source, self.target, self.preprocessing, CLASSES)

    def network(self, seed=0):
        with seeded("kit", seed):
            if self.kind == "convnet":
                return Network(ConvNet(16, 16, 1, widths=(4, 6), dim=8), CLASSES)
            norm = "batch" if self.kind == "mlp-batch" else "layer"
            return Network(Mlp(6, 12, 2, dropout=0.3, norm=norm), CLASSES)

    def train(self, *phases, seed=0, network=None, events=None, data=None, **options):
        network = self.network() if network is None else network
        heard = Events(None, *([events] if events else []))
        losses = train(
            network,
            phases,
            data or self.data,
            seed=seed,
            options=LoopOptions(**options),
            events=heard,
        )
        return network, losses

    def interrupted(self, *phases, after, checkpoint, times=1, **options):
        """Train, raising after `after` steps; `times` processes do so, the next one ends."""
        for _ in range(times):
            left = [after]

            def stop(left=left):
                left[0] -= 1
                if left[0] == 0:
                    raise Interrupted

            with pytest.raises(Interrupted):
                self.train(
                    *phases, checkpoint=checkpoint, checkpoint_seconds=0, on_step=stop, **options
                )
            torch.manual_seed(123)  # a new process has another global state
        return self.train(*phases, checkpoint=checkpoint, checkpoint_seconds=0, **options)


@pytest.fixture
def kit():
    return Kit()


@pytest.fixture
def make_kit():
    return Kit


def phase(name="tune", steps=6, learning_rate=1e-2, **values):
    values.setdefault("batch_size", 8)
    return Phase(name, steps, learning_rate, **values)


@pytest.fixture
def make_phase():
    return phase


@pytest.fixture
def same_state():
    def same(a, b):
        a = a.state_dict() if hasattr(a, "state_dict") else a
        b = b.state_dict() if hasattr(b, "state_dict") else b
        return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)

    return same


@pytest.fixture
def state_of():
    return lambda network: copy.deepcopy(network.state_dict())
