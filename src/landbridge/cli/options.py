"""What typer shows of an option: of those of the configuration, and of what all verbs take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from ..base.config import OPTIONS as KEYS
from ..base.config import RECIPE
from ..base.fields import Option

AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object on stdout, everything else on stderr.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress; warnings and the result only.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="YAML or JSON file of configuration keys."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Set one configuration key, such as training.steps=500; may be repeated. "
        "It wins over every other option and over --config.",
    ),
]


def argument(metavar: str, text: str) -> Any:
    """Return what typer is told of an argument."""
    return typer.Argument(metavar=metavar, help=text)


def own(metavar: str, text: str) -> Any:
    """Return what typer is told of an option that one verb has; a switch has no `metavar`."""
    return typer.Option(metavar=metavar or None, help=text)


RunFolder = Annotated[Path, argument("RUN", "A run's folder.")]
Data = Annotated[str, argument("DATA", 'A folder, a table or "sample:NAME", as for transfer.')]
Rows = Annotated[Path | None, own("FILE", "Write a .csv, .parquet or .json file.")]
Out = Annotated[Path | None, own("FOLDER", "The run's folder; it must not exist or be empty.")]


def names(text: str | None) -> list[str] | None:
    """Return names joined by commas as a list."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def typed(option: Option) -> Any:
    """Return the annotation by which typer takes an option; None stands for "not given"."""
    kinds = {str: str, int: int, float: float, bool: bool}
    kind = next((kinds[k] for k in (option.type, *get_args(option.type)) if k in kinds), str)
    flag = f"{option.flag}/--no-{option.flag[2:]}" if kind is bool else option.flag
    about = typer.Option(flag, metavar=option.metavar or None, help=option.help)
    return Annotated[(str if option.many else kind) | None, about]


_FIRST = ("source", "target", "backbone", "method", "budget")
_OWN = [one for one in KEYS.values() if one.metavar is not None]
OPTIONS = {one.name: one for one in sorted(_OWN, key=lambda one: one.name not in _FIRST)}
"""Keys that have an option of their own, as verbs show them."""
ROWS = tuple(name for name, one in OPTIONS.items() if one.reads == "rows")
"""What says how rows are read."""
READING = tuple(name for name, one in OPTIONS.items() if one.reads)
"""What says how labelled data are read."""
TRANSFER = tuple(name for name in OPTIONS if name not in RECIPE)
"""Of `transfer` and `plan`."""
