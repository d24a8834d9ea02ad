"""AdaBN on a stream: the statistics of batch normalisation follow, nothing else moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from .base import ADAPTERS, StreamAdapter
from .norms import install
from .statistics import StreamStatistics


class Recalibrating(StreamAdapter):
    """What adapters share whose batch normalisation follows the stream."""

    @dataclass(frozen=True)
    class Config:
        """`prior`: how many rows the source's statistics are worth.

        `half_life`: after so many rows an old row counts half. `balanced`: each class has
        statistics of its own, so that a stream ordered by class does no harm.
        """

        prior: float = 64.0
        half_life: float = 256.0
        balanced: bool = True

    def prepare(self, source_rows: torch.Tensor | None) -> None:
        """Make the batch normalisations follow."""
        norms = install(self.network)
        c = self.config
        self.statistics = StreamStatistics(
            norms, self.n_classes, prior=c.prior, half_life=c.half_life, balanced=c.balanced
        )
        if not norms:
            self.notes.append(
                "the network has no batch normalisation: there are no statistics to follow"
            )

    @torch.no_grad()
    def recalibrate(self, x: torch.Tensor) -> None:
        """Take these rows into the statistics."""
        if self.statistics.norms:
            self.statistics.update(self.network(x)[1].softmax(1))

    def reset(self) -> None:
        """Go back to the source's statistics."""
        self.statistics.reset()

    def state(self) -> dict[str, torch.Tensor]:
        """Return the statistics."""
        return {f"statistics.{k}": v for k, v in self.statistics.state().items()}

    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Put the statistics back."""
        self.statistics.load(part(tensors, "statistics"))


@ADAPTERS.register("adabn")
class AdaBN(Recalibrating):
    """Statistics of the stream mixed with the source's; see `StreamStatistics`.

    A batch is taken in first and answered then: two passes forward.
    """

    summary = "batch normalisation follows the stream; the source's statistics weigh in"
    paper = "Schneider et al., 2020, NeurIPS; Li et al., 2018, Pattern Recognition"

    @torch.no_grad()
    def answer(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits under statistics that know this batch."""
        self.recalibrate(x)
        return self.network(x)[1]


def part(tensors: Mapping[str, torch.Tensor], name: str) -> dict[str, torch.Tensor]:
    """Return the entries below ``name.``, without it."""
    prefix = f"{name}."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
