"""All checks over one or two domains."""

from __future__ import annotations

from collections.abc import Sequence

from ..base.errors import ConfigError, DataError
from ..base.events import SILENT, Events
from ..base.registry import nearest
from ..domains.domain import Domain
from ..domains.examples import data_of
from .base import CHECKS, SEVERITIES, Problem, Sides


def check_names(only: Sequence[str] | None) -> None:
    """Raise ConfigError where a check is named that there is not."""
    for name in only or ():
        if name not in CHECKS:
            near = nearest(name, list(CHECKS))
            raise ConfigError(
                f"there is no check {name!r}",
                hint=f"did you mean {near!r}?" if near else f"known: {', '.join(CHECKS)}",
            )


def check(
    domain: Domain,
    against: Domain | None = None,
    *,
    only: Sequence[str] | None = None,
    backbone: str = "auto",
    seed: int = 0,
    offline: bool = False,
    events: Events = SILENT,
) -> list[Problem]:
    """Look for what is wrong with data, the worst first.

    Parameters
    ----------
    domain : Domain
        As `landbridge.read_domain` gives it.
    against : Domain, optional
        What else will be learned from: a source beside a target, or new data beside old.
    only : sequence of str, optional
        Names of the checks to run; where not given, all that need no backbone.
    backbone : str, default "auto"
        Whose frozen features "label-errors" looks at, as for `landbridge.transfer`.
    seed : int, default 0
        Of folds, and of backbones that start at random.
    offline : bool, default False
        Forbid every download.
    events : Events

    Raises
    ------
    DataError
        Where the two are of different modalities.
    ConfigError
        For a check that there is not.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> x = np.array([[0.0, 1], [0, 2], [0, 2]])
    >>> found = landbridge.check(landbridge.read_domain((x, ["a", "b", "b"])))
    >>> sorted({problem.check for problem in found})
    ['classes', 'columns', 'duplicates']
    """
    if against is not None and against.modality != domain.modality:
        raise DataError(
            f"{domain.name!r} holds {data_of(domain.modality)} and {against.name!r} holds "
            f"{data_of(against.modality)}",
            hint="give two sets of one modality",
        )
    check_names(only)
    sides = Sides(domain, against, backbone, seed, offline, events)
    found: list[Problem] = []
    for name, kind in CHECKS.items():
        if kind.default if only is None else name in only:
            events.log("step", f"check: {kind.summary}")
            found += kind().look(sides)
    return sorted(found, key=lambda problem: SEVERITIES.index(problem.severity))
