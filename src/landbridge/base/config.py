"""The configuration of a run: typed, and an unknown key is an error with the nearest known one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from .config_file import read_value
from .errors import ConfigError
from .registry import nearest


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", validate_assignment=True, allow_inf_nan=False)


class DataConfig(_Strict):
    """Where the data are and how labels are used."""

    source: str | None = None
    """Folder, table, "sample:NAME", or null: the backbone is then the source."""
    target: str | None = None
    """Folder, table or "sample:NAME"."""
    label: str | None = None
    """Label column of tables; guessed, and said, where null."""
    columns: list[str] | None = None
    """Exactly the feature columns of tables to use; beside images, texts or recordings, the
    columns to use with them."""
    drop: list[str] | None = None
    """Columns of tables to leave out."""
    categorical: list[str] | None = None
    """Columns of tables to read as words: codes that are no quantities."""
    numeric: list[str] | None = None
    """Columns of tables to read as numbers."""
    encoding: str | None = None
    """Encoding of text tables that are not UTF-8; null: as they are marked, or Western, said."""
    outside: bool = False
    """Whether metadata and links in a folder of data may lead to files outside it."""
    image: str | None = None
    """Column of a table that holds images or their paths; guessed, and said, where null."""
    text: str | None = None
    """Column of a table that holds texts, or several joined by commas; guessed, and said."""
    audio: str | None = None
    """Column of a table that holds recordings or their paths; guessed, and said."""
    domain: str | None = None
    """Column, or part of file names, that says which of several domains a row is of."""
    source_domains: list[str] | None = None
    """Which of them are the source; all that are not the target where null."""
    target_domains: list[str] | None = None
    """Which of them are the target; --target then holds both sides."""
    pattern: str | None = None
    """How names of files are made up, such as "{label}_{speaker}_{take}"."""
    value_range: list[float] | None = Field(None, min_length=2, max_length=2)
    """Which numbers are black and white in arrays of images and in images of more than eight
    bits, on both sides and for predictions; null: found in the source, which is said."""
    answers: str = "auto"
    """What kind of label there is: classes, numbers, several (labels at once), ordinal (classes in
    an order); auto: as they look, which is said."""
    target_labels: Literal["use", "judge"] = "use"
    """"judge": target labels are for the verdict alone, the target counts as unlabelled."""
    judge_fraction: float = Field(0.3, gt=0, lt=1)
    """Part of the labelled target rows kept for judging where there is no test split."""
    keep_duplicates: bool = False
    """Judge on rows that were learned from as well, in the source or the target; false: they are
    found, the same or nearly, and left out of what is judged."""
    max_rows: int | None = Field(None, gt=0, lt=2**53)
    """Use at most this many rows a domain (drawn with the seed, and said)."""


class TrainingConfig(_Strict):
    """How networks are trained. Null: the method's own recipe."""

    steps: int | None = Field(None, gt=0, le=10**9)
    """Steps of the method's main phase."""
    source_steps: int | None = Field(None, gt=0, le=10**9)
    """Steps of training on the source alone."""
    batch: int | None = Field(None, gt=1, le=2**24)
    """Rows of each batch."""
    rate: float | None = Field(None, gt=0)
    """Learning rate of the main phase."""
    augment: Literal["none", "weak", "strong"] | None = None
    """Of labelled batches."""
    clip: float | None = Field(None, gt=0)
    """Largest gradient norm."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Number format of the forward pass; auto: bfloat16 for large networks where the
    processor has units for it, never by the clock."""
    device: str = "auto"
    """Where networks run: "cpu", "cuda", "cuda:1", "mps"; auto: CUDA where there is any."""
    checkpoint_seconds: float = Field(5.0, ge=0)
    """At most this much work is lost by a crash."""
    threads: int | None = Field(None, gt=0, le=4096)
    """Threads for torch; null: as torch finds best."""


