"""Folders of models with something wrong in a file: each is refused by name, or read."""

from __future__ import annotations

import json
import random
import shutil

import pytest
import torch

from landbridge.backbones import open_backbone
from landbridge.base.errors import LandbridgeError
from landbridge.domains.examples import InputSpec

ODD = [
    *(None, True, "x", "", -1, 0, 3.7, 10**12, 10**40, [], {}, ["a"], {"a": 1}, float("nan")),
    *([[]], "../x", "\ud800"),
]
WHOLE = ["", "[", "null", "3", '"x"', "[" * 3000, "{}", "[]"]


def places(values, at=()):
    """Yield where something stands in nested JSON, the whole first."""
    yield at
    inner = values.items() if isinstance(values, dict) else ()
    if isinstance(values, list):
        inner = enumerate(values[:3])
    for key, value in inner:
        yield from places(value, (*at, key))


def changed(values, at, new):
    if not at:
        return new
    values[at[0]] = changed(values[at[0]], at[1:], new)
    return values


def damage(text, draw):
    """Return a file with a wrong value, without one of its values, cut, or of other content."""
    chance = draw.random()
    if chance < 0.8:
        values = json.loads(text)
        at = draw.choice(list(places(values)))
        if at and chance < 0.1:
            inner = values
            for key in at[:-1]:
                inner = inner[key]
            inner.pop(at[-1])
        else:
            values = changed(values, at, draw.choice(ODD))
        return json.dumps(values)
    return text[: draw.randrange(len(text))] if chance < 0.9 else draw.choice(WHOLE)


@pytest.fixture(scope="module")
def sentence_folder(bert_folder, tmp_path_factory):
    from safetensors.torch import save_file

    folder = shutil.copytree(bert_folder, tmp_path_factory.mktemp("sentences") / "model")
    files = {
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "pad_token": "[PAD]",
            "model_max_length": 32,
        },
        "modules.json": [
            {"path": path, "type": f"sentence_transformers.models.{path[2:] or 'Transformer'}"}
            for path in ("", "1_Pooling", "2_Dense", "3_Normalize")
        ],
        "1_Pooling/config.json": {"embedding_dimension": 16, "pooling_mode": ["max", "mean"]},
        "2_Dense/config.json": {
            "in_features": 32,
            "out_features": 4,
            "bias": False,
            "activation_function": "torch.nn.modules.activation.Tanh",
        },
        "sentence_bert_config.json": {"max_seq_length": 20, "do_lower_case": True},
        "config_sentence_transformers.json": {
            "prompts": {"a": "the "},
            "default_prompt_name": "a",
            "truncate_dim": 3,
        },
    }
    for name, values in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(values))
    save_file({"linear.weight": torch.ones(4, 32)}, folder / "2_Dense" / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def image_folder(resnet_folder, tmp_path_factory):
    folder = shutil.copytree(resnet_folder, tmp_path_factory.mktemp("images") / "model")
    said = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}}
    said |= {"resample": 2, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True}
    said |= {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("modality", ["text", "image", "audio"])
def test_what_is_wrong_in_a_file_is_refused_by_name(modality, request, texts, tmp_path):
    names = {"text": "sentence_folder", "image": "image_folder", "audio": "wave_folder"}
    folder = request.getfixturevalue(names[modality])
    hints = {
        "text": type(texts).hint([texts]),
        "image": InputSpec("image", 90, 120, 3),
        "audio": InputSpec("audio", rate=8000, seconds=0.5),
    }
    draw = random.Random(0)
    files = sorted(folder.rglob("*.json"))
    read = refused = silent = 0
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    open_backbone(copy, hints[modality], [texts] if modality == "text" else [])
    for _ in range(150):
        file = draw.choice(files)
        place = copy / file.relative_to(folder)
        place.write_text(damage(file.read_text(), draw))
        try:
            made = open_backbone(copy, hints[modality], [texts] if modality == "text" else [])
            read += 1
        except LandbridgeError as error:
            refused += 1
            silent += not error.hint
            continue
        finally:
            shutil.copy(file, place)
        if modality == "text":
            stored = torch.from_numpy(made.preprocessing.prepare(texts))
            with torch.inference_mode():
                made.module.eval()(made.preprocessing.encode(stored))
    assert read > 20
    assert refused > 20
    assert silent == 0
