"""Every fine-tuning method, interrupted anywhere, ends in the same network bit for bit."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from landbridge.methods.core.base import METHODS
from landbridge.methods.core.network import PlanContext
from landbridge.methods.core.resolve import make_method
from landbridge.training.full_plan import train_plan
from landbridge.training.loop import LoopOptions

NAMES = [
    name
    for name, kind in METHODS.items()
    if ".finetuning." in kind.__module__ and kind.needs.target == "labelled"
]
STEPS = 4


def plan_of(name):
    context = PlanContext(n_classes=3, n_target=30, n_labelled=9, batch_size=8, learning_rate=1e-2)
    plan = make_method(name).plan(context)
    return replace(plan, phases=tuple(replace(p, steps=STEPS) for p in plan.phases))


def test_all_of_the_family_are_here():
    assert {"gradual", "surgical", "lora", "l2-sp", "delta", "bss", "bi-tuning"} <= set(NAMES)


@pytest.mark.parametrize("kind", ["convnet", "mlp-batch"])
@pytest.mark.parametrize("name", NAMES)
def test_interrupted_anywhere(name, kind, make_kit, same_state, tmp_path):
    kit, plan = make_kit(kind), plan_of(name)
    torch.manual_seed(5)
    kit.data.pretrained_head = torch.nn.Linear(kit.network().dim, 6)
    whole = kit.network()
    losses = train_plan(whole, plan, kit.data, seed=0).losses
    steps = len(plan.phases) * STEPS
    for cut in (2, steps - 3, steps - 1):
        left = [cut]

        def stop(left=left):
            left[0] -= 1
            if left[0] == 0:
                raise kit.Interrupted

        options = LoopOptions(checkpoint=tmp_path / f"{cut}.x", checkpoint_seconds=0)
        with pytest.raises(kit.Interrupted):
            train_plan(
                kit.network(), plan, kit.data, seed=0, options=replace(options, on_step=stop)
            )
        torch.manual_seed(123 + cut)
        resumed = kit.network()
        last = train_plan(resumed, plan, kit.data, seed=0, options=options).losses
        assert same_state(whole, resumed), f"cut after step {cut}"
        assert last == losses
