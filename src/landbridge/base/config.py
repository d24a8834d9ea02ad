"""The configuration of a run: typed, and an unknown key is an error with the nearest known one.

A field is all that an option needs: `landbridge.cli.options` makes the command line's of it,
`landbridge config` and the table in docs/cli.md list it, and a keyword of `landbridge.transfer`
has its name. pydantic checks values, and is imported when there are some to check.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from .config_file import read_value
from .errors import ConfigError
from .fields import Option, option, options_of, setting
from .registry import nearest
from .renamed import KEYWORDS, renamed_keys, renamed_method_options, renamed_setting
from .shown import to_json
from .typed import JsonObject, Options


class _Strict:
    __pydantic_config__: ClassVar[Any] = {"extra": "forbid", "allow_inf_nan": False}


@dataclass(frozen=True)
class _Checked:
    """A further check of a field's value, which raises ConfigError."""

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, kind: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        def checked(value: Any) -> Any:
            try:
                self.check(value)
            except ConfigError as error:
                raise ValueError(f"{error.message}; {error.hint}") from error
            return value

        return core_schema.no_info_after_validator_function(checked, handler(kind))


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
        raise ConfigError(f"budget {text!r} is not a time", hint='write "90s", "10m" or "2h"')
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if total > _LONGEST:
        raise ConfigError(
            f"budget {text[:40]!r} is more than ten years", hint='write "90s", "10m" or "2h"'
        )
    if total <= 0:
        raise ConfigError(f"budget {text!r} is no time at all", hint='write "90s", "10m" or "2h"')
    return total


@dataclass(frozen=True)
class DataConfig(_Strict):
    """Where the data are and how labels are used."""

    source: str | None = option(
        None,
        'Where knowledge comes from: a folder, a table or "sample:NAME". Without it the backbone '
        "is the source.",
        "DATA",
    )
    target: str | None = option(
        None, 'Where it is needed: a folder, a table or "sample:NAME".', "DATA"
    )
    label: str | None = option(
        None, "Label column of tables; else guessed, and said.", "COLUMN", reads="labels"
    )
    text: str | None = option(
        None, "Column of texts; a,b joins two. Else guessed, and said.", "COLUMN", reads="rows"
    )
    image: str | None = option(
        None, "Column of images or their paths; else guessed, and said.", "COLUMN", reads="rows"
    )
    audio: str | None = option(
        None, "Column of recordings or paths; else guessed, and said.", "COLUMN", reads="rows"
    )
    columns: list[str] | None = option(
        None, "Feature columns to use; also beside images, texts, sound.", "A,B", reads="rows"
    )
    drop: list[str] | None = option(None, "Columns to leave out.", "A,B", reads="rows")
    categorical: list[str] | None = option(
        None, "Columns of codes: categories, not quantities.", "A,B", reads="rows"
    )
    numeric: list[str] | None = option(None, "Columns to read as numbers.", "A,B", reads="rows")
    encoding: str | None = option(
        None,
        "The encoding of text tables that are not UTF-8: cp1252. Else as they are marked, or "
        "Western, and said.",
        "NAME",
        reads="rows",
    )
    value_range: list[float] | None = option(
        None,
        "Black and white in arrays of images and in images of more than 8 bits: 0,4095. Else found "
        "in the source, and said.",
        "LOW,HIGH",
        reads="rows",
        min_length=2,
        max_length=2,
    )
    outside: bool = option(
        False,
        "Let metadata and links in a folder of data lead to files outside it.",
        reads="rows",
    )
    domain: str | None = option(
        None, "Column, file-name part or folder that names domains.", "COLUMN", reads="labels"
    )
    source_domains: list[str] | None = option(
        None, "Domains that are the source; else all others.", "A,B"
    )
    target_domains: list[str] | None = option(
        None, "Domains that are the target; --target holds both sides.", "A,B"
    )
    pattern: str | None = option(
        None, 'Of file names, such as "{label}_{speaker}_{take}".', "PATTERN", reads="labels"
    )
    target_type: str = option(
        "auto",
        "What labels are: a class, a number, several labels at once, or a class in an order; "
        "auto: as they look, which is said.",
        "auto|multiclass|regression|multilabel|ordinal",
        reads="labels",
    )
    target_labels: Literal["use", "judge"] = option(
        "use",
        "judge: target labels are for the verdict alone; methods never see them, and the target "
        "counts as unlabelled.",
    )
    test_size: float = setting(
        0.3,
        "Part of the labelled target rows kept for judging where there is no test split.",
        gt=0,
        lt=1,
    )
    holdout: str = option(
        "stratified",
        "What is kept for judging: rows by chance, of each class its share; whole groups "
        "(patients, sites) of a column; or the latest rows.",
        "stratified|group:COLUMN|time:COLUMN",
    )
    keep_duplicates: bool = option(
        False,
        "Judge on rows that were learned from as well; else they are found, the same or nearly, "
        "and left out of what is judged.",
    )
    max_rows: int | None = setting(
        None,
        "Use at most this many rows a domain (drawn with the seed, and said).",
        reads="rows",
        gt=0,
        lt=2**53,
    )


