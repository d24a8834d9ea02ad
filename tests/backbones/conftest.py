"""Small examples and small networks for the tests of backbones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

import needs
from landbridge.backbones.base import BACKBONES, BackboneRequest, LoadedBackbone
from landbridge.backbones.mobilenet_v2 import FILE, MobileNetV2
from landbridge.backbones.speech_embedding import SpeechEmbeddingProvider
from landbridge.backbones.weights import seeded
from landbridge.backbones.yamnet import YamNetProvider
from landbridge.domains.examples import Examples
from landbridge.domains.modalities.base import InputSpec
from landbridge.domains.modalities.image import ImageExamples
from landbridge.domains.modalities.recordings import AudioExamples
from landbridge.domains.modalities.tabular import TableExamples
from landbridge.domains.modalities.texts import TextExamples

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # a test that forgets itself must not download
os.environ.setdefault("KERAS_BACKEND", "torch")


class Heard:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.events: list[dict] = []

    def event(self, event: dict) -> None:
        self.events.append(event)

    def progress(self, what: str, total: int):
        from contextlib import nullcontext

        from landbridge.base.events import _Silent

        return nullcontext(_Silent())

    def kinds(self) -> list[str]:
        return [event["event"] for event in self.events]


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def table() -> TableExamples:
    rng = np.random.default_rng(0)
    return TableExamples({f"c{i}": rng.normal(size=12) for i in range(5)})


@pytest.fixture
def digits() -> ImageExamples:
    rng = np.random.default_rng(0)
    return ImageExamples(pixels=rng.integers(0, 256, (12, 8, 8), dtype=np.uint8))


@pytest.fixture
def texts() -> TextExamples:
    words = ("the cat", "sat on", "a mat", "and looked at", "some very small mice")
    rng = np.random.default_rng(0)
    return TextExamples([" ".join(rng.choice(words, n)) for n in (1, 2, 3, 4, 5, 6) * 2])


@pytest.fixture
def sounds() -> AudioExamples:
    import io
    import wave

    rng = np.random.default_rng(0)
    files = []
    for n in range(12):
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
            file.writeframes(rng.integers(-3000, 3000, 1200 + 200 * n).astype("<i2").tobytes())
        files.append(out.getvalue())
    return AudioExamples(files)


@pytest.fixture(scope="session")
def wave_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wav2vec 2.0 of random weights, in Hugging Face's layout."""
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    folder = tmp_path_factory.mktemp("wave")
    config = Wav2Vec2Config(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=24,
        conv_dim=(8, 8),
        conv_stride=(10, 8),
        conv_kernel=(20, 8),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        layerdrop=0.0,  # a layer that is skipped at random has no gradient
    )
    with seeded("wave"):
        Wav2Vec2Model(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True).save_pretrained(folder)
    return folder


def hint_of(examples: Examples) -> InputSpec:
    return type(examples).hint([examples])


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with a tokeniser of a few words, in Hugging Face's layout."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("bert")
    words = "[PAD] [UNK] [CLS] [SEP] the cat sat on a mat and looked at some very small mice"
    vocabulary = {word: i for i, word in enumerate(words.split())}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.save(str(folder / "tokenizer.json"))
    with seeded("bert"):
        model = BertModel(
            BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=16,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=24,
                max_position_embeddings=32,
            )
        )
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def weights_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose MobileNetV2 has random weights in the right layout."""
    from safetensors.torch import save_file

    root = tmp_path_factory.mktemp("data")
    (root / "weights").mkdir()
    with seeded("test"):
        tensors = MobileNetV2().state_dict()
    tensors["classifier.1.weight"] = torch.zeros(1000, 1280)
    tensors["classifier.1.bias"] = torch.zeros(1000)
    save_file(tensors, root / "weights" / FILE)
    for kind in (YamNetProvider, SpeechEmbeddingProvider):
        with seeded("test"):
            own = kind.kind().state_dict()
        named = {name.removeprefix(kind.prefix): tensor for name, tensor in own.items()}
        save_file(named, root / "weights" / kind.file)
    return root


@pytest.fixture(scope="session")
def resnet_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from transformers import ResNetConfig, ResNetModel

    folder = tmp_path_factory.mktemp("resnet")
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic")
    with seeded("test"):
        ResNetModel(config).save_pretrained(folder)
    return folder


@pytest.fixture
def convnet(digits: ImageExamples) -> LoadedBackbone:
    return BACKBONES.get("convnet")().open(
        BackboneRequest("convnet", hint_of(digits), [digits], seed=3)
    )


@pytest.fixture
def hinted():
    return hint_of


@pytest.fixture(scope="session")
def data_root() -> Path:
    return needs.data()


OWN_NETS = """
from torch import nn


def image():
    return nn.Sequential(
        nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU()
    )


class Net(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh())
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        return {"last_hidden_state": self.fc(self.body(x))}


def tabular():
    return Net(5)


class Sound(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(1, 6, 40, stride=20)

    def forward(self, x):
        return self.conv(x[:, None].nan_to_num()).relu().mean(2), None


def audio():
    return Sound()
"""


@pytest.fixture(scope="session")
def own_nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of functions that make modules."""
    path = tmp_path_factory.mktemp("own") / "nets.py"
    path.write_text(OWN_NETS)
    return path


@pytest.fixture(scope="session")
def timm_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a small model of timm, where that is installed."""
    path = tmp_path_factory.mktemp("timm") / "resnet10t.safetensors"
    try:
        import timm
    except (ImportError, RuntimeError):
        return path
    from safetensors.torch import save_file

    with seeded("timm"):
        save_file(timm.create_model("resnet10t").state_dict(), path)
    return path


@pytest.fixture(scope="session")
def keras_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two small Keras models, with their heads."""
    import keras

    layers, folder = keras.layers, tmp_path_factory.mktemp("keras")
    image = [
        *(layers.Input((8, 8, 1)), layers.Conv2D(6, 3), layers.BatchNormalization()),
        *(layers.Activation("relu"), layers.GlobalAveragePooling2D(), layers.Dense(4)),
    ]
    table = [layers.Input((5,)), layers.Dense(8, activation="tanh"), layers.Dense(2)]
    for name, parts in (("image", image), ("tabular", table)):
        keras.Sequential(parts).save(folder / f"{name}.keras")
    return {name: folder / f"{name}.keras" for name in ("image", "tabular")}


@pytest.fixture
def as_run(tmp_path: Path):
    """Write what a finished run leaves of its network, moved a little from where it began."""
    import json

    from safetensors.torch import save_file

    from landbridge.artifacts.state import create, mark_complete

    names = {"image": "convnet", "text": "textnet", "audio": "logmelnet", "tabular": "mlp"}

    def write(examples: Examples) -> Path:
        name = names.get(examples.modality, "fusion_net")
        opened = BACKBONES.get(name)().open(
            BackboneRequest(name, hint_of(examples), [examples], seed=5)
        )
        state = {f"backbone.{k}": v.clone() for k, v in opened.module.state_dict().items()}
        for tensor in state.values():
            if tensor.is_floating_point():
                tensor.mul_(1.01)
        folder = tmp_path / "finished"
        folder.mkdir(exist_ok=True)
        save_file(state | {"head.weight": torch.zeros(2, 3)}, folder / "model.safetensors")
        (folder / "backbone.json").write_text(json.dumps(opened.identity.to_dict()))
        (folder / "preprocessor.json").write_text(json.dumps(opened.preprocessing.to_dict()))
        create(folder, "run")
        mark_complete(folder)
        return folder

    return write
