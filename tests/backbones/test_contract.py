"""One test of the contract over every registered backbone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import needs
from landbridge.backbones import BACKBONES, BackboneRequest, make_network, reopen
from landbridge.backbones.efficientnet_lite import PACKAGE
from landbridge.backbones.minilm import PACKAGE as MINILM
from landbridge.base.errors import ConfigError
from landbridge.base.hashing import tensors_digest
from landbridge.domains.modalities.multimodal import MultimodalExamples

PACKAGES = {"efficientnet_lite0": PACKAGE, "minilm": MINILM, "timm": "timm", "keras": "keras"}
CASES = [(name, kind) for name, item in BACKBONES.items() for kind in item.modalities]


@pytest.fixture(params=CASES, ids=lambda case: "-".join(case))
def case(
    request,
    table,
    digits,
    texts,
    sounds,
    weights_root,
    resnet_folder,
    bert_folder,
    wave_folder,
    hinted,
    own_nets,
    timm_weights,
    monkeypatch,
):
    """A provider, what it is called, its examples and how it is opened."""
    name, kind = request.param
    monkeypatch.setenv("LANDBRIDGE_DATA", str(weights_root))
    if name in PACKAGES:
        needs.package(PACKAGES[name])
    kinds = {"tabular": table, "image": digits, "text": texts, "audio": sounds}
    examples = MultimodalExamples(kinds) if kind == "several" else kinds[kind]
    folders = {"image": resnet_folder, "text": bert_folder, "audio": wave_folder}
    written = str(folders[kind]) if name == "hf" else name
    if name == "local":
        written = f"local/{own_nets}:{kind}"
    if name == "run":
        written = f"run/{request.getfixturevalue('as_run')(examples)}"
    if name == "timm":
        written = f"timm/resnet10t:{timm_weights}"
    if name == "keras":
        written = f"keras/{request.getfixturevalue('keras_files')[kind]}"

    def open_it(seed=0, options=None):
        return BACKBONES.get(name)().open(
            BackboneRequest(written, hinted(examples), [examples], seed, options, offline=True)
        )

    return open_it, examples


def test_features_gradients_stages_and_state(case):
    open_it, examples = case
    opened = open_it()
    module = opened.module
    taken = BACKBONES.get(opened.identity.provider).options_taken()
    assert set(opened.identity.options) <= set(taken)  # a slip of the pen is found by these
    prepared = opened.preprocessing.prepare(examples)[:4]
    x = opened.preprocessing.encode(torch.from_numpy(np.array(prepared)))

    module.train()
    features = module(x)
    assert features.shape == (4, module.dim)
    assert features.dtype == torch.float32
    assert torch.isfinite(features).all()

    parameters = dict(module.named_parameters())
    if parameters:
        # Random directions: a plain sum has no gradient behind a norm.
        weights = torch.randn(features.shape, generator=torch.Generator().manual_seed(0))
        (features * weights).sum().backward()
        assert [n for n, p in parameters.items() if p.grad is None] == []

    staged = [id(p) for _, mods in module.stages() for m in mods for p in m.parameters()]
    assert sorted(staged) == sorted(id(p) for p in parameters.values())
    assert all(any(True for m in mods for _ in m.parameters()) for _, mods in module.stages())
    names = [name for name, _ in module.stages()]
    assert len(set(names)) == len(names)

    module.eval()
    with torch.inference_mode():
        whole = module(x)
        one_by_one = torch.cat([module(row[None]) for row in x])
    assert torch.allclose(whole, one_by_one, rtol=1e-4, atol=1e-5)

    network = make_network(opened, 3, seed=1)
    found, logits = network(x)
    assert found.shape == (4, module.dim)
    assert logits.shape == (4, 3)


def test_same_again(case):
    open_it, _ = case
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = open_it(seed=7)
    assert torch.equal(before, torch.random.get_rng_state()), "the global generator was disturbed"
    second = open_it(seed=7)
    assert first.identity == second.identity
    assert first.identity.hash == tensors_digest(first.module.state_dict())

    again = open_it(options=first.identity.options)  # another seed in the call, the saved one wins
    assert again.identity == first.identity

    back = reopen(first.identity.to_dict(), first.preprocessing, offline=True)
    assert back.identity == first.identity
    skeleton = reopen(first.identity.to_dict(), first.preprocessing, weights=False)
    shapes = {name: tensor.shape for name, tensor in first.module.state_dict().items()}
    assert {n: t.shape for n, t in skeleton.module.state_dict().items()} == shapes
    skeleton.module.load_state_dict(first.module.state_dict())
    assert tensors_digest(skeleton.module.state_dict()) == first.identity.hash

    with pytest.raises(ConfigError, match="no option 'colour'"):
        open_it(options={"colour": 1})


def test_plain_values(case):
    import json

    open_it, examples = case
    identity = open_it().identity
    assert json.loads(json.dumps(identity.to_dict())) == identity.to_dict()
    if examples.modality != "several":  # there it is as its encoders are
        assert identity.pretrained == BACKBONES.get(identity.provider).pretrained
    assert identity.origin


@pytest.mark.parametrize("name", list(BACKBONES))
def test_declared(name):
    provider = BACKBONES.get(name)
    assert provider.summary
    assert provider.modalities
    there, where = provider().available()
    assert isinstance(there, bool)
    assert where
