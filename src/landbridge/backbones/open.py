"""From what the user wrote to an open backbone, and from a saved run back to it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.errors import BackboneError, ConfigError, RunError
from ..base.events import SILENT, Events
from ..base.hashing import tensors_digest
from ..base.libraries import library_errors
from ..base.registry import nearest
from ..domains.examples import Examples, InputSpec, data_of
from ..domains.modalities.base import Preprocessing
from .base import BACKBONES, BackboneIdentity, BackboneRequest, LoadedBackbone, Provider

_BY_FILE = ("mobilenet_v2", "yamnet", "speech_embedding")
"""Providers that take a file of weights after a colon."""

_OF_FOLDERS = ("config.json", "modules.json", "adapter_config.json")
"""Of which a folder in Hugging Face's layout has one; what it says is for its provider to read."""

BY_PREFIX = {
    "hf": "hf/<hub id>",
    "timm": "timm/<name>",
    "keras": "keras/path/to/model.keras",
    "local": "local/path/to/file.py:function",
    "run": "run/path/of/a/run",
}
"""Providers of many, and what is written after their name."""


def choose(hint: InputSpec) -> tuple[str, str]:
    """Return the backbone for "auto", and why, in a sentence.

    Parameters
    ----------
    hint : InputSpec

    Returns
    -------
    name, reason : str
    """
    found: list[tuple[int, str, str]] = []
    missing: list[str] = []
    for name, kind in BACKBONES.items():
        provider = kind()
        suited = provider.suits(hint) if hint.modality in provider.modalities else None
        if suited is None:
            continue
        there, where = provider.available()
        if there:
            found.append((suited[0], name, suited[1] + f" ({where})" * provider.pretrained))
        else:
            missing.append(f"{name}: {where}")
    if not found:
        raise BackboneError(
            f"there is no backbone for {hint.modality!r} examples"
            + (f" here ({'; '.join(missing)})" if missing else ""),
            hint="name one with --backbone",
        )
    rank, name, reason = max(found, key=lambda item: item[0])
    if rank == 0 and missing:
        reason += f" ({'; '.join(missing)})"
    return name, f"{name}: {reason}"


def own_network(hint: InputSpec) -> str | None:
    """Return the small net of ours that is trained from nothing on such examples, if there is one.

    Beside a pretrained backbone it is what the target's labels alone would be given. A table's
    columns are all that any network has, so there is none beside them.
    """
    for name, kind in BACKBONES.items():
        if kind.own_for and hint.modality in kind.own_for:
            return name
    return None


def open_backbone(
    name: str | Path,
    hint: InputSpec,
    examples: Sequence[Examples] = (),
    *,
    seed: int = 0,
    options: Mapping[str, Any] | None = None,
    offline: bool = False,
    events: Events = SILENT,
    named: bool = True,
) -> LoadedBackbone:
    """Open a backbone by what the user wrote.

    Parameters
    ----------
    name : str or Path
        "auto"; a registered name; ``mobilenet_v2:/path/file.safetensors``; ``hf/<hub id>``;
        ``timm/<name>``; ``keras/file.keras``; ``local/file.py:function``; a folder with
        config.json; or a ``.safetensors`` file in torchvision's MobileNetV2 layout.
    hint : InputSpec
        What the examples look like.
    examples : sequence of Examples
        All domains' training examples (tables fit their encoding on them).
    seed : int, default 0
        For weights that start at random.
    options : dict, optional
        What to fix of the provider's options.
    offline : bool, default False
        Forbid every download.
    events : Events
        Hears the choice made for "auto", and downloads before they start.
    named : bool, default True
        Whether a person wrote it in this very call: who names code has agreed to run it. False
        for a name out of a folder.

    Returns
    -------
    LoadedBackbone

    Raises
    ------
    BackboneError
        Where the name is unknown, weights are missing, or the backbone does not take these
        examples.

    Examples
    --------
    >>> open_backbone("auto", hint, [source, target]).identity.name       # doctest: +SKIP
    'convnet'
    """
    asked = os.fspath(name)
    if asked == "auto":
        asked, reason = choose(hint)
        events.log("choice", reason, backbone=asked)
    resolved, provider = resolve(asked)
    if hint.modality not in provider.modalities:
        fit = sorted(n for n, item in BACKBONES.items() if hint.modality in item.modalities)
        raise BackboneError(
            f"backbone {asked!r} takes {' or '.join(map(data_of, provider.modalities))}, the data "
            f"hold {data_of(hint.modality)}",
            hint=f"use one of {', '.join(fit)}" if fit else "no backbone takes these examples yet",
        )
    asked_for = BackboneRequest(resolved, hint, examples, seed, options, offline, events, named)
    opened = provider.open(asked_for)
    return replace(opened, preprocessing=opened.preprocessing.ruled(hint.rule))


