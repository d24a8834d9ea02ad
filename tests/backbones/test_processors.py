"""Image processors of transformers, against themselves: the same numbers reach the network."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from landbridge.backbones import open_backbone
from landbridge.backbones.hub import ModelFolder
from landbridge.backbones.transformers_input import image_preprocessing, processor_of
from landbridge.backbones.weights import seeded
from landbridge.base.errors import BackboneError
from landbridge.domains.modalities.base import InputSpec
from landbridge.domains.modalities.images import ImageExamples


@pytest.fixture(scope="module")
def photo():
    y, x = np.mgrid[0:90, 0:120]
    waves = [np.sin(x / 7 + y / 9), np.cos(x / 5), np.sin(y / 6)]
    noise = np.random.default_rng(0).normal(0, 6, (90, 120, 3))
    return (127 + 90 * np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8)


def written(folder, said, model_type="vit"):
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    return ModelFolder(folder, "here", None, folder)


def ours(folder, photo):
    hint = InputSpec("image", *photo.shape[:2], 3)
    made, blue_first = image_preprocessing(processor_of(folder), folder.config(), hint, "here")
    x = made.encode(torch.from_numpy(made.prepare(ImageExamples(pixels=photo[None]))))[0]
    return made, x.flip(0) if blue_first else x


SQUARE, SHORT = {"height": 48, "width": 48}, {"shortest_edge": 48}
CROP = {"height": 40, "width": 40}
CASES = [
    # What a file leaves out is as its class has it.
    ("ViTImageProcessor", {"size": SQUARE}),
    ("ViTImageProcessor", {"size": 48}),
    ("CLIPImageProcessor", {"size": 48, "crop_size": 48}),
    ("SiglipImageProcessor", {"size": SQUARE}),
    ("PvtImageProcessor", {"size": SQUARE}),
    ("BeitImageProcessor", {"size": SQUARE}),
    ("EfficientNetImageProcessor", {"size": SQUARE}),
    ("ConvNextImageProcessor", {"size": 48}),
    ("ConvNextImageProcessor", {"size": {"shortest_edge": 384}}),
    # Cuts: of either proportions, of a share that the class has.
    ("BitImageProcessor", {"size": SHORT, "crop_size": CROP}),
    ("MobileNetV2ImageProcessor", {"size": SHORT, "crop_size": CROP}),
    ("DeiTImageProcessor", {"size": SQUARE, "crop_size": CROP}),
    ("LevitImageProcessor", {"size": SHORT, "crop_size": SQUARE}),
    ("PoolFormerImageProcessor", {"size": SHORT, "crop_size": SQUARE}),
    ("MobileViTImageProcessor", {"size": SHORT, "crop_size": CROP}),  # blue first
    ("ConvNextImageProcessor", {"size": SHORT, "crop_pct": 0.8}),
    ("DeiTImageProcessor", {"size": SQUARE, "do_center_crop": False}),
    # Filters and constants.
    *(("ViTImageProcessor", {"size": SQUARE, "resample": k}) for k in range(6)),
    ("ViTImageProcessor", {"size": SQUARE, "do_rescale": False}),
    ("ViTImageProcessor", {"size": SQUARE, "do_normalize": False}),
    ("ViTImageProcessor", {"size": SQUARE, "rescale_factor": 1 / 127.5}),
    ("ViTImageProcessor", {"size": SQUARE, "image_mean": 0.4, "image_std": 0.3}),
]


@pytest.mark.parametrize(("kind", "said"), CASES)
def test_the_network_gets_what_the_processor_gives(kind, said, photo, tmp_path):
    from PIL import Image
    from transformers import AutoImageProcessor

    folder = written(tmp_path, {"image_processor_type": kind} | said)
    made, found = ours(folder, photo)
    processor = AutoImageProcessor.from_pretrained(tmp_path, local_files_only=True)
    wanted = processor(images=Image.fromarray(photo), return_tensors="pt")["pixel_values"][0]
    assert found.shape == wanted.shape
    grey = (found - wanted).abs() * torch.tensor(made.std).view(-1, 1, 1) * 255
    assert grey.max() < 1.01  # one level of 256, where a half was rounded
    assert (grey > 0.01).float().mean() < 0.01


def test_a_file_that_names_no_class_has_the_constants_of_the_architecture(photo, tmp_path):
    made, _ = ours(written(tmp_path, {"size": 48}, "clip"), photo)
    assert made.mean == pytest.approx((0.48145466, 0.4578275, 0.40821073))
    assert (made.interpolation, made.shape) == ("bicubic", (3, 48, 48))


def test_an_old_name_of_a_class(photo, tmp_path):
    said = {"feature_extractor_type": "CLIPFeatureExtractor", "size": 48, "crop_size": 48}
    made, _ = ours(written(tmp_path, said), photo)
    assert (made.resize, made.interpolation) == ("crop", "bicubic")


REFUSED = [
    ({"size": 10**5}, "wants images of 100000 x 100000 pixels"),
    ({"size": {"height": 10**9, "width": 3}}, r"has 1000000000 in size"),
    ({"size": {"height": "big", "width": 3}}, "has 'big' in size"),
    ({"size": -3}, "has -3 in size"),
    ({"size": {"longest_edge": 4}}, "expected height and width, or shortest_edge"),
    ({"size": SHORT, "crop_size": 60, "do_center_crop": True}, "crops 60 pixels out of 48"),
    (
        {"size": SQUARE, "crop_size": {"height": 40, "width": 20}, "do_center_crop": True},
        "the same share of height and width",
    ),
    ({"size": SHORT, "crop_pct": 7}, "has the crop_pct 7"),
    ({"size": SQUARE, "resample": 9}, "has resample 9"),
    ({"size": SQUARE, "resample": "cubic"}, "has resample 'cubic'"),
    ({"size": SQUARE, "image_mean": ["a", 0, 0]}, "image_mean, image_std or rescale_factor"),
    ({"size": SQUARE, "image_std": 0}, "image_mean, image_std or rescale_factor"),
    ({"size": SQUARE, "rescale_factor": 0}, "image_mean, image_std or rescale_factor"),
]


@pytest.mark.parametrize(("said", "message"), REFUSED)
def test_what_is_no_size_or_constant_is_refused_by_name(said, message):
    with pytest.raises(BackboneError, match=message) as caught:
        image_preprocessing(said, {}, InputSpec("image", 90, 120, 3), "here")
    assert "preprocessor_config.json" in str(caught.value)


def vit(folder, **changes):
    from transformers import ViTConfig, ViTModel

    with seeded("test"):
        small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
        small |= {"intermediate_size": 24, "image_size": 32, "patch_size": 8}
        ViTModel(ViTConfig(**small)).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | changes))
    return folder


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hidden_size": 65536, "num_hidden_layers": 9}, r"speaks of [\d,]+ numbers"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers = 1000000000, expected at most 2,000"),
        ({"hidden_size": "wide"}, r"config\.json"),
        ({"num_attention_heads": 0}, r"config\.json"),
        ({"model_type": "oddity"}, "not a model that transformers knows"),
    ],
)
def test_a_configuration_that_is_none_asks_for_no_memory(changes, message, tmp_path):
    with pytest.raises(BackboneError, match=message):
        open_backbone(vit(tmp_path, **changes), InputSpec("image", 90, 120, 3))


def test_weights_in_pieces(tmp_path):
    """An index and its pieces are the same as one file; a piece that is missing is said."""
    from transformers import AutoModel

    whole = vit(tmp_path / "whole")
    AutoModel.from_pretrained(whole).save_pretrained(tmp_path / "parts", max_shard_size="4KB")
    pieces = sorted((tmp_path / "parts").glob("model-*.safetensors"))
    assert len(pieces) > 1
    hint = InputSpec("image", 90, 120, 3)
    assert open_backbone(tmp_path / "parts", hint).identity.hash == (
        open_backbone(whole, hint).identity.hash
    )
    pieces[0].unlink()
    with pytest.raises(BackboneError, match="no weights"):
        open_backbone(tmp_path / "parts", hint)
    shutil.rmtree(tmp_path / "parts")
