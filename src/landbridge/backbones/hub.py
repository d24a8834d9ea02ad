"""Folders with a model in Hugging Face's layout: local ones, cached ones, and downloads.

A download is never silent: its size and origin are said before it starts.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError, HubError
from ..base.events import Events
from ..base.hub import PATIENCE, first_line, hub_errors, unreachable
from ..base.places import why_offline
from ..base.typed import JsonObject

_SMALL = [
    *("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json"),
    *("special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt", "spiece.model"),
    *("sentencepiece.bpe.model", "tokenizer.model", "generation_config.json", "source.spm"),
    *("target.spm", "added_tokens.json", "chat_template.jinja", "adapter_config.json"),
    # What sentence-transformers lays beside a model: its list of modules, and a folder for each.
    *("modules.json", "sentence_*_config.json", "config_sentence_transformers.json"),
    *("[0-9]*_*/*.json", "[0-9]*_*/vocab.txt", "[0-9]*_*/merges.txt", "[0-9]*_*/*.model"),
    *("[0-9]*_*/*.safetensors", "[0-9]*_*/pytorch_model.bin"),
]
_SAFE = ["model.safetensors", "model.safetensors.index.json", "model-*.safetensors"]
_MOST_JSON = 300_000_000
_TORCH = ["pytorch_model.bin", "pytorch_model.bin.index.json", "pytorch_model-*.bin"]


@dataclass(frozen=True)
class ModelFolder:
    """A folder with ``config.json`` and weights.

    Attributes
    ----------
    path : Path
        Where configuration and weights of the network lie.
    origin : str
        The path, or "hub id@commit".
    revision : str or None
        The commit, for a hub id.
    root : Path
        The folder as it was named; `path` lies inside it in old ones of sentence-transformers.
    """

    path: Path
    origin: str
    revision: str | None
    root: Path

    def config(self) -> JsonObject:
        """Return what config.json holds."""
        return read_config(self.path / "config.json")

    def preprocessor(self) -> JsonObject:
        """Return what preprocessor_config.json holds, {} where there is none."""
        path = self.path / "preprocessor_config.json"
        return read_config(path) if path.is_file() else {}


def read_config(path: Path) -> JsonObject:
    """Read one of a model's JSON files.

    Raises
    ------
    BackboneError
        Where it is missing or not a JSON object.
    """
    values = read_json(path)
    if not isinstance(values, dict):
        raise BackboneError(
            f"{path} holds {type(values).__name__}, expected an object", hint="get the model again"
        )
    return values


def read_json(path: Path) -> Any:
    """Read one of a model's JSON files, whatever it holds.

    Raises
    ------
    BackboneError
        Where it is missing, not JSON, or too large to be one.
    """
    try:
        if path.stat().st_size > _MOST_JSON:
            raise BackboneError(
                f"{path} has {path.stat().st_size:,} bytes, expected at most {_MOST_JSON:,}",
                hint="get the model again",
            )
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BackboneError(
            f"{path} is missing", hint="give a folder in Hugging Face's layout, with config.json"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise BackboneError(f"{path} is damaged: {error}", hint="get the model again") from error


def number_in(
    values: Mapping[str, Any],
    key: str,
    usual: float,
    file: str | Path,
    least: float = -1e9,
    most: float = 1e9,
) -> float:
    """Return a number of one of a model's JSON files, whole where the usual one is.

    Raises
    ------
    BackboneError
        Naming file and key, where it is something else or beyond the bounds.
    """
    found = values.get(key, usual)
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if not number or not least <= found <= most or (isinstance(usual, int) and found % 1):
        raise BackboneError(
            f"{file}: {key} is {found!r}, expected a number from {least:,} to {most:,}",
            hint="correct it there, or get the model again",
        )
    return type(usual)(found)


def has_weights(folder: Path) -> bool:
    """Say whether a folder has all its weights, whole or in the pieces its index names."""
    for index in ("model.safetensors.index.json", "pytorch_model.bin.index.json"):
        if (folder / index).is_file():
            pieces = read_config(folder / index).get("weight_map")
            named = pieces.values() if isinstance(pieces, dict) else [None]
            files = [folder / name for name in named if isinstance(name, str)]
            if len(files) < len(named):
                raise BackboneError(
                    f"{folder / index}: weight_map is no list of tensors with their files",
                    hint="get the model again",
                )
            return bool(files) and all(map(os.path.isfile, files))  # whatever they are called
    return any((folder / name).is_file() for name in ("model.safetensors", "pytorch_model.bin"))


def local_folder(path: Path, *, weights: bool = True) -> ModelFolder:
    """Return a folder on this machine.

    Raises
    ------
    BackboneError
        Where config.json or the weights are missing, or the folder is an adapter alone.
    """
    inside = _inside(path)
    read_config(inside / "config.json")
    if weights and not has_weights(inside):
        raise BackboneError(
            f"{inside} has config.json but no weights: expected model.safetensors",
            hint="save the model again with save_pretrained, or give another folder",
        )
    return ModelFolder(inside, str(path), None, path)


def _inside(root: Path) -> Path:
    """Return where the network lies in a folder; refuse one that changes another network."""
    from .sentence_folder import transformer_path

    path = transformer_path(root)
    adapter = path / "adapter_config.json"
    if adapter.is_file():
        base = read_config(adapter).get("base_model_name_or_path")
        raise BackboneError(
            f"{path} is an adapter of PEFT for {base!r} (adapter_config.json), not a whole network",
            hint="merge it and give the merged folder: PeftModel.from_pretrained(base, adapter)"
            ".merge_and_unload().save_pretrained(folder)",
        )
    return path


def hub_folder(
    repo: str, revision: str | None, *, offline: bool, events: Events, whole: bool = False
) -> ModelFolder:
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
    whole : bool, default False
        Whether a text model's list of modules, which a cache may lack that another program filled,
        is looked for at the hub; where that is not possible it is said.

    Raises
    ------
    HubError
        Where it is not cached and may not or cannot be downloaded.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    why = why_offline(offline)
    try:
        cached = Path(
            snapshot_download(repo, revision=revision, allow_patterns=_SMALL, local_files_only=True)
        )
    except LocalEntryNotFoundError:
        cached = None  # the download below says so, or the error does
    except ValueError as error:  # no hub id
        raise _not_had(repo, error) from error
    except OSError as error:
        raise BackboneError(
            f"{repo} in the local Hugging Face cache is damaged: {first_line(error)}",
            hint=f"delete it there, and get it again (`hf download {repo}`)",
        ) from error
    if cached is not None:
        inside = _inside(cached)
        if (inside / "config.json").is_file() and has_weights(inside):
            if not whole or _has_modules(repo, cached, why, events):
                return ModelFolder(inside, f"{repo}@{cached.name}", cached.name, cached)
            revision = cached.name
    if why:
        raise HubError(
            f"{repo} is not in the local Hugging Face cache, and {why}",
            hint=f"allow the download once (`hf download {repo}`), or give a local folder with "
            "config.json and model.safetensors",
        )
    return _download(repo, revision, events)


def _has_modules(repo: str, cached: Path, why: str, events: Events) -> bool:
    """Say whether a cached text model has its list of modules, or the hub has none of it.

    What the hub answers is remembered in its cache, so it is asked once.
    """
    from huggingface_hub import (
        _CACHED_NO_EXIST,
        hf_hub_download,
        model_info,
        try_to_load_from_cache,
    )
    from huggingface_hub.errors import EntryNotFoundError

    from .sentence_folder import lacking

    texts = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "spiece.model")
    if (cached / "modules.json").is_file():
        return bool(why) or not lacking(cached)
    if not any((cached / name).is_file() for name in texts):
        return True
    if try_to_load_from_cache(repo, "modules.json", revision=cached.name) is _CACHED_NO_EXIST:
        return True
    try:
        if not why:
            model_info(repo, revision=cached.name, timeout=PATIENCE)  # quick to fail
            hf_hub_download(repo, "modules.json", revision=cached.name)
            return False
    except EntryNotFoundError:
        return True
    except hub_errors() as error:
        why = f"the hub does not answer: {first_line(error)}"
    events.log(
        "note",
        f"the cache of {repo} lacks modules.json, and {why}: if sentence-transformers wrote it, "
        f"its pooling is not known here (`hf download {repo}` completes it)",
        repo=repo,
    )
    return True


def _download(repo: str, revision: str | None, events: Events) -> ModelFolder:
    from huggingface_hub import model_info, snapshot_download

    try:
        info = model_info(repo, revision=revision, files_metadata=True, timeout=PATIENCE)
        sizes = {item.rfilename: item.size or 0 for item in info.siblings or []}
        safe = any(name.startswith("model") and name.endswith(".safetensors") for name in sizes)
        wanted = _SMALL + (_SAFE if safe else _TORCH)
        size = sum(n for name, n in sizes.items() if any(fnmatchcase(name, p) for p in wanted))
        events.log(
            "download",
            f"{size / 1e6:.1f} MB from https://huggingface.co/{repo}, commit {info.sha}",
            repo=repo,
            revision=info.sha,
            bytes=size,
        )
        path = Path(snapshot_download(repo, revision=info.sha, allow_patterns=wanted))
    except hub_errors() as error:
        raise _not_had(repo, error) from error
    return ModelFolder(_inside(path), f"{repo}@{info.sha}", info.sha, path)


def _not_had(repo: str, error: Exception) -> HubError:
    return unreachable(repo, error, instead="a local folder with config.json and model.safetensors")
