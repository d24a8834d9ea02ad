"""Weights: where they lie, how they are read (never unpickled), how they are checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_type_hints

import torch
from torch import nn

from ..base.errors import BackboneError, ConfigError, LandbridgeError
from ..base.seeds import derive
from ..base.typed import Options


@contextmanager
def seeded(*where: Any) -> Iterator[None]:
    """Run a block under its own seed and leave the global generator as it was.

    Parameters
    ----------
    *where
        What the seed is derived from, such as ``("backbone", "convnet", 0)``.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(*where))
        yield


def weights_folder() -> Path | None:
    """Return ``$LANDBRIDGE_DATA/weights`` where the variable is set, else None."""
    root = os.environ.get("LANDBRIDGE_DATA")
    return Path(root) / "weights" if root else None


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read named tensors from a ``.safetensors`` file, or from a ``.pth`` one without its code.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict of str to Tensor

    Raises
    ------
    BackboneError
        Where the file is missing, damaged, or holds something other than tensors.
    """
    import pickle

    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise BackboneError(f"{path} is missing", hint="check the path of the weights")
    try:
        if path.suffix == ".safetensors":
            found = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, OSError) as error:
        raise BackboneError(
            f"{path} cannot be read as weights: {error}",
            hint="get the file again; expected a whole .safetensors file (or a .pth with nothing "
            "but tensors)",
        ) from error
    if not isinstance(found, Mapping) or not all(
        isinstance(value, torch.Tensor) for value in found.values()
    ):
        raise BackboneError(
            f"{path} holds {type(found).__name__}, expected named tensors",
            hint="save the state dict alone, best as .safetensors",
        )
    return dict(found)


def load_exactly(
    module: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    origin: str,
    drop: Sequence[str] = (),
) -> None:
    """Copy tensors into a module whose names and shapes must be the same.

    Parameters
    ----------
    module : Module
    tensors : mapping of str to Tensor
    origin : str
        Where they came from, for the message.
    drop : sequence of str
        Prefixes of names to leave out (the head of the original task).

    Raises
    ------
    BackboneError
        Naming the tensors that are missing, left over, or of another shape.
    """
    given = {k: v for k, v in tensors.items() if not k.startswith(tuple(drop))} if drop else tensors
    own = module.state_dict()
    missing = sorted(
        k for k in own if k not in given and not k.endswith("num_batches_tracked")
    )  # a counter that old files lack and that inference never reads
    extra = sorted(set(given) - set(own))
    shapes = [
        f"{k}: found {tuple(given[k].shape)}, expected {tuple(own[k].shape)}"
        for k in own
        if k in given and own[k].shape != given[k].shape
    ]
    if missing or extra or shapes:
        parts = [
            f"{len(items)} {what} ({', '.join(items[:3])}{', ...' if len(items) > 3 else ''})"
            for what, items in (("missing", missing), ("unknown", extra), ("misshapen", shapes))
            if items
        ]
        raise BackboneError(
            f"{origin} does not fit {type(module).__name__}: tensors {'; '.join(parts)}",
            hint="give the weights of this architecture, or another backbone",
        )
    module.load_state_dict(dict(given), strict=False)


_DEEPEST = 1000
_LARGEST = 2**28
"""Of what a net is made with, such as its width."""


def check_arguments(
    made: Callable[..., Any],
    given: Mapping[str, Any],
    what: str,
    error: type[LandbridgeError] = ConfigError,
) -> None:
    """Raise where a value is none that what is made with it can take.

    Raises
    ------
    LandbridgeError
        Of the kind `error`: the option, what was given, and what is expected.
    """
    from pydantic import TypeAdapter, ValidationError

    own = getattr(made, "__init__", made) if isinstance(made, type) else made
    hints = {**get_type_hints(own), "seed": int, "seconds": float | None}
    for name, value in given.items():
        try:
            TypeAdapter(hints.get(name, Any)).validate_python(value, strict=True)
        except ValidationError as problem:
            said = problem.errors()[0]["msg"]
            raise error(
                f"{what}: {name} = {value!r}: {said}", hint=f"give {name} as the net takes it"
            ) from problem
        for one in value if isinstance(value, list | tuple) else [value]:
            if not isinstance(one, int | float) or isinstance(one, bool):
                continue
            if name in ("dropout", "drop"):
                right, within = 0 <= one < 1, "from 0 to below 1"
            elif name == "seed":
                right, within = one >= 0, "from 0 on"
            elif name == "depth":  # layer after layer is built, however many are asked for
                right, within = 0 < one <= _DEEPEST, f"from 1 to {_DEEPEST:,}"
            else:
                right, within = 0 < one < _LARGEST, f"over 0 and below {_LARGEST:,}"
            if not right:
                raise error(f"{what}: {name} = {value!r}", hint=f"give {name} {within}")


def merge_options(chosen: Options, given: Mapping[str, Any] | None, provider: str) -> Options:
    """Return the chosen options with the given ones in their place.

    Raises
    ------
    ConfigError
        For an option that the provider does not know.
    """
    unknown = sorted(set(given or {}) - set(chosen))
    if unknown:
        raise ConfigError(
            f"backbone {provider!r} has no option {unknown[0]!r}",
            hint=f"its options are: {', '.join(sorted(chosen))}",
        )
    return {**chosen, **(given or {})}
