"""Folders with a model in Hugging Face's layout: local ones, cached ones, and downloads.

A download is never silent: its size and origin are said before it starts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError
from ..base.events import Events
from ..base.places import why_offline

_SMALL = [
    *("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model"),
    *("sentencepiece.bpe.model", "tokenizer.model", "generation_config.json", "source.spm"),
    *("target.spm", "added_tokens.json", "chat_template.jinja"),
]
_SAFE = ["model.safetensors", "model.safetensors.index.json", "model-*.safetensors"]
_TORCH = ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"]


@dataclass(frozen=True)
class ModelFolder:
    """A folder with ``config.json`` and weights.

    Attributes
    ----------
    path : Path
    origin : str
        The path, or "hub id@commit".
    revision : str or None
        The commit, for a hub id.
    """

    path: Path
    origin: str
    revision: str | None

    def config(self) -> dict[str, Any]:
        """Return what config.json holds."""
        return read_config(self.path / "config.json")

    def preprocessor(self) -> dict[str, Any]:
        """Return what preprocessor_config.json holds, {} where there is none."""
        path = self.path / "preprocessor_config.json"
        return read_config(path) if path.is_file() else {}


def read_config(path: Path) -> dict[str, Any]:
    """Read one of a model's JSON files.

    Raises
    ------
    BackboneError
        Where it is missing or not a JSON object.
    """
    try:
        values = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BackboneError(
            f"{path} is missing", do="give a folder in Hugging Face's layout, with config.json"
        ) from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BackboneError(f"{path} is damaged: {error}", do="get the model again") from error
    if not isinstance(values, dict):
        raise BackboneError(
            f"{path} holds {type(values).__name__}, expected an object", do="get the model again"
        )
    return values


def has_weights(folder: Path) -> bool:
    """Say whether a folder has all its weights, whole or in the pieces its index names."""
    for index in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
        if (folder / index).is_file():
            pieces = set(read_config(folder / index).get("weight_map", {}).values())
            return bool(pieces) and all((folder / piece).is_file() for piece in pieces)
    return any((folder / name).is_file() for name in ("model.safetensors", "pytorch_model.bin"))


def local_folder(path: Path, *, weights: bool = True) -> ModelFolder:
    """Return a folder on this machine.

    Raises
    ------
    BackboneError
        Where config.json or the weights are missing.
    """
    read_config(path / "config.json")
    if weights and not has_weights(path):
        raise BackboneError(
            f"{path} has config.json but no weights: expected model.safetensors",
            do="save the model again with save_pretrained, or give another folder",
        )
    return ModelFolder(path, str(path), None)


def hub_folder(repo: str, revision: str | None, *, offline: bool, events: Events) -> ModelFolder:
    """Return the cached folder of a hub model, downloading it where that is allowed.

    Parameters
    ----------
    repo : str
        Hub id such as "microsoft/resnet-18".
    revision : str or None
        Branch, tag or commit; "main" where None.
    offline : bool
        Forbid the download; ``HF_HUB_OFFLINE=1`` does the same.
    events : Events
        Hears size and origin before a download starts.

    Raises
    ------
    BackboneError
        Where it is not cached and may not or cannot be downloaded.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        cached = Path(
            snapshot_download(repo, revision=revision, allow_patterns=_SMALL, local_files_only=True)
        )
        if (cached / "config.json").is_file() and has_weights(cached):
            return ModelFolder(cached, f"{repo}@{cached.name}", cached.name)
    except LocalEntryNotFoundError:
        pass  # not cached: the download below says so, or the error does
    if why := why_offline(offline):
        raise BackboneError(
            f"{repo} is not in the local Hugging Face cache, and {why}",
            do=f"allow the download once (`hf download {repo}`), or give a local folder with "
            "config.json and model.safetensors",
        )
    return _download(repo, revision, events)


def _download(repo: str, revision: str | None, events: Events) -> ModelFolder:
    from huggingface_hub import model_info, snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        info = model_info(repo, revision=revision, files_metadata=True)
        sizes = {item.rfilename: item.size or 0 for item in info.siblings or []}
        safe = any(name.startswith("model") and name.endswith(".safetensors") for name in sizes)
        wanted = _SMALL + (_SAFE if safe else _TORCH)
        stems = tuple(pattern.partition("*")[0] for pattern in wanted)
        size = sum(n for name, n in sizes.items() if "/" not in name and name.startswith(stems))
        events.say(
            "download",
            f"{size / 1e6:.1f} MB from https://huggingface.co/{repo}, commit {info.sha}",
            repo=repo,
            revision=info.sha,
            bytes=size,
        )
        path = Path(snapshot_download(repo, revision=info.sha, allow_patterns=wanted))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise BackboneError(
            f"{repo} could not be downloaded from the Hugging Face hub: {reason}",
            do="check the id and the network; a private model needs `hf auth login`; a local "
            "folder with config.json and model.safetensors works without a network",
        ) from error
    return ModelFolder(path, f"{repo}@{info.sha}", info.sha)
