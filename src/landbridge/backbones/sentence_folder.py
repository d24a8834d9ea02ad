"""What sentence-transformers writes beside a model: pooling, layers behind it, length, prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from ..base.errors import BackboneError
from ..base.typed import JsonObject
from .hub import read_config, read_json

POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")
"""How sentence-transformers makes one vector of a text's tokens."""
_OLD_KEYS = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
"""In the order in which several are put beside each other."""
ACTIVATIONS = (
    *("Identity", "Tanh", "ReLU", "GELU", "Sigmoid", "SiLU", "Mish", "ELU", "SELU", "CELU"),
    *("LeakyReLU", "ReLU6", "Softplus", "Softsign", "Hardtanh", "Hardswish", "Tanhshrink"),
    *("LogSigmoid", "Hardsigmoid"),
)
"""Classes of torch.nn that a dense layer may name."""
_FAMILY = "sentence_transformers."
_SENTENCE, _TOKENS = "sentence_embedding", "token_embeddings"
_CONFIGS = tuple(
    f"sentence_{kind}_config.json"
    for kind in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)
MODULES = "modules.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""Names of a module's weights, the first that is there counts."""
_MOST = 100_000
"""Numbers or tokens at most: a file of a few bytes must not ask for gigabytes."""


@dataclass(frozen=True)
class SentenceFolder:
    """A folder of sentence-transformers, read.

    Attributes
    ----------
    pooling : list of str
        Of `POOLINGS`; what they give is put beside each other.
    layers : list of dict
        What stands behind the pooling, in order: plain values that `sentence_layers` builds from.
    length : int or None
        Tokens of a text at most.
    lower : bool
        Whether texts are made lower case before all else.
    prompt : str
        What stands before every text.
    skip_prompt : bool
        Whether its tokens are left out of the pooling.
    """

    pooling: list[str]
    layers: list[JsonObject] = field(default_factory=list)
    length: int | None = None
    lower: bool = False
    prompt: str = ""
    skip_prompt: bool = False


def transformer_path(root: Path) -> Path:
    """Return where the model itself lies: the folder, or the part that modules.json names."""
    if (root / "config.json").is_file() or not (root / MODULES).is_file():
        return root
    first = _modules(root)[0]
    return root / first["path"]


def lacking(root: Path) -> list[str]:
    """Return the files that modules.json speaks of and that are not there."""
    needs = {"Pooling": [["config.json"]], "LayerNorm": [["config.json"], list(WEIGHTS)]}
    needs["Dense"] = needs["LayerNorm"]
    return [
        f"{module['path']}/{names[0]}"
        for module in _modules(root)
        for names in needs.get(module["kind"], ())
        if not any((root / module["path"] / name).is_file() for name in names)
    ]


def read_sentence_folder(root: Path) -> SentenceFolder | None:
    """Read a folder of sentence-transformers; None where it is none.

    Everything that the library would do to a text is in what is returned.

    Raises
    ------
    BackboneError
        Naming the file and what of it is not known here.
    """
    if not (root / MODULES).is_file():
        said = root / "1_Pooling" / "config.json"
        return SentenceFolder(_pooling(said)[0]) if said.is_file() else None
    first, *rest = _modules(root)
    if first["kind"] != "Transformer":
        raise _unknown(root / MODULES, f"begins with {first['type']!r}", "Transformer")
    length, lower = _transformer(root / first["path"])
    if not rest or rest[0]["kind"] != "Pooling":
        found = repr(rest[0]["type"]) if rest else "nothing"
        raise _unknown(root / MODULES, f"has {found} behind the transformer", "Pooling")
    pooling, skip = _pooling(root / rest[0]["path"] / "config.json")
    layers = [_layer(root, module) for module in rest[1:]]
    more = _optional(root / "config_sentence_transformers.json")
    if (kept := more.get("truncate_dim")) is not None:
        where = root / "config_sentence_transformers.json"
        layers.append({"kind": "truncate", "width": _whole(kept, where, "truncate_dim")})
    return SentenceFolder(
        pooling,
        layers,
        length=length,
        lower=lower,
        prompt=_prompt(more, root / "config_sentence_transformers.json"),
        skip_prompt=skip,
    )


def _modules(root: Path) -> list[dict[str, str]]:
    """Return the modules in their order: type, path, and kind (the last part of the type)."""
    file = root / MODULES
    found = read_json(file)
    if not isinstance(found, list) or not found:
        raise BackboneError(
            f"{file} holds {type(found).__name__}, expected a list of modules",
            hint="get the model again",
        )
    modules = []
    for i, item in enumerate(found):
        kind, path = (item.get(k) if isinstance(item, dict) else None for k in ("type", "path"))
        if not isinstance(kind, str) or not isinstance(path, str):
            raise BackboneError(
                f"{file}: module {i} is {item!r}, expected an object with type and path",
                hint="get the model again",
            )
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts or "\\" in path or "\0" in path:
            raise BackboneError(
                f"{file}: module {i} lies at {path!r}, outside of the folder",
                hint="give a folder whose modules lie inside it",
            )
        if not kind.startswith(_FAMILY):
            raise BackboneError(
                f"{file}: module {i} is {kind!r}, which needs code of its own",
                hint="that code is never run; give a model of known modules, or name the pooling "
                "(backbone_options.pooling=mean) to take its transformer alone",
            )
        modules.append({"type": kind, "path": path, "kind": kind.rpartition(".")[2]})
    return modules