def resolve(name: str) -> tuple[str, Provider]:
    """Return the normalised name and the provider that a name stands for.

    Raises
    ------
    BackboneError
        Where it stands for nothing, with the nearest known name.
    """
    if name in BY_PREFIX:
        raise BackboneError(
            f"backbone {name!r} says of what kind it is, and not which",
            hint=f"write {BY_PREFIX[name]}",
        )
    if name in BACKBONES:
        return name, BACKBONES.get(name)()
    head, colon, rest = name.partition(":")
    if colon and head in BACKBONES:
        if head not in _BY_FILE or not rest:
            raise BackboneError(
                f"backbone {name!r}: {head} takes no file",
                hint=f"write {head}, or one of {', '.join(f'{n}:/path' for n in _BY_FILE)}",
            )
        return name, BACKBONES.get(head)()
    family, slash, rest = name.partition("/")
    if slash and rest and family in BY_PREFIX:
        return name, BACKBONES.get(family)()
    path = Path(name).expanduser()
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        return _file(path)
    names = [n for n in BACKBONES if n not in BY_PREFIX] + list(BY_PREFIX.values())
    near = f"hf/{name}" if name.count("/") == 1 else nearest(name, names)
    raise BackboneError(
        f"{name!r} is neither a known backbone nor a file or folder here",
        hint=(f"did you mean {near!r}? " if near else "")
        + f"known: auto, {', '.join(names)}, or the path of a folder with config.json",
    )


def check_backbone(name: str | Path, options: Mapping[str, Any] | None = None) -> None:
    """Raise where a name or an option cannot be right, before any data are read.

    Raises
    ------
    BackboneError
        Where the name stands for nothing.
    ConfigError
        Where an option is none of the backbone's; for "auto": of any backbone's.
    """
    asked = os.fspath(name)
    if asked == "auto":
        kinds: list[tuple[str, type[Provider]]] = BACKBONES.items()
    else:
        provider = type(resolve(asked)[1])
        kinds = [(provider.name, provider)]
    if not options:
        return
    taken = [kind.options_taken() for _, kind in kinds]
    option_names = sorted({option for own in taken for option in own or ()})
    for option in options:
        if option in option_names or (None in taken and asked != "auto"):
            continue
        near = nearest(option, option_names)
        which = "no backbone" if asked == "auto" else f"backbone {kinds[0][0]!r}"
        raise ConfigError(
            f"{which} has {'an' if asked == 'auto' else 'no'} option {option!r}",
            hint=(f"did you mean {near!r}? " if near else "")
            + (
                "name the backbone with --backbone, and see its options"
                if asked == "auto"
                else f"its options are: {', '.join(option_names) or 'none'}"
            ),
        )


def _folder(path: Path) -> tuple[str, Provider]:
    if (path / "backbone.json").is_file():
        raise BackboneError(
            f"{path} is a folder of a landbridge run, not a backbone",
            hint=f"write run/{path} to start from its network, or give the run where a source "
            "model is asked for",
        )
    if not any((path / name).is_file() for name in _OF_FOLDERS):
        raise BackboneError(
            f"{path} has no config.json", hint="give a folder in Hugging Face's layout"
        )
    return str(path), BACKBONES.get("hf")()


def _file(path: Path) -> tuple[str, Provider]:
    from .mobilenet_v2 import looks_like_mobilenet_v2
    from .weights import read_tensors

    names = list(read_tensors(path))
    if not looks_like_mobilenet_v2(names):
        raise BackboneError(
            f"{path} holds tensors such as {names[:3]}, expected torchvision's MobileNetV2",
            hint="other architectures come as a folder with config.json and model.safetensors",
        )
    return f"mobilenet_v2:{path}", BACKBONES.get("mobilenet_v2")()


def reopen(
    identity: Mapping[str, Any] | BackboneIdentity,
    preprocessing: Preprocessing,
    *,
    weights: bool = True,
    offline: bool = False,
    events: Events = SILENT,
) -> LoadedBackbone:
    """Open the backbone of a saved run again.

    Parameters
    ----------
    identity : mapping or BackboneIdentity
        What backbone.json holds.
    preprocessing : Preprocessing
        What preprocessor.json holds.
    weights : bool, default True
        False where the run holds every tensor itself: only the architecture is built, nothing
        is read or downloaded, and the hash is not checked.
    offline : bool, default False
        Forbid every download.
    events : Events

    Returns
    -------
    LoadedBackbone

    Raises
    ------
    BackboneError
        Where the weights found have another hash than the ones the run was made with.
    RunError
        Where backbone.json is damaged.
    """
    saved = (
        identity if isinstance(identity, BackboneIdentity) else BackboneIdentity.from_dict(identity)
    )
    if saved.provider not in BACKBONES:
        raise BackboneError(
            f"backbone.json names the provider {saved.provider!r}, which is not installed",
            hint="install the package that registers it, or a newer landbridge",
        )
    provider = BACKBONES.get(saved.provider)()
    found = f"the options of {saved.name!r} in backbone.json make no network"
    hint = "restore the file, or make the folder again"
    try:
        with library_errors(RunError, found, hint=hint):
            module = provider.restore(
                saved.options, weights=weights, offline=offline, events=events
            )
    except MemoryError as error:
        raise RunError(f"{found} that this machine has the memory for", hint=hint) from error
    if not isinstance(module.dim, int) or module.dim < 1:
        raise RunError(f"{found}: its features would be {module.dim!r} wide", hint=hint)
    if weights:
        found = tensors_digest(module.state_dict())
        if found != saved.hash:
            raise BackboneError(
                f"backbone {saved.name!r} has the hash {found} here, but the run was made with "
                f"{saved.hash} ({saved.origin})",
                hint="give the same weights (and the same torch or transformers version that "
                "wrote the run), or save runs whole so that they need none",
            )
    return LoadedBackbone(module, preprocessing.forbidding(offline), saved)
