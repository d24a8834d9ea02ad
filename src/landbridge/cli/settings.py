"""From options to one checked configuration: defaults < --config < options < --set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..base.config import OPTIONS, RunConfig, apply_settings, make_config
from ..base.errors import ConfigError
from ..base.renamed import check_settings, renamed_keys
from ..base.typed import JsonObject


def resolve(
    file: Path | None,
    settings: Sequence[str] | None,
    named: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    *,
    verb: str = "",
    keys: Sequence[str] | None = None,
    shown: bool = False,
) -> RunConfig:
    """Return the configuration that all the options together ask for.

    A key that would be silently without effect is an error, like an unknown one.

    Parameters
    ----------
    file : Path, optional
        What `--config` named.
    settings : sequence of str, optional
        What `--set` gave, each "a.b=v".
    named : mapping, optional
        Dotted key to the value of the verb's own option; None where it was not given, and
        then it overrides nothing.
    defaults : mapping, optional
        Dotted key to a default of the verb itself (the demo has some).
    verb : str
        For messages.
    keys : sequence of str, optional
        Those that the verb can use, where it cannot use all.
    shown : bool, default False
        Whether it is only looked at: then no code that it names is asked about.

    Raises
    ------
    ConfigError
        With everything that is wrong, not only the first thing.
    """
    values, problems = _collect(file, settings, named, defaults)
    config, more = _check(values)
    problems += more
    useless = [] if keys is None else [k for k in _flat(values) if k in OPTIONS and k not in keys]
    if useless:
        takes = f"only {', '.join(keys)}" if keys else "no configuration key at all"
        problems.append(f"`landbridge {verb}` cannot use {', '.join(useless)}: it takes {takes}")
    if config is None or problems:
        raise ConfigError("; ".join(problems), hint="`landbridge config` lists every key")
    if file is not None and not shown:
        _check_code(file, config)
    return config


def use_threads(config: RunConfig) -> None:
    """Give torch as many threads as were asked for, if any were."""
    if config.training.threads is not None:
        import torch

        torch.set_num_threads(config.training.threads)


def _check_code(file: Path, config: RunConfig) -> None:
    """Ask about code that a folder's own configuration names.

    Who gives a file of their own has named what is in it; who gives a folder's has not.
    """
    from ..artifacts.state import RUN_STATE, STATE

    places = (file.parent, file.resolve().parent)
    if not any((place / name).exists() for place in places for name in (RUN_STATE, STATE)):
        return
    from ..backbones.named import require_named
    from ..base.config_file import read_config_file

    given = read_config_file(file)
    if given.get("backbone") == config.backbone or given.get("backbone_options"):
        require_named(config.backbone, config.backbone_options)


def _collect(
    file: Path | None,
    settings: Sequence[str] | None,
    named: Mapping[str, Any] | None,
    defaults: Mapping[str, Any] | None,
) -> tuple[JsonObject, list[str]]:
    """Return nested values and what was wrong in reading them."""
    from ..base.config_file import read_config_file

    values: JsonObject = {}
    problems: list[str] = []
    for key, value in (defaults or {}).items():
        _put(values, key, value)
    if file is not None:
        try:
            of_file = renamed_keys(read_config_file(file))
        except ConfigError as error:
            problems.append(_said(error))
        else:
            problems += [f"{file}: {problem}" for problem in _check(of_file)[1]]
            if not problems:
                _merge(values, of_file)
    for key, value in (named or {}).items():
        if value is not None:
            _put(values, key, value)
    try:
        check_settings([setting.partition("=")[0] for setting in settings or ()])
    except ConfigError as error:
        problems.append(_said(error))
    for setting in settings or ():
        try:
            values = apply_settings(values, [setting])
        except ConfigError as error:
            problems.append(_said(error))
    return values, problems


def _check(values: JsonObject) -> tuple[RunConfig | None, list[str]]:
    try:
        return make_config(values), []
    except ConfigError as error:
        return None, [_said(error)]


def _said(error: ConfigError) -> str:
    usual = "" if error.hint.startswith("`landbridge config`") else f" ({error.hint})"
    return error.message + usual * bool(error.hint)


def _put(values: JsonObject, key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        inner = values.get(part)
        if not isinstance(inner, dict):  # None, or something that the check below complains of
            inner = values[part] = {}
        values = inner
    values[last] = value


def _merge(values: JsonObject, more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = value


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    keys = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        inner = isinstance(value, dict) and key not in OPTIONS
        keys += _flat(value, f"{key}.") if inner else [key]
    return keys
