"""Every kind of head layer opens in a fresh interpreter, where nothing is imported yet."""

import inspect
import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from landbridge.backbones.heads import StepsHead, head_from_state
from landbridge.base.errors import ConfigError
from landbridge.inference.clip import Clip
from landbridge.inference.layers import (
    STEPS,
    Affine,
    HeadLayer,
    NearestMove,
    Neighbours,
    RBFKernel,
    UnitRows,
    Votes,
    WeightedMedian,
)
from landbridge.inference.log_shares import LogShares
from landbridge.solvers.boosting.trees import boosted_trees

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4))
SAMPLES = {
    "affine": Affine(RNG.normal(size=(4, 3)), RNG.normal(size=3)),
    "unit-rows": UnitRows(),
    "rbf-kernel": RBFKernel(X[:5], np.array(0.3)),
    "neighbours": Neighbours(X[:6], np.eye(3)[[0, 1, 2, 0, 1, 2]], np.array(3), np.array(1e-3)),
    "votes": Votes(np.array([[1.0, 1.0], [0.5, 0.5]]), np.array(1e-3)),
    "nearest-move": NearestMove(X[:5], X[5:10]),
    "weighted-median": WeightedMedian(np.array([1.0, 2.0, 1.0, 0.5])),
    "clip": Clip(np.full(4, -0.5), np.full(4, 0.5)),
    "log-shares": LogShares(np.array(1e-3)),
    "trees": boosted_trees(X, (X[:, 0] > 0).astype(int), 2, seed=0, max_iter=5),
}

FRESH = """
import json, sys, torch
from safetensors.torch import load_file
from landbridge.backbones.heads import head_from_state
x = torch.tensor(json.loads(sys.argv[1]))
print(json.dumps({file: head_from_state(load_file(file))(x).tolist() for file in sys.argv[2:]}))
"""


def test_every_kind_has_a_sample_here():
    assert set(STEPS) == set(SAMPLES)
    assert all(issubclass(kind, HeadLayer) for _, kind in STEPS.items())


def test_every_kind_is_known_where_nothing_was_imported(tmp_path):
    x = torch.tensor(X[:7], dtype=torch.float32)
    right = {}
    for name, step in SAMPLES.items():
        head = StepsHead([step])
        file = tmp_path / f"{name}.safetensors"
        save_file({k: v.contiguous() for k, v in head.state_dict().items()}, file)
        right[str(file)] = head(x).tolist()
    done = subprocess.run(
        [sys.executable, "-c", FRESH, json.dumps(x.tolist()), *right],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == right


def test_a_layer_of_a_newer_version_is_named():
    with pytest.raises(ConfigError, match="head layer 'wavelet'"):
        head_from_state({"0-wavelet.matrix": torch.ones(2, 2)})


def test_a_kind_is_where_the_registry_looks():
    """A class that registers on import must lie where a fresh process finds it."""
    for name, kind in STEPS.items():
        module = inspect.getmodule(kind).__name__
        assert any(module.startswith(package) for package in STEPS.packages), (name, module)
