"""Configurations of transformers: read, bounded, and made without code or kernels of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError
from ..base.typed import JsonObject
from .hub import ModelFolder, read_config
from .transformers_families import Family
from .weights import seeded

_PLAIN = 100_000_000
"""Numbers that are made without asking."""
_DEEPEST = 2_000


def config_of(path: Path, family: Family) -> tuple[JsonObject, JsonObject]:
    """Return the configuration of the model's part for a modality: all of it, and as kept.

    What is kept lacks the names of the original head's classes.

    Raises
    ------
    BackboneError
        Where the model is unknown to transformers, or takes something else.
    """
    from transformers import MODEL_MAPPING, AutoConfig

    try:
        config = AutoConfig.from_pretrained(path, local_files_only=True, trust_remote_code=False)
        config = getattr(config, family.part, config)  # CLIP, SigLIP, CLAP: one tower
        kind = MODEL_MAPPING[type(config)]
    except strange_errors() as error:
        file = path / "config.json"
        if "architecture" in (said := read_config(file)) and "model_type" not in said:
            raise BackboneError(
                f"{file} is of timm's layout: {said['architecture']!r}",
                hint=f"write timm/{said['architecture']}:{path / 'model.safetensors'}",
            ) from error
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"{file} is not a model that transformers knows: {first}",
            hint="give a model that needs no code of its own; a newer transformers may know it "
            "(pip install -U transformers)",
        ) from error
    if getattr(config, "quantization_config", None):
        raise BackboneError(
            f"{path / 'config.json'} has a quantization_config: its weights are packed",
            hint="give the model as it was before: float32, bfloat16 or float16",
        )
    takes = getattr(kind[0] if isinstance(kind, tuple) else kind, "main_input_name", "")
    if takes not in family.takes:
        raise BackboneError(
            f"{path} holds a {config.model_type!r} model, which takes {takes}, expected "
            f"{' or '.join(family.takes)} ({family.noun})",
            hint=f"give a model for {family.noun}",
        )
    values = config.to_diff_dict()
    values["model_type"] = config.model_type
    for task in ("id2label", "label2id", "num_labels", "problem_type", "_name_or_path"):
        values.pop(task, None)
    return config.to_dict(), values


def check_size(folder: ModelFolder, config: Mapping[str, Any]) -> None:
    """Refuse a configuration of far more numbers than the weights hold, before any is made.

    Raises
    ------
    BackboneError
        Where a file of a few bytes asks for gigabytes.
    """
    import torch
    from transformers import AutoModel

    files = (*folder.path.glob("*.safetensors"), *folder.path.glob("*.bin"))
    held = sum(file.stat().st_size for file in files)
    deep = {k: v for k, v in config.items() if "layer" in k or "depth" in k}
    for key, value in deep.items():
        if any(
            isinstance(n, int) and n > _DEEPEST
            for n in (value if isinstance(value, list) else [value])
        ):
            raise BackboneError(
                f"{folder.path / 'config.json'} has {key} = {value!r}, expected at most "
                f"{_DEEPEST:,}",
                hint="get the model again",
            )
    if nothing := [key for key, value in config.items() if value != value]:
        raise BackboneError(
            f"{folder.path / 'config.json'} has {nothing[0]} = NaN, expected a number",
            hint="get the model again",
        )
    try:
        with torch.device("meta"), seeded("size"), quietly():
            made = AutoModel.from_config(made_config(config), trust_remote_code=False)
    except strange_errors() as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise BackboneError(
            f"{folder.path / 'config.json'} is not the configuration of a network: {first}",
            hint="correct it there, or get the model again",
        ) from error
    numbers = sum(tensor.numel() for tensor in made.state_dict().values())
    if numbers > _PLAIN + 4 * held:  # two numbers a byte in the tightest format, and a head
        raise BackboneError(
            f"{folder.path / 'config.json'} speaks of {numbers:,} numbers, and the weights beside "
            f"it have {held:,} bytes",
            hint="check that both belong together, or get the model again",
        )


def strange_errors() -> tuple[type[Exception], ...]:
    """Return what a class of transformers makes of a configuration that is none."""
    from huggingface_hub.errors import StrictDataclassError

    return (
        *(ValueError, TypeError, LookupError, AttributeError, RuntimeError, ArithmeticError),
        *(AssertionError, OSError, StrictDataclassError),
    )


def without_types(config: Mapping[str, Any]) -> JsonObject:
    """Return a configuration without the number format of its file: all is float32 here."""
    return {
        k: without_types(v) if isinstance(v, Mapping) else v
        for k, v in config.items()
        if k not in ("dtype", "torch_dtype")
    }


def without_kernels(config: Any) -> Any:
    """Return a configuration of transformers that names no kernel of the hub.

    A kernel ("owner/name" as the implementation of attention or experts) is code that would be
    downloaded and run; every architecture computes the same without it.
    """
    for part in (config, *(getattr(config, key, None) for key in config.sub_configs)):
        for key in ("_attn_implementation_internal", "_experts_implementation_internal"):
            if "/" in str(getattr(part, key, None)):
                setattr(part, key, None)
    return config


def made_config(values: Mapping[str, Any]) -> Any:
    from transformers import AutoConfig

    config = without_types(values)
    return without_kernels(AutoConfig.for_model(config.pop("model_type"), **config))


@contextmanager
def quietly() -> Iterator[None]:
    """Keep transformers from reporting on a load: what matters of it is an error here."""
    from transformers.utils import logging

    before, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bar:
            logging.enable_progress_bar()
