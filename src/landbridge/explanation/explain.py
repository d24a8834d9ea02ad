"""Rows of one model explained by one method, within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..backbones.surgery import Network
from ..base.evenly import evenly
from ..base.events import SILENT, Events
from ..targets.codec import TargetCodec
from .base import EXPLAINERS, Explainer
from .checks import check_row
from .choose import Chosen, choose
from .concepts import Concepts
from .game import Game
from .keeping import NOTHING, Keeping
from .methods.shapley import exact_over
from .records import Attribution, RowCheck
from .views.base import Rows

TRIED = 5
"""Rows that methods are compared on."""
_TRIED_CHEAP = 12


@dataclass(frozen=True)
class Explained:
    """One row's game and what came of it."""

    game: Game
    about: str
    attribution: Attribution
    check: RowCheck


@dataclass(frozen=True)
class Explaining:
    """A model with rows that it can be asked about.

    Attributes
    ----------
    network : Network
        In evaluation mode, its parameters without gradients.
    rows : Rows
    outputs : ndarray, shape (n, n_outputs)
        Of these rows.
    codec : TargetCodec
    budget, seed : int
    keeping : Keeping
        What was computed before an interruption.
    """

    network: Network
    rows: Rows
    outputs: np.ndarray
    codec: TargetCodec
    budget: int
    seed: int
    keeping: Keeping = NOTHING

    def game(self, row: int) -> tuple[Game, str]:
        """Return a row's game, and what its score speaks for."""
        kind = self.codec.target_type
        about, weights = kind.explained(self.outputs[row], self.codec.classes, self.codec.scale)
        return Game(self.network, self.rows.view(row), weights), about

    def choose(self, wanted: Sequence[int], asked: str, events: Events = SILENT) -> Chosen:
        """Return the method that explains such rows best, tried on a few of them.

        Where few are wanted it is tried on others as well: what holds of one row says little of a
        method.
        """
        most = _TRIED_CHEAP if self.rows.view(wanted[0]).cheap else TRIED
        rest = np.setdiff1d(np.arange(len(self.outputs)), wanted)
        games = [game for row in wanted if (game := self.game(row)[0]).n_units > 1]
        tried = [games[i] for i in evenly(len(games), most)]
        for row in rest[evenly(len(rest), 2 * (most - len(tried)))]:
            if len(tried) < most and (game := self.game(int(row))[0]).n_units > 1:
                tried.append(game)
        tried = tried or [self.game(wanted[0])[0]]
        return choose(tried, asked, self.budget, self.seed, events, self.keeping)

    def explain(self, row: int, method: Explainer) -> Explained | None:
        """Explain a row and check it; None where nothing fits it.

        A row that the method does not fit, such as a long text among short ones, is explained by
        occlusion.
        """
        game, about = self.game(row)
        fitting = _fitting(method, game, self.budget)
        if fitting is None:
            return None

        def make() -> tuple[Attribution, RowCheck]:
            own = fitting.explain(game, self.budget, self.seed)
            return own, check_row(game, own.scores, self.seed)

        own, check = self.keeping.row(fitting.name, row, make)
        return Explained(game, about, own, check)

    def scores(
        self, row: int, method: Explainer, each: Concepts | None = None
    ) -> dict[str, float] | None:
        """Return what speaks for a row's answer by key, without a check.

        `each` takes its regions as well.
        """
        game, _ = self.game(row)
        fitting = _fitting(method, game, self.budget)
        if fitting is None:
            return None

        def make() -> tuple[Attribution, RowCheck]:
            return fitting.explain(game, self.budget, self.seed), RowCheck(0.0, 1.0)

        own, _ = self.keeping.row(f"whole-{fitting.name}", row, make)
        if each is not None:
            each.add(game, own)
        found = game.view.by_key(own.scores, own.detail)
        if self.codec.target_type.directed:  # what lowers a number matters as much
            return {key: abs(score) for key, score in found.items()}
        return found


def _fitting(method: Explainer, game: Game, budget: int) -> Explainer | None:
    """Return the method, occlusion where it does not fit, or None where that does not fit."""
    for one in (method, EXPLAINERS.get("occlusion")()):
        if not one.misfit(game, budget):
            return one
    return None


def modality_shares(game: Game) -> tuple[tuple[str, float], ...]:
    """Return the Shapley value of each modality of a row; nothing where it has one."""
    names = getattr(game.view, "modalities", ())
    if len(names) < 2:
        return ()
    part_of = game.view.part_of  # type: ignore[attr-defined]
    scores = exact_over(lambda kept: game.values(kept[:, part_of]), len(names))
    return tuple(zip(names, scores.tolist(), strict=True))
