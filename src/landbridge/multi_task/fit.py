"""Several tasks learned on one backbone, beside each of them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..artifacts.making import check_free, making
from ..artifacts.state import WORK
from ..backbones.open import check_backbone, open_backbone
from ..base.config import parse_budget
from ..base.errors import ConfigError, DataError
from ..base.events import SILENT, Events
from ..base.files import write_json
from ..base.hashing import digest
from ..base.options import positive
from ..base.places import cache_folder
from ..base.renamed import renamed_keywords
from ..base.seeds import numpy_rng
from ..domains.domain import Domain
from ..domains.hint import input_hint
from ..domains.holdout.base import USUAL, SplitRows, split_rule
from ..domains.holdout.sides import Sides, two_sides
from ..domains.learned import save_contents
from ..domains.read import NO_LABEL, check_reading
from ..domains.seen import Seen, say_seen
from ..domains.twins import left_to_test
from ..report.samples import keep_samples
from ..targets.names import class_name
from ..training.devices import find_device
from ..training.network_folder import save_network
from .budget import plan_fits
from .fits import Fits
from .model import FILE, MultiTask, all_facts, decided, parts
from .read import OneTask, as_tasks, read_tasks
from .samples import shown_samples
from .verdicts import task_verdict

BUDGET = "10m"


@renamed_keywords
def multitask(
    data: Any,
    labels: Sequence[str] = (),
    *,
    out: str | Path | None = None,
    backbone: str = "auto",
    backbone_options: Mapping[str, Any] | None = None,
    weights: Mapping[str, float] | None = None,
    alone: bool = True,
    seeds: int | None = None,
    seed: int = 0,
    steps: int | None = None,
    budget: str = BUDGET,
    test_size: float = 0.3,
    holdout: str = USUAL,
    keep_duplicates: bool = False,
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
        A folder to keep it in; as a backbone it is ``run/<folder>``. An interrupted call that is
        made again goes on where it stopped.
    backbone : str, default "auto"
    backbone_options : dict, optional
    weights : mapping of str to float, optional
        Of each task's loss; learned where not given (Kendall et al., 2018, CVPR).
    alone : bool, default True
        Whether to learn each task alone as well, which the verdict needs.
    seeds : int, optional
        Three, or two where the budget says so.
    seed : int, default 0
        The first one.
    steps : int, optional
        Of each fit; those of the recipe, as far as the budget allows, where not given.
    budget : str, default "10m"
        Time for everything: "90s", "10m", "2h". Seeds and steps that are named are kept.
    test_size : float, default 0.3
        Of the rows, where the data have no test split.
    holdout : str, default "stratified"
        Which rows that part is: any, by chance; "group:COLUMN", whole groups; "time:COLUMN", the
        latest.
    keep_duplicates : bool, default False
        Judge on rows that were learned from as well, which are left out otherwise.
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
    >>> import numpy as np
    >>> import landbridge
    >>> x = np.random.default_rng(0).normal(size=(60, 3))
    >>> labels = {"kind": np.where(x[:, 0] > 0, "tulip", "rose"), "height": x.sum(1)}
    >>> model = landbridge.multitask((x, labels), ["kind", "height"], seeds=1, steps=10)
    >>> [task["task"] for task in model.verdict]
    ['kind', 'height']
    """
    check_reading("multitask", columns, *NO_LABEL)
    check_free(out, "multitask")
    check_backbone(backbone, backbone_options)
    positive(seeds=seeds, steps=steps)
    if not 0 < test_size < 1:
        raise ConfigError(f"test_size = {test_size}", hint="give a share between 0 and 1")
    if weights is not None:
        positive(**{f"the weight of {name}": weight for name, weight in weights.items()})
        astray = sorted(set(weights) - set(labels)) if labels else []
        if astray:
            raise ConfigError(
                f"a weight for {', '.join(astray)}, which is none of the labels",
                hint=f"the labels are {', '.join(labels)}",
            )
    parse_budget(budget)
    by = split_rule(holdout)[1]
    if by is not None and by in (labels or ()):
        raise ConfigError(
            f"column {by!r} is named by holdout= and by labels=, and can only be one of them",
            hint="name another column with holdout= or with labels=",
        )
    where = find_device(device)
    domain, found = read_tasks(
        data, labels, columns | ({} if by is None else {"holdout_by": by}), events
    )
    sides = _sides(domain, found, holdout, test_size, seed)
    for note in sides.notes:
        events.log("note", f"{domain.name}: {note}")
    learn = sides.learn
    tasks, teach, test_labels = as_tasks(found, learn, len(domain))
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
    what = ", ".join(f"{task.name} ({task.target_type.name})" for task in tasks)
    events.log("setting", f"{int(learn.sum()):,} rows to learn {what} from, {opened.identity.name}")

    asked = {
        "data": domain.examples.fingerprint(),
        "labels": digest(teach, test_labels),
        "held out": digest(learn),
        "tasks": [task.name for task in tasks],
        "backbone": opened.identity.hash,
        "backbone options": backbone_options or {},
        "weights": list(given),
        "alone": alone,
        "seeds": [seed, seeds or 3],
        "steps": steps,
        # What is as it always was is not named, so that folders of before are gone on with.
        **({} if budget == BUDGET else {"budget": budget}),
        **({"keep duplicates": True} if keep_duplicates else {}),
        **({} if holdout == USUAL else {"holdout": holdout}),
    }
    with making(out, "multitask", asked) as folder:
        work = None if folder is None else folder / WORK
        test_rows, seen = _test_rows(domain, sides, teach, keep_duplicates, events)
        groups = sides.groups_of(test_rows)
        fits = Fits(
            opened,
            tasks,
            inputs,
            np.where(learn[:, None], teach, np.nan),
            test_rows,
            given,
            steps,
            torch.device(where),
            work,
            events,
        )
        plan = plan_fits(fits, [t.name for t in tasks] if alone else [], seeds, budget, work)
        fits, seeds = replace(fits, scale=plan.scale), plan.seeds
        everything = list(range(len(tasks)))
        first, network = fits.with_network(everything, seed)
        together = [first]
        single: list[list[np.ndarray]] = [[] for _ in tasks]
        for s in range(seed, seed + seeds):
            if s > seed:
                together.append(fits.outputs(everything, s))
            for i in everything if alone else ():
                single[i].append(fits.outputs([i], s))
        verdict = [
            task_verdict(
                task,
                test_labels[test_rows, i],
                [parts(tasks, x)[i] for x in together],
                single[i],
                groups,
                seen,
            )
            for i, task in enumerate(tasks)
        ]
        facts = {
            "verdict": [task.to_json() for task in verdict],
            "weights": dict(zip([t.name for t in tasks], given, strict=True))
            if given
            else "learned",
            "seeds": seeds,
            "seeds_note": plan.note,
            "scale": plan.scale,
            "budget": budget,
            "seen": seen.to_json(),
            "seen_sentence": seen.sentence(),
            "rows": int(learn.sum()),
            "judged": len(test_rows),
            "backbone": opened.identity.name,
            **sides.facts(),
        }
        metadata = all_facts(tasks, facts)
        if folder is not None:
            save_network(folder, network, opened.identity, opened.preprocessing)
            save_contents(folder, domain.examples.select(_taught(sides, teach)))
            said = decided(tasks, first)
            keep_samples(
                folder, shown_samples(tasks, domain, test_rows, test_labels[test_rows], said)
            )
            write_json(folder / FILE, metadata)
        model = MultiTask(network, opened.preprocessing, metadata, folder)
        if folder is not None:
            model.report()
        return model


