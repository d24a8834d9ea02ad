"""What a target keeps for the verdict: which labels are sealed, and why, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ..base.errors import ConfigError
from ..base.seeds import numpy_rng
from .domain import Domain
from .sealed import SealedLabels

Policy = Literal["use", "judge"]
_LEAST_A_CLASS = 4
_LEAST = 8


def seal(domain: Domain, policy: Policy, fraction: float = 0.3, seed: int = 0) -> Domain:
    """Seal the labels that are kept for judging, and take away those that may not be used.

    A labelled test split is what is judged; without one a labelled validation split is;
    both are then held out. With both, validation rows stay usable.

    Parameters
    ----------
    domain : Domain
        As it was read: every label known, nothing judged.
    policy : {"use", "judge"}
        "use": the labels may be learned from. Where the data have no split, a stratified
        `fraction` of the labelled rows is judged and held out, at least 2 and never all of
        a class; nothing is where there are under 4 labels a class on average.
        "judge": the labels are there for judging only, so none stays known. Where the data
        have no split, every labelled row is judged and its input may be used without its
        label (transductive).
    fraction : float, default 0.3
        Share of the labelled rows to judge under "use" without a split.
    seed : int, default 0
        For the draw of that share.

    Returns
    -------
    Domain
        `labels` hold nothing of the sealed ones, and `classes` name only what the known
        labels show: a class that is only judged does not leak. `notes` say what was done.

    Raises
    ------
    ConfigError
        Where the policy is unknown or the fraction not between 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.read import read_domain
    >>> target = seal(read_domain((np.eye(20), ["ant", "bee"] * 10)), "use")
    >>> int(target.judged.sum()), int(target.known.sum()), target.sealed
    (6, 14, SealedLabels(6 labels, sealed))
    """
    if policy not in ("use", "judge"):
        raise ConfigError(f"unknown policy {policy!r}", do="give 'use' or 'judge'")
    if not 0 < fraction < 1:
        raise ConfigError(
            f"the fraction to judge is {fraction}", do="give a number between 0 and 1"
        )
    if domain.sealed is not None:
        raise ValueError(f"{domain.name} is sealed already")
    known, notes = domain.known, []
    judged, why = _given_split(domain)
    held_out = domain.held_out | judged
    if judged.any():
        notes.append(why)
    elif not known.any():
        notes.append("no row has a label: nothing can be judged, only label-free evidence")
    elif policy == "judge":
        judged = known.copy()
        notes.append(
            f"all {judged.sum()} labels are sealed for judging; the same rows are used "
            "without their labels"
        )
    else:
        judged, said = _draw(domain, fraction, seed)
        held_out = held_out | judged
        notes += said
    if held_out.all():
        held_out = np.zeros(len(domain), bool)
        notes.append(
            "there is nothing beside the rows that are judged: they are used without their labels"
        )
    stays = known & ~judged & ~held_out if policy == "use" else np.zeros(len(domain), bool)
    dropped = int((known & ~judged & ~stays).sum())
    if dropped:
        notes.append(f"{dropped} more labels are not used, for learning or for judging")
    return _sealed(domain, judged, held_out, stays, notes)


def keep_labels(domain: Domain, keep: np.ndarray) -> Domain:
    """Keep a few labels to learn from, and seal all others for judging.

    The judged rows may be used without their labels: the usual protocol for few target
    labels and an unlabelled rest.

    Parameters
    ----------
    domain : Domain
        As it was read.
    keep : bool ndarray, shape (n,)
        Labelled rows to learn from.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.read import read_domain
    >>> target = read_domain((np.eye(20), ["ant", "bee"] * 10))
    >>> few = keep_labels(target, np.arange(20) < 4)
    >>> int(few.known.sum()), few.sealed
    (4, SealedLabels(16 labels, sealed))
    """
    known = domain.known & keep & ~domain.held_out
    judged = domain.known & ~known
    note = f"{known.sum()} labels are kept to learn from, {judged.sum()} sealed for judging"
    return _sealed(domain, judged, domain.held_out, known, [note])


def _given_split(domain: Domain) -> tuple[np.ndarray, str]:
    """Return the labelled rows of the split that is there to judge, and the words for it."""
    test = domain.known & domain.held_out
    val = domain.known & domain.validation & ~domain.held_out
    if test.any():
        return test, f"judged on the {test.sum()} labelled rows of the test split, held out"
    if val.any():
        return val, (
            f"there is no labelled test split: judged on the {val.sum()} labelled rows of the "
            "validation split, held out"
        )
    return np.zeros(len(domain), bool), ""


def _draw(domain: Domain, fraction: float, seed: int) -> tuple[np.ndarray, list[str]]:
    """Draw a share of each class, at least 2 and never all of it."""
    judged = np.zeros(len(domain), bool)
    total, classes = int(domain.known.sum()), len(domain.classes)
    if not domain.target_type.exclusive:
        return _draw_rows(domain, fraction, seed)
    if total < _LEAST_A_CLASS * classes:
        return judged, [
            f"{total} labels of {classes} classes are too few to keep some for judging "
            f"(at least {_LEAST_A_CLASS} a class): all are learned from and nothing is judged"
        ]
    rng = numpy_rng("judged rows", seed)
    small = 0
    for index in range(classes):
        rows = rng.permutation(np.flatnonzero(domain.known & (domain.labels == index)))
        if len(rows) < 3:  # two to judge and one to learn from
            small += len(rows) > 0
            continue
        take = min(max(2, round(fraction * len(rows))), len(rows) - 1)
        judged[rows[:take]] = True
    notes = [
        f"judged on {judged.sum()} of {total} labelled rows, drawn from each class with seed "
        f"{seed} and held out"
    ]
    if small:
        notes.append(f"{small} classes have fewer than 3 labels: none of theirs is judged")
    return judged, notes


def _draw_rows(domain: Domain, fraction: float, seed: int) -> tuple[np.ndarray, list[str]]:
    """Draw a share of the rows, evenly over the range of numbers; at least 2."""
    judged = np.zeros(len(domain), bool)
    total = int(domain.known.sum())
    if total < _LEAST:
        return judged, [
            f"{total} labels are too few to keep some for judging (at least {_LEAST}): all are "
            "learned from and nothing is judged"
        ]
    rng = numpy_rng("judged rows", seed)
    groups = domain.target_type.strata(domain.labels, domain.known)
    for group in np.unique(groups[domain.known]):
        rows = rng.permutation(np.flatnonzero(domain.known & (groups == group)))
        judged[rows[: max(2, round(fraction * len(rows)))]] = True
    how = domain.target_type.strata_words
    return judged, [
        f"judged on {judged.sum()} of {total} labelled rows, drawn {how}with seed {seed} and "
        "held out"
    ]


def _sealed(
    domain: Domain, judged: np.ndarray, held_out: np.ndarray, known: np.ndarray, notes: list[str]
) -> Domain:
    names = domain.target_type.decode(domain.labels[judged], domain.classes)
    classes, labels = _what_is_shown(domain, known)
    return replace(
        domain,
        classes=classes,
        labels=labels,
        known=known,
        judged=judged,
        held_out=held_out,
        validation=domain.validation & ~judged,
        sealed=SealedLabels(names) if judged.any() else None,
        notes=(*domain.notes, *notes),
    )


def _what_is_shown(domain: Domain, known: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the classes that known labels show, and labels that hold nothing else."""
    kind = domain.target_type
    present = kind.shown(domain.labels, known, domain.classes)
    classes = tuple(domain.classes[i] for i in present)
    return classes, kind.narrowed(domain.labels, known, present)
