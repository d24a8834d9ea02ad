"""Fusion: what is missing is not looked at, and features begin as those of the encoders."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from landbridge.backbones.named import codes_in
from landbridge.backbones.open import open_backbone, reopen
from landbridge.base.errors import ConfigError, TrustError
from landbridge.base.files import as_json
from landbridge.base.trust import revoke
from landbridge.domains.modalities.base import load_preprocessing
from landbridge.domains.modalities.multimodal import MultimodalExamples
from landbridge.training.groups import parameter_groups
from landbridge.training.plan import Phase


@pytest.fixture
def several(digits, sounds, texts, table) -> MultimodalExamples:
    """Twelve rows of four parts; half of them lack the text."""
    places = {name: np.arange(12) for name in ("image", "audio", "tabular")}
    places["text"] = np.where(np.arange(12) % 2, np.arange(12) // 2, -1)
    parts = {
        "image": digits,
        "audio": sounds,
        "text": texts.select(np.arange(6)),
        "tabular": table,
    }
    return MultimodalExamples(parts, {name: places[name] for name in parts})


def opened(several, hinted, name="fusion_net", **options):
    return open_backbone(name, hinted(several), [several], options=options, offline=True)


@pytest.mark.parametrize("fusion", ["late", "gated", "attention"])
def test_what_is_missing_changes_nothing(several, hinted, fusion):
    found = opened(several, hinted, fusion=fusion)
    with torch.no_grad():  # the correction starts at nothing: give it something to say
        for parameter in found.module.fusion.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=_generator()))
    found.module.eval()
    x = found.preprocessing.encode(torch.from_numpy(found.preprocessing.prepare(several)))
    slots = found.preprocessing.slots
    number = [slot.name for slot in slots].index("text")
    lacking = x[:, number] == 0
    assert lacking.sum() == 6
    changed = x.clone()
    changed[lacking, slots[number].start : slots[number].end] = 7.0
    with torch.no_grad():
        assert torch.equal(found.module(x), found.module(changed))
        changed[:, slots[number].start : slots[number].end] = 7.0
        there = (found.module(x) - found.module(changed)).abs().amax(1)
    assert (there[~lacking] > 0).all()


def test_features_start_as_those_of_the_encoders(several, hinted):
    found = opened(several, hinted)
    module = found.module.eval()
    x = found.preprocessing.encode(torch.from_numpy(found.preprocessing.prepare(several)))
    with torch.no_grad():
        features = module(x)
        stored = torch.from_numpy(found.preprocessing.prepare(several))
        start = 0
        for name, part in found.preprocessing.parts.items():
            encoder = module.encoders[name]
            alone = encoder(part.encode(found.preprocessing.stored_part(stored, name)))
            alone = functional.layer_norm(alone, (encoder.dim,))
            alone = alone * math.sqrt(module.dim / (4 * encoder.dim))
            has = torch.from_numpy(several.places[name] >= 0)
            own = features[:, start : start + encoder.dim]
            assert torch.allclose(own[has], alone[has], atol=1e-4), name
            assert (own[~has] == 0).all()
            start += encoder.dim
    assert start == module.dim


def test_gates_sum_to_one_over_what_is_there():
    from landbridge.backbones.multimodal.fusion import Gates

    with torch.random.fork_rng():
        torch.manual_seed(0)
        gates = Gates([3, 4], 5, 0.0).double().eval()
    with torch.no_grad():
        for layer in gates.project:  # every projection is 1 in each place
            layer.weight.zero_()
            layer.bias.fill_(20.0)
        parts = [torch.randn(6, d, dtype=torch.float64, generator=_generator()) for d in (3, 4)]
        present = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]] * 2, dtype=torch.float64)
        parts = [p * present[:, i : i + 1] for i, p in enumerate(parts)]
        said = gates(parts, present)
        whole = gates.up(torch.ones(1, 5, dtype=torch.float64))
    assert torch.allclose(said, whole.expand(6, -1), atol=1e-9)


def test_a_pretrained_encoder_runs_once_and_its_features_are_standardised(
    several, hinted, bert_folder, monkeypatch, tmp_path
):
    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    encoders = {"text": str(bert_folder), "image": "convnet", "audio": "logmelnet"}
    found = opened(several, hinted, "fusion", encoders=encoders)
    assert found.identity.pretrained
    part = found.preprocessing.parts["text"]
    assert type(part).__name__ == "EmbeddedPreprocessing"
    own, _ = several.part("text")
    rows = part.encode(torch.from_numpy(np.array(part.prepare(own))))
    assert rows.mean(0).abs().max() < 1e-3
    assert (rows.std(0, unbiased=False) - 1).abs().max() < 1e-3
    assert "text" not in [name.split(".")[0] for name, _ in found.module.stages()]

    again = reopen(
        found.identity.to_dict(), load_preprocessing(found.preprocessing.to_dict()), offline=True
    )
    stored = found.preprocessing.prepare(several)
    assert np.array_equal(stored, again.preprocessing.prepare(several))
    moving = opened(several, hinted, "fusion", encoders=encoders, moving=True)
    assert "text" in [name.split(".")[0] for name, _ in moving.module.stages()]


def test_what_is_new_beside_what_is_pretrained_moves_at_the_heads_rate(
    several, hinted, bert_folder
):
    from landbridge.backbones.surgery import make_network

    encoders = {"text": str(bert_folder)}
    found = opened(several, hinted, "fusion", encoders=encoders, moving=True)
    network = make_network(found, 3)
    groups = parameter_groups(network, torch.nn.Module(), Phase("a", 1, 1e-3, head_factor=10.0))
    scales = {group.name: group.scale for group in groups}
    assert scales["fusion"] == scales["head"] == 10.0
    assert {s for name, s in scales.items() if name.startswith("text")} == {1.0}
    assert {s for name, s in scales.items() if name.startswith("image")} == {10.0}


def test_options_that_are_wrong_are_named(several, hinted):
    with pytest.raises(ConfigError, match="fusion is 'sum'"):
        opened(several, hinted, fusion="sum")
    with pytest.raises(ConfigError, match="names the part 'video'"):
        opened(several, hinted, encoders={"video": "convnet"})


def _generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def test_offline_is_kept_for_encoders_that_stand_still(
    several, hinted, bert_folder, monkeypatch, tmp_path
):
    import landbridge.backbones.open as opening

    monkeypatch.setenv("LANDBRIDGE_CACHE", str(tmp_path))
    encoders = {"text": str(bert_folder), "image": "convnet", "audio": "logmelnet"}
    found = opened(several, hinted, "fusion", encoders=encoders)
    saved = load_preprocessing(found.preprocessing.to_dict())
    asked = []
    again = reopen(found.identity.to_dict(), saved, offline=True)
    real = opening.reopen
    monkeypatch.setattr(
        opening, "reopen", lambda *a, **k: asked.append(k["offline"]) or real(*a, **k)
    )
    again.preprocessing.prepare(several)
    assert asked == [True]
    assert again.preprocessing.key == found.preprocessing.key


@pytest.mark.parametrize("moving", [False, True])
def test_code_that_makes_a_part_is_asked_about(several, hinted, moving, tmp_path, monkeypatch):
    """Named in the call it is agreed to; in a folder, as encoder or as preprocessing, it is not."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "nets.py").write_text(
        "from torch import nn\ndef make(): return nn.Sequential(nn.Linear(5, 4), nn.ReLU())\n"
    )
    named = {"tabular": f"local/{tmp_path / 'nets.py'}:make"}
    others = {"image": "convnet", "audio": "logmelnet", "text": "textnet"}
    found = opened(several, hinted, "fusion", encoders=named | others, moving=moving)
    saved, inputs = found.identity.to_dict(), as_json(found.preprocessing.to_dict())
    (tmp_path / "backbone.json").write_text(json.dumps(as_json(saved)))
    (tmp_path / "preprocessor.json").write_text(json.dumps(inputs))
    assert named["tabular"] in [code.what for code in codes_in(tmp_path)]
    assert len(load_preprocessing(inputs).prepare(several)) == 12
    revoke(lambda code: True)
    again = load_preprocessing(inputs)
    ask = (lambda: reopen(saved, again)) if moving else (lambda: again.prepare(several))
    with pytest.raises(TrustError, match=r"nets\.py:make"):
        ask()
