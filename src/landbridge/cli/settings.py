"""From options to one checked configuration: defaults < --config < options < --set."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..base.errors import ConfigError
from ..base.shown import to_json

if TYPE_CHECKING:
    from ..base.config import RunConfig

Values = dict[str, Any]


def resolve(
    file: Path | None,
    settings: Sequence[str] | None,
    named: Mapping[str, Any] | None = None,
    defaults: Mapping[str, Any] | None = None,
    *,
    shown: bool = False,
) -> RunConfig:
    """Return the configuration that all the options together ask for.

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
    shown : bool, default False
        Whether it is only looked at: then no code that it names is asked about.

    Raises
    ------
    ConfigError
        With everything that is wrong, not only the first thing.
    """
    values, problems = _collect(file, settings, named, defaults)
    config, more = _check(values)
    if config is None or problems:
        _fail(problems + more)
    if file is not None and not shown:
        _check_code(file, config)
    return config


def as_options(config: RunConfig, source: str, target: str) -> str:
    """Return a configuration as options of `landbridge transfer`, without what is the default.

    Examples
    --------
    >>> from landbridge.base.config import make_config
    >>> reading = {"label": "kind", "drop": ["a", "b c"], "max_rows": 9}
    >>> print(as_options(make_config({"data": reading, "offline": True}), "x.csv", "y.csv"))
    --source x.csv --target y.csv --label kind --drop 'a,b c' --offline --set data.max_rows=9
    """
    from ..base.config import known_keys, make_config
    from . import options as o

    flags = {key: name for name, (key, _) in o.OPTIONS.items() if name in o.TRANSFER}
    sides = {"source": source, "target": target}
    given = make_config(config.model_dump() | {"data": config.data.model_dump() | sides})
    values, usual = given.model_dump(), make_config({}).model_dump()
    words, others = [], []
    for key in sorted(known_keys(), key=[*flags, *known_keys()].index):
        value = _at(values, key)
        if value == _at(usual, key):
            continue
        name = flags.get(key, "").replace("_", "-")
        if not name or (isinstance(value, list) and any("," in str(one) for one in value)):
            said = value if isinstance(value, str) else to_json(value)
            others += ["--set", f"{key}={said}"]
        elif isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no-{name}")
        else:
            joined = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            words += [f"--{name}", joined]
    return shlex.join([*words, *others])


def use_threads(config: RunConfig) -> None:
    """Give torch as many threads as were asked for, if any were."""
    if config.training.threads is not None:
        import torch

        torch.set_num_threads(config.training.threads)


def usable(
    verb: str,
    keys: Sequence[str],
    file: Path | None,
    settings: Sequence[str] | None,
    named: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Return the configuration of a verb that can use only some `keys`.

    A key that would be silently without effect is an error, like an unknown one.

    Raises
    ------
    ConfigError
        With everything that is wrong.
    """
    values, problems = _collect(file, settings, named, None)
    config, more = _check(values)
    problems += more
    from ..base.config import known_keys

    known = known_keys()
    useless = [key for key in _flat(values, known) if key in known and key not in keys]
    if useless:
        takes = f"only {', '.join(keys)}" if keys else "no configuration key at all"
        problems.append(f"`landbridge {verb}` cannot use {', '.join(useless)}: it takes {takes}")
    if config is None or problems:
        _fail(problems)
    if file is not None:
        _check_code(file, config)
    return config


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
) -> tuple[Values, list[str]]:
    """Return nested values and what was wrong in reading them."""
    from ..base.config import apply_settings
    from ..base.config_file import read_config_file

    values: Values = {}
    problems: list[str] = []
    for key, value in (defaults or {}).items():
        _put(values, key, value)
    if file is not None:
        try:
            of_file = read_config_file(file)
        except ConfigError as error:
            problems.append(_said(error))
        else:
            problems += [f"{file}: {problem}" for problem in _check(of_file)[1]]
            if not problems:
                _merge(values, of_file)
    for key, value in (named or {}).items():
        if value is not None:
            _put(values, key, value)
    for setting in settings or ():
        try:
            values = apply_settings(values, [setting])
        except ConfigError as error:
            problems.append(_said(error))
    return values, problems


def _check(values: Values) -> tuple[RunConfig | None, list[str]]:
    from ..base.config import make_config

    try:
        return make_config(values), []
    except ConfigError as error:
        return None, [error.found]


def _said(error: ConfigError) -> str:
    usual = "" if error.do.startswith("`landbridge config`") else f" ({error.do})"
    return error.found + usual * bool(error.do)


def _fail(problems: list[str]) -> NoReturn:
    raise ConfigError("; ".join(problems), do="`landbridge config` lists every key")


def _put(values: Values, key: str, value: Any) -> None:
    *path, last = key.split(".")
    for part in path:
        inner = values.get(part)
        if not isinstance(inner, dict):  # None, or something that the check below complains of
            inner = values[part] = {}
        values = inner
    values[last] = value


def _at(values: Mapping[str, Any], key: str) -> Any:
    for part in key.split("."):
        values = values[part]
    return values


def _merge(values: Values, more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(values.get(key), dict):
            _merge(values[key], value)
        else:
            values[key] = value


def _flat(values: Mapping[str, Any], known: Sequence[str], prefix: str = "") -> list[str]:
    keys = []
    for name, value in values.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and key not in known:
            keys += _flat(value, known, f"{key}.")
        else:
            keys.append(key)
    return keys