@dataclass(frozen=True)
class TrainingConfig(_Strict):
    """How networks are trained. Null: the method's own recipe."""

    steps: int | None = option(
        None,
        "Steps of training (of the main phase, if there are several), instead of what epochs or "
        "budget give.",
        "N",
        gt=0,
        le=10**9,
    )
    source_steps: int | None = setting(
        None, "Steps of training on the source alone.", gt=0, le=10**9
    )
    batch_size: int | None = option(None, "Rows of a step.", "ROWS", gt=1, le=2**24)
    learning_rate: float | None = option(
        None, "Learning rate (of the main phase, if there are several).", "X", gt=0
    )
    augment: Literal["none", "weak", "strong"] | None = setting(None, "Of labelled batches.")
    clip: float | None = setting(None, "Largest gradient norm.", gt=0)
    precision: Literal["auto", "float32", "bfloat16"] = setting(
        "auto",
        "Number format of the forward pass; auto: bfloat16 for large networks where the processor "
        "has units for it, never by the clock.",
    )
    device: str = option(
        "auto",
        'Where networks run, one of several as "cuda:1"; auto: a GPU if any.',
        "auto|cpu|cuda|mps",
    )
    checkpoint_seconds: float = setting(5.0, "At most this much work is lost by a crash.", ge=0)
    threads: int | None = setting(
        None, "Threads for torch; null: as torch finds best.", gt=0, le=4096
    )
    processes: int = option(
        1, "Processes that share each step of training on this machine.", "N", gt=0, le=256
    )


