"""A model under test: its answers for changed rows, and gradients down to what the rows are.

Gradients go through the whole network: backbone, and whatever the head is made of, steps of arrays
included. Where something on the way is not smooth (neighbours, votes, trees) there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ..backbones.extraction import forward_batch
from ..domains.examples import Examples
from ..domains.modalities.base import Signal
from .base import Rows

if TYPE_CHECKING:
    import torch

    from ..runs.model import Model

_LOOKED_AT = 16
"""Rows by which it is found out whether there are gradients."""
_BACKWARD = 3
"""A pass back holds so many times as much as one forward."""


class Subject:
    """A model with the rows that it is tested on.

    Parameters
    ----------
    name : str
        What to call it.
    model : Model
    rows : Rows
        As the model takes them.
    truth : int ndarray, shape (n,)
        The place of each row's class; −1 where it is none of the model's.
    fixed : tuple of str
        Columns that no attack may change.
    """

    def __init__(
        self, name: str, model: Model, rows: Rows, truth: np.ndarray, fixed: tuple[str, ...] = ()
    ) -> None:
        self.name, self.model, self.rows = name, model, rows
        self.truth, self.fixed = truth, fixed

    def __len__(self) -> int:
        return len(self.rows)

    def values(self, stored: np.ndarray) -> np.ndarray:
        """Return probabilities, or numbers, of rows as stored."""
        return self.model.values_of(stored)

    def margins(self, examples: Examples, truth: np.ndarray) -> np.ndarray:
        """Return by how much the best wrong class beats the true one, for any examples."""
        logits = self.model.logits_of(self.rows.prepared(examples))
        return margins(logits, truth)

    # A signal --------------------------------------------------------------------------------

    @property
    def signal(self) -> Signal | None:
        """How rows are a signal; None where they are none."""
        return self.rows.preprocessing.signal()

    @cached_property
    def batch(self) -> int:
        """How many rows go through forward and back at once."""
        own = self.rows.preprocessing
        return max(1, forward_batch(self.model.network, own, 256) // _BACKWARD)

    def start(self, rows: np.ndarray) -> torch.Tensor:
        """Return rows as a signal, float32 (k, ...)."""
        import torch

        assert self.signal is not None
        stored = torch.from_numpy(np.array(self.rows.stored[rows]))
        x = stored.float() / self.signal.unit
        if self.signal.nothing is not None:
            x = x.masked_fill(stored == self.signal.nothing, 0.0)
        return x

    def there(self, rows: np.ndarray) -> torch.Tensor | None:
        """Return where rows have something to change, bool (k, ...); None: everywhere."""
        import torch

        assert self.signal is not None
        if self.signal.nothing is None:
            return None
        return torch.from_numpy(np.asarray(self.rows.stored[rows]) != self.signal.nothing)

    def logits(self, x: torch.Tensor, there: torch.Tensor | None = None) -> torch.Tensor:
        """Return logits of a signal, with gradients where x asks for them."""
        assert self.signal is not None
        stored = x * self.signal.unit
        if there is not None:
            stored = stored.masked_fill(~there, float(self.signal.nothing or 0))
        _, found = self.model.network(self.rows.preprocessing.encode(stored))
        return found.float()

    @cached_property
    def no_gradients(self) -> str:
        """Why there are no gradients down to the input; "" where there are."""
        import torch
        from torch.nn import functional

        if self.signal is None:
            return "what it takes is no signal that could change a little everywhere"
        right = np.flatnonzero(self.truth >= 0)[:_LOOKED_AT]
        if not len(right):
            return "no row has a class that it knows"
        x = self.start(right).requires_grad_(True)
        with inputs_alone(self.model.network):
            logits = self.logits(x, self.there(right))
            if not logits.requires_grad:
                return "its answer does not depend on the input by steps that have a gradient"
            y = torch.from_numpy(self.truth[right])
            (slope,) = torch.autograd.grad(
                functional.cross_entropy(logits / (1 + logits.detach().abs().max()), y),
                x,
                allow_unused=True,
            )
        if slope is None or not bool((slope != 0).any()):
            return "its answer is the same wherever the input changes a little"
        return ""


@contextmanager
def inputs_alone(network: torch.nn.Module) -> Iterator[None]:
    """Let gradients be taken for the input alone, in evaluation mode."""
    asked = [p for p in network.parameters() if p.requires_grad]
    network.eval()
    try:
        for parameter in asked:
            parameter.requires_grad_(False)
        yield
    finally:
        for parameter in asked:
            parameter.requires_grad_(True)


def margins(logits: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return by how much the best wrong class beats the true one, float (n,).

    Examples
    --------
    >>> margins(np.array([[2.0, 1.0], [0.0, 3.0]]), np.array([0, 0])).tolist()
    [-1.0, 3.0]
    """
    logits = np.asarray(logits, np.float64)
    own = logits[np.arange(len(logits)), truth]
    others = logits.copy()
    others[np.arange(len(logits)), truth] = -np.inf
    return np.asarray(others.max(1) - own)
