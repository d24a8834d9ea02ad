"""LoRA: nothing at first, merged at the end, PEFT can read it, and resume is bit for bit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from landbridge.backbones.mobilenet_v2 import MobileNetV2
from landbridge.backbones.surgery import Network
from landbridge.base.errors import MethodError
from landbridge.training.adapter import adaptable, inject, merge_adapter, save_adapter
from landbridge.training.full_plan import train_plan
from landbridge.training.loop import LoopOptions
from landbridge.training.plan import Adapter, TrainingPlan

SMALL = Adapter(rank=2, alpha=4)


@pytest.fixture
def images(kit):
    return kit.preprocessing.encode(torch.from_numpy(kit.target.inputs[:6]))


def logits(network, x):
    with torch.no_grad():
        return network.eval()(x)[1]


def test_an_adapter_changes_nothing_before_it_has_learned(kit, images, state_of):
    network = kit.network()
    before, state = logits(network, images), state_of(network)
    facts = inject(network, SMALL, 0)
    assert facts["adapted_layers"] == 3  # two convolutions and a linear layer
    assert torch.equal(logits(network, images), before)
    merge_adapter(network)
    after = network.state_dict()
    assert after.keys() == state.keys()
    assert all(torch.equal(after[name], state[name]) for name in state)


@pytest.mark.parametrize("kind", ["convnet", "mlp"])
def test_merged_weights_are_w_plus_scaled_b_a(make_kit, make_phase, kind):
    """W + (alpha / rank) B A, Hu et al. (2022), eq. 3; a convolution's B is 1 by 1."""
    kit = make_kit(kind)
    network = kit.network()
    before = copy.deepcopy(network.state_dict())
    inject(network, SMALL, 0)
    phase = make_phase(
        trainable="adapters", source_weight=0.0, target_weight=1.0, learning_rate=0.05
    )
    kit.train(phase, network=network)
    x = kit.preprocessing.encode(torch.from_numpy(kit.target.inputs[:6]))
    answers, state = logits(network, x), copy.deepcopy(network.state_dict())
    merge_adapter(network)
    assert torch.allclose(logits(network, x), answers, atol=1e-5)
    seen = 0
    for name, value in network.state_dict().items():
        stem = name.removesuffix(".weight")
        a = state.get(f"{stem}.lora_A.landbridge.weight")
        if a is None:
            if name.startswith("backbone."):
                assert torch.equal(value, before[name]), name  # statistics as well
            continue
        seen += 1
        b = state[f"{stem}.lora_B.landbridge.weight"].double()
        product = torch.einsum("or,ri...->oi...", b.flatten(1), a.double())
        expected = before[name].double() + 4 / 2 * product
        assert b.abs().max() > 1e-3
        assert torch.allclose(value.double(), expected, atol=1e-6)
    assert seen == facts_of(kind)
    assert not torch.equal(network.head.weight, before["head.weight"])


def facts_of(kind):
    return {"convnet": 3, "mlp": sum(type(m) is nn.Linear for m in mlp_modules())}[kind]


def mlp_modules():
    from landbridge.backbones.mlp import Mlp

    return Mlp(6, 12, 2, dropout=0.3, norm="layer").modules()


def test_peft_reads_it(kit, images, make_phase, tmp_path):
    from peft import PeftModel

    start = kit.network()
    network = copy.deepcopy(start)
    phase = make_phase(
        trainable="adapters", source_weight=0.0, target_weight=1.0, learning_rate=0.05
    )
    plan = TrainingPlan("backbone", (phase,), adapter=SMALL)
    trained = train_plan(network, plan, kit.data, seed=0, adapter_folder=tmp_path, base="here")
    assert trained.losses
    assert {p.name for p in tmp_path.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
    }
    assert not torch.allclose(logits(start, images), logits(network, images), atol=1e-3)
    read = PeftModel.from_pretrained(start, tmp_path)
    with torch.no_grad():
        found = read.eval()(images)[1]
    assert torch.allclose(found, logits(network, images), atol=1e-5)


class Headed(nn.Module):
    """A backbone with layers that are called as the network's head is, or nearly."""

    def __init__(self):
        super().__init__()
        self.dim = 5
        self.head = nn.Linear(6, 5)
        self.overhead = nn.Linear(5, 5)

    def forward(self, x):
        return self.overhead(self.head(x).tanh())


def test_peft_reads_it_where_layers_of_the_backbone_are_called_head_as_well(tmp_path):
    from peft import PeftModel

    torch.manual_seed(0)
    start = Network(Headed(), 3)
    network = copy.deepcopy(start)
    inject(network, SMALL, 0)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if "lora_" in name or name.startswith("head."):
                value.normal_()
    save_adapter(network, SMALL, tmp_path, "here")
    x = torch.randn(7, 6)
    wanted = logits(network, x)
    assert not torch.allclose(wanted, logits(start, x), atol=1e-2)
    read = PeftModel.from_pretrained(start, tmp_path)
    with torch.no_grad():
        assert torch.allclose(read.eval()(x)[1], wanted, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("cut", [1, 4, 6])
def test_interrupted_anywhere_ends_in_the_same_network(
    kit, make_phase, same_state, tmp_path, cut, dropout
):
    phase = make_phase(trainable="adapters", source_weight=0.0, target_weight=1.0)
    plan = TrainingPlan("backbone", (phase,), adapter=Adapter(2, 4, dropout))
    whole = kit.network()
    train_plan(whole, plan, kit.data, seed=0)
    left = [cut]

    def stop():
        left[0] -= 1
        if left[0] == 0:
            raise kit.Interrupted

    options = LoopOptions(checkpoint=tmp_path / "c", checkpoint_seconds=0)
    with pytest.raises(kit.Interrupted):
        train_plan(
            kit.network(),
            plan,
            kit.data,
            seed=0,
            options=LoopOptions(checkpoint=tmp_path / "c", checkpoint_seconds=0, on_step=stop),
        )
    torch.manual_seed(99)
    resumed = kit.network()
    train_plan(resumed, plan, kit.data, seed=0, options=options)
    assert same_state(whole, resumed)


def test_depthwise_convolutions_are_left_out_and_counted():
    network = Network(MobileNetV2(), 3)
    taken, left = adaptable(network.backbone, "all")
    assert len(left) == 17  # one a block, table 2 of the paper
    assert len(taken) == 35
    facts = inject(network, SMALL, 0)
    assert facts["left_out"] == "17 grouped convolutions"
    x = torch.zeros(2, 3, 32, 32)
    assert logits(network, x).shape == (2, 3)
    merge_adapter(network)
    assert not any("lora" in name for name in network.state_dict())


def test_which_layers(kit):
    network = kit.network()
    assert adaptable(network.backbone, "linear")[0] == ["top.0"]
    assert adaptable(network.backbone, "convolutions")[0] == ["blocks.0.0", "blocks.1.0"]
    for block in network.backbone.blocks:
        block[0] = nn.Identity()
    with pytest.raises(MethodError, match="no layer"):
        inject(network, Adapter(modules="convolutions"), 0)


def test_a_saved_adapter_holds_the_head(kit, tmp_path):
    from safetensors.torch import load_file

    network = kit.network()
    inject(network, SMALL, 0)
    save_adapter(network, SMALL, tmp_path, "mobilenet")
    names = load_file(tmp_path / "adapter_model.safetensors")
    assert torch.equal(names["base_model.model.head.weight"], network.head.weight)
    assert len(names) == 2 + 2 * 3
