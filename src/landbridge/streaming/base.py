"""What a stream adapter is: a copy of the source's network that changes as unlabelled rows pass."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch

from ..backbones.surgery import Network
from ..base.options import make_options
from ..base.registry import Registry


class StreamAdapter(ABC):
    """A network that answers batch after batch and adapts on the way, without labels.

    Parameters
    ----------
    network : Network
        A copy of the source's, in evaluation mode: it is changed.
    n_classes : int
    options : mapping
        Fields of the adapter's `Config`.
    source_rows : Tensor (n, ...), optional
        Encoded rows of the source, for what can use them (EATA's Fisher weights).

    Attributes
    ----------
    summary, paper : str
    tally : dict of str to int
        What happened so far, in the adapter's own words ("steps", "filtered", "resets").
    notes : list of str
        What this network does not allow, in sentences.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str] = ""

    @dataclass(frozen=True)
    class Config:
        """No options."""

    def __init__(
        self,
        network: Network,
        n_classes: int,
        options: Mapping[str, Any] | None = None,
        source_rows: torch.Tensor | None = None,
    ) -> None:
        self.network = network.eval().requires_grad_(False)
        self.n_classes = n_classes
        self.config: Any = make_options(self.Config, options or {}, f"stream method {self.name!r}")
        self.tally: dict[str, int] = {}
        self.notes: list[str] = []
        self.prepare(source_rows)

    def prepare(self, source_rows: torch.Tensor | None) -> None:
        """Get ready, once: find what may move and remember where it starts."""
        return

    @abstractmethod
    def answer(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, K) of encoded rows, and adapt.

        Row i's answer may depend on the other rows of this batch and of those before; never on
        a label, because there is none here.
        """

    def reset(self) -> None:
        """Go back to the source model, bit for bit; the tally stays."""
        return

    def state(self) -> dict[str, torch.Tensor]:
        """Return copies of everything that later answers depend on."""
        return {}

    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Undo `state`."""
        return

    def count(self, what: str, by: int = 1) -> None:
        """Add to the tally."""
        self.tally[what] = self.tally.get(what, 0) + by


ADAPTERS: Registry[type[StreamAdapter]] = Registry("stream adapter", "landbridge.streaming")


def row_entropy(logits: torch.Tensor) -> torch.Tensor:
    """Return the entropy of each row's answer in nats, (n,), differentiable."""
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)
