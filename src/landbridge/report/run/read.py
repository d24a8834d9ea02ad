"""Reading a run folder for people: what is missing or damaged is said, never fatal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from landbridge.base.errors import ConfigError, DataError, RunError
from landbridge.base.events import Event, read_log
from landbridge.base.files import read_json
from landbridge.base.typed import JsonObject
from landbridge.domains.readers.parquet_files import read_parquet
from landbridge.targets.base import TargetType, objects
from landbridge.targets.registry import multiclass, stored_target_type
from landbridge.verdict.records import Verdict

from ..units import Units
from .records import Side

_OBJECTS = (
    *("run", "config", "data", "plan", "choice", "verdict", "backbone", "labels"),
    *("preprocessor", "transfer", "map", "examples", "cost"),
)
_PERHAPS = ("parts", "merge", "explained")
"""Only some runs have these."""
_NOT_MERGED = (
    *("map.json", "examples.json", "transfer.json"),
    *("log.jsonl", "predictions.parquet"),
)
"""What a run that was merged from others never has: it trained nothing and answered nothing."""
_OWN = {"report.html", "README.md", "run.json", "log.jsonl"}
"""Written after, or because of, the report: their hashes cannot stand in it."""


@dataclass(frozen=True)
class Predictions:
    """The answers of one method with one seed to the judged examples."""

    method: str
    role: str
    seed: int
    rows: np.ndarray
    names: list[str]
    predicted: np.ndarray
    true: np.ndarray
    """Text (a number, a list of labels), or None where nobody knows."""
    probability: np.ndarray | None
    """(n, classes) in the order of labels.json."""
    groups: np.ndarray | None = None
    """Rows of one number may be alike: intervals go by groups."""

    @property
    def has_truth(self) -> np.ndarray:
        """Where the truth is known."""
        return np.array([value is not None for value in self.true], dtype=bool)


@dataclass
class RunFiles:
    """What a run folder holds, as plain values; `problems` says what it does not hold."""

    folder: Path
    values: JsonObject = field(default_factory=dict)
    log: list[Event] = field(default_factory=list)
    predictions: list[Predictions] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> JsonObject:
        """Return the object of NAME.json, empty where it is missing."""
        value = self.values.get(name)
        return value if isinstance(value, dict) else {}

    def part(self, name: str, key: str) -> JsonObject:
        """Return an object inside NAME.json, empty where it is missing."""
        value = self.get(name).get(key)
        return value if isinstance(value, dict) else {}

    @property
    def sides(self) -> list[Side]:
        """Source and target, as far as data.json has them."""
        found = ((role, self.part("data", role)) for role in ("source", "target"))
        return [Side.from_json(role, side) for role, side in found if side]

    def of_role(self, role: str, method: str | None = None) -> list[Predictions]:
        """Return the answers of a role (and method), one entry per seed."""
        return [a for a in self.predictions if a.role == role and method in (None, a.method)]

    def listed(self, name: str, key: str) -> list[Any]:
        """Return a list inside NAME.json, empty where it is missing."""
        value = self.get(name).get(key)
        return value if isinstance(value, list) else []

    @property
    def verdict(self) -> Verdict:
        """What verdict.json says; nothing where it is missing."""
        return Verdict.from_json(self.get("verdict"))

    @property
    def units(self) -> Units:
        """How the verdict's figures are written."""
        return Units(self.target_type.metric.percent, self.verdict.lower_is_better)

    @property
    def merged(self) -> bool:
        """Whether it was merged from other runs, and so has no answers and no verdict."""
        return "merge" in self.values or "merge.json" in self.problems

    @property
    def classes(self) -> list[str]:
        """Return class names in the order of all probabilities; those only seen in truth follow."""
        class_names = [str(name) for name in self.get("labels").get("classes") or []]
        if not self.target_type.exclusive:
            return class_names
        extra = {
            str(value)
            for predictions in self.predictions
            for value in (*predictions.true, *predictions.predicted)
            if value is not None
        }
        return class_names + sorted(extra - set(class_names))

    @property
    def target_type(self) -> TargetType:
        """What kind of label the answers are; classes where the run does not say."""
        try:
            return stored_target_type(self.get("labels"))
        except ConfigError:
            return multiclass()

    def hashes(self) -> dict[str, str]:
        """Return the hash of every file that the report was made from."""
        from landbridge.base.hashing import file_digest

        return {
            path.name: file_digest(path)
            for path in sorted(self.folder.iterdir())
            if path.is_file() and path.name not in _OWN and not path.name.startswith(".")
        }


def read_run(folder: Path) -> RunFiles:
    """Read all that the report needs.

    Raises
    ------
    RunError
        Where the folder does not exist or holds no run at all.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder", hint="give the folder of a run")
    run = RunFiles(folder)
    for name in (*_OBJECTS, *_PERHAPS):
        path = folder / f"{name}.json"
        if not path.exists():
            if name in _PERHAPS:
                continue
            run.problems[path.name] = "is not in this run"
            continue
        try:
            value = read_json(path)
        except RunError:
            run.problems[path.name] = "is damaged"
            continue
        if isinstance(value, dict):
            run.values[name] = value
        else:
            run.problems[path.name] = "is damaged"
    if run.get("backbone").get("pretrained") is False and not (folder / "transfer.json").exists():
        run.problems.pop("transfer.json")  # nothing was there to carry over
    if len(run.problems) == len(_OBJECTS):
        raise RunError(
            f"{folder} holds no run", hint="give the folder that `landbridge transfer` wrote"
        )
    run.log = read_log(folder / "log.jsonl")
    if not run.log:
        run.problems["log.jsonl"] = "is not in this run"
    _read_predictions(run)
    for name in _NOT_MERGED if run.merged else ():
        run.problems.pop(name, None)
    return run


def _read_predictions(run: RunFiles) -> None:
    path = run.folder / "predictions.parquet"
    if not path.exists():
        run.problems[path.name] = "is not in this run"
        return
    try:
        run.predictions = list(_grouped(read_parquet(path)))
    except (DataError, KeyError, ValueError):
        run.problems[path.name] = "is damaged"


def _grouped(table: Any) -> Iterator[Predictions]:
    import pyarrow as pa

    columns = {name: table.column(name).to_pylist() for name in ("method", "role", "seed")}
    keys: dict[tuple[str, str, int], list[int]] = {}
    for index, key in enumerate(
        zip(columns["method"], columns["role"], columns["seed"], strict=True)
    ):
        keys.setdefault(key, []).append(index)
    for (method, role, seed), where in sorted(keys.items()):
        part = table.take(where)
        yield Predictions(
            method=str(method),
            role=str(role),
            seed=int(seed),
            rows=part.column("row").to_numpy(),
            names=[str(name) for name in part.column("name").to_pylist()],
            predicted=objects(part.column("predicted").to_pylist()),
            true=objects(part.column("true").to_pylist()),
            probability=_matrix(part.column("probability").combine_chunks())
            if "probability" in part.column_names
            and (role == "chosen" or pa.types.is_list(part.schema.field("true").type))
            else None,
            groups=part.column("group").to_numpy() if "group" in part.column_names else None,
        )


def _matrix(column: Any) -> np.ndarray | None:
    """Return a list column as (n, k), or None where the lengths differ or values are missing."""
    import pyarrow as pa

    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], pa.list_(pa.float32()))
    n = len(column)
    if n == 0 or column.null_count:
        return None
    flat = column.flatten().to_numpy(zero_copy_only=False)
    if flat.size % n or (np.asarray(column.value_lengths()) != flat.size // n).any():
        return None
    return flat.reshape(n, -1).astype(float) if flat.size else None
