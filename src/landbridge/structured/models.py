"""A task's model: from its weights, or the same architecture at random; LoRA on top."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..backbones.hub import ModelFolder, hub_folder, local_folder
from ..backbones.transformers_config import quietly, without_kernels
from ..backbones.weights import seeded
from ..base.errors import BackboneError
from ..base.events import Events
from ..base.libraries import library_errors
from .base import StructuredTask


@dataclass
class Opened:
    """A model, and which of its parts have no weights of their own."""

    model: Any
    fresh: list[str]


def find_model(name: str, *, offline: bool, events: Events) -> ModelFolder:
    """Return the folder of a model: a path, or ``hf/<hub id>``; a download is announced first.

    Raises
    ------
    BackboneError
        Where it is not there, or may not be downloaded.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        return local_folder(path.resolve())
    repo, _, revision = name.removeprefix("hf/").partition("@")
    if repo.count("/") != 1 or repo.startswith((".", "/", "~")):
        raise BackboneError(
            f"{name!r} is neither a folder nor a hub id",
            hint="give a folder with config.json and weights, or hf/owner/name",
        )
    return hub_folder(repo, revision or None, offline=offline, events=events)


def open_model(
    task: StructuredTask, folder: Path, *, pretrained: bool = True, seed: int = 0
) -> Opened:
    """Build the model for a task; a head of other classes starts at random.

    Raises
    ------
    BackboneError
        Where the architecture cannot do the task, or weights and configuration do not fit.
    """
    import torch
    import transformers

    kind = getattr(transformers, task.architecture)
    with library_errors(
        BackboneError,
        f"{folder} cannot do {task.name}",
        hint=f"give a model that transformers opens with {task.architecture}",
    ):
        config = without_kernels(task.config(folder))
        with seeded("task", task.name, seed), quietly():
            if not pretrained:
                made = kind.from_config(config, dtype=torch.float32, trust_remote_code=False)
                return Opened(made, [])
            model, info = kind.from_pretrained(
                folder,
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    tied = set(getattr(model, "_tied_weights_keys", None) or ())
    lacking = {str(key) for key in info["missing_keys"]} - tied
    lacking |= {str(key[0] if isinstance(key, tuple) else key) for key in info["mismatched_keys"]}
    return Opened(model, sorted(lacking))


def open_inputs(task: StructuredTask, folder: Path) -> None:
    """Open what stands before a task's model: tokeniser, sizes, vocabulary.

    Raises
    ------
    BackboneError
        Where a file of it is damaged, or not one that transformers knows.
    """
    with (
        library_errors(
            BackboneError,
            f"what stands before the model in {folder} cannot be read",
            hint="get the model again, or restore the folder",
        ),
        quietly(),
    ):
        task.open(folder)


def with_lora(opened: Opened, rank: int, seed: int) -> Any:
    """Put low-rank matrices beside all linear layers; new heads are trained whole."""
    from peft import LoraConfig, get_peft_model

    heads = sorted({_owner(opened.model, key) for key in opened.fresh} - {""})
    with seeded("lora", seed), _by_one_name(opened.model, heads) as names:
        return get_peft_model(
            opened.model,
            LoraConfig(
                r=rank,
                lora_alpha=2 * rank,
                lora_dropout=0.0,
                target_modules="all-linear",
                exclude_modules="|".join(rf"{name}(\..*)?" for name in names) or None,
                modules_to_save=names or None,
            ),
        )


@contextlib.contextmanager
def _by_one_name(model: Any, heads: Sequence[str]) -> Iterator[list[str]]:
    """Call the heads for a while by names that no other module has.

    PEFT takes each module whose name ends so for one of ``modules_to_save``: beside a head
    "classifier" a layer ".../subclassifier" of the backbone.
    """
    names = {head: f"{head}_of_landbridge" for head in heads}
    _rename(model, names)
    try:
        yield list(names.values())
    finally:
        _rename(model, {name: head for head, name in names.items()})


def _rename(model: Any, names: Mapping[str, str]) -> None:
    """Give children of a module other names, in their places."""
    children = [(names.get(name, name), child) for name, child in model._modules.items()]
    model._modules.clear()
    model._modules.update(children)


def _owner(model: Any, key: str) -> str:
    """Return the module directly under the model (or its base) that a tensor belongs to."""
    base = getattr(model, "base_model_prefix", "")
    parts = key.split(".")
    return "" if parts[0] == base or len(parts) < 2 else parts[0]


def merged(model: Any) -> Any:
    """Return the plain model, with what LoRA has learned in its weights."""
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
