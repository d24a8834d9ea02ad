"""Tiny models of random weights, and rows that they can learn."""

from __future__ import annotations

import io
import os
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from landbridge.backbones.weights import seeded

os.environ.setdefault("HF_HUB_OFFLINE", "1")

NAMES = ("ada", "bob", "eve", "mia")
PLACES = ("rome", "oslo", "lima", "bern")
VERBS = ("lives", "works", "sleeps")


def word_tokenizer(folder: Path, words: list[str], ends: bool) -> None:
    """A tokeniser of whole words, in Hugging Face's layout."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "</s>", "[CLS]"]
    vocabulary = {word: i for i, word in enumerate([*special, *words])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if ends:
        made.post_processor = processors.TemplateProcessing(
            single="$A </s>", special_tokens=[("</s>", 2)]
        )
    PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", eos_token="</s>"
    ).save_pretrained(folder)


@pytest.fixture(scope="session")
def tagger(tmp_path_factory):
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tagger")
    words = [*NAMES, *PLACES, *VERBS, "in", "and", "now"]
    word_tokenizer(folder, words, ends=False)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    with seeded("tagger"):
        config = BertConfig(vocab_size=30, intermediate_size=48, **sizes)
        BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def sentences():
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(80):
        name, place, verb = (str(rng.choice(x)) for x in (NAMES, PLACES, VERBS))
        rows.append({"tokens": [name, verb, "in", place], "ner_tags": ["B-PER", "O", "O", "B-LOC"]})
    return rows


@pytest.fixture(scope="session")
def translator(tmp_path_factory):
    from transformers import T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("translator")
    word_tokenizer(folder, [f"a{i}" for i in range(8)] + [f"b{i}" for i in range(8)], ends=True)
    with seeded("translator"):
        config = T5Config(
            vocab_size=24,
            d_model=32,
            d_kv=16,
            d_ff=64,
            num_layers=2,
            num_heads=2,
            dropout_rate=0.0,
            decoder_start_token_id=0,
            pad_token_id=0,
            eos_token_id=2,
        )
        T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def pairs():
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(160):
        numbers = rng.integers(0, 4, 3)
        rows.append(
            {
                "source": " ".join(f"a{i}" for i in numbers),
                "target": " ".join(f"b{i}" for i in numbers),
            }
        )
    return rows


@pytest.fixture(scope="session")
def listener(tmp_path_factory):
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    folder = tmp_path_factory.mktemp("listener")
    config = Wav2Vec2Config(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=48,
        conv_dim=(16, 32),
        conv_stride=(20, 16),
        conv_kernel=(40, 16),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        mask_time_prob=0.0,
        hidden_dropout=0.0,
        attention_dropout=0.0,
        activation_dropout=0.0,
        feat_proj_dropout=0.0,
        final_dropout=0.0,
        layerdrop=0.0,
    )
    with seeded("listener"):
        Wav2Vec2Model(config).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def whisperer(tmp_path_factory):
    from transformers import WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    folder = tmp_path_factory.mktemp("whisperer")
    word_tokenizer(folder, ["a", "b", "c"], ends=True)
    config = WhisperConfig(
        vocab_size=8,
        num_mel_bins=16,
        d_model=32,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_source_positions=50,
        max_target_positions=16,
        dropout=0.0,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    with seeded("whisperer"):
        WhisperForConditionalGeneration(config).save_pretrained(folder)
    # One second: twice as many frames as positions of the encoder.
    WhisperFeatureExtractor(feature_size=16, chunk_length=1).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def spoken(recordings):
    return [{**row, "text": " ".join(row["text"])} for row in recordings]


def tone(heights: list[int], rng: np.random.Generator) -> bytes:
    """A tone a letter, a fifth of a second each, at 16 kHz."""
    t = np.arange(3200) / 16000
    parts = [np.sin(2 * np.pi * (300 + 500 * h) * t) * np.hanning(3200) for h in heights]
    whole = np.concatenate(parts) + rng.normal(0, 0.02, 3200 * len(parts))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", "not compressed"))
        file.writeframes((12000 * whole).astype("<i2").tobytes())
    return out.getvalue()


@pytest.fixture(scope="session")
def recordings():
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(60):
        heights = rng.integers(0, 3, 3).tolist()
        rows.append({"audio": tone(heights, rng), "text": "".join("abc"[h] for h in heights)})
    return rows


@pytest.fixture(scope="session")
def segmenter(tmp_path_factory):
    from transformers import SegformerConfig, SegformerModel

    folder = tmp_path_factory.mktemp("segmenter")
    config = SegformerConfig(
        num_encoder_blocks=2,
        depths=[1, 1],
        sr_ratios=[2, 1],
        hidden_sizes=[16, 24],
        patch_sizes=[3, 3],
        strides=[2, 2],
        num_attention_heads=[1, 2],
        mlp_ratios=[2, 2],
        decoder_hidden_size=24,
        classifier_dropout_prob=0.0,
        hidden_dropout_prob=0.0,
    )
    with seeded("segmenter"):
        SegformerModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def scenes(tmp_path_factory):
    """A folder of images and masks: a bright square on grey."""
    root = tmp_path_factory.mktemp("scenes")
    (root / "images").mkdir()
    (root / "masks").mkdir()
    rng = np.random.default_rng(0)
    for i in range(24):
        image = rng.integers(40, 90, (48, 64, 3)).astype(np.uint8)
        mask = np.zeros((48, 64), np.uint8)
        y, x = rng.integers(4, 24), rng.integers(4, 36)
        image[y : y + 18, x : x + 22, 0] = 230
        mask[y : y + 18, x : x + 22] = 1
        mask[0] = 255
        Image.fromarray(image).save(root / "images" / f"{i}.png")
        Image.fromarray(mask).save(root / "masks" / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def detector(tmp_path_factory):
    from transformers import YolosConfig, YolosForObjectDetection

    folder = tmp_path_factory.mktemp("detector")
    config = YolosConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=48,
        image_size=[64, 64],
        patch_size=16,
        num_detection_tokens=6,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        num_labels=4,
    )
    with seeded("detector"):
        YolosForObjectDetection(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def things(tmp_path_factory):
    """COCO's layout: a red or a blue rectangle in each image."""
    import json

    root = tmp_path_factory.mktemp("things")
    (root / "images").mkdir()
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for i in range(24):
        pixels = rng.integers(90, 110, (64, 64, 3)).astype(np.uint8)
        kind = int(rng.integers(0, 2))
        x, y = (int(v) for v in rng.integers(2, 28, 2))
        pixels[y : y + 30, x : x + 30] = (230, 20, 20) if kind else (20, 20, 230)
        Image.fromarray(pixels).save(root / "images" / f"{i}.png")
        images.append({"id": i, "file_name": f"{i}.png", "width": 64, "height": 64})
        annotations.append(
            {"id": i, "image_id": i, "category_id": kind + 1, "bbox": [x, y, 30, 30]}
        )
    categories = [{"id": 1, "name": "blue"}, {"id": 2, "name": "red"}]
    found = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(found))
    return root
