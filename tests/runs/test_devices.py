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
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels, seal
from landbridge.methods.core.base import METHODS
from landbridge.methods.core.feature import FeatureMethod
from landbridge.methods.core.resolve import make_method, unmet
from landbridge.runs.context import FitContext
from landbridge.runs.fit import FitSpec, run_fit
from landbridge.runs.load import read_task
from landbridge.runs.prepare import prepare
from landbridge.training.devices import borrowed, find_device, place_of


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


def context(path: Path, few: bool, device: str, **training: Any) -> FitContext:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 255, (60, 8, 8)).astype(np.uint8)
    y = np.arange(60) % 3
    source = read_domain((x, y), name="source")
    whole = read_domain((x[::-1].copy(), y[::-1].copy()), name="target")
    target = keep_labels(whole, np.arange(60) < 24) if few else seal(whole, "judge")
    training = {"steps": 4, "source_steps": 4, **training}
    config = make_config({"seed": 0, "backbone": "convnet", "training": training})
    task = read_task(config, source, target, SILENT)
    made = prepare(task, config, path, SILENT)
    made.device = device
    return made


def network_methods() -> list[Any]:
    return [name for name in METHODS if not issubclass(METHODS.get(name), FeatureMethod)]


@pytest.mark.cuda
@pytest.mark.parametrize("few", [False, True])
def test_every_method_trains_on_the_device_and_again_to_the_same_bits(
    few: bool, tmp_path: Path
) -> None:
    both = [context(tmp_path / part, few, "cuda") for part in "ab"]
    names = [
        name for name in network_methods() if not unmet(make_method(name).needs, both[0].situation)
    ]
    assert len(names) > 10
    other = []
    for name in names:
        one, two = (run_fit(made, FitSpec(name, 0), SILENT).output("judged") for made in both)
        assert np.isfinite(one).all(), name
        other += [] if np.array_equal(one, two) else [name]
    assert not other


@pytest.mark.cuda
def test_the_device_changes_the_answers_by_rounding_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    # Random views are drawn on the device, whose generator gives other numbers.
    here, there = (
        run_fit(context(tmp_path / d, False, d, augment="none"), FitSpec("source-only", 0), SILENT)
        for d in ("cpu", "cuda")
    )
    np.testing.assert_allclose(there.output("judged"), here.output("judged"), atol=1e-2)
