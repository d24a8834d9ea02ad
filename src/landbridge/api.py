"""`landbridge.transfer`: the pipeline for Python."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .base.config import make_config
from .base.errors import ConfigError
from .base.events import Events
from .runs import pipeline
from .runs.run import Run


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
    domain: str | None = None,
    source_domains: list[str] | None = None,
    target_domains: list[str] | None = None,
    pattern: str | None = None,
    outside: bool = False,
    backbone_options: dict[str, Any] | None = None,
    max_rows: int | None = None,
    target_labels: str = "use",
    teacher: Any = None,
    student: str | None = None,
    answers: str = "auto",
    judge_fraction: float = 0.3,
    keep_duplicates: bool = False,
    method_options: dict[str, Any] | None = None,
    candidates: list[str] | None = None,
    seeds: int | None = None,
    seed: int = 0,
    training: dict[str, Any] | None = None,
    offline: bool = False,
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
    answers : {"auto", "classes", "numbers", "several", "ordinal"}
        What kind of label there is: one class, a number, several labels at once, a class in an
        order (never guessed). "auto": as they look, which a note says.
    judge_fraction : float, default 0.3
        Part of the labelled target kept for judging where the data have no test split.
    keep_duplicates : bool, default False
        Judge on rows that were learned from as well. Otherwise rows that are, or nearly are, also
        among the source's or the target's labelled rows are left out of what is judged.
    method_options : dict, optional
        Fields of the method's own configuration.
    candidates : list of str, optional
        What "auto" may try.
    seeds : int, optional
        How many; three where the budget allows.
    seed : int, default 0
        The first one.
    training : dict, optional
        Fields of `landbridge.base.config.TrainingConfig`: steps, batch, rate, ...
    offline : bool, default False
        Forbid every download.
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
    paths = {
        "source": str(source) if isinstance(source, str | Path) else None,
        "target": str(target) if isinstance(target, str | Path) else None,
    }
    config = make_config(
        {
            "data": {
                **paths,
                "label": label,
                "image": image,
                "text": text,
                "audio": audio,
                "columns": columns,
                "domain": domain,
                "source_domains": source_domains,
                "target_domains": target_domains,
                "pattern": pattern,
                "outside": outside,
                "max_rows": max_rows,
                "target_labels": target_labels,
                "answers": answers,
                "judge_fraction": judge_fraction,
                "keep_duplicates": keep_duplicates,
            },
            "backbone": backbone if isinstance(backbone, str) else _held(backbone),
            "backbone_options": backbone_options or {},
            "method": method,
            "method_options": method_options or {},
            "candidates": candidates,
            "teacher": None if teacher is None else str(getattr(teacher, "path", teacher)),
            "student": student,
            "budget": budget,
            "seeds": seeds,
            "seed": seed,
            "training": training or {},
            "offline": offline,
        }
    )
    with _listening(events, progress) as heard:
        return pipeline.transfer(
            config,
            source=None if paths["source"] else source,
            target=None if paths["target"] else target,
            out=Path(out) if out is not None else next_free(Path("runs")),
            events=heard,
        )


def _held(module: Any) -> str:
    from torch import nn

    from .backbones.own_code import hold

    if not isinstance(module, nn.Module):
        raise ConfigError(
            f"backbone is {type(module).__name__}, expected a name or a torch module",
            do="see `landbridge backbones`",
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
