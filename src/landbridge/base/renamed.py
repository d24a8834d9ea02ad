"""Options that have a new name: the old one works for one release, and a warning names the new.

One table serves configuration files, ``--set``, the command line and keywords in Python.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from .errors import ConfigError, old_name
from .typed import JsonObject, Options

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Renamed:
    """What an option is called now, and what its values are.

    Attributes
    ----------
    name : str
    values : mapping of str to str
        New words for old ones; others stay.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict)

    def value(self, value: Any) -> Any:
        """Return what a value is called now."""
        return self.values.get(value, value) if isinstance(value, str) else value


TARGET_TYPES = {"classes": "multiclass", "numbers": "regression", "several": "multilabel"}
"""What kinds of label were called."""
RENAMED: dict[str, Renamed] = {
    "data.answers": Renamed("target_type", TARGET_TYPES),
    "data.judge_fraction": Renamed("test_size"),
    "training.batch": Renamed("batch_size"),
    "training.rate": Renamed("learning_rate"),
}
"""By key of the configuration."""
KEYWORDS: dict[str, Renamed] = {key.rpartition(".")[2]: new for key, new in RENAMED.items()}
"""By keyword of Python."""
_OF_METHODS = {
    ("regularisation", "reg"): "bda coral easytl feature-map jda linear-map monge multi-monge "
    "sstca tca tjm",
    ("strengths", "alphas"): "discriminator feature-augmentation probe rulsif source-prior ulsif "
    "weighted-joint",
    ("map_strengths", "map_alphas"): "feature-map",
    ("strength", "alpha"): "l2-sp",
    ("shrinkage", "alpha"): "meda",
    ("strength", "laplacian_reg"): "laplacian-ot",
    ("width_factor", "bandwidth_factor"): "kmm",
    ("width_factors", "bandwidth_factors"): "kliep rulsif ulsif",
    ("answer_width", "answer_bandwidth"): "jan",
    ("neighbours", "n_neighbors"): "aad meda nrc sstca",
    ("n_neighbours", "n_neighbors"): "laplacian-ot",
    ("iterations", "max_iter"): "bda jda meda tjm",
    ("rounds", "max_iter"): "boosted-trees",
    ("rounds", "n_estimators"): "tradaboost tradaboost-r2",
    ("leaves", "max_leaf_nodes"): "boosted-trees",
    ("rate", "learning_rate"): "boosted-trees",
    ("rates", "learning_rate_factors"): "soup",
    ("batch", "batch_size"): "pretrain",
}
"""By old and new name: the methods and terms that have the option."""

_TERMS_ALONE = ("jan",)
"""Names of methods whose old options are those of the term alone."""


def renamed_options(name: str) -> dict[str, Renamed]:
    """Return the options of a method, or of a term, that have a new name, by the old one.

    Examples
    --------
    >>> renamed_options("coral")["regularisation"].name
    'reg'
    """
    return {old: Renamed(new) for (old, new), of in _OF_METHODS.items() if name in of.split()}


def renamed_method_options(
    method: str, values: Mapping[str, Any], *, stored: bool = False
) -> dict[str, Any]:
    """Return a method's options, or those of the terms that it joins, under the names of today.

    Examples
    --------
    >>> old = {"options": {"jan": {"answer_width": 2.0}}}
    >>> renamed_method_options("mcc+jan", old, stored=True)
    {'options': {'jan': {'answer_bandwidth': 2.0}}}
    """
    if "+" not in method and method != "combine":
        table = {} if method in _TERMS_ALONE else renamed_options(method)
        return renamed(values, table, stored=stored)
    found, terms = dict(values), values.get("options")
    if isinstance(terms, Mapping):
        found["options"] = {
            term: renamed(given, renamed_options(term), stored=stored)
            if isinstance(given, Mapping)
            else given
            for term, given in terms.items()
        }
    return found


