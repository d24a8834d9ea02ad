"""`landbridge.transfer` and `landbridge.plan`: the pipeline for Python."""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from .base.config import DataConfig, RunConfig, make_config
from .base.errors import ConfigError
from .base.events import Events
from .base.renamed import renamed_keywords
from .base.typed import JsonObject, Options
from .runs import pipeline
from .runs.run import Run


@renamed_keywords
def transfer(
    source: Any = None,
    target: Any = None,
    *,
    backbone: Any = "auto",
    method: str = "auto",
    budget: str = "10m",
    out: str | Path | None = None,
    label: str | None = None,
    image: str | None = None,
    text: str | None = None,
    audio: str | None = None,
    columns: list[str] | None = None,
    drop: list[str] | None = None,
    categorical: list[str] | None = None,
    numeric: list[str] | None = None,
    encoding: str | None = None,
    value_range: Sequence[float] | None = None,
    domain: str | None = None,
    source_domains: list[str] | None = None,
    target_domains: list[str] | None = None,
    pattern: str | None = None,
    outside: bool = False,
    backbone_options: Mapping[str, Any] | None = None,
    max_rows: int | None = None,
    target_labels: str = "use",
    teacher: Any = None,
    student: str | None = None,
    target_type: str = "auto",
    test_size: float = 0.3,
    holdout: str = "stratified",
    keep_duplicates: bool = False,
    method_options: Mapping[str, Any] | None = None,
    candidates: list[str] | None = None,
    class_shares: str = "unknown",
    seeds: int | None = None,
    seed: int = 0,
    training: Mapping[str, Any] | None = None,
    device: str | None = None,
    processes: int = 1,
    offline: bool = False,
    keep_work: bool = False,
    events: Events | None = None,
    progress: bool | None = None,
) -> Run:
    """Carry what is known to the target, and judge whether that helped.

    Parameters
    ----------
    source : path, (X, y), Domain or None
        Where knowledge comes from: a folder of images, a table, ``"sample:NAME"``, arrays or
        tensors with their labels. None: the pretrained backbone is the source.
    target : path, X, (X, y) or Domain
        Where it is needed; labels may be there for all rows, some or none.
    backbone : str or torch.nn.Module, default "auto"
        θ₀: see `landbridge backbones`. A module of your own is kept in the cache, so that runs
        made with it can be opened again here; ``backbone_options`` say what it takes.
    method : str, default "auto"
        See `landbridge methods`; terms joined by "+" are a method too.
    budget : str, default "10m"
        Wall-clock time for everything: "90s", "10m", "2h".
    out : path, optional
        The run folder; the next free name under ``runs/`` where not given.
    label : str, optional
        Label column of tables.
    image, audio : str, optional
        Columns of images and of recordings, or of their paths, of tables.
    text : str, optional
        Column of texts of tables; several, joined by commas, are read as one.
    columns : list of str, optional
        Feature columns of tables; those to use beside images, texts or recordings.
    drop : list of str, optional
        Columns of tables to leave out.
    categorical, numeric : list of str, optional
        Columns of tables to read as words, codes that are no quantities, or as numbers.
    encoding : str, optional
        Of text tables that are not UTF-8, such as "cp1252".
    value_range : (float, float), optional
        Which numbers are black and white in arrays of images and in images of more than 8 bits.
    domain : str, optional
        Column, or part of file names, that says which of several domains a row is of.
    source_domains, target_domains : list of str, optional
        Which of them are the source (all others where not given) and the target; `target` then
        holds both sides.
    pattern : str, optional
        How names of files are made up, such as ``"{label}_{speaker}_{take}"``.
    outside : bool, default False
        Whether metadata and links in a folder of data may lead to files outside it.
    backbone_options : dict, optional
        The backbone's own options, such as ``{"length": 128}`` for texts.
    max_rows : int, optional
        Use at most this many rows of either side, evenly drawn.
    target_labels : {"use", "judge"}
        "judge": the target's labels serve the verdict alone.
    teacher : path or Run, optional
        A finished run whose answers to the target's rows are learned (method ``"distil"``).
    student : str, optional
        Where rows have several modalities, the one that the new model sees; as default the one
        that the teacher does not see.
    target_type : {"auto", "multiclass", "regression", "multilabel", "ordinal"}
        What kind of label there is: one class, a number, several labels at once, a class in an
        order (never guessed). "auto": as they look, which a note says.
    test_size : float, default 0.3
        Part of the labelled target kept for judging where the data have no test split.
    holdout : str, default "stratified"
        Which rows these are: by chance, of each class its share; "group:COLUMN" (whole groups,
        such as patients, which nothing is learned of); "time:COLUMN" (the latest ones).
    keep_duplicates : bool, default False
        Judge on rows that were learned from as well. Otherwise rows that are, or nearly are, also
        among the source's or the target's labelled rows are left out of what is judged.
    method_options : dict, optional
        Fields of the method's own configuration.
    candidates : list of str, optional
        What "auto" may try; options may stand behind a name ("coral:reg=30").
    class_shares : {"unknown", "same"}
        "same": you know that the target's classes are as frequent as the source's. Rows without
        labels cannot tell moved features from other class shares; with this "auto" may adapt
        where it would keep the baseline.
    seeds : int, optional
        How many; three where the budget allows.
    seed : int, default 0
        The first one.
    training : dict, optional
        Fields of `landbridge.base.config.TrainingConfig`: steps, batch_size, learning_rate, ...
    device : {"auto", "cpu", "cuda", "mps"}, optional
        Where networks run; the same as ``training={"device": ...}``.
    processes : int, default 1
        How many share each step of training on this machine (docs/scale.md); the same as
        ``training={"processes": ...}``.
    offline : bool, default False
        Forbid every download.
    keep_work : bool, default False
        Keep checkpoints and baseline fits after the run.
    events : Events, optional
        Hears what happens.
    progress : bool, optional
        Show it on standard error; where that is a terminal if not given.

    Returns
    -------
    Run
        With ``.model``, ``.verdict``, ``.report()``.

    Raises
    ------
    LandbridgeError
        One of its kinds, naming what was found and what to do.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> y = np.repeat(["ant", "bee"], 60)
    >>> x = np.random.default_rng(0).normal(size=(120, 3)) + 2 * (y == "bee")[:, None]
    >>> run = landbridge.transfer(
    ...     (x, y), (x * [1, 2, 5] + 10, y), target_labels="judge",
    ...     backbone="identity", method="coral", seeds=1)
    >>> run.verdict["outcome"]
    'helped'
    >>> run.predict([[10.0, 10.0, 10.0]])[0]["predicted"]
    'ant'
    """
    config = _config(locals())
    with _listening(events, progress) as heard:
        return pipeline.transfer(
            config,
            source=_object(source),
            target=_object(target),
            out=Path(out) if out is not None else next_free(Path("runs")),
            events=heard,
        )


