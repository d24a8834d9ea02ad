"""Same seed, same network; and an interruption changes nothing, bit for bit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from landbridge.base.errors import RunError
from landbridge.training.checkpoint import load_state, load_tensors
from landbridge.training.plan import TermSpec

DANN = TermSpec("dann")
EVERY_TERM = (
    TermSpec("mcc"),
    TermSpec("infomax", 0.3, ramp=0.5),
    TermSpec("deep-coral"),
    TermSpec("consistency", options={"threshold": 0.3}),
    DANN,
)
PLANS = {
    "adamw": [{}],
    "sgd": [{"optimizer": "sgd", "weight_decay": 1e-2}],
    "every term": [{"terms": EVERY_TERM, "target_weight": 0.5, "augment": "weak"}],
    "changed inputs": [
        {
            "terms": (
                TermSpec("pgd", options={"steps": 2}),
                TermSpec("trades", options={"steps": 2, "norm": "l2"}),
                TermSpec("fast-at", options={"every": 2, "tolerance": -1.0}),
            ),
            "target_weight": 0.5,
            "augment": "weak",
        }
    ],
    "average": [{"average": 0.9, "terms": (DANN,)}],
    "by domain": [{"by_domain": True, "terms": (DANN,), "target_weight": 1.0}],
    "renormalise": [{"renormalise": True}],
    "head, then all": [
        {"name": "head", "trainable": "head", "source_weight": 0.0, "target_weight": 1.0},
        {"stage_decay": 0.5},
    ],
    "dann twice": [
        {"name": "one", "terms": (DANN,), "average": 0.9, "renormalise": True},
        {"name": "two", "terms": (DANN, TermSpec("mcc")), "optimizer": "sgd"},
        {"name": "three", "terms": (DANN,), "average": 0.5},
    ],
}
CUTS = {1: (1, 2, 5, 6), 2: (1, 6, 7, 9, 12), 3: (3, 6, 7, 12, 13, 16)}


def phases_of(name, make_phase):
    return [make_phase(**{"name": f"p{i}", **values}) for i, values in enumerate(PLANS[name])]


@pytest.mark.parametrize("plan", PLANS)
def test_same_seed_same_network_and_another_seed_another(plan, kit, make_phase, same_state):
    phases = phases_of(plan, make_phase)
    a, losses_a = kit.train(*phases, seed=3)
    torch.rand(5)
    b, losses_b = kit.train(*phases, seed=3)
    c, _ = kit.train(*phases, seed=4)
    assert same_state(a, b)
    assert losses_a == losses_b
    assert not same_state(a, c)
    assert not same_state(a, kit.network())


@pytest.mark.parametrize("kind", ["convnet", "mlp"])
@pytest.mark.parametrize("plan", PLANS)
def test_interrupted_anywhere_ends_in_the_same_network(
    plan, kind, make_kit, make_phase, same_state, tmp_path
):
    kit, phases = make_kit(kind), phases_of(plan, make_phase)
    whole, losses = kit.train(*phases)
    for cut in CUTS[len(phases)]:
        path = tmp_path / f"{cut}.safetensors"
        resumed, last = kit.interrupted(*phases, after=cut, checkpoint=path)
        assert same_state(whole, resumed), f"cut after step {cut}"
        assert last == losses


def test_interrupted_again_and_again(make_kit, make_phase, same_state, tmp_path):
    kit, phases = make_kit("mlp-batch"), phases_of("dann twice", make_phase)
    whole, _ = kit.train(*phases)
    # Each time one more step is done: the last one is repeated, because it was not saved.
    path = tmp_path / "c"
    resumed, _ = kit.interrupted(*phases, after=2, times=12, checkpoint=path)
    assert same_state(whole, resumed)


def test_a_checkpoint_changes_nothing_and_is_written_only_when_due(
    kit, make_phase, same_state, tmp_path
):
    phases = phases_of("average", make_phase)
    plain, _ = kit.train(*phases)
    seen = []
    path = tmp_path / "c"
    often, _ = kit.train(*phases, checkpoint=path, checkpoint_seconds=0)
    seldom, _ = kit.train(
        *phases,
        checkpoint=tmp_path / "d",
        checkpoint_seconds=1e9,
        on_step=lambda: seen.append((tmp_path / "d").exists()),
    )
    assert same_state(plain, often)
    assert same_state(plain, seldom)
    assert not any(seen)


def test_a_finished_training_is_read_and_not_repeated(kit, make_phase, same_state, tmp_path):
    phases = phases_of("dann twice", make_phase)
    first, losses = kit.train(*phases, checkpoint=tmp_path / "c")

    def never():
        raise AssertionError("a step was taken")

    again, last = kit.train(*phases, checkpoint=tmp_path / "c", on_step=never)
    assert same_state(first, again)
    assert last == losses


def test_resume_does_not_repeat_steps(kit, make_phase, tmp_path):
    heard = kit.Heard()
    kit.interrupted(make_phase(steps=10), after=7, checkpoint=tmp_path / "c", events=heard)
    events = heard.of("step")
    steps = [e["step"] for e in events]
    assert steps == [1, 2, 3, 4, 5, 6, 7, 7, 8, 9, 10]
    assert [(e["phase"], e["step"]) for e in heard.of("resume")] == [(0, 6)]


def test_the_ramp_at_half_of_a_resumed_run_is_that_of_the_whole_run(
    kit, make_phase, tmp_path, monkeypatch
):
    """TLlib counts calls in a Python int, which a resume sets back to 0."""
    from landbridge.objectives import adversarial

    told = []
    ramp = adversarial.adversarial_ramp

    def listening(progress, slope):
        told.append((progress, ramp(progress, slope)))
        return told[-1][1]

    monkeypatch.setattr(adversarial, "adversarial_ramp", listening)
    phase = make_phase(steps=10, terms=(DANN,))
    kit.train(phase)
    whole = dict(told)
    assert list(whole) == [i / 10 for i in range(10)]
    told.clear()
    kit.interrupted(phase, after=4, checkpoint=tmp_path / "c")
    assert [p for p, _ in told] == [0.0, 0.1, 0.2, 0.3, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert all(whole[p] == strength for p, strength in told)
    assert whole[0.5] == pytest.approx(2 / (1 + np.exp(-5)) - 1)


def test_the_checkpoint_is_whole_at_every_moment_and_is_no_pickle(kit, make_phase, tmp_path):
    path = tmp_path / "deep" / "c"
    positions = []

    def look():
        if path.exists():
            position, parts = load_state(path)
            positions.append((position.phase, position.step))
            assert {"network", "terms", "optimizer", "average"} >= parts.keys()
            raw = path.read_bytes()
            size = int.from_bytes(raw[:8], "little")
            header = json.loads(raw[8 : 8 + size])  # safetensors: JSON, then plain numbers
            data = max(v["data_offsets"][1] for k, v in header.items() if k != "__metadata__")
            assert len(raw) == 8 + size + data
            assert [p.name for p in path.parent.iterdir()] == ["c"]  # no half-written leftovers

    phases = [make_phase(name="one", steps=3, terms=(DANN,)), make_phase(name="two", steps=2)]
    kit.train(*phases, checkpoint=path, checkpoint_seconds=0, on_step=look)
    assert positions == [(0, 1), (0, 2), (1, 0), (1, 1)][: len(positions)]
    assert len(positions) == 4
    look()
    assert positions[-1] == (2, 0)


def test_a_crash_while_writing_leaves_the_old_checkpoint(
    kit, make_phase, same_state, tmp_path, monkeypatch
):
    import os

    phase, path = make_phase(steps=8, terms=(DANN,), average=0.9), tmp_path / "c"
    whole, _ = kit.train(phase)
    sync, calls = os.fsync, [0]

    def crash(handle):
        calls[0] += 1
        if calls[0] == 4:
            raise kit.Interrupted
        sync(handle)

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(kit.Interrupted):
        kit.train(phase, checkpoint=path, checkpoint_seconds=0)
    assert load_state(path)[0].step == 3
    resumed, _ = kit.train(phase, checkpoint=path, checkpoint_seconds=0)
    assert same_state(whole, resumed)


def test_a_damaged_checkpoint_is_named(kit, make_phase, tmp_path):
    path = tmp_path / "c"
    kit.train(make_phase(), checkpoint=path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RunError, match="damaged"):
        kit.train(make_phase(), checkpoint=path)
    with pytest.raises(RunError, match="missing"):
        load_tensors(tmp_path / "nothing")
