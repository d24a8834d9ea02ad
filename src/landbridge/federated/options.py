"""How a federation learns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..base.errors import ConfigError
from ..base.fields import option
from ..base.options import positive


@dataclass(frozen=True)
class FederatedOptions:
    """How clients learn together.

    Attributes
    ----------
    strategy : str
        With its own options behind a colon: "fedprox:mu=0.1".
    aggregation : str
        How the server makes one change of the clients'.
    train : {"head", "network"}
        A head on frozen features, or everything.
    rounds : int
    epochs : float
        Passes of a client over its rows in a round.
    folds : int
        Parts of each client's rows that are left out in turn, by which it chooses what it keeps;
        0: all keep what was learned together.
    pooled : bool
        Whether to learn from all rows in one place as well, which only a simulation can.
    """

    strategy: str = option("one-round", "How clients learn together: fedprox:mu=0.1.", "NAME")
    aggregation: str = option("mean", "How one change is made of the clients'.", "NAME")
    train: Literal["head", "network"] = option("head", "What is trained.", "head|network")
    rounds: int = option(30, "Rounds; a closed form needs one.", "N")
    epochs: float = option(1.0, "Passes of a client over its rows in a round.", "N")
    folds: int = option(3, "By which clients choose what to keep; 0: no choice.", "N")
    pooled: bool = option(True, "Learn from all rows in one place as well, to compare.")

    def check(self) -> None:
        """Raise ConfigError for what can be no federation."""
        positive(rounds=self.rounds, epochs=self.epochs)
        if self.folds == 1 or self.folds < 0:
            raise ConfigError(f"folds = {self.folds}", hint="give 2 or more, or 0 for no choice")
        if self.train not in ("head", "network"):
            raise ConfigError(f"train = {self.train!r}", hint="give head or network")


SPEED = {"head": 0.5, "network": 0.05}
"""Learning rates; features are scaled to rows of length about 1, so that 0.5 cannot diverge."""