class RunConfig(_Strict):
    """Everything that decides a run."""

    data: DataConfig = Field(default_factory=lambda: DataConfig())
    backbone: str = "auto"
    """A registered backbone, hf/<id>, or a path: what is already known."""
    backbone_options: dict[str, Any] = Field(default_factory=dict)
    """Options of the backbone's own, such as length: 128 for texts."""
    method: str = "auto"
    """A registered method, terms joined by "+", or "auto"."""
    method_options: dict[str, Any] = Field(default_factory=dict)
    """Fields of the method's own configuration."""
    teacher: str | None = None
    """A finished run whose answers teach (distillation), on the same rows."""
    student: str | None = None
    """Of rows with several modalities the one that the student sees; the one that the teacher
    does not see, where null."""
    budget: str = "10m"
    """Wall-clock time for the whole run: "90s", "10m", "2h"."""
    seeds: int | None = Field(None, ge=1, le=100)
    """How many seeds the verdict uses; null: three, or two where the budget says so."""
    seed: int = Field(0, ge=0, lt=2**63)
    """The first seed."""
    candidates: list[str] | None = None
    """What auto may try; null: it decides."""
    training: TrainingConfig = Field(default_factory=lambda: TrainingConfig())
    offline: bool = False
    """Forbid every download."""
    keep_work: bool = False
    """Keep checkpoints and baseline fits after the run."""

    @field_validator("budget")
    @classmethod
    def _check_budget(cls, value: str) -> str:
        try:
            parse_budget(value)
        except ConfigError as error:
            raise ValueError(f"{error.found}; {error.do}") from error
        return value

    @property
    def budget_seconds(self) -> float:
        """The budget in seconds."""
        return parse_budget(self.budget)


_LONGEST = 10 * 365 * 24 * 3600


def parse_budget(text: str) -> float:
    """Turn "90s", "10m", "2h", "1h30m" or "45" (seconds) into seconds.

    Raises
    ------
    ConfigError
        Where the text is something else.

    Examples
    --------
    >>> parse_budget("1h30m")
    5400.0
    """
    match = re.fullmatch(
        r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip().lower()
    )
    if not match or not any(match.groups()):
        raise ConfigError(f"budget {text!r} is not a time", do='write "90s", "10m" or "2h"')
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total > _LONGEST:
        raise ConfigError(
            f"budget {text[:40]!r} is more than ten years", do='write "90s", "10m" or "2h"'
        )
    if total <= 0:
        raise ConfigError(f"budget {text!r} is no time at all", do='write "90s", "10m" or "2h"')
    return total


def known_keys(model: type[BaseModel] = RunConfig, prefix: str = "") -> list[str]:
    """Return every dotted key that a configuration file may hold."""
    keys = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            keys += known_keys(inner, f"{prefix}{name}.")
        else:
            keys.append(f"{prefix}{name}")
    return keys


def make_config(values: Mapping[str, Any]) -> RunConfig:
    """Check plain nested values; all that is wrong is said at once.

    Raises
    ------
    ConfigError
        Naming each key, what was found, and the nearest known key.
    """
    try:
        return RunConfig.model_validate(dict(values))
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"])
            if problem["type"] == "extra_forbidden":
                near = nearest(key, known_keys())
                lines.append(
                    f"unknown key {key!r}" + (f" (did you mean {near!r}?)" if near else "")
                )
            else:
                if problem["type"] == "value_error":  # of a check of ours, which names the value
                    found = problem["msg"].removeprefix("Value error, ")
                    lines.append(found if found.startswith(f"{key} ") else f"{key}: {found}")
                    continue
                plain = isinstance(problem["input"], bool | int | float)
                quote = " (quote it)" if plain and problem["type"] == "string_type" else ""
                lines.append(f"{key} = {_shown(problem['input'])}: {problem['msg']}{quote}")
        raise ConfigError("; ".join(lines), do="`landbridge config` lists every key") from error


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def apply_settings(values: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """Return `values` with each "a.b=v" set; v is read as YAML."""
    import copy

    result = copy.deepcopy(values)
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {setting!r} has no '='", do="write --set training.steps=500")
        place = result
        *path, last = key.split(".")
        for part in path:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ConfigError(
                    f"--set {setting!r}: {part!r} holds a value, not further keys",
                    do="`landbridge config` lists every key",
                )
        try:
            place[last] = read_value(text)
        except ConfigError as error:
            raise ConfigError(f"--set {key}: {error.found}", do=error.do) from error
    return result