def _transformer(folder: Path) -> tuple[int | None, bool]:
    """Return length and lower case of a transformer; refuse one that is not used as encoder."""
    file = next((folder / name for name in _CONFIGS if (folder / name).is_file()), None)
    values = read_config(file) if file is not None else {}
    where = file or folder / _CONFIGS[0]
    task = values.get("transformer_task", "feature-extraction")
    if task != "feature-extraction":
        raise _unknown(where, f"has the transformer_task {task!r}", "feature-extraction")
    modes = values.get("modality_config")
    if modes is not None:
        way = modes.get("text") if isinstance(modes, dict) else None
        if not isinstance(way, dict) or (way.get("method"), way.get("method_output_name")) != (
            *("forward", "last_hidden_state"),
        ):
            raise _unknown(
                where, f"reads texts by {way!r}", "the method forward and its last_hidden_state"
            )
    if (name := values.get("module_output_name", _TOKENS)) != _TOKENS:
        raise _unknown(where, f"has the module_output_name {name!r}", _TOKENS)
    for key in ("processing_kwargs", "query_length", "document_length", "query_expansion"):
        if values.get(key):
            raise _unknown(where, f"has {key} = {values[key]!r}", "none")
    length = values.get("max_seq_length")
    most = None if length is None else _whole(length, where, "max_seq_length")
    return most, bool(values.get("do_lower_case", False))


def _pooling(file: Path) -> tuple[list[str], bool]:
    """Return the kinds of pooling, and whether a prompt's tokens are left out of it."""
    values = read_config(file)
    said = values.get("pooling_mode")
    if said is None:
        said = [mode for key, mode in _OLD_KEYS.items() if values.get(key)] or ["mean"]
        strange = sorted(
            key
            for key, value in values.items()
            if key.startswith("pooling_mode_") and key not in _OLD_KEYS and value
        )
        if strange:
            raise _unknown(file, f"has {strange[0]}", ", ".join(_OLD_KEYS))
    modes = list(said) if isinstance(said, list) else [said]
    for mode in modes:
        if mode not in POOLINGS:
            raise _unknown(file, f"has the pooling_mode {mode!r}", ", ".join(POOLINGS))
    if not modes:
        raise _unknown(file, "has no pooling_mode", ", ".join(POOLINGS))
    return modes, values.get("include_prompt", True) is False


def _layer(root: Path, module: Mapping[str, str]) -> JsonObject:
    """Return a layer behind the pooling as plain values."""
    file, kind = root / module["path"] / "config.json", module["kind"]
    values = _optional(file)
    for key in ("module_input_name", "module_output_name"):
        if values.get(key) not in (None, _SENTENCE):
            raise _unknown(file, f"has {key} = {values[key]!r}", _SENTENCE)
    if kind == "Normalize":
        return {"kind": "normalise"}
    if kind == "Dropout":
        return {"kind": "dropout", "chance": float(values.get("dropout", 0.2))}
    if kind == "LayerNorm":
        width = _whole(read_config(file).get("dimension"), file, "dimension")
        return {"kind": "layer_norm", "width": width, "path": module["path"]}
    if kind == "Dense":
        read_config(file)  # which says that it is missing
        return {
            "kind": "dense",
            "path": module["path"],
            "inputs": _whole(values.get("in_features"), file, "in_features"),
            "width": _whole(values.get("out_features"), file, "out_features"),
            "bias": bool(values.get("bias", True)),
            "activation": _activation(values.get("activation_function"), file),
            "residual": bool(values.get("use_residual", False)),
        }
    raise _unknown(
        root / MODULES,
        f"has {module['type']!r} behind the pooling",
        "Dense, Normalize, LayerNorm or Dropout",
    )


def _activation(said: Any, file: Path) -> str:
    """Return the name of a class of torch.nn; a dense layer that names none has a tanh."""
    if said is None:
        return "Tanh"
    parts = said.split(".") if isinstance(said, str) else []
    if parts[:2] != ["torch", "nn"] or parts[-1] not in ACTIVATIONS:
        raise _unknown(file, f"has the activation_function {said!r}", "one of torch.nn's")
    return str(parts[-1])


def _prompt(values: Mapping[str, Any], file: Path) -> str:
    """Return the prompt that is used where none is named."""
    name = values.get("default_prompt_name")
    if name is None:
        return ""
    prompts = values.get("prompts")
    text = prompts.get(name) if isinstance(prompts, dict) and isinstance(name, str) else None
    if not isinstance(text, str):
        raise BackboneError(
            f"{file}: the default_prompt_name {name!r} is none of the prompts",
            hint="correct it there, or give backbone_options.prompt",
        )
    return text


def _whole(value: Any, file: Path, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MOST:
        raise BackboneError(
            f"{file}: {key} is {value!r}, expected a whole number from 1 to {_MOST:,}",
            hint="correct it there, or get the model again",
        )
    return value


def _optional(file: Path) -> JsonObject:
    return read_config(file) if file.is_file() else {}


def _unknown(file: Path, found: str, expected: str) -> BackboneError:
    return BackboneError(
        f"{file} {found}, which is not known here; expected {expected}",
        hint="give another model, or name the pooling (backbone_options.pooling=mean) to take the "
        "transformer alone, without what that file says",
    )
