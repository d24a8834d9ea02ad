"""Networks live on the CPU and borrow the device; every method trains and answers there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from landbridge.base.config import make_config
from landbridge.base.errors import ConfigError
from landbridge.base.events import SILENT
from landbridge.domains.judging import keep_labels, seal
from landbridge.domains.read import read_domain
from landbridge.methods.base import METHODS
from landbridge.methods.feature import FeatureMethod
from landbridge.methods.resolve import make_method, unmet
from landbridge.runs.fit import FitSpec, run_fit
from landbridge.runs.prepare import prepare, read_task
from landbridge.runs.workspace import Workspace
from landbridge.training.devices import borrowed, find_device, place_of

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_a_device_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"'cuda:99'.*cpu"):
        find_device("cuda:99")
    assert find_device("cpu") == "cpu"
    assert find_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_borrowed_network_comes_back_also_after_an_error() -> None:
    network = torch.nn.Linear(2, 2)
    with contextlib.suppress(KeyError), borrowed(network, torch.device("meta")):
        assert place_of(network).type == "meta"
        network.to_empty(device="cpu")
        raise KeyError
    assert place_of(network).type == "cpu"


def workspace(path: Path, few: bool, device: str) -> Workspace:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (60, 8, 8)).astype(np.uint8)
    y = np.arange(60) % 3
    source = read_domain((x, y), name="source")
    whole = read_domain((x[::-1].copy(), y[::-1].copy()), name="target")
    target = keep_labels(whole, np.arange(60) < 24) if few else seal(whole, "judge")
    config = make_config(
        {"seed": 0, "backbone": "convnet", "training": {"steps": 4, "source_steps": 4}}
    )
    task = read_task(config, source, target, SILENT)
    made = prepare(task, config, path, SILENT)
    made.device = device
    return made


def outputs(path: Path, name: str, few: bool, device: str) -> np.ndarray:
    fit = run_fit(workspace(path, few, device), FitSpec(name, 0), SILENT)
    return fit.output("judged")


def network_methods() -> list[Any]:
    return [name for name in METHODS if not issubclass(METHODS.get(name), FeatureMethod)]


@needs_cuda
@pytest.mark.parametrize("few", [False, True])
def test_every_method_trains_on_the_device(few: bool, tmp_path: Path) -> None:
    made = workspace(tmp_path, few, "cuda")
    names = [
        name for name in network_methods() if not unmet(make_method(name).needs, made.situation)
    ]
    assert len(names) > 10
    for name in names:
        fit = run_fit(made, FitSpec(name, 0), SILENT)
        assert np.isfinite(fit.output("judged")).all(), name


@needs_cuda
def test_the_device_changes_the_answers_by_rounding_alone(tmp_path: Path) -> None:
    torch.backends.cudnn.allow_tf32 = False
    here = outputs(tmp_path / "a", "source-only", False, "cpu")
    there = outputs(tmp_path / "b", "source-only", False, "cuda")
    np.testing.assert_allclose(there, here, atol=1e-2)
