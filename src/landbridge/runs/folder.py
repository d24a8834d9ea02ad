"""A run's folder: whether one may begin there, how it begins, its command line."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from ..artifacts.state import create
from ..base.config import RunConfig
from ..base.files import write_json


def begin(
    path: Path,
    config: RunConfig,
    given: list[str],
    *,
    kind: str = "run",
    made_by: str | None = None,
    asked: dict[str, Any] | None = None,
) -> None:
    """Write what makes a folder a run.

    Parameters
    ----------
    config : RunConfig
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
    write_json(
        path / "config.json", config.to_dict()
    )  # last: from here on there is a run to resume


def command(config: RunConfig) -> str:
    """Return the command line that stands for a resolved configuration."""
    return shlex.join(["landbridge", "transfer", *config.as_words()])
