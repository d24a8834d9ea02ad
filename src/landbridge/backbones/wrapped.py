"""Any torch module as a backbone: one vector an example, and stages, found from the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ..base.errors import BackboneError
from .base import Backbone


class WrappedModule(Backbone):
    """A module that was not made for this, reduced to one feature vector an example.

    Parameters
    ----------
    module : Module
        Taking one float32 tensor, first axis n.
    shape : sequence of int
        Of one input.
    cut : str, optional
        Name of a submodule, such as ``"fc"``, that is taken off: the old head.
    channels_last : bool
        Whether it wants images as (n, height, width, channels).
    called : str
        For messages.

    Notes
    -----
    Output float32 (n, dim). Of a mapping or an object the ``pooler_output``, else the
    ``last_hidden_state``; of a tuple the first. Maps and tokens are averaged over their places.

    Raises
    ------
    BackboneError
        Where it cannot be asked, or answers with nothing of these.
    """

    def __init__(
        self,
        module: nn.Module,
        shape: Sequence[int],
        *,
        cut: str | None = None,
        channels_last: bool = False,
        called: str = "the module",
    ) -> None:
        super().__init__()
        if cut:
            _cut(module, cut, called)
        self.module = module
        self.channels_last = channels_last
        training = module.training
        try:
            with torch.inference_mode():
                found = self.eval()(torch.zeros(2, *shape))
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise BackboneError(
                f"{called} was given float32 of shape (2, {', '.join(map(str, shape))}) and "
                f"raised {type(error).__name__}: {error}",
                hint="make it take such a tensor, or say what it takes with --backbone-options "
                "(size, channels, seconds, rate)",
            ) from error
        if found.ndim != 2 or len(found) != 2:
            raise BackboneError(
                f"{called} gives shape {tuple(found.shape)} for two examples, expected one vector "
                "for each, or a map or tokens that can be averaged",
                hint="let it return features, or name the old head to take off with cut=NAME",
            )
        self.dim = int(found.shape[1])
        self.train(training)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.channels_last and x.ndim == 4:
            x = x.permute(0, 2, 3, 1)
        out = _tensor(self.module(x))
        if out.ndim == 4:
            out = out.mean((1, 2) if self.channels_last else (2, 3))
        elif out.ndim == 3:
            out = out.mean(1)
        return out.float()

    def stages(self) -> list[tuple[str, list[nn.Module]]]:
        found = _split("", self.module)
        if found is None:
            return [("module", [self.module])] if _has_parameters(self.module) else []
        held = [id(p) for _, parts in found for m in parts for p in m.parameters()]
        if len(set(held)) < len(held):  # weights shared between parts are one stage
            return [("module", [self.module])]
        return found


def _split(prefix: str, module: nn.Module) -> list[tuple[str, list[nn.Module]]] | None:
    """Return children with parameters, lists of them item by item; None where there is no way.

    A shell round one child is looked into. What is itself a list is not split twice.
    """
    if next(module.parameters(recurse=False), None) is not None:
        return None
    children = [(n, child) for n, child in module.named_children() if _has_parameters(child)]
    if len(children) == 1 and not _listed(module):
        name, child = children[0]
        return _split(f"{prefix}{name}.", child) or [(f"{prefix}{name}", [child])]
    groups: list[tuple[str, list[nn.Module]]] = []
    for name, child in children:
        items = [(n, part) for n, part in child.named_children() if _has_parameters(part)]
        if _listed(child) and not _listed(module) and len(items) > 1:
            groups += [(f"{prefix}{name}.{n}", [part]) for n, part in items]
        else:
            groups.append((f"{prefix}{name}", [child]))
    return groups


def _listed(module: nn.Module) -> bool:
    return type(module) in (nn.Sequential, nn.ModuleList)


def _has_parameters(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _tensor(out: Any) -> torch.Tensor:
    if isinstance(out, torch.Tensor):
        return out
    for name in ("pooler_output", "last_hidden_state"):
        held = out.get(name) if hasattr(out, "get") else getattr(out, name, None)
        if isinstance(held, torch.Tensor):
            return held
    if isinstance(out, tuple | list) and out and isinstance(out[0], torch.Tensor):
        return out[0]
    raise TypeError(f"it returned {type(out).__name__}, expected a tensor")


def _cut(module: nn.Module, name: str, called: str) -> None:
    parent, _, last = name.rpartition(".")
    try:
        module.get_submodule(name)
        setattr(module.get_submodule(parent), last, nn.Identity())
    except AttributeError as error:
        parts = [child for child, _ in module.named_children()]
        raise BackboneError(
            f"{called} has no part {name!r} to take off", hint=f"its parts are: {', '.join(parts)}"
        ) from error
