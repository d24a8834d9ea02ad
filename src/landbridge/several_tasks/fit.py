"""Several tasks learned on one backbone, beside each of them alone."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..artifacts.making import check_free, making
from ..backbones.base import Opened
from ..backbones.open import check_backbone, open_backbone
from ..backbones.surgery import Network, make_network
from ..base.errors import ConfigError, DataError
from ..base.events import SILENT, Events
from ..base.files import write_json
from ..base.hashing import digest
from ..base.options import positive
from ..base.places import cache_folder
from ..base.seeds import numpy_rng
from ..domains.domain import Domain
from ..domains.hint import input_hint
from ..methods.network import PlanContext
from ..methods.recipes import tune_phase
from ..metrics.estimates import mean_interval, paired_interval
from ..report.samples import keep_samples
from ..training.batches import Side
from ..training.devices import borrowed, find_device
from ..training.inputs import run_network
from ..training.loop import LoopOptions, TrainingData, train
from ..training.network_folder import save_network
from ..training.plan import Phase, TermSpec
from ..verdict.judge import outcome_of
from .model import FILE, MultiTask, decided, parts, whole_facts
from .read import OneTask, as_tasks, read_tasks
from .samples import judged_samples


def multitask(
    data: Any,
    labels: Sequence[str] = (),
    *,
    out: str | Path | None = None,
    backbone: str = "auto",
    backbone_options: dict[str, Any] | None = None,
    weights: Mapping[str, float] | None = None,
    alone: bool = True,
    seeds: int = 3,
    seed: int = 0,
    steps: int | None = None,
    judge_fraction: float = 0.3,
    device: str = "auto",
    offline: bool = False,
    events: Events = SILENT,
    **columns: Any,
) -> MultiTask:
    """Learn several columns of labels on one backbone, and say of each whether that helped.

    Each task is also learned alone, by the same recipe from the same start; on rows that were kept
    aside the two are compared. A row may lack the label of a task.

    Parameters
    ----------
    data : path of a table, data frame, or (X, {name: labels})
    labels : sequence of str
        The columns of labels; what looks like numbers is predicted as numbers.
    out : path, optional
        A folder to keep it in; as a backbone it is ``run/<folder>``.
    backbone : str, default "auto"
    backbone_options : dict, optional
    weights : mapping of str to float, optional
        Of each task's loss; learned where not given (Kendall et al., 2018, CVPR).
    alone : bool, default True
        Whether to learn each task alone as well, which the verdict needs.
    seeds : int, default 3
    seed : int, default 0
        The first one.
    steps : int, optional
    judge_fraction : float, default 0.3
        Of the rows, where the data have no test split.
    device : str, default "auto"
    offline : bool, default False
    events : Events
    **columns
        As of `landbridge.read_domain`: image, text, audio, columns, drop, ...

    Returns
    -------
    MultiTask
        With ``.verdict``, one entry a task.

    Raises
    ------
    ConfigError, DataError, RunError
        Naming the column, and what to do.

    Examples
    --------
    >>> model = landbridge.multitask(                                       # doctest: +SKIP
    ...     "flowers.csv", ["kind", "height"], image="photo", out="flowers")
    >>> [task["outcome"] for task in model.verdict]                         # doctest: +SKIP
    """
    check_free(out, "multitask")
    check_backbone(backbone, backbone_options)
    positive(seeds=seeds, steps=steps)
    if not 0 < judge_fraction < 1:
        raise ConfigError(f"judge_fraction = {judge_fraction}", do="give a share between 0 and 1")
    if weights is not None:
        positive(**{f"the weight of {name}": weight for name, weight in weights.items()})
        astray = sorted(set(weights) - set(labels)) if labels else []
        if astray:
            raise ConfigError(
                f"a weight for {', '.join(astray)}, which is none of the labels",
                do=f"the labels are {', '.join(labels)}",
            )
    where = find_device(device)
    domain, found = read_tasks(data, labels, columns, events)
    learn = _learn(domain, judge_fraction, seed)
    tasks, teach, judge = as_tasks(found, learn, len(domain))
    given = _weights(weights, tasks)
    usable = domain.select(np.flatnonzero(learn))
    opened = open_backbone(
        backbone,
        input_hint([usable]),
        [usable.examples],
        seed=seed,
        options=backbone_options,
        offline=offline,
        events=events,
    )
    inputs = opened.preprocessing.prepare(domain.examples, cache=cache_folder(), events=events)
    what = ", ".join(f"{task.name} ({task.kind})" for task in tasks)
    events.say("setting", f"{int(learn.sum()):,} rows to learn {what} from, {opened.identity.name}")

    asked = {
        "data": domain.examples.fingerprint(),
        "labels": digest(teach, judge),
        "held out": digest(learn),
        "tasks": [task.name for task in tasks],
        "backbone": opened.identity.hash,
        "backbone options": backbone_options or {},
        "weights": list(given),
        "alone": alone,
        "seeds": [seed, seeds],
        "steps": steps,
    }
    with making(out, "multitask", asked) as folder:

        def fitted(chosen: Sequence[int], own_seed: int, name: str) -> Network:
            own = [tasks[i] for i in chosen]
            rows = np.flatnonzero(learn & ~np.isnan(teach[:, chosen]).all(1))
            kept = tuple(given[i] for i in chosen) if given else ()
            phase = _phase(opened, own, len(rows), kept, steps)
            labels_ = teach[rows][:, chosen].astype(np.float32)
            side = Side(inputs[rows], labels_, np.ones(len(rows), bool))
            start = Opened(copy.deepcopy(opened.module), opened.preprocessing, opened.identity)
            network = make_network(start, sum(task.size for task in own), own_seed)
            options = LoopOptions(device=torch.device(where), fit=name)
            with borrowed(network, options.device):
                train(
                    network,
                    (phase,),
                    TrainingData(None, side, opened.preprocessing, sum(t.size for t in own)),
                    seed=own_seed,
                    options=options,
                    events=events,
                )
            return network

        judged = np.flatnonzero(~learn)
        everything = list(range(len(tasks)))
        together: list[np.ndarray] = []
        single: list[list[np.ndarray]] = [[] for _ in tasks]
        kept_network: Network | None = None
        for s in range(seed, seed + seeds):
            network = fitted(everything, s, "together")
            kept_network = kept_network or network
            together.append(run_network(network, inputs[judged], opened.preprocessing)[1])
            for i in everything if alone else ():
                own = fitted([i], s, tasks[i].name)
                single[i].append(run_network(own, inputs[judged], opened.preprocessing)[1])
        assert kept_network is not None
        verdict = [
            _verdict(task, judge[judged, i], [parts(tasks, x)[i] for x in together], single[i])
            for i, task in enumerate(tasks)
        ]
        facts = {
            "verdict": verdict,
            "weights": dict(zip([t.name for t in tasks], given, strict=True))
            if given
            else "learned",
            "seeds": seeds,
            "rows": int(learn.sum()),
            "judged": len(judged),
            "backbone": opened.identity.name,
        }
        whole = whole_facts(tasks, facts)
        if folder is not None:
            save_network(folder, kept_network, opened.identity, opened.preprocessing)
            first = decided(tasks, together[0])
            keep_samples(folder, judged_samples(tasks, domain, judged, judge[judged], first))
            write_json(folder / FILE, whole)
        model = MultiTask(kept_network, opened.preprocessing, whole, folder)
        if folder is not None:
            model.report()
        return model


def _learn(domain: Domain, share: float, seed: int) -> np.ndarray:
    if domain.held_out.any():
        return ~domain.held_out
    n = len(domain)
    learn = np.ones(n, bool)
    learn[numpy_rng("multitask", seed, n).permutation(n)[: max(2, round(share * n))]] = False
    if learn.sum() < 2:
        raise DataError(f"{domain.name} has {n} rows", do="give more")
    return learn


def _weights(given: Mapping[str, float] | None, tasks: Sequence[OneTask]) -> tuple[float, ...]:
    if given is None:
        return ()
    names = [task.name for task in tasks]
    if set(given) != set(names) or min(given.values()) <= 0:
        raise ConfigError(
            f"weights = {dict(given)} for the tasks {', '.join(names)}",
            do="give each task one weight over 0, or none at all: then they are learned",
        )
    return tuple(float(given[name]) for name in names)


def _phase(
    opened: Opened,
    tasks: Sequence[OneTask],
    rows: int,
    weights: tuple[float, ...],
    steps: int | None,
) -> Phase:
    context = PlanContext(
        n_classes=sum(task.size for task in tasks),
        n_target=rows,
        n_labelled=rows,
        pretrained=opened.identity.pretrained,
        steps=steps,
    )
    spec = TermSpec(
        "tasks",
        options={
            "sizes": tuple(task.size for task in tasks),
            "kinds": tuple(task.kind for task in tasks),
            "weights": weights,
        },
    )
    return replace(tune_phase(context), name="tasks", target_weight=0.0, terms=(spec,))


def _verdict(
    task: OneTask, truth: np.ndarray, together: list[np.ndarray], alone: list[np.ndarray]
) -> dict[str, Any]:
    known = ~np.isnan(truth)

    said: dict[str, Any] = {
        "task": task.name,
        "metric": task.metric,
        "judged_rows": int(known.sum()),
        "together": None,
        "alone": None,
        "difference": None,
        "outcome": "can't tell",
    }
    if not known.any():
        return said
    a = np.stack([task.score(x[known], truth[known]) for x in together])
    shares = task.kind != "numbers"
    spread = 0.0 if shares else float(np.std(truth[known]))
    own = mean_interval(a[:1], share=shares, scale=spread)  # of the model that is stored
    said["together"] = task.figure(own.value)
    said["low"], said["high"] = sorted((task.figure(own.low), task.figure(own.high)))
    if len(a) > 1:
        each = [task.figure(float(one.mean())) for one in a]
        said["over_seeds"] = {"mean": float(np.mean(each)), "low": min(each), "high": max(each)}
    if alone:
        b = np.stack([task.score(x[known], truth[known]) for x in alone])
        gap = paired_interval(a[:1], b, share=shares, scale=spread)
        said["alone"] = task.figure(float(b.mean()))
        said["difference"] = {"value": gap.value, "low": gap.low, "high": gap.high}
        said["outcome"] = outcome_of(said["difference"])
    return said
