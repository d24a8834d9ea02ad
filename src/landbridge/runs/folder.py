"""A run's folder: whether one may begin there, how it begins, its command line."""

from __future__ import annotations

import contextlib
import json
import shlex
from pathlib import Path
from typing import Any

from ..artifacts.kinds import KINDS
from ..artifacts.state import LOCK, RUN_STATE, create, left_over, read_state
from ..base.errors import RunError
from ..base.files import read_json, write_json

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


def vacant(path: Path) -> bool:
    """Say whether a new run may begin at `path`.

    It may where nothing is, and where a run was killed before its configuration was whole:
    nothing was computed then.
    """
    if not path.exists():
        return True
    if not path.is_dir():
        return False
    rest = [entry.name for entry in path.iterdir() if not left_over(entry)]
    return set(rest) <= {RUN_STATE, LOCK} and (RUN_STATE not in rest or _is_ours(path / RUN_STATE))


def _is_ours(state: Path) -> bool:
    try:
        found = read_json(state)
    except RunError:
        return False
    return isinstance(found, dict) and "landbridge" in found


def check_vacant(path: Path) -> None:
    """Raise where `path` holds something that a new run must not write over.

    Raises
    ------
    RunError
        Saying what is there.
    """
    if vacant(path):
        return
    what = "something else"
    with contextlib.suppress(RunError):
        state = read_state(path)
        done = "finished" if state["status"] == "complete" else "unfinished"
        what = f"{KINDS[state['kind']].what}, {done}"
    raise RunError(
        f"{path} is there already: it holds {what}",
        do=f"landbridge resume {path}, or another name",
    )


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
