"""What every verb does before its own work: options, the configuration they make, the frame."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Annotated, Any, get_args, get_origin

from ..base.config import OPTIONS as KEYS
from ..base.fields import options_of
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
THREADS = "training.threads"
"""The key that no function takes: the process has it."""


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
    fields: Sequence[type] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function of a frame and options of its own.

    Parameters
    ----------
    name : str
        What the command is called.
    *options : str
        Names in `options.OPTIONS`; their keys have an effect.
    keys : tuple of str or None
        Further keys that have one; None: every key.
    fields : sequence of dataclass
        Whose fields are options of the verb as well, see `landbridge.base.fields`.
    defaults : mapping, optional
        Values of keys where nothing else is said.
    """
    taken = None if keys is None else (*(o.OPTIONS[option].key for option in options), *keys)
    VERBS[name] = Verb(name, options, taken)
    more = {one.name: one for kind in fields for one in options_of(kind).values()}
    more = {name: one for name, one in more.items() if one.metavar is not None}

    def command(body: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(body)
        def run(**given: Any) -> None:
            config, settings, *how = (given.pop(option) for option in _FRAME)
            named = {o.OPTIONS[option].key: _value(option, given.pop(option)) for option in options}
            own = {option: given.pop(option) for option in more}
            with frame(**dict(zip(("as_json", "quiet", "debug"), how, strict=True))) as this:
                from .settings import resolve, use_threads

                this.config = resolve(config, settings, named, defaults, verb=name, keys=taken)
                if taken is not None:  # a transfer sets its threads by itself
                    use_threads(this.config)
                keys = KEYS if taken is None else taken
                this.given = this.config.given(set(keys) - {THREADS}) | own
                body(this, **given)

        signature = inspect.signature(body, locals={"Frame": Frame}, eval_str=True)
        shown = [
            *map(_flagged, [*signature.parameters.values()][1:]),
            *(_parameter(option, o.typed(one), one.default) for option, one in more.items()),
            *(_parameter(option, o.typed(o.OPTIONS[option]), None) for option in options),
            *(_parameter(option, *about) for option, about in _FRAME.items()),
        ]
        ordered = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in shown]
        run.__signature__ = inspect.Signature(ordered)  # type: ignore[attr-defined]  # for typer
        run.__annotations__ = {one.name: one.annotation for one in ordered}
        return run

    return command


def _parameter(name: str, annotation: Any, default: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _flagged(parameter: Parameter) -> Parameter:
    """Return a parameter whose option is named outright.

    typer 0.27.2 takes ``metavar="METHOD"`` of a parameter `method` for the option's name.
    """
    if get_origin(parameter.annotation) is not Annotated:
        return parameter
    kind, about = get_args(parameter.annotation)
    if getattr(about, "param_decls", None) != ():
        return parameter
    about = copy.copy(about)
    name = parameter.name.replace("_", "-")
    about.param_decls = (f"--{name}/--no-{name}" if kind is bool else f"--{name}",)
    return parameter.replace(annotation=Annotated[kind, about])


def _value(option: str, value: Any) -> Any:
    return o.names(value) if o.OPTIONS[option].many else value