@renamed_keywords
def plan(
    source: Any = None,
    target: Any = None,
    *,
    events: Events | None = None,
    progress: bool | None = None,
    **options: Any,
) -> JsonObject:
    """Return what `transfer` would do under its budget; nothing is trained.

    Measures the machine for a moment. `landbridge plan` shows the same.

    Parameters
    ----------
    source, target, **options
        As for `transfer`, without ``out``.
    events, progress
        As for `transfer`.

    Returns
    -------
    dict
        "setting", "backbone", "fits" (of each "method", "role", "seeds", "steps", "seconds",
        "why"), "not_tried", "seconds", "budget_s", "memory_mb", ...

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> y = np.repeat(["ant", "bee"], 60)
    >>> x = np.random.default_rng(0).normal(size=(120, 3)) + 2 * (y == "bee")[:, None]
    >>> found = landbridge.plan((x, y), (x + 1, y), method="coral", target_labels="judge")
    >>> [fit["method"] for fit in found["fits"]]
    ['source-only', 'probe', 'forest', 'coral']
    """
    bound = _PLAN.bind(source, target, events=events, progress=progress, **options)
    bound.apply_defaults()
    config = _config(bound.arguments)
    with _listening(events, progress) as heard:
        return pipeline.plan(config, source=_object(source), target=_object(target), events=heard)


_PLAN = inspect.signature(transfer)
_PLAN = _PLAN.replace(
    parameters=[one for name, one in _PLAN.parameters.items() if name != "out"],
    return_annotation="JsonObject",
)
plan.__signature__ = _PLAN  # type: ignore[attr-defined]


def _config(given: Mapping[str, Any]) -> RunConfig:
    """Return the configuration that the keywords of `transfer` make.

    A keyword is a key of the configuration, one of "data", or a path in the place of one.
    """

    def keywords(kind: Any) -> Options:
        return {one.name: given[one.name] for one in fields(kind) if one.name in given}

    values = keywords(RunConfig) | {"data": keywords(DataConfig)}
    for side in ("source", "target"):
        named = isinstance(given[side], str | Path)
        values["data"][side] = str(given[side]) if named else None
    if given["value_range"] is not None:
        values["data"]["value_range"] = list(given["value_range"])
    if not isinstance(given["backbone"], str):
        values["backbone"] = _held(given["backbone"])
    if (teacher := given["teacher"]) is not None:
        values["teacher"] = str(getattr(teacher, "path", teacher))
    usual = {"device": None, "processes": 1}
    own = {key: given[key] for key, value in usual.items() if given[key] != value}
    values["training"] = {**(given["training"] or {}), **own}
    for key in ("backbone_options", "method_options"):
        values[key] = dict(given[key] or {})
    return make_config(values)


def _object(side: Any) -> Any:
    """Return what takes the place of a path, None where it is one."""
    return None if isinstance(side, str | Path) else side


def _held(module: Any) -> str:
    from torch import nn

    from .backbones.custom_code import hold

    if not isinstance(module, nn.Module):
        raise ConfigError(
            f"backbone is {type(module).__name__}, expected a name or a torch module",
            hint="see `landbridge backbones`",
        )
    return hold(module)


def next_free(folder: Path) -> Path:
    """Return the first of run-1, run-2, ... that is not there yet."""
    number = 1
    while (folder / f"run-{number}").exists():
        number += 1
    return folder / f"run-{number}"


@contextlib.contextmanager
def _listening(events: Events | None, progress: bool | None) -> Iterator[Events]:
    if events is not None or not (sys.stderr.isatty() if progress is None else progress):
        yield events or Events()
        return
    from .cli.terminal import terminal

    listener = terminal()
    try:
        yield Events(None, listener)
    finally:
        listener.close()
