"""What a configuration asks for, checked before any data are read or a folder is begun."""

from __future__ import annotations

from typing import Any

from ..backbones.open import check_backbone
from ..base.config import RunConfig
from ..base.errors import ConfigError
from ..domains.holdout.base import split_rule
from ..methods.core.resolve import Methods, named_epochs
from ..targets.registry import AUTO, get_target_type
from ..training.devices import find_device
from .source_model import is_run


def check_asked(config: RunConfig, source: Any = None) -> Methods:
    """Raise where an option cannot be right, or would be without effect; return the methods.

    Parameters
    ----------
    config : RunConfig
    source : optional
        An object that takes the place of ``config.data.source``.

    Raises
    ------
    ConfigError, BackboneError
        Naming the option, and what would have an effect.
    """
    methods = Methods(config.method, config.method_options)
    named = config.method != "auto"
    if named:
        method = methods[config.method]
        passes = [f"{key} = {value:g}" for key, value in named_epochs(method).items()]
        if passes and config.training.steps is not None:
            raise ConfigError(
                f"training.steps = {config.training.steps:,} stands in the place of "
                f"{' and '.join(passes)}",
                hint="name one of them",
            )
        if config.candidates is not None:
            raise ConfigError(
                f"candidates = {config.candidates}, and the method is named ({config.method}), so "
                "nothing is compared",
                hint="leave candidates out, or let --method auto choose among them",
            )
        if config.teacher is not None and not method.needs.teacher:
            raise ConfigError(
                f"a teacher is named, and method {config.method!r} does not learn from one",
                hint="name a method with distil in it (distil, distil+mcc), let --method auto "
                "choose, or leave the teacher out",
            )
    elif config.method_options:
        options = ", ".join(f"{key} = {value!r}" for key, value in config.method_options.items())
        raise ConfigError(
            f"method_options ({options}) would be without effect: --method is auto, which tries "
            "each method as it is",
            hint="name the method that they are options of: --method NAME",
        )
    _check_candidates(config.candidates, methods)
    if is_run(config.data.source if source is None else source):
        if config.backbone_options:
            raise ConfigError(
                f"backbone_options ({', '.join(config.backbone_options)}) would be without "
                "effect: the source is a run, whose model has a backbone of its own",
                hint="leave them out",
            )
    else:
        check_backbone(config.backbone, config.backbone_options)
    if config.data.target_type != AUTO:
        get_target_type(config.data.target_type)
    split_rule(config.data.holdout)
    find_device(config.training.device)
    _check_domains(config, source)
    return methods


def _check_candidates(names: list[str] | None, methods: Methods) -> None:
    if names is None:
        return
    if not names:
        raise ConfigError("candidates is an empty list", hint="name some, or leave it out")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"candidates names {', '.join(twice)} twice", hint="name each once")
    for name in names:
        methods[name]  # one that does not exist is an error


def _check_domains(config: RunConfig, source: Any) -> None:
    data = config.data
    if data.source_domains and not data.target_domains:
        raise ConfigError("source_domains without target_domains", hint="add --target-domains")
    if data.target_domains and (source is not None or data.source is not None):
        raise ConfigError(
            "--source was given, and --target-domains takes both sides out of --target",
            hint="leave --source out",
        )
