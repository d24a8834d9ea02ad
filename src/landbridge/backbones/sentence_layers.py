"""From tokens to one vector, and what stands behind it, as sentence-transformers computes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..base.errors import BackboneError, ConfigError
from .sentence_folder import ACTIVATIONS, POOLINGS, WEIGHTS
from .weights import load_exactly, read_tensors

_NAMED = ("pooler", "first", *POOLINGS)


def poolings(said: Any) -> list[str]:
    """Return the kinds of pooling that an option names: one, or several with commas or as a list.

    Raises
    ------
    ConfigError
        For a kind that there is not.
    """
    modes = said.replace(" ", "").split(",") if isinstance(said, str) else said
    if not isinstance(modes, list | tuple) or not modes:
        modes = [said]
    for mode in modes:
        if mode not in _NAMED:
            raise ConfigError(
                f"pooling is {mode!r}", hint=f"give one or more of: {', '.join(_NAMED)}"
            )
    if "pooler" in modes and len(modes) > 1:
        raise ConfigError("pooling is 'pooler' and others", hint="give 'pooler' alone")
    return list(modes)


def pooled(last: torch.Tensor, there: torch.Tensor, modes: Sequence[str], skip: int = 0) -> Any:
    """Return one vector a text.

    Parameters
    ----------
    last : Tensor, shape (n, tokens, dim)
    there : bool Tensor, shape (n, tokens)
        Which tokens are there; they may stand on either side.
    modes : sequence of str
        "first" or of `POOLINGS`.
    skip : int, default 0
        Tokens of a prompt, which are left out.
    """
    start = there.int().argmax(1)
    places = torch.arange(there.shape[1], device=there.device)[None, :] - start[:, None]
    kept = there & (places >= skip) if skip else there
    return torch.cat([_pooled(last, kept, places, mode) for mode in modes], 1)


def _pooled(
    last: torch.Tensor, there: torch.Tensor, places: torch.Tensor, mode: str
) -> torch.Tensor:
    if mode in ("first", "cls", "lasttoken"):
        at = there.int().argmax(1)
        if mode == "lasttoken":
            at = there.shape[1] - 1 - there.flip(1).int().argmax(1)
        return last[torch.arange(len(last), device=last.device), at]
    if mode == "max":
        found = last.masked_fill(~there.unsqueeze(-1), float("-inf")).amax(1)
        return torch.where(there.any(1, keepdim=True), found, torch.zeros_like(found))
    weights = there.to(last.dtype).unsqueeze(-1)
    if mode == "weightedmean":
        weights = weights * (places + 1).to(last.dtype).unsqueeze(-1)
    total = weights.sum(1).clamp(min=1)
    return (last * weights).sum(1) / (total.sqrt() if mode == "mean_sqrt_len_tokens" else total)


class Dense(nn.Module):
    """A linear layer, its activation, and the input beside it where that is added again."""

    def __init__(self, inputs: int, width: int, bias: bool, activation: str, residual: bool):
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ConfigError(
                f"a layer has the activation {activation!r}",
                hint=f"give one of: {', '.join(ACTIVATIONS)}",
            )
        self.linear = nn.Linear(inputs, width, bias=bias)
        self.activation = getattr(nn, activation)()
        self.add = residual
        if residual and inputs != width:
            self.residual = nn.Linear(inputs, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = self.activation(self.linear(x))
        if self.add:
            out = out + (self.residual(x) if hasattr(self, "residual") else x)
        return out


class LayerNorm(nn.Module):
    """Layer normalisation, its tensors named as sentence-transformers names them."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


class Normalise(nn.Module):
    """Every vector is brought to length 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(x, dim=-1)


class Truncate(nn.Module):
    """The first numbers of every vector."""

    def __init__(self, width: int):
        super().__init__()
        self.width = width

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, : self.width]


def build(layers: Sequence[Mapping[str, Any]], width: int) -> tuple[nn.Sequential, int]:
    """Return the layers behind a pooling, and how wide their output is.

    Raises
    ------
    BackboneError
        Where one does not fit what comes before it.
    """
    made: list[nn.Module] = []
    for layer in layers:
        try:
            module, width = _built(layer, width)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise BackboneError(
                f"{layer!r} is no layer behind a pooling: {error}",
                hint="give plain values as backbone.json of a run has them",
            ) from error
        made.append(module)
    return nn.Sequential(*made), width


def _built(layer: Mapping[str, Any], width: int) -> tuple[nn.Module, int]:
    kind, given = layer["kind"], {k: v for k, v in layer.items() if k not in ("kind", "path")}
    takes = given.get("inputs") or (given["width"] if kind == "layer_norm" else width)
    if takes != width:
        raise BackboneError(
            f"{layer.get('path', kind)} takes {takes} numbers, and {width} come",
            hint="get the model again: its parts do not belong together",
        )
    if kind == "dropout":
        return nn.Dropout(given["chance"]), width
    after = min(width, given["width"]) if kind == "truncate" else given.get("width", width)
    return _KINDS[kind](**given), after


_KINDS: dict[str, type[nn.Module]] = {
    "dense": Dense,
    "layer_norm": LayerNorm,
    "normalise": Normalise,
    "truncate": Truncate,
}


def load(made: nn.Sequential, layers: Sequence[Mapping[str, Any]], root: Path) -> None:
    """Read the weights of layers from their folders.

    Raises
    ------
    BackboneError
        Where a file is missing, damaged, or of other sizes.
    """
    for module, layer in zip(made, layers, strict=True):
        if "path" not in layer:
            continue
        folder = root / layer["path"]
        files = [folder / name for name in WEIGHTS]
        file = next((item for item in files if item.is_file()), files[0])
        tensors = {k: v.float() for k, v in read_tensors(file).items()}
        load_exactly(module, tensors, str(file))
