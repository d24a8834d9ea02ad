"""What the user names is kept by every budget, which then warns."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from landbridge.base.config import make_config
from landbridge.base.errors import ConfigError
from landbridge.base.events import Events
from landbridge.cli.demo import DEFAULTS
from landbridge.cli.settings import resolve
from landbridge.domains.read import read_domain
from landbridge.methods.core.base import METHODS
from landbridge.methods.core.network import NetworkMethod, PlanContext
from landbridge.methods.core.resolve import make_method
from landbridge.runs import plan as planning
from landbridge.runs.costs import Costs
from landbridge.runs.pipeline import plan as plan_of
from landbridge.runs.pipeline import transfer
from landbridge.selection.portfolio import FEW, LABELLED, MODEL, UNLABELLED
from landbridge.training.probe import RowCosts

NAMES = sorted({*UNLABELLED, *FEW, *LABELLED, *MODEL, "scratch", "source-only", "pretrain"})


class Heard:
    def __init__(self):
        self.events = []

    def event(self, event):
        self.events.append(event)


@pytest.fixture
def dear(monkeypatch):
    """A machine on which a row costs a tenth of a second, whatever the clock says."""

    def measure(context, events):
        return Costs(RowCosts(0.1, 0.03, 0.03), "float32", 64)

    monkeypatch.setattr(planning, "measure", measure)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    labels = np.array(["dark", "light"] * 17)
    shades = np.where(labels == "dark", 20, 170)[:, None, None, None]
    x = (rng.random((34, 24, 24, 3)) * 60 + shades).astype(np.uint8)
    return x, labels.tolist()


def config_of(carrier, folder, budget, training, **more):
    """Return the configuration as Python, `--set` or a file give it."""
    values = {
        "backbone": "convnet",
        "method": "finetune",
        "seeds": 1,
        "budget": budget,
        "offline": True,
        "training": training,
        **more,
    }
    if carrier == "python":
        return make_config(values)
    if carrier == "file":
        file = folder / "config.yaml"
        file.write_text(json.dumps(values))
        return resolve(file, None, {})
    settings = [f"training.{key}={value}" for key, value in training.items()]
    return resolve(None, settings, {k: v for k, v in values.items() if k != "training"})


def planned(images, budget, carrier="python", folder=None, **training):
    config = config_of(carrier, folder, budget, training)
    heard = Heard()
    sides = {
        side: read_domain(images[0], labels=images[1], name=side) for side in ("source", "target")
    }
    facts = plan_of(config, **sides, events=Events(None, heard))
    warned = [e["message"] for e in heard.events if e["event"] == "warning"]
    return {row["method"]: row["steps"] for row in facts["fits"]}, warned


@pytest.mark.parametrize("name", NAMES)
def test_named_steps_survive_any_scale(name):
    method = make_method(name, None)
    if not isinstance(method, NetworkMethod):
        pytest.skip("has no steps")
    context = PlanContext(2, n_source=400, n_target=400, n_labelled=40)
    named = replace(context, steps=2500, source_steps=1700)
    for plan in method.variants(named).values():
        assert plan.steps >= 1700
        main = [phase for phase in plan.phases if phase.named]
        assert main
        kept = [phase for phase in plan.scaled(0.25).phases if phase.named]
        assert [phase.steps for phase in kept] == [phase.steps for phase in main]
    for plan in method.variants(context).values():
        assert plan.scaled(0.25).steps < plan.steps


WITH_EPOCHS = [
    (name, option)
    for name, kind in METHODS.items()
    for option in getattr(kind.Config, "__dataclass_fields__", ())
    if option.endswith("epochs")
]


@pytest.mark.parametrize(("name", "option"), WITH_EPOCHS)
@pytest.mark.parametrize("batch", [None, 10])
@pytest.mark.parametrize("epochs", [2, 400])
def test_named_epochs_are_kept_however_few_or_many_steps_they_make(name, option, batch, epochs):
    source = 0 if option == "tune_epochs" else 400
    context = PlanContext(2, n_source=source, n_target=640, n_labelled=320, batch_size=batch)
    passed = {"pretrain": 640, "distil": 640}.get(name if option == "epochs" else "", 320)
    for plan in make_method(name, {option: epochs}).variants(context).values():
        for each in (plan, plan.scaled(0.25)):
            named = [phase for phase in each.phases if phase.named]
            rows = sum(phase.steps * phase.batch_size for phase in named)
            assert rows == pytest.approx(epochs * passed, abs=2 * named[0].batch_size)


@pytest.mark.parametrize("epochs", [0, -3, float("inf"), "many"])
@pytest.mark.parametrize(("name", "option"), WITH_EPOCHS)
def test_epochs_that_are_none(name, option, epochs):
    with pytest.raises(ConfigError, match=f"{option}"):
        make_method(name, {option: epochs})


@pytest.mark.parametrize(("n_source", "n_labelled"), [(400, 40), (400, 0)])
def test_tune_epochs_where_nothing_is_tuned(n_source, n_labelled):
    context = PlanContext(2, n_source=n_source, n_target=90, n_labelled=n_labelled)
    with pytest.raises(ConfigError, match="tune_epochs = 3 would be without effect"):
        make_method("pretrain", {"tune_epochs": 3}).plan(context)


@pytest.mark.parametrize("carrier", ["python", "set", "file"])
@pytest.mark.parametrize("budget", ["1s", "20s", "10h"])
def test_named_steps_survive_any_budget(images, dear, budget, carrier, tmp_path):
    steps, warned = planned(images, budget, carrier, tmp_path, steps=2500, source_steps=1700)
    assert steps["finetune"] == steps["scratch"] == 2500
    assert steps["source-only"] == 1700
    said = [m for m in warned if "training.steps = 2,500" in m]
    assert bool(said) == (budget != "10h")


def test_steps_that_nobody_named_are_shortened(images, dear):
    short, warned = planned(images, "1s")
    long, _ = planned(images, "100h")
    assert short["finetune"] < long["finetune"]
    assert warned
    assert not any("training." in m for m in warned)


@pytest.mark.parametrize("budget", ["1s", "10h"])
def test_named_epochs_survive_any_budget(images, dear, budget):
    config = config_of("python", None, budget, {}, method_options={"epochs": 40})
    heard = Heard()
    sides = {
        side: read_domain(images[0], labels=images[1], name=side) for side in ("source", "target")
    }
    facts = plan_of(config, **sides, events=Events(None, heard))
    steps = {row["method"]: row["steps"] for row in facts["fits"]}
    assert steps["finetune"] == 40 * 24 / 32  # 24 of 34 labels are not sealed
    warned = [e["message"] for e in heard.events if e["event"] == "warning"]
    assert any("epochs = 40: kept" in m for m in warned) == (budget == "1s")


def test_a_run_trains_the_steps_that_were_named(images, dear, tmp_path):
    training = {"steps": 30, "source_steps": 25, "batch_size": 8, "threads": 1}
    config = config_of("python", tmp_path, "1s", training)
    config = replace(config, keep_work=True)
    transfer(config, source=images, target=images, out=tmp_path / "run")
    fits = [json.loads(f.read_text()) for f in (tmp_path / "run/work/fits").glob("*/fit.json")]
    steps = {fit["method"]: fit["steps"] for fit in fits}
    assert steps["finetune"] == 30
    assert steps["source-only"] == 25


@pytest.mark.parametrize("slower", [1, 5, 1000])
def test_the_demo_is_the_same_work_on_any_machine(images, monkeypatch, slower):
    def measure(context, events):
        row = RowCosts(1e-4 * slower, 3e-5 * slower, 3e-5 * slower)
        return Costs(row, "float32", 64)

    monkeypatch.setattr(planning, "measure", measure)
    config = resolve(None, None, {}, DEFAULTS)
    sides = {
        side: read_domain(images[0], labels=images[1], name=side) for side in ("source", "target")
    }
    facts = plan_of(config, **sides)
    steps = {row["method"]: row["steps"] for row in facts["fits"]}
    assert steps == {"source-only": 250, "probe": 0, "infomax+consistency": 500}
    assert (facts["seeds"], facts["jobs"], facts["threads"]) == ([0, 1, 2], 1, 1)
    assert (facts["precision"], facts["device"]) == ("float32", "cpu")
