"""A file of the rows that checks have more to say of than a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..base.cells import write_rows
from ..base.errors import ConfigError
from ..base.files import atomic_file
from .base import Problem
from .label_errors import HEADS, LabelErrorCheck


def check_file(path: Path, only: Sequence[str] | None) -> None:
    """Raise ConfigError where nothing would be written, or not there."""
    if LabelErrorCheck.name not in (only or ()):
        raise ConfigError(
            f"--out {path}: none of the checks that run writes rows",
            hint=f"add --only {LabelErrorCheck.name}, or leave --out away",
        )
    if path.suffix.lower() != ".csv":
        raise ConfigError(f"--out {path} is not a .csv file", hint="name one that ends in .csv")
    if path.exists():
        raise ConfigError(f"{path} is there already", hint="name another file, or remove it")


def write_records(path: Path, problems: Sequence[Problem]) -> None:
    """Write all records of all problems as CSV, with a line of heads even where there are none."""
    records = [record for problem in problems for record in problem.records]
    with atomic_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        write_rows(file, HEADS, [[record[head] for head in HEADS] for record in records])
