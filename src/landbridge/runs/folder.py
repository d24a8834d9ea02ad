"""A run's folder: whether one may begin there, how it begins, its command line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from ..artifacts.state import create
from ..base.files import write_json

OPTIONS = {
    "data.source": "--source",
    "data.target": "--target",
    "data.label": "--label",
    "data.image": "--image",
    "data.text": "--text",
    "data.audio": "--audio",
    "data.columns": "--columns",
    "data.drop": "--drop",
    "data.categorical": "--categorical",
    "data.numeric": "--numeric",
    "data.encoding": "--encoding",
    "data.outside": "--outside",
    "data.domain": "--domain",
    "data.source_domains": "--source-domains",
    "data.target_domains": "--target-domains",
    "data.pattern": "--pattern",
    "data.answers": "--answers",
    "data.target_labels": "--target-labels",
    "data.keep_duplicates": "--keep-duplicates",
    "backbone": "--backbone",
    "method": "--method",
    "teacher": "--teacher",
    "student": "--student",
    "budget": "--budget",
    "seeds": "--seeds",
    "seed": "--seed",
    "offline": "--offline",
}
"""Keys that have an option of their own on the command line."""


def begin(
    path: Path,
    config: dict[str, Any],
    given: list[str],
    *,
    kind: str = "run",
    made_by: str | None = None,
    asked: dict[str, Any] | None = None,
) -> None:
    """Write what makes a folder a run.

    Parameters
    ----------
    config : dict
        Resolved.
    given : list of str
        Which of "source" and "target" are objects in memory, which `resume` asks for again.
    kind : {"run", "merge"}
    made_by : str, optional
        The command line, where `config` does not say it.
    asked : dict, optional
        What it is made of, where `config` does not say it.
    """
    line = made_by or (None if given else command(config))
    create(path, kind, given=given, command=line, asked=asked)
    write_json(path / "config.json", config)  # last: from here on there is a run to resume


def command(config: dict[str, Any]) -> str:
    """Return the command line that stands for a resolved configuration."""
    from ..base.config import RunConfig

    usual = RunConfig().model_dump()
    words = ["landbridge transfer"]

    def add(values: dict[str, Any], defaults: dict[str, Any], prefix: str) -> None:
        for key, value in values.items():
            name = f"{prefix}{key}"
            if isinstance(value, dict) and isinstance(defaults.get(key), dict) and defaults[key]:
                add(value, defaults[key], f"{name}.")
            elif value != defaults.get(key):
                option = OPTIONS.get(name)
                if option:
                    value = ",".join(value) if isinstance(value, list) else value
                    words.append(option if value is True else f"{option} {shlex.quote(str(value))}")
                else:
                    words.append(f"--set {shlex.quote(f'{name}={json.dumps(value)}')}")

    add(config, usual, "")
    return " ".join(words)
