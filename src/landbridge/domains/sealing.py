"""What a target keeps for the verdict: which labels are sealed, and why, in sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from ..base.errors import ConfigError
from ..base.seeds import numpy_rng
from .domain import Domain
from .holdout.base import USUAL, Split, SplitRows, SplitRule, check_effect, split_rule
from .schema import no_column
from .sealed import SealedLabels

Policy = Literal["use", "judge"]
_LEAST_A_CLASS = 4
_LEAST = 8


def seal(
    domain: Domain,
    policy: Policy,
    fraction: float = 0.3,
    seed: int = 0,
    holdout: str = USUAL,
) -> Domain:
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
    holdout : str, default "stratified"
        The rule by which it is drawn, see `landbridge.domains.holdout`; "group:patient" and
        "time:date" go by `Domain.holdout_by`.

    Returns
    -------
    Domain
        `labels` hold nothing of the sealed ones, and `classes` name only what the known
        labels show: a class that is only judged does not leak. `notes` say what was done.

    Raises
    ------
    ConfigError
        Where the policy is unknown, the fraction not between 0 and 1, or `holdout` without effect.
    DataError
        Where the rows cannot be parted by the rule.

    Examples
    --------
    >>> import numpy as np
    >>> from landbridge.domains.read import read_domain
    >>> target = seal(read_domain((np.eye(20), ["ant", "bee"] * 10)), "use")
    >>> int(target.test_mask.sum()), int(target.labeled_mask.sum()), target.sealed
    (6, 14, SealedLabels(6 labels, sealed))
    """
    if policy not in ("use", "judge"):
        raise ConfigError(f"unknown policy {policy!r}", hint="give 'use' or 'judge'")
    if not 0 < fraction < 1:
        raise ConfigError(
            f"the fraction to judge is {fraction}", hint="give a number between 0 and 1"
        )
    if domain.sealed is not None:
        raise ValueError(f"{domain.name} is sealed already")
    rule, column = split_rule(holdout)
    if column is not None and domain.holdout_by is None:
        there = () if domain.schema is None else domain.schema.names
        raise no_column(domain.name, column, "holdout=", there)
    labeled_mask, notes = domain.labeled_mask, []
    test_mask, why = _given_split(domain)
    held_out, blocks, alike = domain.held_out | test_mask, None, False
    if test_mask.any():
        check_effect(holdout, f"{domain.name} has a split of its own ({why})")
        notes.append(why)
    elif not labeled_mask.any():
        check_effect(holdout, f"no row of {domain.name} has a label")
        notes.append("no row has a label: nothing can be judged, only label-free evidence")
    elif policy == "judge":
        check_effect(holdout, "all labels of the target are for judging")
        test_mask = labeled_mask.copy()
        notes.append(
            f"all {test_mask.sum()} labels are sealed for judging; the same rows are used "
            "without their labels"
        )
    else:
        found = _drawn(domain, rule, column or "", fraction, seed)
        blocks, alike = found.blocks, found.alike
        if few := _too_few(domain):
            notes.append(few)
        else:
            test_mask = labeled_mask & found.test
            held_out = held_out | found.test
            how = f"{found.how} with seed {seed}" if found.by_chance else found.how
            notes += [
                f"judged on {test_mask.sum()} of {labeled_mask.sum()} labelled rows, {how} and "
                "held out",
                *found.notes,
            ]
        if found.unused is not None:
            held_out = held_out | found.unused
    if held_out.all():
        held_out = np.zeros(len(domain), bool)
        notes.append(
            "there is nothing beside the rows that are judged: they are used without their labels"
        )
    stays = (
        labeled_mask & ~test_mask & ~held_out if policy == "use" else np.zeros(len(domain), bool)
    )
    dropped = int((labeled_mask & ~test_mask & ~stays).sum())
    if dropped:
        notes.append(f"{dropped} more labels are not used, for learning or for judging")
    return replace(_sealed(domain, test_mask, held_out, stays, notes), blocks=blocks, alike=alike)


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
    >>> int(few.labeled_mask.sum()), few.sealed
    (4, SealedLabels(16 labels, sealed))
    """
    labeled_mask = domain.labeled_mask & keep & ~domain.held_out
    test_mask = domain.labeled_mask & ~labeled_mask
    note = (
        f"{labeled_mask.sum()} labels are kept to learn from, {test_mask.sum()} sealed for judging"
    )
    return _sealed(domain, test_mask, domain.held_out, labeled_mask, [note])


def _given_split(domain: Domain) -> tuple[np.ndarray, str]:
    """Return the labelled rows of the split that is there to judge, and the words for it."""
    test = domain.labeled_mask & domain.held_out
    val = domain.labeled_mask & domain.validation & ~domain.held_out
    if test.any():
        return test, f"judged on the {test.sum()} labelled rows of the test split, held out"
    if val.any():
        return val, (
            f"there is no labelled test split: judged on the {val.sum()} labelled rows of the "
            "validation split, held out"
        )
    return np.zeros(len(domain), bool), ""


def _too_few(domain: Domain) -> str:
    """Return why no labels are kept for judging, "" where there are enough."""
    total, n_classes = int(domain.labeled_mask.sum()), len(domain.classes)
    if domain.target_type.exclusive and total < _LEAST_A_CLASS * n_classes:
        return (
            f"{total} labels of {n_classes} classes are too few to keep some for judging "
            f"(at least {_LEAST_A_CLASS} a class): all are learned from and nothing is judged"
        )
    if not domain.target_type.exclusive and total < _LEAST:
        return (
            f"{total} labels are too few to keep some for judging (at least {_LEAST}): all are "
            "learned from and nothing is judged"
        )
    return ""


def _drawn(domain: Domain, rule: SplitRule, column: str, fraction: float, seed: int) -> Split:
    kind = domain.target_type
    rows = SplitRows(
        domain.name,
        domain.labeled_mask,
        kind.strata(domain.labels, domain.labeled_mask),
        classes=kind.exclusive,
        stratified_by=kind.strata_words,
        values=domain.holdout_by,
        column=column,
    )
    return rule.split(rows, fraction, numpy_rng("judged rows", seed))


def _sealed(
    domain: Domain,
    test_mask: np.ndarray,
    held_out: np.ndarray,
    labeled_mask: np.ndarray,
    notes: list[str],
) -> Domain:
    names = domain.target_type.decode(domain.labels[test_mask], domain.classes)
    classes, labels = _what_is_shown(domain, labeled_mask)
    return replace(
        domain,
        classes=classes,
        labels=labels,
        labeled_mask=labeled_mask,
        test_mask=test_mask,
        held_out=held_out,
        validation=domain.validation & ~test_mask,
        sealed=SealedLabels(names) if test_mask.any() else None,
        notes=(*domain.notes, *notes),
    )


def _what_is_shown(domain: Domain, labeled_mask: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the classes that known labels show, and labels that hold nothing else."""
    kind = domain.target_type
    present = kind.shown(domain.labels, labeled_mask, domain.classes)
    classes = tuple(domain.classes[i] for i in present)
    return classes, kind.narrowed(domain.labels, labeled_mask, present)
