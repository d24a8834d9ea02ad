"""Which tokeniser, length and pooling a text model of transformers wants."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError, ConfigError
from ..base.libraries import library_errors
from ..base.typed import JsonObject, Options
from ..domains.examples import Examples
from ..domains.modalities.tokens import TokenPreprocessing
from .hub import ModelFolder, read_config
from .sentence_folder import SentenceFolder, read_sentence_folder
from .sentence_layers import poolings
from .textnet import column_of

LONGEST = 256
"""Tokens at most where nothing else is said: twice as long takes more than twice the time."""
LONGEST_SAID = 512
"""Tokens at most where the folder says more: thousands are taken where they are asked for."""


def text_inputs(
    folder: ModelFolder,
    config: JsonObject,
    examples: Sequence[Examples],
    options: Options,
) -> tuple[TokenPreprocessing, Options]:
    """Return the preprocessing of a text model, and the options of what comes behind it.

    Where the pooling is named, what sentence-transformers wrote beside the model is not read.

    Parameters
    ----------
    folder : ModelFolder
    config : dict
        The model's configuration.
    examples : sequence of Examples
        By which the length is chosen.
    options : dict
        What is given of ``length``, ``cut``, ``pooling``, ``layers``, ``prompt``, ``skip`` and
        ``lower`` is kept.

    Raises
    ------
    BackboneError
        Where the folder has no tokeniser, or the length is more than the model can take, or a file
        beside the model says something that is not known here.
    """
    if options.get("pooling"):
        said = SentenceFolder(poolings(options["pooling"]))
        sentence = None
    else:
        sentence = read_sentence_folder(folder.root)
        said = sentence or SentenceFolder([_pooling(folder.path, config)])
    prompt = options.get("prompt", said.prompt)
    lower = bool(options.get("lower", said.lower))
    if not isinstance(prompt, str):
        raise ConfigError(f"prompt is {prompt!r}, expected text", hint='give "" for none')
    preprocessing = _preprocessing(folder.path, config, examples, options, sentence, prompt, lower)
    skip = int(options.get("skip", preprocessing.prompt_tokens() if said.skip_prompt else 0))
    pooling = ["first" if mode == "cls" else mode for mode in said.pooling]
    return preprocessing, {
        "length": preprocessing.length,
        "cut": preprocessing.cut,
        "pooling": pooling[0] if len(pooling) == 1 else pooling,
        "layers": options.get("layers", said.layers),
        "prompt": prompt,
        "skip": skip,
        "lower": lower,
    }


def _preprocessing(
    folder: Path,
    config: JsonObject,
    examples: Sequence[Examples],
    options: Mapping[str, Any],
    sentence: SentenceFolder | None,
    prompt: str,
    lower: bool,
) -> TokenPreprocessing:
    most = _limit(config)
    wanted = options.get("length")
    if wanted is not None and most is not None and wanted > most:
        raise BackboneError(
            f"length is {wanted}, {folder.name} takes at most {most} tokens", hint=f"give {most}"
        )
    said = _tokenizer_config(folder)
    stated = (sentence.length if sentence else None) or _stated(said)
    longest = LONGEST if sentence is None else LONGEST_SAID
    limit = wanted or min(longest, most or longest, stated or longest)
    more = {
        "cut": options.get("cut", "tail" if said.get("truncation_side") == "left" else "head"),
        "width": int(config.get("hidden_size") or config.get("d_model") or 384),
        "column": column_of(examples),
        "prompt": prompt,
    }
    tokenizer = _lowered(_tokenizer(folder)) if lower else _tokenizer(folder)
    if wanted is not None:
        return TokenPreprocessing(tokenizer, int(wanted), **more)
    return TokenPreprocessing.fit(tokenizer, examples, limit, **more)


def _tokenizer_config(folder: Path) -> JsonObject:
    file = folder / "tokenizer_config.json"
    return read_config(file) if file.is_file() else {}


def _stated(said: Mapping[str, Any]) -> int | None:
    """Return the tokeniser's own length; a number beyond all use means that there is none."""
    length = said.get("model_max_length")
    if not isinstance(length, int | float) or isinstance(length, bool):
        return None
    return int(length) if 0 < length < _NO_LENGTH else None


_NO_LENGTH = 1_000_000


def _lowered(tokenizer: str) -> str:
    """Return a tokeniser that makes its texts lower case before all else."""
    made = json.loads(tokenizer)
    before = made.get("normalizer")
    parts = before.get("normalizers", []) if (before or {}).get("type") == "Sequence" else [before]
    parts = [part for part in parts if part is not None]
    if any(part.get("type") == "Lowercase" or part.get("lowercase") is True for part in parts):
        return tokenizer
    made["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, *parts]}
    return json.dumps(made)


def _limit(config: JsonObject) -> int | None:
    """Return how many positions the model has; RoBERTa's begin behind the padding's number."""
    positions = config.get("max_position_embeddings") or config.get("n_positions")
    if positions is None:
        return None
    offset = config.get("model_type", "") in _OFFSET
    return int(positions) - (int(config.get("pad_token_id") or 1) + 1 if offset else 0)


_OFFSET = ("roberta", "xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl", "data2vec-text")


def _tokenizer(folder: Path) -> str:
    """Return a model's tokeniser as JSON, as transformers reads all of its files.

    ``tokenizer_config.json`` may say something else of case, accents, a space before the text or
    special tokens than ``tokenizer.json``; transformers takes the former, and so is done here.

    Raises
    ------
    BackboneError
        Where there is none that can be kept.
    """
    file = folder / "tokenizer.json"
    written = _written(file) if file.is_file() else None
    if written is not None and not (folder / "tokenizer_config.json").is_file():
        return written
    from transformers import AutoTokenizer

    from .transformers_config import quietly

    try:
        with library_errors(BackboneError, str(folder), hint="get the model again"), quietly():
            made = AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False, use_fast=True
            )
            read = str(made.backend_tokenizer.to_str())
    except (BackboneError, ImportError) as error:
        if written is not None:  # of a class of its own, and tokenizer.json is all of it
            return written
        raise BackboneError(
            f"{folder} has no tokeniser that can be kept with a run: {error}",
            hint="give a folder with tokenizer.json",
        ) from error
    return written if written is not None and _same(written, read) else read


def _written(file: Path) -> str:
    """Return the content of tokenizer.json.

    Raises
    ------
    BackboneError
        Where it is no tokeniser.
    """
    from tokenizers import Tokenizer

    with library_errors(BackboneError, f"{file} is no tokeniser", hint="get the model again"):
        text = file.read_text("utf-8")
        Tokenizer.from_str(text)
    return text


def _same(one: str, other: str) -> bool:
    """Say whether two tokenisers make the same tokens, whatever they say of padding and cuts."""
    apart = ("truncation", "padding", "version")
    a, b = ({k: v for k, v in json.loads(x).items() if k not in apart} for x in (one, other))
    return bool(a == b)


def _pooling(folder: Path, config: Mapping[str, Any]) -> str:
    """Return BERT's own pooled output where the checkpoint has it, else the mean over tokens."""
    return "pooler" if config.get("model_type") == "bert" and _has_pooler(folder) else "mean"


def _has_pooler(folder: Path) -> bool:
    from safetensors import safe_open

    for file in folder.glob("model*.safetensors"):
        with safe_open(file, framework="pt") as tensors:
            if any(name.endswith("pooler.dense.weight") for name in tensors.keys()):  # noqa: SIM118
                return True
    return False
