"""Batch normalisation's statistics taken afresh, the choice of precision, a fresh start."""

from __future__ import annotations

import copy
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from landbridge.backbones.fresh import randomise
from landbridge.training.inputs import run_network
from landbridge.training.normalisation import renormalise
from landbridge.training.precision import PRECISIONS, choose_precision, step_seconds

CPU = torch.device("cpu")

# Renormalise ----------------------------------------------------------------------------------


def test_renormalise_takes_the_exact_moments(make_kit):
    kit = make_kit("mlp-batch", n_target=50)
    network = kit.network().eval()
    inputs = kit.target.inputs * 3 + 1
    first = network.backbone.layers[0]
    renormalise(network, inputs, kit.preprocessing, CPU)
    with torch.no_grad():
        x = torch.from_numpy(inputs).double()
        linear = x @ first[1].weight.double().T + first[1].bias.double()
        assert torch.allclose(first[2].running_mean.double(), linear.mean(0), atol=1e-5)
        assert torch.allclose(first[2].running_var.double(), linear.var(0), rtol=1e-4)
        hidden = nn.functional.gelu(
            (linear - linear.mean(0))
            / (linear.var(0, correction=0) + first[2].eps).sqrt()
            * first[2].weight
            + first[2].bias
        )
        second = network.backbone.layers[1]
        linear = hidden @ second[1].weight.double().T + second[1].bias.double()
        assert torch.allclose(second[2].running_mean.double(), linear.mean(0), atol=1e-4)
        assert torch.allclose(second[2].running_var.double(), linear.var(0), rtol=1e-3)


def test_renormalise_over_several_batches(make_kit, monkeypatch):
    from landbridge.training import normalisation

    kit = make_kit("mlp-batch", n_target=90)
    monkeypatch.setattr(normalisation, "BATCH", 30)
    network = kit.network()
    renormalise(network, kit.target.inputs, kit.preprocessing, CPU)
    layer = network.backbone.layers[0]
    with torch.no_grad():
        parts = [layer[1](torch.from_numpy(p)) for p in np.array_split(kit.target.inputs, 3)]
    mean = torch.stack([p.mean(0) for p in parts]).mean(0)
    var = torch.stack([p.var(0) for p in parts]).mean(0)
    assert torch.allclose(layer[2].running_mean, mean, atol=1e-5)
    assert torch.allclose(layer[2].running_var, var, rtol=1e-4)


def test_renormalise_leaves_everything_else(make_kit):
    kit = make_kit("convnet")
    network = kit.network()
    network.train()
    network.backbone.blocks[0].eval()
    network.backbone.blocks[1][1].momentum = 0.37
    before, modes = copy.deepcopy(network.state_dict()), [m.training for m in network.modules()]
    generator = torch.get_rng_state()
    renormalise(network, kit.target.inputs, kit.preprocessing, CPU)
    changed = {k for k, v in network.state_dict().items() if not torch.equal(v, before[k])}
    assert changed == {k for k in before if k.endswith(("_mean", "_var", "_tracked"))}
    assert [m.training for m in network.modules()] == modes
    assert network.backbone.blocks[0][1].momentum == 0.1
    assert network.backbone.blocks[1][1].momentum == 0.37
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(p.grad is None for p in network.parameters())


def test_renormalise_does_nothing_with_few_rows_or_without_norms(make_kit, same_state, state_of):
    for kit, n in ((make_kit("convnet"), 15), (make_kit("mlp"), 30)):
        network = kit.network()
        before = state_of(network)
        renormalise(network, kit.target.inputs[:n], kit.preprocessing, CPU)
        assert same_state(network, before)


def test_renormalise_fits_a_shifted_target(make_kit, make_phase):
    """The point of it: activations of a scaled target have mean 0 and variance 1 again."""
    kit = make_kit("convnet", n_target=60)
    network, _ = kit.train(make_phase(renormalise=True))
    seen = []
    norm = network.backbone.blocks[0][1]
    norm.register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    run_network(network, kit.target.inputs, kit.preprocessing)
    with torch.inference_mode():
        assert (norm.weight - 1).abs().max() > 1e-4
        unscaled = (norm(seen[0]) - norm.bias[:, None, None]) / norm.weight[:, None, None]
    assert torch.allclose(unscaled.mean((0, 2, 3)), torch.zeros(4), atol=1e-2)
    assert torch.allclose(unscaled.var((0, 2, 3)), torch.ones(4), atol=2e-2)


