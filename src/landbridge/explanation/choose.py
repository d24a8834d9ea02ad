"""Which method explains: the one that passes its checks best, at the least cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from ..base.errors import ConfigError
from ..base.events import SILENT, Events
from ..base.formatting import counted
from .base import EXPLAINERS, Explainer
from .checks import check_method, shuffled
from .game import Game
from .keeping import NOTHING, Keeping
from .records import MethodCheck

AUTO = "auto"
_NEAR = 0.9
"""A method this near to the best one's gain is as good, and may be cheaper."""


@dataclass(frozen=True)
class Chosen:
    """The method that explains, and why.

    Attributes
    ----------
    method : Explainer
    reason : str
    checks : tuple of MethodCheck
        Of each method that was tried, on a few rows.
    misfits : mapping of str to str
        Why others were not.
    """

    method: Explainer
    reason: str
    checks: tuple[MethodCheck, ...]
    misfits: dict[str, str]

    @property
    def check(self) -> MethodCheck:
        """Of the method itself."""
        return next(one for one in self.checks if one.method == self.method.name)


def methods_for(
    games: Sequence[Game], asked: str, budget: int
) -> tuple[dict[str, Explainer], dict[str, str]]:
    """Return the methods that can explain all of some rows, and why the others cannot.

    Raises
    ------
    ConfigError
        Where the one that was asked for cannot.
    """
    every = [kind() for _, kind in EXPLAINERS.items()]
    wanted = every if asked == AUTO else [EXPLAINERS.get(asked)()]
    misfits = {one.name: why for one in wanted if (why := _misfit(one, games, budget))}
    fitting = {one.name: one for one in wanted if one.name not in misfits}
    if not fitting and asked != AUTO:
        others = [one.name for one in every if not _misfit(one, games, budget)]
        raise ConfigError(
            f"--method {asked}: {misfits[asked]}",
            hint=f"use {' or '.join(others)}, or auto" if others else "explain other rows",
        )
    return fitting, misfits


def _misfit(method: Explainer, games: Sequence[Game], budget: int) -> str:
    """Return why a method cannot explain one of some rows, "" where it can explain all."""
    return next((why for game in games if (why := method.misfit(game, budget))), "")


def choose(
    games: Sequence[Game],
    asked: str,
    budget: int,
    seed: int,
    events: Events = SILENT,
    keeping: Keeping = NOTHING,
) -> Chosen:
    """Try methods on a few rows, one game each, and take the one that passes best.

    Raises
    ------
    ConfigError
        Where the method that was asked for cannot explain such rows, or none can.
    """
    fitting, misfits = methods_for(games, asked, budget)
    if not fitting:
        raise ConfigError(
            "nothing can be hidden in these rows, so nothing explains them: "
            + "; ".join(f"{name}: {why}" for name, why in misfits.items()),
            hint="give rows with more than one word, column or region",
        )
    random = shuffled(games[0].network, seed)
    checks: dict[str, MethodCheck] = {}
    with events.progress("check methods", len(fitting)) as bar:
        for name, method in fitting.items():
            make = partial(check_method, method, games, random, budget, seed)
            checks[name] = keeping.check(name, make)
            bar.advance()
    best, reason = _best(list(checks.values()), asked)
    tried = sorted(checks.values(), key=lambda one: (one.method != best, -one.gain.value))
    return Chosen(fitting[best], reason, tuple(tried), misfits)


def _best(checks: Sequence[MethodCheck], asked: str) -> tuple[str, str]:
    """Return the method's name, and why it is taken."""
    if asked != AUTO:
        return checks[0].method, "it was asked for"
    passed = [one for one in checks if one.passed]
    pool = passed or list(checks)
    most = max(one.gain.value for one in pool)
    near = [one for one in pool if one.gain.value >= _NEAR * most or one.gain.value == most]
    best = min(near, key=lambda one: (one.cost, -one.gain.value))
    if not passed:
        return best.method, "no method passed its checks; this one came nearest"
    if len(checks) == 1:
        return best.method, "it passed its checks, and no other method fits"
    if best.gain.value == most:
        what = "passed its checks best"
    else:
        what = "passed its checks as well as the best, at less cost"
    rows = counted(best.rows, "row")
    return best.method, f"it {what} (of {len(checks)} that were tried on {rows})"
