"""The same classes written otherwise on two sides: "Pos" and "pos", true and 1, "01" and 1."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np

from ..base.errors import DataError
from .domain import Domain
from .modalities.table import listed

_TRUE = ("true", "yes", "y", "t", "1", "on")
_FALSE = ("false", "no", "n", "f", "0", "off")
_TRUTH = dict.fromkeys(_TRUE, "true") | dict.fromkeys(_FALSE, "false")
_BLANKS = str.maketrans({"_": " ", "-": " ", "\u2010": " ", "\u2011": " "})


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip()


def _folded(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_BLANKS)
    return " ".join(plain.split())


def _number(name: str) -> str:
    folded = _folded(name)
    try:
        return f"{float(folded):.17g}" if not folded.isdigit() else str(int(folded))
    except (ValueError, OverflowError):
        return folded


def _truth(name: str) -> str:
    folded = _folded(name)
    return _TRUTH.get(folded, _TRUTH.get(_number(name), folded))


_WAYS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("", _composed),
    ("upper and lower case, width, or blanks", _folded),
    ("how numbers are written", _number),
    ("how true and false are written", _truth),
)
"""From the strictest to the loosest; each takes what those before left over."""


def same_classes(ours: Sequence[str], theirs: Iterable[str]) -> tuple[dict[str, str], str]:
    """Say which names of one side are names of the other in another spelling.

    A name that stands on both sides as it is stays itself. Names are matched only one to one:
    where two of a side would become one, neither is.

    Parameters
    ----------
    ours : sequence of str
        The names to use.
    theirs : iterable of str

    Returns
    -------
    spelled : dict of str to str
        Name of theirs to name of ours, for those that differ.
    how : str
        In what they differ, "" where in Unicode's form alone.

    Examples
    --------
    >>> same_classes(["neg", "pos"], ["Neg", "Pos"])
    ({'Neg': 'neg', 'Pos': 'pos'}, 'upper and lower case, width, or blanks')
    >>> same_classes(["1", "01"], ["01", "001"])  # 001 could be either of the two
    ({}, '')
    """
    theirs = dict.fromkeys(theirs)
    left_ours = dict.fromkeys(name for name in ours if name not in theirs)
    our_names = set(ours)
    left_theirs = dict.fromkeys(name for name in theirs if name not in our_names)
    found: dict[str, str] = {}
    ways: list[str] = []
    for said, fold in _WAYS:
        if not (left_ours and left_theirs):
            break
        taken, given = Counter(map(fold, ours)), Counter(map(fold, theirs))
        # Truth has two values: with a third class beside them, 1 is a number and not a truth.
        if fold is _truth and not (taken.keys() <= {"true", "false"} >= given.keys()):
            continue
        place = {fold(name): name for name in left_ours if taken[fold(name)] == 1}
        for name in list(left_theirs):
            twin = place.get(fold(name)) if given[fold(name)] == 1 else None
            if twin is not None:
                found[name] = twin
                del left_theirs[name], left_ours[twin]
                ways += [said] if said and said not in ways else []
    return found, ", ".join(ways)


def spelled_like(domain: Domain, classes: Sequence[str], whose: str) -> Domain:
    """Return a domain whose class names are those of `classes` where they differ in spelling only.

    Only names are looked at, never which row has which.

    Parameters
    ----------
    domain : Domain
        As it was read: nothing is sealed yet.
    classes : sequence of str
        The names to use.
    whose : str
        Whose names they are, for the note: "the source 'photos'".
    """
    if not domain.target_type.named or not classes:
        return domain
    spelled, how = same_classes(classes, domain.classes)
    if not spelled:
        return domain
    named = replace(domain, classes=tuple(spelled.get(name, name) for name in domain.classes))
    if not how:
        return named
    pairs = ", ".join(f"{theirs!r} is {ours!r}" for theirs, ours in list(spelled.items())[:5])
    more = f" and {len(spelled) - 5} more" if len(spelled) > 5 else ""
    return named.noting(
        f"classes differ from those of {whose} in {how} only, and are taken as the same: "
        f"{pairs}{more}"
    )


def check_test_labels(domain: Domain, classes: Sequence[str], whose: str) -> str:
    """Return a sentence where some labels are of classes that no answer can be, "" where none.

    Parameters
    ----------
    domain : Domain
        Whose known labels are to judge.
    classes : sequence of str
        The possible answers.
    whose : str
        Whose classes they are: "the source 'photos'".

    Raises
    ------
    DataError
        Where not one of the labels is a possible answer: every figure would be 0.
    """
    if not domain.target_type.exclusive or not classes or not domain.labeled_mask.any():
        return ""
    counts = np.bincount(domain.labels[domain.labeled_mask], minlength=len(domain.classes))
    strange = {n: int(k) for n, k in zip(domain.classes, counts, strict=True) if k}
    total = sum(strange.values())
    for name in classes:
        strange.pop(name, None)
    missed = sum(strange.values())
    if not missed:
        return ""
    if missed == total:
        raise DataError(
            f"none of the {total} labels to judge {domain.name!r} by is a class of {whose}: "
            f"{listed(list(strange), 5)} against {listed(classes, 5)}",
            hint="write the classes alike on both sides, name the right column with --label, or "
            "leave the labels out",
        )
    # Without their names: this is kept with the run, and they are sealed.
    return (
        f"{missed} of {total} labels to judge {domain.name!r} by are of classes that {whose} does "
        "not have: they count as wrong"
    )
