"""What a strategy is: what clients do, what they send, and what the server makes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from ...base.errors import ConfigError
from ...base.options import make_options
from ...base.registry import Registry
from ..arrays import Arrays, added, difference
from ..federation import Federation, Fitted
from ..learner import Learner, Rows, Steps


@dataclass(frozen=True)
class Turn:
    """What a client has in a round.

    Attributes
    ----------
    learner : Learner
    rows : Rows
    steps : Steps
    model : Arrays
        The server's.
    own : Arrays
        What the client remembers; empty at first.
    memory : Arrays
        What the server sends beside its model.
    """

    learner: Learner
    rows: Rows
    steps: Steps
    model: Arrays
    own: Arrays
    memory: Arrays


@dataclass(frozen=True)
class Strategy(ABC):
    """Registered in `STRATEGIES`; its fields are options, ``"fedprox:mu=0.1"``.

    Attributes
    ----------
    summary, paper : str
    seeded : bool
        Whether another seed gives another result.
    personal : bool
        Whether clients answer with models of their own.
    rounds_of_steps : bool
        Whether clients take steps, round after round.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str] = ""
    seeded: ClassVar[bool] = True
    personal: ClassVar[bool] = False
    rounds_of_steps: ClassVar[bool] = False

    @abstractmethod
    def run(self, federation: Federation) -> Fitted:
        """Let the clients learn together."""

    def check(self, learner: Learner) -> None:  # noqa: B027 - most have a use for anything
        """Raise ConfigError where the strategy has no use for what is trained."""


@dataclass(frozen=True)
class RoundStrategy(Strategy):
    """Clients take steps from the server's model and send the change, round after round."""

    rounds_of_steps = True
    equal: ClassVar[bool] = False
    """Whether clients count the same, not by their rows."""

    def run(self, federation: Federation) -> Fitted:
        """Do all rounds, or those that are left of a federation that was interrupted."""
        from ..rounds import run_rounds

        return run_rounds(self, federation)

    def kept(self, learner: Learner) -> frozenset[str]:
        """Return the names of what stays at the client."""
        return frozenset()

    def memory(self, model: Arrays, learner: Learner) -> Arrays:
        """Return what the server remembers at first."""
        return {}

    def sends(self, memory: Arrays) -> Arrays:
        """Return what of its memory the server sends to clients."""
        return {}

    def take_turn(self, turn: Turn) -> tuple[Arrays, Arrays]:
        """Return a client's reply, and what it remembers: steps from what the server has."""
        kept = self.kept(turn.learner)
        start = turn.model | {n: own for n, own in turn.own.items() if n in kept}
        after, _ = turn.learner.descend(start, turn.rows, turn.steps, **self.extra(turn))
        reply = difference(after, turn.model, turn.learner.names - kept)
        return reply, {name: after[name] for name in kept}

    def extra(self, turn: Turn) -> dict[str, Any]:
        """Return what else moves a client's steps, as of `Learner.descend`."""
        return {}

    def step(
        self, model: Arrays, change: Arrays, memory: Arrays, learner: Learner, share: float
    ) -> tuple[Arrays, Arrays]:
        """Return the server's next model and memory from the clients' change.

        `share`: of the clients, those whose reply is in it.
        """
        return added(model, change), memory

    def answer(self, model: Arrays, own: Arrays, learner: Learner) -> Arrays:
        """Return what a client answers with."""
        return model | {n: a for n, a in own.items() if n in self.kept(learner)}


STRATEGIES: Registry[type[Strategy]] = Registry(
    "federated strategy", "landbridge.federated.strategies"
)


def make_strategy(said: str) -> Strategy:
    """Return a strategy by its name, with options behind a colon.

    Raises
    ------
    ConfigError
        For an unknown name, an unknown option, or a value out of its bounds.

    Examples
    --------
    >>> make_strategy("fedprox:mu=0.5")
    FedProx(mu=0.5)
    """
    name, _, rest = said.partition(":")
    given = {}
    for part in filter(None, rest.split(",")):
        key, equals, value = part.partition("=")
        if not equals:
            raise ConfigError(
                f"strategy {said!r}: {part!r} is no option", hint=f"write {name}:{key}=0.1"
            )
        given[key.strip()] = value
    made: Strategy = make_options(STRATEGIES.get(name), given, f"strategy {name!r}")
    return made
