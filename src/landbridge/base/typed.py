"""Records read from JSON: what is in a file is checked against its shape before it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from .errors import LandbridgeError, RunError
from .files import read_json

JsonObject = dict[str, Any]
"""An object of a JSON file: what borders give and take, where it is no record yet or any more."""

Options = dict[str, Any]
"""What a user gives to a method, a term or a backbone by name: each declares its own."""

EvalResult = dict[str, Any]
"""What `evaluate` says of new data: figures that the kind of label, or of folder, has."""

Notes = dict[str, object]
"""What a method says of a fit, for people: strengths, errors, counts, words; each has its own."""

Shape = Any
"""What a value must be: a type; `number`, `amount`, `count`; ``[shape]`` for a list, ``[a, b]`` for
a list of just these; ``{str: shape}`` for names of any kind; ``{"key": shape, "key?": shape}`` for
a record, whose other keys are left alone; a tuple of shapes, one of which it is; None for null;
`object` for anything."""


INTERVAL = {"value": float, "low": float, "high": float}


class number:
    """An int or float that is finite."""


class amount:
    """A finite number from 0 on."""


class count:
    """A whole number from 0 on that an array may be long."""


_GREATEST = 2**53
_NAMES: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    number: "a finite number",
    amount: "a finite number from 0 on",
    count: "a whole number from 0 on",
    None: "null",
    list: "a list",
    dict: "keys and values",
}


def read_checked(path: Path | str, shape: Shape) -> Any:
    """Read JSON of a known shape.

    Raises
    ------
    RunError
        Naming the file, the key, what is there and what is expected.
    """
    return checked(read_json(path), shape, str(path))


def checked(
    value: Any,
    shape: Shape,
    where: str,
    *,
    error: type[LandbridgeError] = RunError,
    hint: str = "restore the file, or make the folder again",
) -> Any:
    """Return a value of the shape.

    Parameters
    ----------
    value : Any
        As it came from JSON.
    shape : Shape
    where : str
        The file, for messages.
    error : type, default RunError
    do : str

    Raises
    ------
    LandbridgeError
        Of the kind `error`.

    Examples
    --------
    >>> checked({"rows": 3}, {"rows": count, "note?": str}, "facts.json")
    {'rows': 3}
    """
    problem = misfit(value, shape)
    if problem is not None:
        key, found = problem
        raise error(f"{where} is damaged: {f'{key} is ' if key else 'it holds '}{found}", hint=hint)
    return value


def misfit(value: Any, shape: Shape, at: str = "") -> tuple[str, str] | None:
    """Return where a value does not have the shape and what is wrong there, None where it has."""
    if isinstance(shape, tuple):
        problems = [misfit(value, one, at) for one in shape]
        if None in problems:
            return None
        # What is said is of the alternative that fits best: the one that fails deepest.
        found = [p for p in problems if p is not None]
        deepest = max(found, key=lambda p: len(p[0]))
        if deepest[0] != at:
            return deepest
        expected = " or ".join(_name(one) for one in shape)
        return at, f"{_shown(value)}, expected {expected}"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return at, f"{_shown(value)}, expected a list"
        if len(shape) > 1 and len(value) != len(shape):
            return at, f"a list of {len(value)}, expected {len(shape)}"
        for i, inner in enumerate(value):
            one = shape[i] if len(shape) > 1 else shape[0]
            if problem := misfit(inner, one, f"{at}[{i}]"):
                return problem
        return None
    if isinstance(shape, dict):
        return _record(value, shape, at)
    if shape is object or _is(value, shape):
        return None
    return at, f"{_shown(value)}, expected {_name(shape)}"


def wrong_field(made: Any, at: str = "") -> str:
    """Return what is wrong with the fields of a dataclass, and of those in it; "" where nothing is.

    Values have to be of the fields' types, whole numbers such as arrays can be long, others finite.
    """
    from pydantic import TypeAdapter, ValidationError
    from pydantic.errors import PydanticUserError

    hints = get_type_hints(type(made))
    for field in fields(made):
        value, name = getattr(made, field.name), f"{at}{field.name}"
        inner = value if isinstance(value, tuple) else (value,)
        for i, one in enumerate(inner):
            where = f"{name}[{i}]" if isinstance(value, tuple) else name
            if isinstance(one, bool | str) or one is None:
                continue
            if is_dataclass(one) and not isinstance(one, type):
                if problem := wrong_field(one, f"{where}."):
                    return problem
            elif isinstance(one, int | float) and not _is(one, number):
                return f"{where} is {_shown(one)}, expected {_name(number)}"
            elif isinstance(one, int) and not -1 <= one < 2**31:
                return f"{where} is {_shown(one)}, expected {_name(count)}"
        if any(is_dataclass(one) for one in inner):
            continue
        try:
            TypeAdapter(hints[field.name]).validate_python(value, strict=True)
        except ValidationError as error:
            return f"{name} is {_shown(value)}: {error.errors()[0]['msg']}"
        except PydanticUserError:  # of a class of ours that pydantic knows nothing of
            continue
    return ""


def _record(value: Any, shape: Mapping[Any, Shape], at: str) -> tuple[str, str] | None:
    if not isinstance(value, dict):
        return at, f"{_shown(value)}, expected keys and values"
    if str in shape:
        for key, inner in value.items():
            if problem := misfit(inner, shape[str], f"{at}.{key}".lstrip(".")):
                return problem
        return None
    for key, one in shape.items():
        name = key.removesuffix("?")
        if name not in value:
            if key == name:
                return f"{at}.{name}".lstrip("."), "missing"
        elif problem := misfit(value[name], one, f"{at}.{name}".lstrip(".")):
            return problem
    return None


def _is(value: Any, shape: Shape) -> bool:
    if shape is None:
        return value is None
    if shape in (number, amount, count, int, float):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if shape is float:
            return not isinstance(value, int) or abs(value) < _GREATEST
        if isinstance(value, float) and (shape in (count, int) or not math.isfinite(value)):
            return False
        return abs(value) < _GREATEST and (shape not in (amount, count) or value >= 0)
    return isinstance(value, shape)


def _name(shape: Shape) -> str:
    if isinstance(shape, list):
        return "a list"
    if isinstance(shape, dict):
        return "keys and values"
    if isinstance(shape, tuple):
        return " or ".join(_name(one) for one in shape)
    return _NAMES.get(shape, getattr(shape, "__name__", str(shape)))


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return f"{_NAMES[dict if isinstance(value, dict) else list]} ({len(value)})"
    if value is None:
        return "null"
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a very long number"
    return text if len(text) <= 60 else f"{text[:57]}..."
