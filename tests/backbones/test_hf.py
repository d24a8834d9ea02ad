"""Models of transformers: tiny random ones, saved to a folder. No network."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from landbridge.backbones import open_backbone, reopen
from landbridge.backbones.hub import hub_folder
from landbridge.backbones.transformers_input import image_preprocessing
from landbridge.backbones.weights import seeded
from landbridge.base.errors import BackboneError
from landbridge.base.events import SILENT, Events
from landbridge.domains.modalities.base import InputSpec

PHOTO = InputSpec("image", 300, 400, 3)
TOKENS = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "image_size": 32,
    "patch_size": 8,
}
SIZE = {"size": {"height": 32, "width": 32}}
FAMILIES = {
    "resnet": ({"embedding_size": 8, "hidden_sizes": [8, 12], "depths": [1, 2]}, 3, 12),
    "convnextv2": ({"hidden_sizes": [8, 8, 12, 16], "depths": [1, 1, 1, 1]}, 6, 16),
    "swin": (
        {"embed_dim": 8, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4, "image_size": 32},
        4,
        16,
    ),
    "mobilenet_v2": ({"depth_multiplier": 0.35}, 18, 1280),
    "vit": (TOKENS, 5, 16),
    "deit": (TOKENS, 5, 16),
    "dinov2": ({**TOKENS, "mlp_ratio": 2}, 5, 16),
    "beit": (TOKENS, None, 16),
    "clip_vision_model": (TOKENS, None, 16),
    "siglip_vision_model": (TOKENS, None, 16),
    "segformer": (
        {
            "depths": [1, 1],
            "hidden_sizes": [8, 12],
            "num_encoder_blocks": 2,
            "sr_ratios": [2, 1],
            "num_attention_heads": [1, 2],
            "patch_sizes": [7, 3],
            "strides": [4, 2],
            "mlp_ratios": [2, 2],
        },
        2,
        12,
    ),
}


def save(family, folder, head=False, **changes):
    from transformers import AutoConfig, AutoModel, AutoModelForImageClassification

    config = AutoConfig.for_model(family, **{**FAMILIES[family][0], **changes})
    with seeded("test"):
        model = (AutoModelForImageClassification if head else AutoModel).from_config(config)
    for part in model.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-0.1, 0.1)
    model.save_pretrained(folder)
    return model.eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_families(family, tmp_path):
    original = save(family, tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(SIZE))
    _, n_stages, dim = FAMILIES[family]
    opened = open_backbone(tmp_path, PHOTO, offline=True)
    module = opened.module
    assert opened.preprocessing.shape == (3, 32, 32)
    assert module.dim == dim

    x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        features = module.eval()(x)
        out = original(pixel_values=x)
    assert features.shape == (3, dim)
    expected = {
        "vit": lambda: out.last_hidden_state[:, 0],
        "deit": lambda: out.last_hidden_state[:, 0],
        "segformer": lambda: out.last_hidden_state.mean((2, 3)),
    }.get(family, lambda: out.pooler_output.flatten(1))()
    assert torch.allclose(features, expected, atol=1e-5)

    module.train()
    (module(x) * torch.randn(3, dim)).sum().backward()
    parameters = dict(module.named_parameters())
    assert [name for name, p in parameters.items() if p.grad is None] == []
    staged = [id(p) for _, mods in module.stages() for m in mods for p in m.parameters()]
    assert sorted(staged) == sorted(id(p) for p in parameters.values())
    if n_stages is not None:
        assert len(module.stages()) == n_stages, [name for name, _ in module.stages()]
    else:
        assert len(module.stages()) >= 4

    assert opened.identity.pretrained
    reopen(opened.identity.to_dict(), opened.preprocessing)
    bare = reopen(opened.identity.to_dict(), opened.preprocessing, weights=False)
    bare.module.load_state_dict(module.state_dict())


def test_a_classifier_is_opened_without_its_head(tmp_path):
    model = save("vit", tmp_path, head=True)
    opened = open_backbone(tmp_path, PHOTO)
    assert not any("pooler" in name or "classifier" in name for name in opened.module.state_dict())
    x = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        assert torch.allclose(
            opened.module.eval()(x), model.vit(x).last_hidden_state[:, 0], atol=1e-5
        )
    again = open_backbone(tmp_path, PHOTO)
    assert again.identity.hash == opened.identity.hash


def test_clip_gives_its_image_tower(tmp_path):
    from transformers import CLIPConfig, CLIPModel

    text = {k: v for k, v in TOKENS.items() if k not in ("image_size", "patch_size")}
    config = CLIPConfig(
        text_config={**text, "vocab_size": 20}, vision_config=TOKENS, projection_dim=6
    )
    with seeded("test"):
        model = CLIPModel(config).eval()
    model.save_pretrained(tmp_path)
    opened = open_backbone(tmp_path, PHOTO)
    x = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        expected = model.vision_model(pixel_values=x).pooler_output
        assert torch.allclose(opened.module.eval()(x), expected, atol=1e-5)


def test_half_precision_files_become_float32(tmp_path):
    from transformers import AutoConfig, AutoModel

    AutoModel.from_config(AutoConfig.for_model("vit", **TOKENS)).half().save_pretrained(tmp_path)
    opened = open_backbone(tmp_path, PHOTO)
    assert {p.dtype for p in opened.module.parameters()} == {torch.float32}


def test_another_size_than_configured(tmp_path):
    save("vit", tmp_path)
    (tmp_path / "preprocessor_config.json").write_text('{"size": {"height": 48, "width": 48}}')
    opened = open_backbone(tmp_path, PHOTO)
    assert opened.identity.options["interpolate"]
    assert opened.module(torch.zeros(2, 3, 48, 48)).shape == (2, 16)
    reopen(opened.identity.to_dict(), opened.preprocessing)


def test_what_is_refused(tmp_path):
    from safetensors.torch import load_file, save_file
    from transformers import BertConfig, BertModel

    BertModel(
        BertConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=1)
    ).save_pretrained(tmp_path / "bert")
    with pytest.raises(BackboneError, match="'bert' model, which takes input_ids"):
        open_backbone(tmp_path / "bert", PHOTO)

    save("resnet", tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    tensors = load_file(weights)
    gone = next(name for name in tensors if name.endswith("convolution.weight"))
    assert gone.startswith("embedder")
    tensors.pop(gone)
    save_file(tensors, weights, {"format": "pt"})
    with pytest.raises(BackboneError, match="lacks weights for embedder"):
        open_backbone(tmp_path / "cut", PHOTO)
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(BackboneError, match="cannot be loaded"):
        open_backbone(tmp_path / "cut", PHOTO)
    weights.unlink()
    with pytest.raises(BackboneError, match="no weights"):
        open_backbone(tmp_path / "cut", PHOTO)

    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"model_type": "oddity"}')
    (tmp_path / "odd" / "model.safetensors").write_bytes(b"")
    with pytest.raises(BackboneError, match="not a model that transformers knows"):
        open_backbone(tmp_path / "odd", PHOTO)


PROCESSORS = [
    ({}, {}, (224, 224), "crop", 0.875),
    ({}, {"image_size": 160}, (160, 160), "crop", 0.875),
    ({"size": 224}, {}, (224, 224), "stretch", 1.0),
    ({"size": {"height": 384, "width": 384}}, {}, (384, 384), "stretch", 1.0),
    ({"size": {"shortest_edge": 224}, "crop_pct": 0.875}, {}, (224, 224), "crop", 0.875),
    ({"size": {"shortest_edge": 384}, "crop_pct": 1.0}, {}, (384, 384), "stretch", 1.0),
    (
        {"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}},
        {},
        (224, 224),
        "crop",
        0.875,
    ),
    ({"size": {"shortest_edge": 224}, "do_center_crop": False}, {}, (224, 224), "crop", 1.0),
]


@pytest.mark.parametrize(("processor", "config", "size", "resize", "fraction"), PROCESSORS)
def test_processors(processor, config, size, resize, fraction):
    found, _ = image_preprocessing(processor, config, PHOTO, "here")
    assert found.shape == (3, *size)
    assert found.resize == resize
    assert found.crop_fraction == pytest.approx(fraction)


def test_processor_constants():
    found, flips = image_preprocessing(
        {"size": 8, "image_mean": [0.5] * 3, "image_std": [0.25] * 3, "resample": 3}, {}, PHOTO, ""
    )
    assert (found.mean, found.std) == ((0.5,) * 3, (0.25,) * 3)
    assert found.interpolation == "bicubic"
    assert not flips
    found, flips = image_preprocessing(
        {"size": 8, "do_normalize": False, "do_flip_channel_order": True}, {}, PHOTO, ""
    )
    assert flips
    assert np.allclose(found.mean, 0)
    assert np.allclose(found.std, 1)
    found, _ = image_preprocessing(
        {"size": 8, "do_normalize": False, "rescale_factor": 1 / 127.5, "rescale_offset": True},
        {},
        PHOTO,
        "",
    )
    assert np.allclose((np.array([0, 1]) - found.mean[0]) / found.std[0], [-1, 1])
    with pytest.raises(BackboneError, match="expected height and width"):
        image_preprocessing({"size": {"longest_edge": 4}}, {}, PHOTO, "here")


@pytest.fixture
def cache(tmp_path, monkeypatch, resnet_folder):
    """A Hugging Face cache in which someone/tiny is, and nothing else."""
    import huggingface_hub.constants

    root = tmp_path / "hub"
    commit = "0123456789" * 4
    held = root / "models--someone--tiny"
    shutil.copytree(resnet_folder, held / "snapshots" / commit)
    (held / "refs").mkdir()
    (held / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(root))
    return root, commit


def test_hub_from_the_cache(cache, heard):
    _, commit = cache
    opened = open_backbone("hf/someone/tiny", PHOTO, offline=True, events=Events(None, heard))
    assert opened.identity.name == "hf/someone/tiny"
    assert opened.identity.origin == f"someone/tiny@{commit}"
    assert opened.identity.options["revision"] == commit
    assert heard.events == []
    reopen(opened.identity.to_dict(), opened.preprocessing, offline=True)
    pinned = open_backbone(f"hf/someone/tiny@{commit}", PHOTO, offline=True)
    assert pinned.identity.hash == opened.identity.hash


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("refs/main", None, "in the local Hugging Face cache is damaged"),
        ("model.safetensors.index.json", '{"weight_map": 3}', "weight_map is no list"),
        ("model.safetensors.index.json", '{"weight_map": {"a": 3}}', "weight_map is no list"),
        ("config.json", '"some_dropout": NaN', "some_dropout = NaN"),
    ],
)
def test_a_damaged_cache_is_named(cache, name, content, message):
    root, commit = cache
    own = root / "models--someone--tiny"
    file = own / name if name.startswith("refs") else own / "snapshots" / commit / name
    if content is None:  # what should be a file is a folder
        file.unlink()
        file.mkdir()
    elif name == "config.json":
        file.write_text(f"{file.read_text().rstrip().removesuffix('}')}, {content}}}")
    else:
        file.write_text(content)
    with pytest.raises(BackboneError, match=message):
        open_backbone("hf/someone/tiny", PHOTO, offline=True)


def test_hub_offline(cache, monkeypatch):
    with pytest.raises(BackboneError, match="offline was asked for"):
        open_backbone("hf/someone/else", PHOTO, offline=True)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(BackboneError, match="HF_HUB_OFFLINE is set"):
        open_backbone("hf/someone/else", PHOTO)


def test_download_is_announced_first(cache, monkeypatch, heard, resnet_folder):
    """The hub is played by two functions: what it says, and what it sends."""
    from types import SimpleNamespace

    import huggingface_hub

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    files = [("config.json", 700), ("model.safetensors", 5_000_000), ("pytorch_model.bin", 9)]
    info = SimpleNamespace(
        sha="abc", siblings=[SimpleNamespace(rfilename=n, size=s) for n, s in files]
    )
    monkeypatch.setattr(huggingface_hub, "model_info", lambda *a, **k: info)
    real = huggingface_hub.snapshot_download

    def download(repo, *, revision, allow_patterns, local_files_only=False):
        if local_files_only:
            return real(
                repo, revision=revision, allow_patterns=allow_patterns, local_files_only=True
            )
        assert heard.kinds() == ["download"], "it began before it was said"
        assert "pytorch_model.bin" not in allow_patterns
        return str(resnet_folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    folder = hub_folder("someone/else", None, offline=False, events=Events(None, heard))
    assert folder.origin == "someone/else@abc"
    assert heard.events[0]["bytes"] == 5_000_700
    assert "5.0 MB from https://huggingface.co/someone/else" in heard.events[0]["message"]


def test_a_failed_download_says_so(cache, monkeypatch):
    import huggingface_hub

    def fail(*args, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub, "model_info", fail)
    with pytest.raises(BackboneError, match=r"could not be downloaded.*no route to host"):
        hub_folder("someone/else", None, offline=False, events=SILENT)


def test_what_lies_beside_a_model_is_downloaded(cache, monkeypatch, heard, resnet_folder):
    """Lists of modules and their folders come along, other formats of the same weights do not."""
    from types import SimpleNamespace

    import huggingface_hub

    wanted = {"modules.json": 1, "1_Pooling/config.json": 2, "2_Dense/model.safetensors": 4}
    wanted |= {"sentence_bert_config.json": 8, "config_sentence_transformers.json": 16}
    wanted |= {"config.json": 32, "model.safetensors": 64, "0_Transformer/vocab.txt": 128}
    others = ["onnx/model.onnx", "openvino/model.bin", "pytorch_model.bin", "README.md"]
    files = [*wanted.items(), *((name, 10**9) for name in others)]
    info = SimpleNamespace(
        sha="abc", siblings=[SimpleNamespace(rfilename=n, size=s) for n, s in files]
    )
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub, "model_info", lambda *a, **k: info)
    real, taken = huggingface_hub.snapshot_download, []

    def download(repo, *, allow_patterns, local_files_only=False, **how):
        if local_files_only:
            return real(repo, allow_patterns=allow_patterns, local_files_only=True, **how)
        from huggingface_hub.utils import filter_repo_objects

        taken.extend(filter_repo_objects([n for n, _ in files], allow_patterns=allow_patterns))
        return str(resnet_folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    hub_folder("someone/else", None, offline=False, events=Events(None, heard))
    assert set(taken) == set(wanted)
    assert heard.events[0]["bytes"] == 255


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"quantization_config": {"quant_method": "gptq", "bits": 4}}, "has a quantization_config"),
        ({"model_type": None, "architecture": "resnet10t"}, "timm's layout: 'resnet10t'"),
    ],
)
def test_other_layouts_are_named(said, message, tmp_path):
    save("vit", tmp_path)
    values = json.loads((tmp_path / "config.json").read_text()) | said
    values = {k: v for k, v in values.items() if v is not None}
    (tmp_path / "config.json").write_text(json.dumps(values))
    with pytest.raises(BackboneError, match=message):
        open_backbone(tmp_path, PHOTO)


CLOSED = "http://127.0.0.1:9"  # a port at which nobody listens


@pytest.fixture
def closed_hub(cache, monkeypatch):
    """A hub that cannot be reached."""
    import huggingface_hub

    api = huggingface_hub.HfApi(endpoint=CLOSED)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub, "model_info", api.model_info)
    return cache


def test_a_hub_that_cannot_be_reached(closed_hub):
    with pytest.raises(BackboneError, match="someone/else could not be downloaded") as caught:
        hub_folder("someone/else", None, offline=False, events=SILENT)
    assert caught.value.exit_code == 5
    assert "check the id and the network" in caught.value.hint
    with pytest.raises(BackboneError, match=r"a b/c could not be downloaded"):
        hub_folder("a b/c", None, offline=False, events=SILENT)


@pytest.mark.parametrize("offline", [False, True])
def test_a_cached_text_model_without_its_modules_is_spoken_of(
    closed_hub, bert_folder, heard, offline
):
    root, commit = closed_hub
    held = root / "models--someone--tiny" / "snapshots" / commit
    shutil.rmtree(held)
    shutil.copytree(bert_folder, held)

    def opened(**how):
        hub_folder("someone/tiny", None, offline=offline, events=Events(None, heard), **how)
        return [event for event in heard.events if event["event"] == "note"]

    assert opened() == []  # the run that opens it again has asked already
    assert "lacks modules.json" in opened(whole=True)[0]["message"]
    heard.events.clear()
    missing = root / "models--someone--tiny" / ".no_exist" / commit
    missing.mkdir(parents=True)
    (missing / "modules.json").touch()  # the hub said once that there is none
    assert opened(whole=True) == []


def test_an_adapter_is_no_network(bert_folder, tmp_path, texts):
    """Beside weights of its own as well: transformers would take the base of another folder."""
    adapter = {"base_model_name_or_path": "someone/base", "peft_type": "LORA"}
    whole = shutil.copytree(bert_folder, tmp_path / "whole")
    (tmp_path / "alone").mkdir()
    for folder in (tmp_path / "alone", whole):
        (folder / "adapter_config.json").write_text(json.dumps(adapter))
        with pytest.raises(BackboneError, match=r"adapter of PEFT for 'someone/base'") as caught:
            open_backbone(folder, type(texts).hint([texts]), [texts])
        assert "merge_and_unload" in caught.value.hint


def test_bfloat16_files_are_float32_when_a_run_is_opened_again(tmp_path):
    """The number format of the file must not come back with its configuration."""
    from transformers import AutoConfig, AutoModel

    AutoModel.from_config(AutoConfig.for_model("vit", **TOKENS)).bfloat16().save_pretrained(
        tmp_path
    )
    assert json.loads((tmp_path / "config.json").read_text())["dtype"] == "bfloat16"
    opened = open_backbone(tmp_path, PHOTO)
    bare = reopen(opened.identity.to_dict(), opened.preprocessing, weights=False)
    for module in (opened.module, bare.module):
        assert {p.dtype for p in module.parameters()} == {torch.float32}


@pytest.mark.parametrize("at", ["config.json", "backbone.json"])
def test_kernels_of_the_hub_are_not_fetched(at, tmp_path, monkeypatch):
    """A configuration may name one as its attention: code that would be downloaded and run."""
    from transformers.integrations import hub_kernels

    def fetch(*given, **more):
        raise AssertionError(f"a kernel was asked for: {given}")

    monkeypatch.setattr(hub_kernels, "get_kernel", fetch)
    monkeypatch.setattr(hub_kernels, "load_and_register_attn_kernel", fetch)
    save("vit", tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(SIZE))
    if at == "config.json":
        values = json.loads((tmp_path / "config.json").read_text())
        values["attn_implementation"] = "somebody/kernel"
        (tmp_path / "config.json").write_text(json.dumps(values))
    opened = open_backbone(str(tmp_path), PHOTO, offline=True)
    identity = opened.identity.to_dict()
    identity["options"]["config"]["attn_implementation"] = "somebody/kernel"
    for weights in (True, False):
        reopen(identity, opened.preprocessing, weights=weights)