# Precision ------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("kind", ["convnet", "mlp"])
def test_timing_a_step_leaves_no_trace(make_kit, same_state, state_of, kind, precision):
    kit = make_kit(kind)
    network = kit.network().train()
    network.backbone.stages()[0][1][0].eval()
    for p in network.parameters():
        p.grad = torch.ones_like(p)
    network.head.bias.requires_grad_(False)
    before, modes = state_of(network), [m.training for m in network.modules()]
    generator = torch.get_rng_state()
    x = kit.preprocessing.encode(torch.from_numpy(kit.source.inputs[:8]))
    given = x.clone()
    clock = itertools.count(step=2.0)
    assert step_seconds(network, x, precision, lambda: next(clock), repeats=1) == 2.0
    assert same_state(network, before)
    assert [m.training for m in network.modules()] == modes
    assert all(p.grad is not None and bool((p.grad == 1).all()) for p in network.parameters())
    assert not network.head.bias.requires_grad
    assert torch.equal(torch.get_rng_state(), generator)
    assert torch.equal(x, given)


@pytest.mark.parametrize(
    ("features", "big", "expected"),
    [
        ({"avx512f", "amx_bf16"}, True, "bfloat16"),
        ({"avx512f", "amx_bf16"}, False, "float32"),
        ({"avx512f"}, True, "float32"),
        (set(), True, "float32"),
    ],
)
def test_precision_is_what_the_processor_and_the_network_say(
    kit, monkeypatch, features, big, expected
):
    from landbridge.training import precision as module

    def no_clock():
        raise AssertionError("the clock must not decide what is learned")

    monkeypatch.setattr("time.perf_counter", no_clock)
    monkeypatch.setattr(module, "cpu_features", lambda: frozenset(features))
    monkeypatch.setattr(module, "BIG", 1 if big else 10**9)
    assert choose_precision(kit.network(), torch.device("cpu"))[0] == expected


# A fresh start --------------------------------------------------------------------------------


def pretend_pretrained(module):
    with torch.no_grad():
        for tensor in [*module.parameters(), *module.buffers()]:
            if tensor.is_floating_point():
                tensor.add_(0.5)
            elif "int" in str(tensor.dtype) and tensor.ndim == 0:
                tensor.add_(11)


def check_fresh(module):
    pretend_pretrained(module)
    before = copy.deepcopy(module.state_dict())
    twin, other = copy.deepcopy(module), copy.deepcopy(module)
    generator = torch.get_rng_state()
    randomise(module, 5)
    assert torch.equal(torch.get_rng_state(), generator)
    for name, p in module.named_parameters():
        assert not torch.equal(p, before[name]), f"{name} still knows"
        assert bool(p.isfinite().all())
    randomise(twin, 5)
    randomise(other, 6)
    names = dict(module.named_parameters())
    assert all(torch.equal(p, names[n]) for n, p in twin.named_parameters())
    drawn = [n for n, p in names.items() if p.ndim > 1 and len(p.unique()) > 1]
    assert drawn
    assert all(not torch.equal(dict(other.named_parameters())[n], names[n]) for n in drawn)
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            assert not part.running_mean.any()
            assert bool((part.running_var == 1).all())
            assert int(part.num_batches_tracked) == 0
        if isinstance(part, nn.LayerNorm | nn.modules.batchnorm._BatchNorm):
            assert bool((part.weight == 1).all())
            assert not part.bias.any()
    return names


@pytest.mark.parametrize("kind", ["convnet", "mlp", "mlp-batch"])
def test_own_networks_start_afresh(make_kit, kind):
    check_fresh(make_kit(kind).network())


TOKENS = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "image_size": 32,
    "patch_size": 8,
}
FAMILIES = {
    "vit": TOKENS,
    "dinov2": {**TOKENS, "mlp_ratio": 2},
    "beit": {**TOKENS, "layer_scale_init_value": 0.1},
    "convnext": {"hidden_sizes": [8, 8, 12, 16], "depths": [1, 1, 1, 1]},
    "convnextv2": {"hidden_sizes": [8, 8, 12, 16], "depths": [1, 1, 1, 1]},
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 12], "depths": [1, 1]},
    "swin": {
        "embed_dim": 8,
        "depths": [1, 1],
        "num_heads": [2, 2],
        "window_size": 4,
        "image_size": 32,
    },
}


@pytest.mark.parametrize("family", FAMILIES)
def test_networks_of_transformers_start_afresh(family):
    from transformers import AutoConfig, AutoModel

    model = AutoModel.from_config(AutoConfig.for_model(family, **FAMILIES[family]))
    names = check_fresh(model)
    scales = [n for n in names if "layer_scale" in n or "lambda" in n or n.endswith("gamma")]
    if family in ("dinov2", "beit", "convnext"):
        assert scales
    for name in scales:
        # A layer scale of 0 would switch the layer off, and its weights would not learn.
        assert bool((names[name] == 1).all()), name
    tokens = [n for n in names if n.endswith(("cls_token", "position_embeddings"))]
    assert all(0.001 < names[n].std().item() < 0.04 for n in tokens)
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    model.train()
    out = model(pixel_values=x)
    out = out.pooler_output if out.pooler_output is not None else out.last_hidden_state
    out.flatten(1).square().mean().backward()
    assert bool(out.isfinite().all())
