"""The cache of the hub: revisions, links to blobs, JSON files, weights in pieces."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from damages import damaged, damaged_json

Attempt = Callable[..., str]
COMMIT = "0123456789" * 4
WORDS = ("the", "cat", "sat", "on", "a", "mat", "[PAD]", "[UNK]", "[CLS]", "[SEP]")
TEXTS = ["the cat sat", "on a mat", "", "a cat"]
SIZES = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 8,
}


def write_hub(cache: Path) -> None:
    """Write a cache with a text model, an image model and a sound model, as the hub lays it."""
    from transformers import AutoConfig, AutoModel

    from landbridge.backbones.weights import seeded

    more: dict[str, dict[str, Any]] = {
        "bert": {"vocab_size": len(WORDS), "max_position_embeddings": 16},
        "vit": {"image_size": 16, "patch_size": 8},
        "wav2vec2": {
            "vocab_size": 8,
            "conv_dim": [8, 8],
            "conv_kernel": [10, 8],
            "conv_stride": [8, 8],
            "num_feat_extract_layers": 2,
            "num_conv_pos_embeddings": 4,
            "num_conv_pos_embedding_groups": 2,
            "do_stable_layer_norm": False,
        },
    }
    for name, own in more.items():
        snapshot = cache / f"models--someone--{name}" / "snapshots" / COMMIT
        snapshot.mkdir(parents=True)
        pieces = {"max_shard_size": "2KB"} if name == "bert" else {}
        with seeded(name):
            network = AutoModel.from_config(AutoConfig.for_model(name, **SIZES, **own))
            network.save_pretrained(snapshot, **pieces)
        for file, values in _beside(name).items():
            (snapshot / file).parent.mkdir(exist_ok=True)
            (snapshot / file).write_text(json.dumps(values))
        _as_blobs(snapshot)


def _beside(name: str) -> dict[str, Any]:
    """Return the JSON files beside a network, by name."""
    if name == "vit":
        size = {"height": 16, "width": 16}
        said = {"image_processor_type": "ViTImageProcessor", "size": size, "resample": 2}
        said |= {"do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True}
        return {
            "preprocessor_config.json": said | {"image_mean": [0.5] * 3, "image_std": [0.5] * 3}
        }
    if name == "wav2vec2":
        said = {"feature_extractor_type": "Wav2Vec2FeatureExtractor", "sampling_rate": 8000}
        said |= {"feature_size": 1, "do_normalize": True, "return_attention_mask": False}
        return {"preprocessor_config.json": said}
    from tokenizers import Tokenizer, models, pre_tokenizers

    made = Tokenizer(models.WordLevel({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    kinds = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    return {
        "tokenizer.json": json.loads(made.to_str()),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": 16,
            **{f"{key}_token": f"[{key.upper()}]" for key in ("pad", "unk", "cls", "sep")},
        },
        "special_tokens_map.json": {"pad_token": "[PAD]", "unk_token": "[UNK]"},
        "modules.json": [
            {"idx": i, "path": path, "type": f"sentence_transformers.models.{kind}"}
            for i, (path, kind) in enumerate(kinds)
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True},
        "sentence_bert_config.json": {"max_seq_length": 12, "do_lower_case": True},
        "config_sentence_transformers.json": {"prompts": {"q": "the "}, "default_prompt_name": "q"},
    }


def _as_blobs(snapshot: Path) -> None:
    """Put links in the place of files, to blobs that are called by what they hold."""
    own = snapshot.parents[1]
    (own / "refs").mkdir()
    (own / "refs" / "main").write_text(COMMIT)
    (own / "blobs").mkdir()
    for file in sorted(path for path in snapshot.rglob("*") if path.is_file()):
        blob = own / "blobs" / hashlib.sha1(file.read_bytes()).hexdigest()
        file.rename(blob)
        up = "../" * len(file.parent.relative_to(own).parts)
        file.symlink_to(f"{up}blobs/{blob.name}")


def hub(place: Path) -> Attempt:
    """One damaged file of the cache of a model: opened and asked, or refused by name."""
    import huggingface_hub.constants

    from landbridge.backbones.open import open_backbone
    from landbridge.backbones.surgery import make_network
    from landbridge.domains.modalities.images import ImageExamples
    from landbridge.domains.modalities.recordings import AudioExamples
    from landbridge.domains.modalities.texts import TextExamples
    from landbridge.training.inputs import saved_network

    rng = np.random.default_rng(0)
    sounds = place / "sounds"
    sounds.mkdir(exist_ok=True)
    import soundfile

    files = []
    for i in range(3):
        soundfile.write(sounds / f"{i}.wav", 0.1 * rng.normal(size=1600), 8000)
        files.append(sounds / f"{i}.wav")
    examples = {
        "bert": TextExamples(TEXTS),
        "vit": ImageExamples(pixels=rng.integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)),
        "wav2vec2": AudioExamples(files),
    }

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        shutil.rmtree(tried, ignore_errors=True)
        name = draw.choice(("bert", "bert", "vit", "wav2vec2"))
        own = tried / f"models--someone--{name}"
        shutil.copytree(place / "hub" / own.name, own, symlinks=True)
        if not whole:
            _damage(own, draw)
        huggingface_hub.constants.HF_HUB_CACHE = str(tried)
        rows = examples[name]
        spec: Any = f"hf/someone/{name}"
        if draw.random() < 0.3:
            spec = own / "snapshots" / COMMIT
        opened = open_backbone(spec, type(rows).hint([rows]), [rows], offline=True)
        stored = opened.preprocessing.prepare(rows)
        out = saved_network(make_network(opened, 2).eval(), stored, opened.preprocessing)[1]
        return "" if len(out) == len(rows) else f"{len(out)} features of {len(rows)} rows"

    return attempt


def _damage(own: Path, draw: random.Random) -> None:
    """Change one file of a cached model, or what the cache says of where it is."""
    files = sorted(path for path in own.rglob("*") if path.is_symlink())
    file = draw.choice([own / "refs" / "main", *files])
    if draw.random() < 0.6:
        file = draw.choice([path for path in files if path.suffix == ".json"])
    kind = draw.randrange(12)
    if kind == 0:
        file.unlink()
    elif kind == 1:  # what a link leads to is gone, as after a download that was ended
        file.resolve().unlink()
    elif kind == 2:
        target = draw.choice((".", "..", file.name, "/dev/null", "/etc/hostname", "x\ny"))
        file.unlink()
        file.symlink_to(target)
    elif kind == 3:
        file.unlink()
        file.mkdir()
    else:
        real = file.resolve()
        raw = real.read_bytes()
        change = damaged_json if file.suffix == ".json" else damaged
        real.write_bytes(b"" if kind == 4 else change(raw, draw))
