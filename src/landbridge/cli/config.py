"""`landbridge config`: every key, its type, its default and what it means."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..base.config import OPTIONS, RunConfig
from . import options as o
from .frame import frame


@dataclass(frozen=True)
class Entry:
    """A key as it is listed."""

    key: str
    type: str
    default: Any
    value: Any
    doc: str


def config(
    config: o.ConfigFile = None,
    settings: o.Settings = None,
    as_json: o.AsJson = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """List every configuration key, or check a file.

    With --config or --set the values are checked and shown; what differs from its default
    stands out.
    """
    with frame(as_json=as_json, quiet=quiet, debug=debug) as this:
        from .settings import resolve

        keys = describe(resolve(config, settings, shown=True))
        this.result({"keys": list(map(vars, keys))}, lambda: _show(keys))


def describe(config: RunConfig) -> list[Entry]:
    """Return key, type, default, value and meaning of each field."""
    return [
        Entry(key, _type(option.type), option.default, config.at(key), option.help)
        for key, option in OPTIONS.items()
    ]


def _type(annotation: Any) -> str:
    """Return a type as one would say it: "int or none", "use | judge"."""
    text = annotation.__name__ if inspect.isclass(annotation) else str(annotation)
    if "Literal[" in text:
        import typing

        for part in [annotation, *typing.get_args(annotation)]:
            if typing.get_origin(part) is typing.Literal:
                choices = " | ".join(str(choice) for choice in typing.get_args(part))
                return choices + (" | null" if part is not annotation else "")
    for long, short in (("typing.", ""), ("str, Any", "str, any"), ("None", "null")):
        text = text.replace(long, short)
    return text if "[" not in text or "|" in text else text.partition("[")[0]


def _show(keys: Sequence[Entry]) -> None:
    from rich.text import Text

    from .tables import console, show_entries

    rows = []
    for item in keys:
        changed = item.value != item.default
        value = Text(_plain(item.value), style="bold green" if changed else "")
        rows.append([Text(item.key, "bold"), item.type, value, item.doc])
    out = console()
    show_entries(out, ["key", "type", "value", "meaning"], rows, keep=(0,))
    out.print("\nA file for --config holds the same keys, nested, as YAML or JSON.", style="dim")


def _plain(value: Any) -> str:
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
