"""Fine-tune a model for a task with structured answers, and judge whether transfer helped."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..artifacts.making import check_free, making, plain
from ..artifacts.state import WORK
from ..base.errors import ConfigError, DataError
from ..base.events import SILENT, Events
from ..base.files import read_json, write_text
from ..base.formatting import hundredths, percent
from ..base.hashing import digest
from ..base.options import positive
from ..base.renamed import renamed_keywords
from ..base.shown import to_json
from ..base.typed import JsonObject
from ..domains.holdout.base import USUAL, check_effect
from ..domains.learned import save_contents
from ..domains.seen import Seen, say_seen
from ..domains.twins import left_to_test
from ..insight.samples import Sample, sample, wrong_and_right
from ..report.markdown import code, md
from ..report.samples import keep_samples
from ..training.devices import find_device
from .base import TASKS, Example, StructuredTask
from .evaluation import evaluate_predictions
from .models import find_model, merged, open_inputs, open_model, with_lora
from .options import FitOptions, TaskOptions
from .predictions import predictions_of
from .rows import RawRows, hold_out, read_rows
from .training import train_model
from .tuned import Tuned, save_tuned


@renamed_keywords
def tune(
    task: str,
    data: Any,
    *,
    model: str,
    out: str | Path,
    test: Any = None,
    options: TaskOptions | None = None,
    fit: FitOptions | None = None,
    scratch: bool = True,
    test_size: float = 0.3,
    holdout: str = USUAL,
    keep_duplicates: bool = False,
    offline: bool = False,
    outside: bool = False,
    events: Events = SILENT,
) -> Tuned:
    """Fine-tune a pretrained model for token labels, texts, speech, masks or boxes.

    The verdict compares it, on rows that were kept aside, with the same architecture trained from
    random weights on the same rows, and with the model as it came where that can answer already.

    Parameters
    ----------
    task : str
        "token-classification", "text-to-text", "speech-recognition", "segmentation" or
        "detection".
    data : path, dataset, data frame or list of dicts
        See `landbridge.structured.rows.read_rows`.
    model : str
        A folder in Hugging Face's layout, or ``hf/owner/name``.
    out : path
        A folder that is not there, or one that an interrupted call with the same options left.
    test : optional
        What judges; else the data's test or val split, else `test_size` of the rows.
    options : TaskOptions, optional
    fit : FitOptions, optional
        Epochs, batch size, learning rate, LoRA.
    scratch : bool, default True
        Whether to train the same network from scratch as well.
    test_size : float, default 0.3
    holdout : str, default "stratified"
        Which rows that part is: any, by chance; "group:COLUMN", whole groups; "time:COLUMN", the
        latest.
    keep_duplicates : bool, default False
        Judge on rows that were learned from as well, which are left out otherwise.
    offline : bool, default False
        Forbid every download.
    outside : bool, default False
        Whether what lies in a folder of data may name files outside it.
    events : Events

    Returns
    -------
    Tuned

    Raises
    ------
    DataError, BackboneError, TrainingError, RunError
        Naming the row, file or option.

    Examples
    --------
    >>> tuned = landbridge.tune(                                             # doctest: +SKIP
    ...     "token-classification", "news.conll", model="hf/google/bert_uncased_L-2_H-128_A-2",
    ...     out="names-run")
    >>> tuned.verdict["sentence"]                                            # doctest: +SKIP
    """
    fit = fit or FitOptions()
    check_free(out, "tuned")
    own = TASKS.get(task)(options or TaskOptions())
    _check_options(own, fit)
    learn, test_examples, groups = _examples(own, data, test, holdout, test_size, fit.seed, outside)
    folder = find_model(model, offline=offline, events=events)
    own.settle(learn)
    left, seen = left_to_test(own.raw(test_examples), [(own.raw(learn), False)], keep_duplicates)
    own.notes += say_seen(seen, "rows to judge", events)
    test_examples = [example for example, stays in zip(test_examples, left, strict=True) if stays]
    groups = None if groups is None else groups[left]
    own.learn_labels(learn)
    _adopt(own, folder.path)
    open_inputs(own, folder.path)
    asked = {
        "task": task,
        "model": model,
        "weights": _weights_of(folder.path),
        "options": plain(own.options),
        "fit": plain(fit),
        "scratch": scratch,
        "data": digest(plain([[e.name, e.given, e.truth] for e in learn])),
        "judged": digest(plain([[e.name, e.given, e.truth] for e in test_examples])),
        **({} if holdout == USUAL else {"holdout": holdout}),
    }
    with making(out, "tuned", asked) as made:
        assert made is not None
        return _tuned(
            own, folder, made, learn, test_examples, groups, seen, model, fit, scratch, events
        )


def _check_options(task: StructuredTask, fit: FitOptions) -> None:
    """Raise where an option has no effect on this task, or is out of range."""
    own = task.options
    for name, usual in asdict(TaskOptions()).items():
        if name not in ("input", "output", *task.takes) and getattr(own, name) != usual:
            raise ConfigError(
                f"{name} = {getattr(own, name)!r} would be without effect on {task.name}",
                hint=f"it takes {' and '.join(task.takes)}",
            )
    positive(length=own.length, new_tokens=own.new_tokens, size=own.size, seconds=own.seconds)
    positive(
        epochs=fit.epochs,
        steps=fit.steps,
        batch_size=fit.batch_size,
        learning_rate=fit.learning_rate,
        rank=fit.rank,
    )
    if not fit.lora and fit.rank != FitOptions.rank:
        raise ConfigError(
            f"rank = {fit.rank} would be without effect: it is LoRA's", hint="add --lora"
        )
    if fit.steps is not None and fit.epochs != FitOptions.epochs:
        raise ConfigError(
            f"steps = {fit.steps} and epochs = {fit.epochs:g}: steps stand in the place of epochs",
            hint="give one of them",
        )
    find_device(fit.device)


def _weights_of(folder: Path) -> JsonObject:
    """Return which files a model consists of, by their content."""
    return {file.name: plain(file) for file in sorted(folder.iterdir()) if file.is_file()}


def _tuned(
    own: StructuredTask,
    folder: Any,
    out: Path,
    learn: list[Example],
    test_examples: list[Example],
    groups: np.ndarray | None,
    seen: Seen,
    model: str,
    fit: FitOptions,
    scratch: bool,
    events: Events,
) -> Tuned:
    events.log(
        "setting",
        f"{own.name}: {len(learn):,} rows to learn from, {len(test_examples):,} kept for judging; "
        f"{folder.origin}; {fit.count(len(learn)):,} steps"
        + (f"; LoRA of rank {fit.rank}" if fit.lora else ""),
    )
    opened = open_model(own, folder.path, seed=fit.seed)
    ready = not opened.fresh
    sealed = [Example(e.given, None, e.name) for e in test_examples]
    predictions: dict[str, list[Any]] = {}
    network = with_lora(opened, fit.rank, fit.seed) if fit.lora else opened.model
    moved = sum(p.numel() for p in network.parameters() if p.requires_grad)
    total = sum(p.numel() for p in network.parameters())
    network = train_model(own, network, learn, fit, out / WORK / "tuned", "tune", events)
    network = merged(network)
    predictions["tuned"] = predictions_of(own, network, sealed, events)
    if scratch:
        fresh = open_model(own, folder.path, pretrained=False, seed=fit.seed).model
        plain = replace(fit, lora=False)
        fresh = train_model(own, fresh, learn, plain, out / WORK / "scratch", "scratch", events)
        predictions["scratch"] = predictions_of(own, fresh, sealed, events)
    if ready:
        before = open_model(own, folder.path, seed=fit.seed).model
        predictions["as it is"] = predictions_of(own, before, sealed, events)
    verdict = evaluate_predictions(
        own.metrics(), predictions, test_examples, seed=fit.seed, groups=groups, seen=seen
    )
    facts = {
        "model": model,
        "origin": folder.origin,
        "fit": asdict(fit),
        "rows": len(learn),
        "steps": fit.count(len(learn)),
        "parameters": {"total": total, "moved": moved},
        "notes": own.notes,
        "verdict": verdict.to_json(),
    }
    _write_predictions(out, own, test_examples, predictions["tuned"])
    keep_samples(out, _samples(own, test_examples, predictions["tuned"]))
    save_tuned(out, own, network, facts)
    save_contents(out, own.raw(learn))
    write_text(out / "README.md", _card(out, own, facts))
    tuned = Tuned(out, own, network, read_json(out / "tuned.json"))
    tuned.report()
    return tuned


def _examples(
    task: StructuredTask,
    data: Any,
    test: Any,
    holdout: str,
    share: float,
    seed: int,
    outside: bool,
) -> tuple[list[Example], list[Example], np.ndarray | None]:
    """Return rows to learn from, rows that judge, and the groups of these where they may be alike.

    Rows without an answer are left out.
    """
    raw = read_rows(data, outside=outside)
    sides: list[tuple[RawRows, np.ndarray]]
    groups = None
    if test is None:
        labeled = np.array([task.has_truth(row) for row in raw.rows])
        split = hold_out(raw, holdout, labeled, share, seed)
        task.notes += split.notes
        sides = [(raw, np.flatnonzero(split.learn)), (raw, np.flatnonzero(split.test))]
        groups = split.groups_of(np.flatnonzero(split.test & labeled))
    else:
        check_effect(holdout, "the rows that judge are given")
        other = read_rows(test, outside=outside)
        sides = [(raw, np.arange(len(raw))), (other, np.arange(len(other)))]
    found = []
    for rows, chosen in sides:
        own = [task.example(rows.rows[i], rows.names[i], rows.folder, True) for i in chosen]
        labeled_examples = [e for e in own if e.truth is not None]
        if len(labeled_examples) < len(own):
            task.notes.append(
                f"{len(own) - len(labeled_examples)} rows of {rows.what} without an answer left out"
            )
        if len(labeled_examples) < 2:
            raise DataError(
                f"{len(labeled_examples)} rows of {rows.what} have an answer",
                hint="give at least two",
            )
        found.append(labeled_examples)
    return found[0], found[1], groups


def _adopt(task: StructuredTask, folder: Path) -> None:
    """Take the labels of a model that knows all of ours already: it can answer as it is."""
    from ..backbones.hub import read_config

    names_by_id = read_config(folder / "config.json").get("id2label") or {}
    names = [str(names_by_id[k]) for k in sorted(names_by_id, key=int)]
    if task.labels and len(set(names)) == len(names) and set(task.labels) <= set(names):
        task.labels = names


def _write_predictions(
    out: Path, task: StructuredTask, test_examples: Sequence[Example], said: Sequence[Any]
) -> None:
    lines = [
        to_json({"name": e.name, "truth": task.plain(e.truth), "predicted": task.plain(one)})
        for e, one in zip(test_examples, said, strict=True)
    ]
    write_text(out / "predictions.jsonl", "\n".join(lines) + "\n")


def _samples(
    task: StructuredTask, test_examples: Sequence[Example], said: Sequence[Any]
) -> list[Sample]:
    main = task.metrics()[0]
    sign = 1.0 if main.higher else -1.0
    scores = [
        sign * main.of([main.counts(one, e.truth)])
        for e, one in zip(test_examples, said, strict=True)
    ]
    rows = wrong_and_right(scores)
    return [sample(test_examples[i].name, **task.shown(test_examples[i], said[i])) for i in rows]


def _card(out: Path, task: StructuredTask, facts: JsonObject) -> str:
    verdict = facts["verdict"]
    names = [m.name for m in task.metrics()]
    rows = [f"| model | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for row in verdict["models"]:
        cells = [hundredths(row["scores"][name]) for name in names]
        rows.append(f"| {md(row['model'])} | {' | '.join(cells)} |")
    share = facts["parameters"]["moved"] / max(1, facts["parameters"]["total"])
    return (
        f"# {md(out.name)}\n\n{md(verdict['sentence'])}\n\n" + "\n".join(rows) + "\n\n"
        f"{task.summary}. Made from {md(facts['origin'])}; {percent(share)} of its "
        "numbers were trained "
        f"on {facts['rows']:,} rows.\n\n"
        f"{code(f'landbridge predict {shlex.quote(str(out))} DATA')} answers for new rows; "
        f"`model/` opens in transformers with {task.architecture}.\n"
    )
