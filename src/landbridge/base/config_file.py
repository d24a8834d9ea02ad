"""Reading configuration files and values: YAML, JSON or TOML, within bounds, nothing lost."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import Any, NoReturn

from .errors import ConfigError
from .typed import JsonObject

LARGEST = 2**20
"""Bytes of a configuration file."""
DEEPEST = 40
MOST = 50_000
"""Values, each counted as often as an alias repeats it."""
_DIGITS = 40


def read_config_file(path: Path) -> JsonObject:
    """Read a YAML, JSON or TOML configuration file into nested values.

    The ending says which; whatever is neither ``.json`` nor ``.toml`` is YAML. Words of YAML are
    those of version 1.2: ``true``, ``false`` and ``null`` are values, ``no`` and ``2024-05-01``
    are text.

    Raises
    ------
    ConfigError
        Naming the file, where it is wrong, and what to do.
    """
    text = _text(path)
    kind = path.suffix.lower()
    try:
        if kind == ".json":
            values = _json(text)
        elif kind == ".toml":
            values = _toml(text)
        else:
            values = _yaml(text)
    except _NotReadable as error:
        raise ConfigError(f"{path} {error.said}", hint=error.hint or "correct the file") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(
            f"{path} holds a {_kind(values)}, expected keys and values",
            hint="write lines such as `method: mcc`; `landbridge config` lists every key",
        )
    return values


def read_value(text: str) -> Any:
    """Return what follows the = of a setting, read as YAML.

    Raises
    ------
    ConfigError
        Where it is not YAML.

    Examples
    --------
    >>> read_value("[a, 2]"), read_value("2024-05-01"), read_value("no")
    (['a', 2], '2024-05-01', 'no')
    """
    if len(text) > LARGEST:
        raise ConfigError(f"a value of {len(text):,} characters", hint="use --config")
    try:
        return _yaml(text)
    except _NotReadable as error:
        said = error.said.replace("is not YAML", "is not a YAML value")
        raise ConfigError(f"{_short(text)} {said}", hint=error.hint or "quote it") from error


class _NotReadable(Exception):
    def __init__(self, said: str, hint: str = "") -> None:
        super().__init__(said)
        self.said, self.hint = said, hint


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist", hint="check --config") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ConfigError(f"{path} cannot be read: {error}", hint="check --config") from error
    if len(raw) > LARGEST:
        raise ConfigError(
            f"{path} is larger than {LARGEST // 2**20} MB, which no configuration is",
            hint="check --config",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path} cannot be read as UTF-8: byte 0x{raw[error.start]:02x} in line {line}"
            + (" (it looks like UTF-16)" if wide else ""),
            hint="save it as UTF-8",
        ) from error


def _json(text: str) -> Any:
    import json

    def pairs(found: list[tuple[str, Any]]) -> JsonObject:
        made: JsonObject = {}
        for key, value in found:
            if key in made:
                raise _NotReadable(f"has the key {key!r} twice", "keep one of them")
            made[key] = value
        return made

    def constant(word: str) -> NoReturn:
        raise _NotReadable(f"holds {word}, which is no JSON", "give a number")

    if not text.strip():
        return None
    try:
        values = json.loads(
            text, object_pairs_hook=pairs, parse_constant=constant, parse_int=_whole_number
        )
    except json.JSONDecodeError as error:
        raise _NotReadable(f"is not JSON: {error}") from error
    except RecursionError as error:
        raise _NotReadable(f"is nested more than {DEEPEST} deep", "write it flat") from error
    _bounded(values)
    return values


def _toml(text: str) -> Any:
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _NotReadable(f"is not TOML: {error}") from error
    except (RecursionError, ValueError) as error:  # ValueError: thousands of digits
        raise _NotReadable(f"is not TOML that can be read: {error}") from error
    _bounded(values)
    return values


def _yaml(text: str) -> Any:
    import yaml

    try:
        _shallow(text)
        values = yaml.load(text, Loader=_loader())  # a safe one, of fewer types
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
        what = " ".join(part for part in (error.context, error.problem) if part)
        hint = ""
        if "\\t" in what or "'\\t'" in what:
            hint = "indent with spaces: YAML takes no tabs"
        raise _NotReadable(f"is not YAML: {what}{where}", hint) from error
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise _NotReadable(f"is not YAML: {said}") from error
    _bounded(values)
    return values


def _shallow(text: str) -> None:
    """Raise where YAML is nested deeper than it can be composed."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                at = f" (line {event.start_mark.line + 1})" if event.start_mark else ""
                raise _NotReadable(f"is nested more than {DEEPEST} deep{at}", "write it flat")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _bounded(values: Any) -> None:
    """Raise where aliases make more of a few lines than a configuration holds, or a circle.

    Keys have to be text, and values what JSON knows: a run's folder keeps them.
    """
    count = 0
    todo: list[tuple[Any, int]] = [(values, 0)]
    while todo:
        value, depth = todo.pop()
        count += 1
        if depth > DEEPEST:
            raise _NotReadable(f"is nested more than {DEEPEST} deep, or in a circle")
        if count > MOST:
            raise _NotReadable(f"holds more than {MOST:,} values, aliases written out")
        if isinstance(value, dict):
            for key, inner in value.items():
                if not isinstance(key, str):
                    raise _NotReadable(f"has the key {key!r}, which is no text", "quote it")
                todo.append((inner, depth + 1))
        elif isinstance(value, list):
            todo += [(inner, depth + 1) for inner in value]
        elif isinstance(value, float) and not math.isfinite(value):
            raise _NotReadable(f"holds {value}, which is no number", "give a number")
        elif not (value is None or isinstance(value, str | bool | int | float)):
            raise _NotReadable(f"holds {_short(str(value))} ({_kind(value)})", "quote it")


