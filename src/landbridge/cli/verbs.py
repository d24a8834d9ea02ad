"""What every verb does before its own work: options, the configuration they make, the frame."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import Any

from . import options as o
from .frame import Frame, frame

_FRAME: dict[str, tuple[Any, Any]] = {
    "config": (o.ConfigFile, None),
    "settings": (o.Settings, None),
    "as_json": (o.AsJson, False),
    "quiet": (o.Quiet, False),
    "debug": (o.Debug, False),
}
"""Options of every verb, with their defaults."""


@dataclass(frozen=True)
class Verb:
    """What a verb takes beside options of its own.

    Attributes
    ----------
    name : str
    options : tuple of str
        Of `options.OPTIONS`.
    keys : tuple of str or None
        Configuration keys that have an effect; None: all of them.
    """

    name: str
    options: tuple[str, ...]
    keys: tuple[str, ...] | None


VERBS: dict[str, Verb] = {}


def verb(
    name: str,
    *options: str,
    keys: tuple[str, ...] | None = (),
    defaults: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function of a frame, the configuration, and options of its own.

    Parameters
    ----------
    name : str
        What the command is called.
    *options : str
        Names in `options.OPTIONS`; their keys have an effect.
    keys : tuple of str or None
        Further keys that have one; None: every key.
    defaults : mapping, optional
        Values of keys where nothing else is said.
    """
    taken = None if keys is None else (*(o.OPTIONS[option][0] for option in options), *keys)
    VERBS[name] = Verb(name, options, taken)

    def command(body: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(body)
        def run(**given: Any) -> None:
            config, settings, *how = (given.pop(option) for option in _FRAME)
            named = {o.OPTIONS[option][0]: _value(option, given.pop(option)) for option in options}
            with frame(**dict(zip(("as_json", "quiet", "debug"), how, strict=True))) as this:
                from .settings import resolve, usable, use_threads

                if taken is None:
                    found = resolve(config, settings, named, defaults)
                else:
                    found = usable(name, taken, config, settings, named)
                    use_threads(found)
                body(this, found, **given)

        known = {"Frame": Frame, "RunConfig": Any}
        own = list(inspect.signature(body, locals=known, eval_str=True).parameters.values())[2:]
        shown = [
            *own,
            *(_parameter(option, o.OPTIONS[option][1], None) for option in options),
            *(_parameter(option, *about) for option, about in _FRAME.items()),
        ]
        ordered = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in shown]
        run.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # for typer
        run.__annotations__ = {one.name: one.annotation for one in ordered}
        return run

    return command


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _value(option: str, value: Any) -> Any:
    return o.names(value) if option in o.LISTS else value