@dataclass(frozen=True)
class RunConfig(_Strict):
    """Everything that decides a run."""

    data: DataConfig = dataclasses.field(default_factory=DataConfig)
    backbone: str = option(
        "auto",
        "What is known already: a name from `landbridge backbones`, hf/<id>, a path, or auto.",
        "NAME",
    )
    backbone_options: Options = setting(
        dict, "Options of the backbone's own, such as length: 128 for texts."
    )
    method: str = option("auto", 'A name from `landbridge methods`, "a+b", or auto.', "NAME")
    method_options: Options = setting(dict, "Fields of the method's own configuration.")
    teacher: str | None = option(
        None, "A finished run whose answers are learned (distillation), on the same rows.", "RUN"
    )
    student: str | None = option(
        None,
        "Of rows with several modalities the one the student sees; else the one that the teacher "
        "does not see.",
        "MODALITY",
    )
    budget: Annotated[str, _Checked(parse_budget)] = option(
        "10m", 'Time for the whole run: "90s", "10m", "2h".', "TIME"
    )
    seeds: int | None = option(
        None,
        "How many seeds the verdict uses; else three, or two where the budget says so.",
        "N",
        ge=1,
        le=100,
    )
    seed: int = option(0, "The first seed.", "N", ge=0, lt=2**63)
    candidates: list[str] | None = setting(None, "What auto may try; null: it decides.")
    class_shares: Literal["unknown", "same"] = option(
        "unknown",
        "Whether you know that the target's classes are as frequent as the source's; auto may then "
        "adapt where nothing in the data could tell.",
    )
    training: TrainingConfig = dataclasses.field(default_factory=TrainingConfig)
    offline: bool = option(False, "Forbid every download.")
    keep_work: bool = setting(False, "Keep checkpoints and baseline fits after the run.")

    @property
    def budget_seconds(self) -> float:
        """The budget in seconds."""
        return parse_budget(self.budget)

    def to_dict(self) -> JsonObject:
        """Return plain nested values, of which `make_config` makes the same again."""
        return dataclasses.asdict(self)

    def at(self, key: str) -> Any:
        """Return the value of a dotted key."""
        place: Any = self
        for part in key.split("."):
            place = getattr(place, part)
        return place

    def given(self, keys: Collection[str]) -> Options:
        """Return what keys say that is no default, by the keyword that Python has for each."""
        values = {field: self.at(key) for key, field in OPTIONS.items() if key in keys}
        return {field.name: value for field, value in values.items() if value != field.default}

    def as_words(self) -> list[str]:
        """Return what the command line has to say, of what is no default, for this again.

        Examples
        --------
        >>> reading = {"label": "kind", "drop": ["a", "b"], "max_rows": 9}
        >>> make_config({"data": reading, "offline": True}).as_words()
        ['--label', 'kind', '--drop', 'a,b', '--set', 'data.max_rows=9', '--offline']
        """
        words: list[str] = []
        for key, field in OPTIONS.items():
            value = self.at(key)
            if value == field.default:
                continue
            commas = field.many and any("," in str(one) for one in value or ())
            if field.metavar is None or commas or field.name in RECIPE:
                text = value if isinstance(value, str) else to_json(value)
                words += ["--set", f"{key}={text}"]
            elif isinstance(value, bool):
                words.append(field.flag if value else f"--no-{field.name.replace('_', '-')}")
            else:
                words += [field.flag, ",".join(map(str, value)) if field.many else str(value)]
        return words


OPTIONS: dict[str, Option] = options_of(RunConfig)
"""What is known of each key that a configuration file may hold."""
RECIPE = ("steps", "batch_size", "learning_rate")
"""Options that `transfer` has not: how networks are trained is the method's recipe there."""


@cache
def _checker() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(RunConfig)


def make_config(values: Mapping[str, Any], *, stored: bool = False) -> RunConfig:
    """Check plain nested values; all that is wrong is said at once.

    Old names of keys are taken, with a warning that names the new one; `stored`, where a file of
    ours holds them, without.

    Raises
    ------
    ConfigError
        Naming each key, what was found, and the nearest known key.
    """
    from pydantic import ValidationError

    try:
        made: RunConfig = _checker().validate_python(renamed_keys(values, stored=stored))
        options = renamed_method_options(made.method, made.method_options, stored=stored)
        return dataclasses.replace(made, method_options=options)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"])
            if problem["type"] == "unexpected_keyword_argument":
                path, dot, last = key.rpartition(".")
                near = nearest(
                    path + dot + (KEYWORDS[last].name if last in KEYWORDS else last), OPTIONS
                )
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
        raise ConfigError("; ".join(lines), hint="`landbridge config` lists every key") from error


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def apply_settings(values: JsonObject, settings: Sequence[str]) -> JsonObject:
    """Return `values` with each "a.b=v" set; v is read as YAML."""
    import copy

    result = copy.deepcopy(values)
    for text in settings:
        key, equals, word = text.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {text!r} has no '='", hint="write --set training.steps=500")
        try:
            key, value = renamed_setting(key, read_value(word))
        except ConfigError as error:
            raise ConfigError(f"--set {key}: {error.message}", hint=error.hint) from error
        place = result
        *path, last = key.split(".")
        for part in path:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise ConfigError(
                    f"--set {text!r}: {part!r} holds a value, not further keys",
                    hint="`landbridge config` lists every key",
                )
        place[last] = value
    return result
