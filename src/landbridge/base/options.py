"""Options of methods and terms: dataclasses filled from plain values, checked by name and type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .errors import ConfigError
from .registry import nearest
from .renamed import KEYWORDS, renamed


def positive(**values: float | None) -> None:
    """Raise where one of these is given and is not a finite number over 0.

    Raises
    ------
    ConfigError
        Naming the option.

    Examples
    --------
    >>> positive(epochs=2.5, steps=None)
    """
    for name, value in values.items():
        if value is None:
            continue
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if not right or not 0 < value < float("inf"):
            raise ConfigError(f"{name} = {value!r}", hint=f"give {name} as a number over 0")


def _none(values: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Return what is named and is NaN, at any depth: no figure of a method may be."""
    found = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            found += [(f"{key}.{inner}", x) for inner, x in _none(value)]
        elif isinstance(value, float) and math.isnan(value):
            found.append((key, value))
    return found


def make_options(config: type, values: Mapping[str, Any], what: str) -> Any:
    """Make a configuration dataclass from plain values.

    Parameters
    ----------
    config : type
        A dataclass.
    values : mapping
        Field values; checked against the field types by pydantic.
    what : str
        For messages: "method 'dann'".

    Raises
    ------
    ConfigError
        All unknown names and wrong types at once.
    """
    from pydantic import TypeAdapter, ValidationError

    names = list(getattr(config, "__dataclass_fields__", {}))
    table = {old: new for old, new in KEYWORDS.items() if new.name in names}
    values = renamed(values, table, current=names)
    problems = []
    for key in values:
        if key not in names:
            near = nearest(key, names)
            problems.append(f"no option {key!r}" + (f" (did you mean {near!r}?)" if near else ""))
    problems += [f"{key} = {value!r}, which is no number" for key, value in _none(values)]
    if not problems:
        try:
            return TypeAdapter(config).validate_python(dict(values))
        except ValidationError as error:
            problems = [
                f"{'.'.join(map(str, p['loc']))} = {p['input']!r}: {p['msg']}"
                for p in error.errors()
            ]
    raise ConfigError(
        f"{what}: {'; '.join(problems)}", hint=f"its options: {', '.join(names) or 'none'}"
    )
