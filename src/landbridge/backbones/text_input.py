"""Which tokeniser and length a text model of transformers wants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError
from ..domains.examples import Examples
from ..domains.modalities.tokens import TokenPreprocessing
from .hub import read_config
from .text_body import Pooling
from .textnet import column_of

LONGEST = 256
"""Tokens at most where nothing else is said: twice as long takes more than twice the time."""


def text_preprocessing(
    folder: Path, config: dict[str, Any], examples: Sequence[Examples], options: dict[str, Any]
) -> TokenPreprocessing:
    """Return the tokeniser of a model's folder, with a length that fits the texts.

    Parameters
    ----------
    folder : Path
    config : dict
        The model's configuration.
    examples : sequence of Examples
        By which the length is chosen.
    options : dict
        ``length`` and ``cut``, where given, are kept.

    Raises
    ------
    BackboneError
        Where the folder has no tokeniser, or the length is more than the model can take.
    """
    most = _limit(config)
    wanted = options.get("length")
    if wanted is not None and most is not None and wanted > most:
        raise BackboneError(
            f"length is {wanted}, {folder.name} takes at most {most} tokens", do=f"give {most}"
        )
    limit = wanted or min(LONGEST, most or LONGEST)
    more = {
        "cut": options.get("cut", "head"),
        "width": int(config.get("hidden_size") or config.get("d_model") or 384),
        "column": column_of(examples),
    }
    tokenizer = _tokenizer(folder)
    if wanted is not None:
        return TokenPreprocessing(tokenizer, int(wanted), **more)
    return TokenPreprocessing.fit(tokenizer, examples, limit, **more)


def _limit(config: dict[str, Any]) -> int | None:
    """Return how many positions the model has; RoBERTa's begin behind the padding's number."""
    positions = config.get("max_position_embeddings") or config.get("n_positions")
    if positions is None:
        return None
    offset = config.get("model_type", "") in _OFFSET
    return int(positions) - (int(config.get("pad_token_id") or 1) + 1 if offset else 0)


_OFFSET = ("roberta", "xlm-roberta", "camembert", "mpnet", "xlm-roberta-xl", "data2vec-text")


def _tokenizer(folder: Path) -> str:
    file = folder / "tokenizer.json"
    if file.is_file():
        return file.read_text("utf-8")
    from transformers import AutoTokenizer

    try:
        made = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_fast=True
        )
        return str(made.backend_tokenizer.to_str())
    except (OSError, ValueError, KeyError, AttributeError, ImportError) as error:
        raise BackboneError(
            f"{folder} has no tokeniser that can be kept with a run: {error}",
            do="give a folder with tokenizer.json",
        ) from error


def pooling_of(folder: Path, config: Mapping[str, Any]) -> Pooling:
    """Return how a model's texts become one vector.

    As sentence-transformers wrote it down beside the model; BERT's own pooled output where the
    checkpoint has it; else the mean over the tokens.
    """
    said = folder / "1_Pooling" / "config.json"
    if said.is_file():
        values = read_config(said)
        return "first" if values.get("pooling_mode_cls_token") else "mean"
    if config.get("model_type") == "bert" and _has_pooler(folder):
        return "pooler"
    return "mean"


def _has_pooler(folder: Path) -> bool:
    from safetensors import safe_open

    for file in folder.glob("model*.safetensors"):
        with safe_open(file, framework="pt") as tensors:
            if any(name.endswith("pooler.dense.weight") for name in tensors.keys()):  # noqa: SIM118
                return True
    return False
