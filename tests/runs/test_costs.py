"""What a fit costs is found in CPU time, within a share of the budget, and threads are counted."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base import threads as pools
from landbridge.base.config import make_config
from landbridge.base.events import Events
from landbridge.base.places import cache_folder
from landbridge.domains.read import read_domain
from landbridge.domains.task import Task
from landbridge.runs import costs as module
from landbridge.runs.context import FitContext, RunSettings
from landbridge.runs.kept_costs import read_costs
from landbridge.runs.pipeline import plan as plan_of
from landbridge.runs.plan import make_plan
from landbridge.runs.prepare import prepare
from landbridge.runs.records import StageCost
from landbridge.runs.stages import overrun
from landbridge.training import probe


class FakeTime:
    """A machine on which every look at a clock is `step` seconds of work, slowed by others."""

    def __init__(self, step: float, slower: float) -> None:
        self.work, self.step, self.slower = 0.0, step, slower

    def thread_time(self) -> float:
        self.work += self.step
        return self.work

    def perf_counter(self) -> float:
        self.work += self.step
        return self.work * self.slower


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch, tmp_path):
    """Return what empties the cache: nothing that others measured is read here."""
    places = iter(range(100))

    def empty():
        monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path / f"cache{next(places)}"))

    empty()
    return empty


@pytest.fixture
def sides():
    x = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    labels = ["a", "b"] * 20
    return {s: read_domain(x, labels=labels, name=s) for s in ("source", "target")}


def config_of(budget="10m", **training):
    values = {"backbone": "convnet", "method": "finetune", "seeds": 1, "offline": True}
    return make_config(values | {"budget": budget, "training": training})


def on_a_machine(monkeypatch, clocks):
    for place in (module, probe):
        monkeypatch.setattr(place, "time", clocks)


def batches_timed(monkeypatch):
    """Return a list that the sizes of timed batches are written to."""
    sizes = []
    real = probe.step_seconds

    def watched(network, x, *rest, **how):
        sizes.append(len(x))
        return real(network, x, *rest, **how)

    monkeypatch.setattr(probe, "step_seconds", watched)
    return sizes


@pytest.mark.parametrize("slower", [1.0, 5.0, 7.0])
def test_the_plan_is_the_same_however_busy_the_machine_is(sides, monkeypatch, unmeasured, slower):
    plans = []
    for factor in (1.0, slower):
        unmeasured()
        on_a_machine(monkeypatch, FakeTime(0.002, factor))
        facts = plan_of(config_of(), **sides)
        del facts["probe_s"]  # what the clock said
        plans.append(facts)
    assert plans[0] == plans[1]


def test_dearer_work_is_planned_dearer(sides, monkeypatch, unmeasured):
    seconds = []
    for step in (0.001, 0.1):
        unmeasured()
        on_a_machine(monkeypatch, FakeTime(step, 1.0))
        seconds.append(plan_of(config_of(), **sides)["seconds"])
    assert seconds[1] > 2 * seconds[0]


@pytest.mark.parametrize(
    ("budget", "step", "slower", "most"),
    [("10m", 0.002, 1.0, 64), ("20s", 1.0, 1.0, 4), ("10s", 0.01, 20.0, 4)],
)
def test_the_probe_stays_within_its_share(sides, monkeypatch, budget, step, slower, most):
    sizes = batches_timed(monkeypatch)
    on_a_machine(monkeypatch, FakeTime(step, slower))
    plan_of(config_of(budget), **sides)
    assert max(sizes) == most


def test_a_probe_that_takes_long_is_said(sides, monkeypatch):
    said = []

    class Heard:
        def event(self, event):
            said.append(event.get("message", ""))

    on_a_machine(monkeypatch, FakeTime(1.0, 30.0))
    plan_of(config_of("60s"), **sides, events=Events(None, Heard()))
    assert any("measuring what a step costs took" in message for message in said)


def test_it_is_measured_once(sides, monkeypatch):
    sizes = batches_timed(monkeypatch)
    on_a_machine(monkeypatch, FakeTime(0.0001, 1.0))
    plan_of(config_of(), **sides)
    assert sizes == [4, 16, 64]


def test_the_same_command_gives_the_same_plan_even_if_work_takes_longer_now(sides, monkeypatch):
    plans = []
    for step in (0.002, 0.004):  # as where somebody else has the other half of the core
        on_a_machine(monkeypatch, FakeTime(step, 1.0))
        facts = plan_of(config_of(), **sides)
        own = ("probe_s", "memory_mb")  # of this run, which has to measure or has not
        plans.append({key: value for key, value in facts.items() if key not in own})
    assert plans[0] == plans[1]


def test_what_was_measured_is_read_for_the_same_network_and_rows_alone(sides, monkeypatch):
    on_a_machine(monkeypatch, FakeTime(0.002, 1.0))
    sizes = batches_timed(monkeypatch)
    assert plan_of(config_of(), **sides)["probe_s"] > 0
    measured = len(sizes)
    assert plan_of(config_of(), **sides)["probe_s"] == 0
    assert len(sizes) == measured
    plan_of(config_of(threads=3), **sides)
    assert len(sizes) == 2 * measured
    (file, *_) = (cache_folder() / "costs").iterdir()
    for damage in ("{", "{}", '{"train": "much"}'):
        file.write_text(damage)
        assert read_costs(file) is None


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("name", pools.LIMITS)
@pytest.mark.parametrize("said", ["1", "2", "3", "2,1"])
def test_threads_that_the_user_allows_are_kept(sides, monkeypatch, tmp_path, small, name, said):
    context = prepare(Task.build(**sides), config_of(), tmp_path, Events())
    for other in pools.LIMITS:
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setattr(module, "cores", lambda: 16)
    monkeypatch.setattr(module, "SMALL_NETWORK", 10**12 if small else 0)
    free = module.parallel(context)
    assert free == ((4, 4) if small else (1, 16))
    monkeypatch.setenv(name, said)
    _, count = module.parallel(context)
    assert count == int(said.split(",")[0])


@pytest.mark.parametrize("said", ["", "many", "0", "-1"])
def test_a_limit_that_says_nothing_is_none(monkeypatch, said):
    for name in pools.LIMITS:
        monkeypatch.setenv(name, said)
    assert pools.allowed_threads() is None


def test_threads_that_were_named_come_first(sides, monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    context = prepare(Task.build(**sides), config_of(threads=3), tmp_path, Events())
    assert module.parallel(context) == (1, 3)


def test_an_overrun_is_said():
    assert overrun([StageCost("seeds", 50.0, 50.0)], 60.0) == ""
    assert "busy" in overrun([StageCost("seeds", 300.0, 50.0)], 60.0)
    assert "more work than planned" in overrun([StageCost("seeds", 300.0, 280.0)], 60.0)


def test_what_fits_work_on_cannot_be_changed(sides, tmp_path):
    context = prepare(Task.build(**sides), config_of(), tmp_path, Events())
    context.save()
    for one in (context.data, FitContext.load(tmp_path).data):
        arrays = [one.validation, one.source_own, one.test_inputs, one.test_rows]
        for side in (one.source, one.target):
            arrays += [side.inputs, side.labels, side.labeled_mask]
        assert not any(array.flags.writeable for array in arrays)
    assert sides["target"].labels.flags.writeable  # the caller's own can
    planned, settled = make_plan(Task.build(**sides), context, Events())
    assert (settled.settings.threads, settled.settings.scale) == (planned.threads, planned.scale)
    assert context.settings == RunSettings()