def _sides(
    domain: Domain, found: Mapping[str, np.ndarray], holdout: str, share: float, seed: int
) -> Sides:
    n = len(domain)
    labeled = np.ones(n, bool)
    if holdout != USUAL:  # by chance, any row is drawn
        some = [[class_name(v) is not None for v in own] for own in found.values()]
        labeled = np.array([any(row) for row in zip(*some, strict=True)])
    rows = SplitRows(domain.name, labeled, values=domain.holdout_by)
    sides = two_sides(
        holdout,
        rows,
        share,
        numpy_rng("multitask", seed, n),
        given=domain.held_out,
        columns=() if domain.schema is None else domain.schema.names,
    )
    if sides.learn.sum() < 2:
        raise DataError(f"{domain.name} has {n} rows", hint="give more")
    return sides


def _test_rows(
    domain: Domain, sides: Sides, teach: np.ndarray, keep: bool, events: Events
) -> tuple[np.ndarray, Seen]:
    """Return the rows to judge, without those that are learned from as well."""
    rows = np.flatnonzero(sides.test)
    examples = domain.examples
    taught = examples.select(_taught(sides, teach))
    left, seen = left_to_test(examples.select(rows), [(taught, False)], keep)
    say_seen(seen, domain.name, events)
    return rows[left], seen


def _taught(sides: Sides, teach: np.ndarray) -> np.ndarray:
    """Return the rows with a label that is learned from."""
    return np.flatnonzero(sides.learn & ~np.isnan(teach).all(1))


def _weights(given: Mapping[str, float] | None, tasks: Sequence[OneTask]) -> tuple[float, ...]:
    if given is None:
        return ()
    names = [task.name for task in tasks]
    if set(given) != set(names) or min(given.values()) <= 0:
        raise ConfigError(
            f"weights = {dict(given)} for the tasks {', '.join(names)}",
            hint="give each task one weight over 0, or none at all: then they are learned",
        )
    return tuple(float(given[name]) for name in names)
