"""Several processes that share each step end where one does; who is lost is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from landbridge.base.errors import ConfigError
from landbridge.objectives.base import TERMS
from landbridge.training import process_group
from landbridge.training.plan import Phase, TermSpec
from landbridge.training.shared_steps import Ranks

FARTHEST = {"rsd": 5e-3}
"""How far apart weights may be, where it is more than 2e-5: as far as a nudge of 1e-7 moves it."""


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_each_row_is_one_ranks(size):
    for rows in range(size, 3 * size + 2):
        every = np.arange(rows)
        parts = [every[Ranks(rank, size).own(rows)] for rank in range(size)]
        assert np.array_equal(np.concatenate(parts), every)
        assert [len(part) for part in parts] == Ranks(0, size).sizes(rows)
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.fixture(scope="module")
def two():
    with process_group.together(2, 1):
        yield
    assert process_group.process_group() is None


def _phase(*terms: TermSpec, **changes: object) -> Phase:
    how = {"steps": 25, "learning_rate": 2e-3, "batch_size": 13, "target_weight": 0.5}
    return Phase(name="p", terms=terms, augment="weak", **how | changes)  # type: ignore[arg-type]


def _kit(make_kit, **changes):
    kit = make_kit("convnet", **{"n_source": 60, "n_target": 50, "n_labelled": 12} | changes)
    torch.manual_seed(5)
    kit.data.pretrained_head = nn.Linear(kit.network().dim, 9)
    kit.data.teacher = torch.randn(50, 3).numpy()
    return kit


def _far(one, other) -> float:
    a, b = one.state_dict(), other.state_dict()
    return max(float((a[key].double() - b[key].double()).abs().max()) for key in a)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TERMS))
def test_two_processes_end_where_one_does(name, two, make_kit, monkeypatch):
    kit, phase = _kit(make_kit), _phase(TermSpec(name))
    heard = kit.Heard()
    shared, figures = kit.train(phase, seed=1, events=heard)
    monkeypatch.setattr(process_group, "_group", None)
    alone, expected = kit.train(phase, seed=1)
    assert _far(alone, shared) < FARTHEST.get(name, 2e-5)
    assert figures == pytest.approx(expected, rel=1e-2, abs=1e-4)
    assert not heard.of("note"), "the processes are apart"


OTHERS = {
    "by domain": {"by_domain": True, "terms": (TermSpec("dann"),)},
    "average, renormalised": {"average": 0.9, "renormalise": True},
    "sgd": {"optimizer": "sgd", "learning_rate": 0.05},
    "odd rows": {"batch_size": 5},
    "pulled": {"l2_sp_strength": 0.1},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_so_do_other_phases(name, two, make_kit, monkeypatch):
    own = dict(OTHERS[name])
    kit, phase = _kit(make_kit), _phase(*own.pop("terms", ()), **own)
    shared, _ = kit.train(phase, seed=1)
    monkeypatch.setattr(process_group, "_group", None)
    alone, _ = kit.train(phase, seed=1)
    assert _far(alone, shared) < 2e-5


@pytest.mark.slow
def test_several_phases_one_of_them_on_stored_features(two, make_kit, monkeypatch):
    kit = _kit(make_kit)
    head = Phase("head", 10, 1e-2, trainable="head", source_weight=0.0, target_weight=1.0)
    phases = (_phase(steps=6), head, _phase(TermSpec("mcc"), steps=6))
    shared, _ = kit.train(*phases, seed=1)
    monkeypatch.setattr(process_group, "_group", None)
    alone, _ = kit.train(*phases, seed=1)
    assert _far(alone, shared) < 2e-5


@pytest.mark.slow
def test_a_loss_that_is_not_finite_is_said_and_the_others_stay(two, make_kit):
    from landbridge.base.errors import TrainingError

    kit = _kit(make_kit)
    with pytest.raises(TrainingError, match=r"not finite|the loss is"):
        kit.train(_phase(learning_rate=1e30, clip=None), seed=1)
    assert kit.train(_phase(steps=3), seed=1)


@pytest.mark.slow
def test_a_checkpoint_of_one_process_is_gone_on_from_by_two(two, make_kit, tmp_path, monkeypatch):
    kit, phase = _kit(make_kit), _phase(TermSpec("dann"), average=0.9)
    shared, taken = process_group.process_group(), []
    monkeypatch.setattr(process_group, "_group", None)
    whole, _ = kit.train(phase, seed=1)

    def stop():
        taken.append(1)
        if len(taken) == 11:
            raise kit.Interrupted

    with pytest.raises(kit.Interrupted):
        kit.train(phase, seed=1, checkpoint=tmp_path / "c", checkpoint_seconds=0, on_step=stop)
    monkeypatch.setattr(process_group, "_group", shared)
    resumed, _ = kit.train(phase, seed=1, checkpoint=tmp_path / "c")
    assert _far(whole, resumed) < 2e-5


def _command(out: Path, *before: str, more: tuple[str, ...] = ()) -> list[str]:
    settings = {"training.steps": 60, "training.source_steps": 20, "training.threads": 1}
    settings["data.max_rows"] = 120
    return [
        *(sys.executable, "-m", *before, "landbridge", "transfer", "--quiet", "--seeds", "1"),
        *("--source", "sample:font-digits", "--target", "sample:digits", "--method", "dann"),
        *("--backbone", "convnet", "--budget", "2m", "--out", str(out), *more),
        *(word for key, value in settings.items() for word in ("--set", f"{key}={value}")),
    ]


ENV = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole") / "run"
    subprocess.run(_command(out, more=("--processes", "2")), check=True, env=ENV)
    return load_file(out / "model.safetensors")


def _children(parent: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 30])
@pytest.mark.parametrize("who", ["follower", "first"])
def test_whoever_is_killed_resume_ends_in_the_same_network(who, step, whole, tmp_path):
    out = tmp_path / "run"
    quick = ("--processes", "2", "--set", "training.checkpoint_seconds=0")
    work = subprocess.Popen(_command(out, more=quick), env=ENV, stderr=subprocess.PIPE)
    log, seen = out / "log.jsonl", False
    for _ in range(1200):
        time.sleep(0.05)
        lines = log.read_text().splitlines() if log.exists() else []
        events = [json.loads(line) for line in lines if line.endswith("}")]
        steps = [e["step"] for e in events if e["event"] == "step" and e.get("fit") == "dann"]
        if (seen := bool(steps) and steps[-1] >= step) or work.poll() is not None:
            break
    assert seen, "it was over before it could be killed"
    children = _children(work.pid)
    os.kill(work.pid if who == "first" else children[0], signal.SIGKILL)
    _, said = work.communicate(timeout=60)
    if who == "follower":
        assert work.returncode == 6
        assert b"a process that trains along is gone" in said
    for _ in range(40):
        if not any(Path(f"/proc/{child}").exists() for child in children):
            break
        time.sleep(0.25)
    else:
        pytest.fail("a process was left behind")
    subprocess.run(
        [sys.executable, "-m", "landbridge", "resume", str(out), "--quiet"], check=True, env=ENV
    )
    found = load_file(out / "model.safetensors")
    assert all(torch.equal(found[key], whole[key]) for key in whole)


@pytest.mark.slow
def test_torchrun_gives_the_processes_as_well(whole, tmp_path):
    out = tmp_path / "run"
    run = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
    subprocess.run(_command(out, *run), check=True, env=ENV)
    found = load_file(out / "model.safetensors")
    assert all(torch.equal(found[key], whole[key]) for key in whole)


def test_what_cannot_be_sent_is_said():
    class Local(nn.Module):
        pass

    sender = process_group.ProcessGroup(Ranks(0, 2), [])
    from landbridge.training.data import TrainingData

    data = TrainingData(None, None, None, 2)
    with pytest.raises(ConfigError, match="cannot be sent to other processes"):
        sender.train({"network": Local(), "data": data})