def renamed(
    values: Mapping[str, Any],
    table: Mapping[str, Renamed] = KEYWORDS,
    *,
    current: Collection[str] = (),
    stored: bool = False,
) -> Options:
    """Return values under the names of today.

    Parameters
    ----------
    values : mapping
        By name.
    table : mapping of str to Renamed
    current : collection of str
        Names of today that a name in the table may be as well: these stay.
    stored : bool, default False
        Of a file that was written by us: nobody is warned.

    Raises
    ------
    ConfigError
        Where the old and the new name are both there.

    Examples
    --------
    >>> renamed({"answers": "classes", "seed": 1}, stored=True)
    {'target_type': 'multiclass', 'seed': 1}
    """
    found: Options = {}
    for name, value in values.items():
        new = None if name in current else table.get(name)
        if new is None:
            found[name] = value
            continue
        if new.name in values:
            raise _both(name, new.name)
        found[new.name] = new.value(value)
        if not stored:
            warn(name, new.name, value, found[new.name], stacklevel=3)
    return found


def _both(old: str, new: str) -> ConfigError:
    return ConfigError(
        f"{old} and {new} are the same option, and both are given",
        hint=f"leave out {old}, its old name",
    )


def warn(old: str, new: str, value: Any, now: Any, stacklevel: int = 2) -> None:
    """Say that a name is an old one."""
    what = f"{new} = {now!r}" if now is not value and now != value else new
    warnings.warn(old_name(old, what), stacklevel=stacklevel + 1)


def renamed_keys(values: Mapping[str, Any], *, stored: bool = False) -> JsonObject:
    """Return nested values of a configuration with the keys of today; see `renamed`.

    Examples
    --------
    >>> renamed_keys({"training": {"rate": 0.1}}, stored=True)
    {'training': {'learning_rate': 0.1}}
    """
    tables: dict[str, dict[str, Renamed]] = {}
    for key, new in RENAMED.items():
        section, _, name = key.rpartition(".")
        tables.setdefault(section, {})[name] = new
    return {
        name: renamed(inner, tables[name], stored=stored)
        if name in tables and isinstance(inner, Mapping)
        else inner
        for name, inner in values.items()
    }


def renamed_setting(key: str, value: Any) -> tuple[str, Any]:
    """Return a dotted key and its value as they are called today; see `renamed`.

    Examples
    --------
    >>> renamed_setting("training.steps", 5)
    ('training.steps', 5)
    """
    new = RENAMED.get(key)
    if new is None:
        return key, value
    now = f"{key.rpartition('.')[0]}.{new.name}"
    warn(key, now, value, new.value(value), stacklevel=3)
    return now, new.value(value)


def check_settings(keys: Collection[str]) -> None:
    """Raise ConfigError where dotted keys hold the old and the new name of one option."""
    for key in keys:
        if key in RENAMED and (now := f"{key.rpartition('.')[0]}.{RENAMED[key].name}") in keys:
            raise _both(key, now)


def renamed_words(words: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the words of a command line with the flags of today, and what was changed to what.

    Raises
    ------
    ConfigError
        Where the old and the new flag are both there.

    Examples
    --------
    >>> renamed_words(["plan", "--answers", "classes", "--rate=0.1"])[0]
    ['plan', '--target-type', 'multiclass', '--learning-rate=0.1']
    """
    flags = {_flag(name): new for name, new in KEYWORDS.items()}
    end = words.index("--") if "--" in words else len(words)
    there = {word.partition("=")[0] for word in words[:end]}
    found: list[str] = []
    changed: list[tuple[str, str]] = []
    for word in words[:end]:
        flag, equals, value = word.partition("=")
        new = flags.get(flag)
        before = flags.get(words[len(found) - 1]) if found else None
        if before is not None:  # the value of the flag before it
            found.append(before.value(word))
            if found[-1] != word:
                old, now = changed[-1]
                changed[-1] = (f"{old} {word}", f"{now} {found[-1]}")
        elif new is None:
            found.append(word)
        else:
            if _flag(new.name) in there:
                raise _both(flag, _flag(new.name))
            now = new.value(value)
            found.append(_flag(new.name) + equals + now)
            same = now == value
            changed.append((flag if same else word, _flag(new.name) if same else found[-1]))
    return [*found, *words[end:]], changed


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def renamed_keywords(function: _Function) -> _Function:
    """Let a function, or a class, take the old names of its keywords, with a warning."""
    if isinstance(function, type):
        function.__init__ = renamed_keywords(function.__init__)  # type: ignore[misc]
        return function

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **renamed(kwargs))

    return cast(_Function, called)
