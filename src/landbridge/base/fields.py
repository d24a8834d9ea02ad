"""An option, written once: a field of a dataclass, with what it means and how it is written.

pydantic checks such dataclasses and reads bounds and description from the same place; nothing here
imports it, so that `landbridge --help` need not.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin, get_type_hints


@dataclass(frozen=True, eq=False)
class Option:
    """What is known of a field.

    Attributes
    ----------
    key : str
        As configuration files and ``--set`` have it: "data.label".
    name : str
        As the command line and Python have it: "label".
    type : type
    default : Any
    help : str
    metavar : str or None
        What stands for the value on the command line, "" for a switch; None: there is no option.
    reads : str
        "rows" where it says how rows are read, "labels" where how labels are; "" elsewhere.
    """

    key: str
    name: str
    type: Any
    default: Any
    help: str
    metavar: str | None
    reads: str

    @property
    def flag(self) -> str:
        """How the command line writes it."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def many(self) -> bool:
        """Whether it takes several values, joined by commas on the command line."""
        return any(get_origin(part) is list for part in (self.type, *get_args(self.type)))


def option(
    default: Any, text: str, metavar: str | None = "", *, reads: str = "", **bounds: Any
) -> Any:
    """Return a field that is an option of the command line.

    Parameters
    ----------
    default : Any
        A type for an empty one of each object's own.
    text : str
        What it means, for `--help` and `landbridge config`.
    metavar : str or None
        What stands for the value; of a choice it is the choices, and a switch has none. None:
        the field is no option.
    reads : str
        See `Option`.
    **bounds
        What pydantic holds the value to: ``gt``, ``le``, ``min_length``, ...
    """
    about = {"description": text, "metavar": metavar, "reads": reads, **bounds}
    if isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata=about)
    return dataclasses.field(default=default, metadata=about)


def setting(
    default: Any, text: str, *, reads: str = "", tried: tuple[Any, ...] = (), **bounds: Any
) -> Any:
    """Return a field that only configuration files, ``--set`` and Python set; see `option`.

    `tried`: of a method's option, what is tried where it is "auto"; it cannot be without.
    """
    return option(default, text, None, reads=reads, **({"tried": tried} if tried else {}), **bounds)


@cache
def options_of(config: type) -> dict[str, Option]:
    """Return what is known of each field of a dataclass by its key, inner dataclasses in full."""
    found: dict[str, Option] = {}
    hints = get_type_hints(config)
    for field in dataclasses.fields(config):
        name, kind, about = field.name, hints[field.name], field.metadata
        if dataclasses.is_dataclass(kind):
            for one in options_of(kind).values():  # type: ignore[arg-type]
                key = f"{name}.{one.key}"
                found[key] = dataclasses.replace(one, key=key)
            continue
        made = field.default_factory
        default = field.default if made is dataclasses.MISSING else made()
        metavar = about.get("metavar")
        if metavar == "" and get_origin(kind) is Literal:
            metavar = "|".join(get_args(kind))
        text, reads = about.get("description", ""), about.get("reads", "")
        found[name] = Option(name, name, kind, default, text, metavar, reads)
    return found
