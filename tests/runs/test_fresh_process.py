"""Whatever is registered is found by a process that has imported nothing.

Workers and a later `predict` are such processes.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from fresh_process import ask, rows

import landbridge
from landbridge.backbones.heads import StepsHead
from landbridge.base.config import make_config
from landbridge.base.errors import ConfigError
from landbridge.base.events import SILENT
from landbridge.base.registry import Registry
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels
from landbridge.domains.task import Task
from landbridge.inference import layers
from landbridge.inference.clip import Clip
from landbridge.inference.layers import STEPS
from landbridge.inference.log_shares import LogShares
from landbridge.methods.core.base import METHODS
from landbridge.methods.core.feature import FeatureMethod
from landbridge.methods.core.resolve import make_method, unmet
from landbridge.methods.heads.base import HEADS
from landbridge.runs.execute import Runner, found_anywhere
from landbridge.runs.fit import Fit, FitSpec
from landbridge.runs.prepare import prepare
from landbridge.solvers.boosting.trees import boosted_trees
from landbridge.training.checkpoint import save_tensors

TRAINING = {"steps": 2, "source_steps": 2, "batch_size": 8, "threads": 1}


def registries():
    """Return (module, name) of every registry in the package, each once."""
    found = {}
    for module in pkgutil.walk_packages(landbridge.__path__, "landbridge."):
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, Registry):
                home = found.setdefault(id(value), (module.name, name))
                if value.packages[0] in module.name and len(module.name) < len(home[0]):
                    found[id(value)] = (module.name, name)
    return sorted(found.values())


def test_every_registry_fills_itself_in_a_fresh_process(tmp_path):
    places = registries()
    assert len(places) >= 12
    asked = [{"what": "registry", "module": module, "name": name} for module, name in places]
    for (module, name), answer in zip(places, ask(asked, tmp_path), strict=True):
        here = getattr(importlib.import_module(module), name)
        assert set(answer) <= set(here)  # this process may know more: what tests register
        assert {one for one in here if here.found_anywhere(one)} <= set(answer), name


# Head layers ----------------------------------------------------------------------------------


def example_layers():
    """Return one layer of each kind, by kind, with the width it takes."""
    rng = np.random.default_rng(0)
    a = rng.normal(size=(4, 3))
    x = rng.normal(size=(60, 3))
    return {
        "affine": (layers.Affine(rng.normal(size=(3, 2)), rng.normal(size=2)), 3),
        "unit-rows": (layers.UnitRows(), 3),
        "rbf-kernel": (layers.RBFKernel(a, np.array(0.5)), 3),
        "neighbours": (layers.Neighbours(a, np.eye(4)[:, :2] + 0.1, np.array(2), np.array(0.1)), 3),
        "votes": (layers.Votes(np.ones((3, 2)), np.array(0.1)), 6),
        "nearest-move": (layers.NearestMove(a, rng.normal(size=(4, 3))), 3),
        "weighted-median": (layers.WeightedMedian(np.array([1.0, 2.0, 1.5])), 3),
        "clip": (Clip(np.zeros(3), np.ones(3)), 3),
        "log-shares": (LogShares(np.array(0.1)), 3),
        "trees": (boosted_trees(x, (x[:, 0] > 0).astype(int), 2, 0, max_iter=5), 3),
    }


def test_every_head_layer_is_opened_in_a_fresh_process(tmp_path):
    examples = example_layers()
    own = {kind for kind in STEPS if STEPS.found_anywhere(kind)}
    assert set(examples) == own, "a kind of head layer has no example here"
    asked, expected = [], []
    for kind, (layer, width) in examples.items():
        head = StepsHead([layer])
        save_tensors(tmp_path / f"{kind}.safetensors", head.state_dict(), {})
        asked.append(
            {"what": "head", "file": str(tmp_path / f"{kind}.safetensors"), "width": width}
        )
        expected.append(head(rows(width)).tolist())
    assert ask(asked, tmp_path / "fresh") == expected


def test_a_head_layer_of_a_newer_version_is_named():
    from landbridge.backbones.heads import head_from_state

    with pytest.raises(ConfigError, match="unknown head layer 'tree'"):
        head_from_state({"0-tree.feature": torch.zeros(2)})


# Registries -----------------------------------------------------------------------------------


def package(tmp_path, monkeypatch, name, body):
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("from .base import THINGS\n")
    (tmp_path / name / "base.py").write_text(
        f"from landbridge.base.registry import Registry\nTHINGS = Registry('odd thing', {name!r})\n"
    )
    (tmp_path / name / "one.py").write_text(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    return importlib.import_module(name).THINGS


def test_an_import_that_fails_is_tried_again_and_does_not_hide_names(tmp_path, monkeypatch):
    body = "import os\nfrom .base import THINGS\nassert 'BROKEN' not in os.environ\n"
    body += "THINGS.register('a')(1)\n"
    things = package(tmp_path, monkeypatch, "odd_things_a", body)
    monkeypatch.setenv("BROKEN", "1")
    for _ in range(2):
        with pytest.raises(AssertionError):
            things.get("a")
    monkeypatch.delenv("BROKEN")
    sys.modules.pop("odd_things_a.one", None)
    assert things.get("a") == 1
    assert things.group == "landbridge.odd_things"


def test_threads_that_ask_at_once_all_find_it(tmp_path, monkeypatch):
    from concurrent.futures import ThreadPoolExecutor

    body = "import time\nfrom .base import THINGS\ntime.sleep(0.3)\nTHINGS.register('late')(2)\n"
    things = package(tmp_path, monkeypatch, "odd_things_b", body)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: things.get("late"), range(4))) == [2] * 4


def test_what_a_script_registers_is_fitted_where_the_script_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(METHODS, "_items", dict(METHODS._items))
    kind = type("Mine", (type(make_method("probe")),), {"__module__": "__main__"})
    METHODS.register("mine")(kind)
    try:
        assert found_anywhere("probe")
        assert found_anywhere("mcc+dann")
        assert found_anywhere("joint+mcc")
        assert not found_anywhere("mine")
    finally:
        type(make_method("probe")).name = "probe"


# Fits and folders -----------------------------------------------------------------------------


def labelled(answers, seed):
    rng = np.random.default_rng(seed)
    turn = np.arange(48) % 3
    x = (4 * np.eye(3, 5)[turn] + rng.normal(size=(48, 5))).astype(np.float32)
    if answers == "multiclass":
        return x, np.array(["ant", "bee", "cat"], object)[turn]
    if answers == "regression":
        return x, 3.0 * turn + rng.normal(size=48)
    return x, np.stack([turn > 0, turn < 2], 1).astype(int)


@pytest.mark.slow
@pytest.mark.parametrize("answers", ["multiclass", "regression", "multilabel"])
@pytest.mark.parametrize("backbone", ["mlp", "identity"])
def test_every_method_in_workers_and_opened_again(answers, backbone, tmp_path):
    x, y = labelled(answers, 0)
    source = read_domain(x, labels=y, target_type=answers, name="source")
    x, y = labelled(answers, 1)
    target = read_domain(x, labels=y, target_type=answers, name="target")
    task = Task.build(source, keep_labels(target, np.arange(48) < 24))
    config = make_config({"backbone": backbone, "training": TRAINING, "seeds": 1})
    context = prepare(task, config, tmp_path / "run", SILENT)
    names = []
    for name in [*METHODS, "joint+mcc"]:
        method = make_method(name) if name != "combine" else None
        if method is None or unmet(method.needs, context.data.situation):
            continue
        if backbone == "identity" and (
            not isinstance(method, FeatureMethod) or method.stage_budget()
        ):
            continue  # there is no network to train, and no stage to read
        names.append(name)
    assert len(names) > 10 or answers != "multiclass"
    context.save()
    with Runner(context, 2, SILENT) as runner:
        done = runner.run([FitSpec(name, 0) for name in names], tolerate=True)
    failed = {spec: str(fit) for spec, fit in done.items() if not isinstance(fit, Fit)}
    assert not failed
    asked = [
        {
            "what": "fit",
            "run": str(tmp_path / "run"),
            "spec": fit.spec_id,
            "seed": 0,
            "method": name,
        }
        for name, fit in zip(names, done.values(), strict=True)
        if fit.has("target")
    ]
    assert max(ask(asked, tmp_path / "fresh")) < 1e-4


def made(folder):
    """Make one folder of every kind, backbone, head and kind of answer: (folder, rows) of each."""
    rng = np.random.default_rng(0)
    x, y = labelled("multiclass", 0)
    turn = np.arange(48) % 3
    images = rng.integers(0, 90, (48, 12, 12), dtype=np.uint8)
    for image, kind in zip(images, turn, strict=True):
        image[4 * kind : 4 * kind + 3] += 150
    texts = [f"the {('small', 'mean', 'large')[k]} one of {i}" for i, k in enumerate(turn)]
    frame = pd.DataFrame(x, columns=list("abcde")).assign(place=rng.choice(["n", "s"], 48))
    frame.to_parquet(folder / "table.parquet")
    np.savez(folder / "rows.npz", x=x)
    np.savez(folder / "images.npz", x=images)
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    np.savez(folder / "several.npz", image=images, text=np.array(texts))
    several = {"image": images, "text": texts}

    def transfer(name, data, labels, **how):
        how = {"seeds": 1, "training": TRAINING, "method": "scratch"} | how
        landbridge.transfer(None, (data, labels), out=folder / name, offline=True, **how)
        return folder / name

    for net in ("mlp", "ft_transformer"):
        yield transfer(net, frame, y, backbone=net), "table.parquet"
    yield transfer("trees", frame, y, method="boosted-trees"), "table.parquet"
    yield transfer("convnet", images, y, backbone="convnet"), "images.npz"
    yield transfer("textnet", texts, y, backbone="textnet"), "texts.json"
    yield transfer("fusion_net", several, y, backbone="fusion_net"), "several.npz"
    known = f"run/{folder / 'convnet'}"
    yield transfer("of-run", images, y, backbone=known, method="head-only"), "images.npz"
    for answers in ("regression", "multilabel"):
        own = labelled(answers, 0)
        yield transfer(answers, *own, backbone="mlp"), "rows.npz"
    source, target = ((*labelled("multiclass", seed),) for seed in (0, 1))
    for head in HEADS:
        out = folder / f"head-{head}"
        landbridge.transfer(
            source,
            target,
            backbone="identity",
            method="coral",
            method_options={"head": head},
            seeds=1,
            out=out,
        )
        yield out, "rows.npz"
    landbridge.cluster((x, y), out=folder / "groups")
    yield folder / "groups", "rows.npz"
    tasks = {"kind": y, "size": labelled("regression", 0)[1]}
    landbridge.multitask((x, tasks), out=folder / "tasks", seeds=1, steps=2)
    yield folder / "tasks", "rows.npz"


@pytest.mark.slow
def test_every_kind_of_folder_is_opened_and_asked_in_a_fresh_process(tmp_path):
    folders = list(made(tmp_path))
    asked = [
        {"what": "predicted", "folder": str(folder), "data": str(tmp_path / rows)}
        for folder, rows in folders
    ]
    from fresh_process import predicted

    here = [predicted(str(folder), str(tmp_path / rows)) for folder, rows in folders]
    assert all(len(rows) == 48 for rows in here)
    assert ask(asked, tmp_path / "fresh") == here
