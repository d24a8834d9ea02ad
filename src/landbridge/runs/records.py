"""The shapes of a run's JSON files, as far as what is read of them goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..base.config import RunConfig, make_config
from ..base.errors import ConfigError, RunError
from ..base.files import read_json
from ..base.typed import JsonObject, Shape, amount, checked, count, number, read_checked
from ..selection.records import NotTried, PlannedFit, not_tried
from ..training.network_folder import Parameters

_FIGURE = {"method": str, "mean": (float, None), "low?": (float, None), "high?": (float, None)}
_SIDE = {"name": str, "fingerprint": str, "limits?": ([number, number], None)}
_OTHER = {"name?": str}
SHAPES: dict[str, Shape] = {
    "verdict.json": {
        "kind": str,
        "outcome": str,
        "sentence": str,
        "metric?": (str, None),
        "judged_rows": count,
        "chosen": _FIGURE,
        "baselines": [_FIGURE],
        "difference": ({str: object}, None),
        "seeds?": [count],
    },
    "choice.json": {"method": str, "kind": str, "reason": str, "candidates?": [{str: object}]},
    "data.json": {
        "source": (_SIDE, None),
        "target": {**_SIDE, "schema?": (object, None)},
        "classes?": [str],
    },
    "plan.json": {"references?": [str], "candidates?": [str], "fits?": [{str: object}]},
    "cost.json": {"wall_s": amount, "cpu_s": amount},
    "labels.json": {
        "classes": [str],
        "answers?": str,
        "mean?": number,
        "spread?": number,
        "temperature?": number,
    },
    "unknown.json": {"score": str, "calibration": [float]},
    "merge.json": {"method?": str, "runs?": [str]},
}


@dataclass(frozen=True)
class Plan:
    """What a run does, as ``plan.json`` holds it.

    Attributes
    ----------
    setting, match : str
        In a sentence each.
    backbone, backbone_reason : str
    given : str or None
        The method that was named.
    references, candidates : tuple of str
        Baselines, and what is compared; the candidates include them.
    reference : str or None
        The baseline that the outcome is about.
    folds, repeats : int
        Of a cross-validation; 0 where there is none.
    seeds : tuple of int
    seeds_note : str
    scale : float
        Factor on the steps of every fit that nobody named.
    jobs, threads : int
        Fits at once, and threads of each.
    precision, precision_reason, device : str
    frozen : bool
        Whether adapting methods leave the backbone as it is.
    fits : tuple of PlannedFit
    not_tried : tuple of NotTried
    seconds, cpu_s, memory_mb, budget_s, probe_s, forward_s : float
        Wall-clock time where the machine is free, CPU time of all processes, the most memory they
        take together, the budget, what measuring took, and what answering for a row takes.
    """

    setting: str
    match: str
    backbone: str
    backbone_reason: str
    given: str | None
    references: tuple[str, ...]
    reference: str | None
    candidates: tuple[str, ...]
    folds: int
    repeats: int
    seeds: tuple[int, ...]
    seeds_note: str
    scale: float
    jobs: int
    threads: int
    precision: str
    precision_reason: str
    device: str
    frozen: bool
    fits: tuple[PlannedFit, ...]
    not_tried: tuple[NotTried, ...]
    seconds: float
    cpu_s: float
    memory_mb: float
    budget_s: float
    probe_s: float
    forward_s: float | None = None

    def to_json(self) -> JsonObject:
        """Return what ``plan.json`` holds, which is also what `landbridge plan` shows."""
        own = {name: list(v) if isinstance(v, tuple) else v for name, v in self.__dict__.items()}
        rows = {name: [row.to_json() for row in own[name]] for name in ("fits", "not_tried")}
        return own | rows

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Plan:
        """Return what `to_json` gave; what an older version did not say is None."""
        own: JsonObject = {field.name: found.get(field.name) for field in fields(cls)}
        own |= {name: tuple(found[name]) for name in ("references", "candidates", "seeds")}
        rows = tuple(map(PlannedFit.from_json, found["fits"]))
        return cls(**own | {"fits": rows, "not_tried": not_tried(found["not_tried"])})


@dataclass(frozen=True)
class FitReport:
    """What is known of a fit beside its network.

    Attributes
    ----------
    losses : mapping
        By phase, what was logged of them.
    steps : int
        0 without gradients.
    start : {"backbone", "source", "random", "frozen"}
        What it began with.
    transfer : mapping or None
        What was carried over, as ``transfer.json`` holds it.
    notes : mapping or None
        What the method says of itself, as ``notes.json`` holds it.
    """

    losses: Mapping[str, Any]
    steps: int
    start: str
    transfer: Mapping[str, Any] | None = None
    notes: Mapping[str, Any] | None = None

    def to_json(self) -> JsonObject:
        """Return it as ``fit.json`` holds it."""
        found = dict(self.__dict__)
        if self.notes is None:
            del found["notes"]
        return found

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> FitReport:
        """Return what `to_json` gave."""
        return cls(**{field.name: found.get(field.name) for field in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True)
class StageCost:
    """What one stage of a run took."""

    name: str
    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Cost:
    """What a run took, as ``cost.json`` holds it.

    Attributes
    ----------
    stages : tuple of StageCost
    peak_mb : float
        The most memory that the process and its workers took together, in MB.
    device : str
    threads : int
    parameters : Parameters
        Of the stored model.
    """

    stages: tuple[StageCost, ...]
    peak_mb: float
    device: str
    threads: int
    parameters: Parameters

    def to_json(self) -> JsonObject:
        """Return ``cost.json``."""
        return {
            "wall_s": round(sum((s.wall_s for s in self.stages), 0.0), 2),
            "cpu_s": round(sum((s.cpu_s for s in self.stages), 0.0), 2),
            "peak_mb": self.peak_mb,
            "device": self.device,
            "threads": self.threads,
            "stages": [stage.__dict__ for stage in self.stages],
            "parameters": self.parameters.__dict__,
        }


_LEFT_OUT = {"method": str, "why": str}
GOING_ON: dict[str, Shape] = {
    "plan.json": {
        "given": (str, None),
        "references": [str],
        "reference": (str, None),
        "candidates": [str],
        "folds": count,
        "repeats": count,
        "seeds": [count],
        "seeds_note": str,
        "scale": amount,
        "jobs": count,
        "fits": [{"method": str, "role": str, "seeds": [count], "steps": count}],
        "not_tried": [_LEFT_OUT],
    },
    "choice.json": {
        "method": str,
        "kind": str,
        "reason": str,
        "kept_reference": bool,
        "candidates": [
            {
                "method": str,
                "rank": (number, None),
                "figures": ({str: object}, None),
                "gated?": (str, None),
            }
        ],
        "not_tried": [_LEFT_OUT],
    },
    "clock.json": [{"name": str, "wall_s": amount, "cpu_s": amount}],
}
"""What a run that goes on has to find: more of it is asked than of a finished one."""


def read_going_on(file: Path) -> Any:
    """Read what an unfinished run left.

    Raises
    ------
    RunError
        Naming the file, the key, what is there and what is expected.
    """
    found = read_checked(file, GOING_ON[file.name])
    if file.name == "plan.json" and not (found["seeds"] and found["jobs"]):
        raise RunError(
            f"{file} is damaged: it has the seeds {found['seeds']} and {found['jobs']} jobs",
            hint="start a new run",
        )
    return found


def read_record(path: Path, name: str) -> JsonObject:
    """Read a JSON file of a run.

    Raises
    ------
    RunError
        Naming the file, the key, what is there and what is expected.
    """
    found: JsonObject = read_checked(path / name, SHAPES[name])
    return found


def read_config(path: Path) -> RunConfig:
    """Read a run's ``config.json``.

    Raises
    ------
    RunError
        Where it is none, or of another version.
    """
    file = path / "config.json"
    values = checked(read_json(file), {str: object}, str(file))
    try:
        return make_config(values, stored=True)
    except ConfigError as error:
        raise RunError(
            f"{file} is no configuration of this version: {error.message}",
            hint="restore it, or use the version of landbridge that wrote it",
        ) from error
