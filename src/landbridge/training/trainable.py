"""Which parameters of a network move: named choices, each a function of the network."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from ..backbones.surgery import Network
from ..base.errors import ConfigError
from ..base.registry import nearest

Chosen = set[int]
"""Identities of the parameters that move."""

NORMS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
"""Normalisation by torch; others count by their name."""


def moving_parameters(network: Network, trainable: str) -> Chosen:
    """Return the ids of the parameters that move.

    Parameters
    ----------
    network : Network
    trainable : str
        "all"; "head"; "backbone": all but the head; "norms": scales and shifts of
        normalisation, and the head; "biases": biases, and the head (BitFit; Zaken et al., 2022,
        ACL); "adapters": what an adapter added, and the head; "last:2": the last two stages and
        the head; "stages:a,b": the stages named a and b, and the head. "surgical:1" is
        "stages:..." once the loop has chosen (`training/surgical.py`).

    Raises
    ------
    ConfigError
        For another word, a count that is none, or a stage that the backbone lacks.
    """
    word, _, argument = trainable.partition(":")
    if word not in CHOICES:
        near = nearest(word, CHOICES)
        raise ConfigError(
            f"moves = {trainable!r}" + (f" (did you mean {near!r}?)" if near else ""),
            hint=f"write one of {', '.join(CHOICES)}",
        )
    return CHOICES[word](network, argument)


def _ids(*modules: nn.Module) -> Chosen:
    return {id(p) for module in modules for p in module.parameters()}


def _all(network: Network, argument: str) -> Chosen:
    return _ids(network)


def _head(network: Network, argument: str) -> Chosen:
    return _ids(network.head)


def _backbone(network: Network, argument: str) -> Chosen:
    return _ids(network.backbone)


def is_norm(module: nn.Module) -> bool:
    """Say whether a module normalises: by its type, or by the name that models give it."""
    return isinstance(module, NORMS) or type(module).__name__.endswith(("Norm", "Norm2d"))


def _norms(network: Network, argument: str) -> Chosen:
    norms = [m for m in network.backbone.modules() if is_norm(m)]
    if not norms:
        raise ConfigError(
            "moves = 'norms', and the backbone has no normalisation layer",
            hint="choose another method, such as bias-tuning or lora",
        )
    return _ids(*norms) | _ids(network.head)


def _biases(network: Network, argument: str) -> Chosen:
    biases = {
        id(p)
        for name, p in network.backbone.named_parameters()
        if name.rsplit(".", 1)[-1] == "bias"
    }
    if not biases:
        raise ConfigError(
            "moves = 'biases', and the backbone has no bias", hint="choose another method"
        )
    return biases | _ids(network.head)


def _adapters(network: Network, argument: str) -> Chosen:
    added = {id(p) for name, p in network.backbone.named_parameters() if ".lora_" in name}
    if not added:
        raise ConfigError("moves = 'adapters', and the backbone has none", hint="use method lora")
    return added | _ids(network.head)


def _last(network: Network, argument: str) -> Chosen:
    if not argument.isdigit() or not int(argument):
        raise ConfigError(f"moves = 'last:{argument}'", hint="write last:1, last:2, ...")
    count = int(argument)
    stages = network.backbone.stages()
    modules = [m for _, group in stages[max(0, len(stages) - count) :] for m in group]
    return _ids(*modules, network.head)


def _stages(network: Network, argument: str) -> Chosen:
    stages = dict(network.backbone.stages())
    names = [name for name in argument.split(",") if name]
    strange = [name for name in names if name not in stages]
    if strange or not names:
        raise ConfigError(
            f"moves = 'stages:{argument}': no stage {', '.join(strange) or 'named'}",
            hint=f"stages of this backbone: {', '.join(stages) or 'none'}",
        )
    return _ids(*(m for name in names for m in stages[name]), network.head)


def _surgical(network: Network, argument: str) -> Chosen:
    raise ConfigError(
        f"moves = 'surgical:{argument}' is chosen at a phase's first step, by gradients",
        hint="train with it: nothing moves by that name before",
    )


CHOICES: dict[str, Callable[[Network, str], Chosen]] = {
    "all": _all,
    "head": _head,
    "backbone": _backbone,
    "norms": _norms,
    "biases": _biases,
    "adapters": _adapters,
    "last": _last,
    "stages": _stages,
    "surgical": _surgical,
}