def _whole_number(text: str) -> int:
    if len(text) > _DIGITS:
        raise _NotReadable(f"holds a whole number of {len(text):,} digits", "give fewer")
    return int(text)


@lru_cache
def _loader() -> Any:
    """Return a loader of plain values, with the words of YAML 1.2 and each key once."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    core = "tag:yaml.org,2002:"
    kinds = ("null", "bool", "int", "float", "str", "seq", "map", "merge")
    Loader.yaml_constructors = {
        tag: made
        for tag, made in yaml.SafeLoader.yaml_constructors.items()
        if tag is None or tag.removeprefix(core) in kinds
    }
    Loader.yaml_implicit_resolvers = {}
    for name, pattern, first in (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("null", r"~|null|Null|NULL|", "~nN\0"),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
        (
            "float",
            r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
            r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            "-+.0123456789",
        ),
        ("merge", r"<<", "<"),
    ):
        starts = [*first.replace("\0", "")] + ([""] if "\0" in first else [])
        Loader.add_implicit_resolver(core + name, re.compile(f"^(?:{pattern})$"), starts)

    def whole(loader: Any, node: Any) -> int:
        text = str(node.value)
        if text.startswith(("0o", "0x")):
            return int(text[:_DIGITS], 0)
        return _whole_number(text)

    def fraction(loader: Any, node: Any) -> float:
        return float(str(node.value).lower().replace(".inf", "inf").replace(".nan", "nan"))

    def mapping(loader: Any, node: Any) -> Any:
        seen: dict[Hashable, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != f"{core}merge":
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise _NotReadable(
                        f"has the key {key.value!r} twice (lines {seen[key.value]} and {line})",
                        "keep one of them",
                    )
                seen[key.value] = line
        return yaml.SafeLoader.construct_yaml_map(loader, node)

    Loader.add_constructor(f"{core}int", whole)
    Loader.add_constructor(f"{core}float", fraction)
    Loader.add_constructor(f"{core}map", mapping)
    return Loader


def _kind(value: Any) -> str:
    return type(value).__name__


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
