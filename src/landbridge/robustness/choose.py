"""Which attacks and corruptions are run: those that are named, or all that go with the data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..base.errors import ConfigError
from ..base.registry import nearest
from ..domains.examples import data_of
from ..domains.modalities.table import TableExamples
from .base import ATTACKS, CORRUPTIONS, Attack, Corruption
from .plan import Sizes
from .subject import Subject

NONE, ALL = "none", "all"


def names_of(asked: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Return names as a tuple, also of a text joined by commas; None stands for the usual ones.

    Examples
    --------
    >>> names_of("pgd, square"), names_of(None), names_of("none")
    (('pgd', 'square'), None, ())
    """
    if asked is None:
        return None
    parts = asked.split(",") if isinstance(asked, str) else [str(one) for one in asked]
    names = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
    return () if names == (NONE,) else names


def check_names(
    attacks: tuple[str, ...] | None, corruptions: tuple[str, ...] | None, smoothed: bool = False
) -> None:
    """Raise ConfigError where a name is unknown, or nothing is left to do."""
    for names, registry in ((attacks, ATTACKS), (corruptions, CORRUPTIONS)):
        for name in names or ():
            if name != ALL:
                registry.get(name)
    if attacks == () and corruptions == () and not smoothed:
        raise ConfigError(
            "neither attacks nor corruptions are left to run", hint="name some of either"
        )


def chosen_corruptions(asked: tuple[str, ...] | None, subject: Subject) -> dict[str, Corruption]:
    """Return the corruptions by name.

    Raises
    ------
    ConfigError
        Where one that is named has nothing to change in the data.
    """
    made = {name: kind() for name, kind in CORRUPTIONS.items()}
    fitting = {name: one for name, one in made.items() if one.applies(subject.rows)}
    if asked is None or asked == (ALL,):
        return fitting
    for name in asked:
        if name not in fitting:
            kind = CORRUPTIONS.get(name).modality
            raise ConfigError(
                f"corruption {name!r} changes {data_of(kind)}, and there is nothing in the data "
                "that it could change",
                hint=f"give some of {', '.join(fitting)}" if fitting else "leave it out",
            )
    return {name: fitting[name] for name in asked}


def chosen_attacks(
    asked: tuple[str, ...] | None, subject: Subject, size: float | None
) -> tuple[dict[str, tuple[Attack, Sizes]], dict[str, str]]:
    """Return the attacks with their sizes by name, and why others are not run.

    Raises
    ------
    ConfigError
        Where one that is named cannot be run, or the size goes with none.
    """
    skipped: dict[str, str] = {}
    made = {name: kind() for name, kind in ATTACKS.items()}
    kind = subject.model.reading.target_type
    if not kind.class_scores:
        why = f"attacks are on classes, and the answers are {kind.nouns}"
        if asked:
            raise ConfigError(f"attack {asked[0]!r}: {why}", hint="give --attacks none")
        if size is not None:
            raise ConfigError(f"an epsilon of {size:g}: {why}", hint="leave it out")
        return {}, {} if asked == () else {"attacks": why}
    fitting = {name: one for name, one in made.items() if one.applies(subject)}
    if not fitting and asked:
        raise ConfigError(
            f"attack {asked[0]!r}: there is no attack on {data_of(subject.rows.examples.modality)} "
            "as this model takes them",
            hint="give --attacks none; corruptions can be run",
        )
    if not fitting and asked is None:
        skipped["attacks"] = (
            f"there is none on {data_of(subject.rows.examples.modality)} as this model takes them"
        )
    names = _names(asked, fitting, subject, skipped)
    picked = {name: fitting[name] for name in names}
    if size is not None:
        _check_size(size, picked, subject)
    return {name: (one, _sizes(one, subject, size)) for name, one in picked.items()}, skipped


def _names(
    asked: tuple[str, ...] | None,
    fitting: Mapping[str, Attack],
    subject: Subject,
    skipped: dict[str, str],
) -> list[str]:
    if asked is None or asked == (ALL,):
        found = []
        for name, one in fitting.items():
            if asked is None and not one.default:
                continue
            if one.gradients and subject.no_gradients:
                skipped[name] = f"the model has no gradients: {subject.no_gradients}"
                continue
            found.append(name)
        return found
    for name in asked:
        if name not in fitting:
            kinds = " and ".join(data_of(kind) for kind in ATTACKS.get(name).modalities)
            raise ConfigError(
                f"attack {name!r} is on {kinds}, and the data are "
                f"{data_of(subject.rows.examples.modality)}, or hold nothing that it may change",
                hint=f"give some of {', '.join(fitting)}",
            )
        if fitting[name].gradients and subject.no_gradients:
            others = [other for other, one in fitting.items() if not one.gradients]
            raise ConfigError(
                f"attack {name!r} follows gradients, and the run's model has none: "
                f"{subject.no_gradients}",
                hint=f"give some of {', '.join(others)}, which ask for scores alone",
            )
    return list(asked)


def _check_size(size: float, picked: Mapping[str, Attack], subject: Subject) -> None:
    if not picked:
        raise ConfigError(f"an epsilon of {size:g}, and no attack to use it", hint="leave it out")
    norms = {one.norm for one in picked.values()}
    if len(norms) > 1:
        found = "; ".join(f"{name}: {one.counted}" for name, one in picked.items())
        raise ConfigError(
            f"an epsilon of {size:g} means something else for each attack ({found})",
            hint="name --attacks of one kind",
        )
    largest = min(one.largest(subject) for one in picked.values())
    one = next(iter(picked.values()))
    if not math.isfinite(size) or size <= 0 or size > largest:
        raise ConfigError(
            f"an epsilon of {size:g} ({one.counted}), expected above 0 and at most {largest:g}",
            hint=f"usual is {one.said(_usual(one, subject))}",
        )


def _usual(attack: Attack, subject: Subject) -> float:
    """Return the size in the middle."""
    values = attack.sizes(subject)
    return values[(len(values) - 1) // 2]


def _sizes(attack: Attack, subject: Subject, size: float | None) -> Sizes:
    if size is None:
        return Sizes(_usual(attack, subject), attack.sizes(subject))
    ladder = attack.ladder(size, attack.largest(subject))
    return Sizes(size, ladder)


def check_fixed(fixed: Sequence[str], subject: Subject) -> None:
    """Raise ConfigError where a column that may not change is none of the data's."""
    if not fixed:
        return
    table = subject.rows.examples
    if not isinstance(table, TableExamples):
        raise ConfigError(
            f"--fixed names columns ({', '.join(fixed)}), and the data are "
            f"{data_of(subject.rows.examples.modality)}",
            hint="leave it out",
        )
    for name in fixed:
        if name not in table.columns:
            near = nearest(name, table.columns)
            raise ConfigError(
                f"--fixed names the column {name!r}, which the run does not use",
                hint=f"did you mean {near!r}?" if near else f"one of {', '.join(table.columns)}",
            )
