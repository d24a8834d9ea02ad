"""`landbridge config`: every key, its type, its default and what it means."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

from . import options as o
from .frame import frame


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

        resolved = resolve(config, settings, shown=True)
        keys = describe(type(resolved), resolved)
        this.result({"keys": keys}, lambda: _show(keys))


def describe(model: Any, values: Any, prefix: str = "") -> list[dict[str, Any]]:
    """Return key, type, default, value and meaning of each field, inner models in full."""
    from pydantic import BaseModel

    docs = _docs(model)
    found: list[dict[str, Any]] = []
    for name, field in model.model_fields.items():
        value = getattr(values, name)
        if isinstance(value, BaseModel):
            found += describe(type(value), value, f"{prefix}{name}.")
            continue
        found.append(
            {
                "key": f"{prefix}{name}",
                "type": _type(field.annotation),
                "default": field.get_default(call_default_factory=True),
                "value": value,
                "doc": field.description or docs.get(name, ""),
            }
        )
    return found


def _docs(model: type) -> dict[str, str]:
    """Return the string below each attribute: pydantic keeps it only where asked to."""
    body = ast.parse(textwrap.dedent(inspect.getsource(model))).body[0]
    found: dict[str, str] = {}
    name = None
    for node in getattr(body, "body", ()):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found[name] = " ".join(str(node.value.value).split())
            name = None
        else:
            name = None
    return found


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


def _show(keys: list[dict[str, Any]]) -> None:
    from rich.text import Text

    from .tables import console, show_entries

    rows = []
    for item in keys:
        changed = item["value"] != item["default"]
        value = Text(_plain(item["value"]), style="bold green" if changed else "")
        rows.append([Text(item["key"], "bold"), item["type"], value, item["doc"]])
    out = console()
    show_entries(out, ["key", "type", "value", "meaning"], rows, keep=(0,))
    out.print("\nA file for --config holds the same keys, nested, as YAML or JSON.", style="dim")


def _plain(value: Any) -> str:
    return (
        "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
