"""A model's score of one row with some of its units hidden, and how often it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn

from ..training.precision import layout
from .views.base import RowView

if TYPE_CHECKING:
    from ..backbones.surgery import Network

_AT_ONCE = 32
_SLOPES: WeakKeyDictionary[nn.Module, bool] = WeakKeyDictionary()
"""Which networks have any; asked once of each."""


class Game:
    """The score of an answer as a function of which units are there.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    view : RowView
    weights : ndarray, shape (n_outputs,)
        The score is the sum of outputs with these weights.

    Attributes
    ----------
    cost : float
        Forward passes so far; a pass back to the mask counts as one more.
    """

    def __init__(self, network: Network, view: RowView, weights: np.ndarray) -> None:
        self.network, self.view = network, view
        self.weights = torch.as_tensor(np.asarray(weights, np.float32))
        self.cost = 0.0
        self._known: dict[bytes, float] = {}

    @property
    def n_units(self) -> int:
        """How many units the row has."""
        return self.view.n_units

    def values(self, kept: np.ndarray) -> np.ndarray:
        """Return the score for sets of units that are there, bool (m, units); each asked once."""
        kept = np.asarray(kept, bool)
        keys = [row.tobytes() for row in kept]
        asked = {key: i for i, key in enumerate(keys) if key not in self._known}
        if asked:
            found = self._asked(kept[list(asked.values())])
            self._known.update(zip(asked, found.tolist(), strict=True))
        return np.array([self._known[key] for key in keys])

    def _asked(self, kept: np.ndarray) -> np.ndarray:
        self.cost += len(kept)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(kept), _AT_ONCE):
                x = self.view.hide(kept[start : start + _AT_ONCE])
                parts.append(self.network(layout(x))[1].float() @ self.weights)
        return torch.cat(parts).double().numpy()

    @property
    def whole(self) -> float:
        """The score of the row as it is."""
        return float(self.values(np.ones((1, self.n_units), bool))[0])

    @property
    def nothing(self) -> float:
        """The score where every unit is hidden."""
        return float(self.values(np.zeros((1, self.n_units), bool))[0])

    @property
    def has_slopes(self) -> bool:
        """Whether the score can be differentiated by the mask: votes of neighbours cannot."""
        if not self.view.gradients:
            return False
        if self.network not in _SLOPES:
            mask = torch.full((1, *self.view.labels.shape), 0.5, requires_grad=True)
            try:
                with torch.enable_grad():
                    outputs = self.view.outputs(self.network, mask).float()
                    score = (outputs @ self.weights).sum()
                    slope = torch.autograd.grad(score, mask, allow_unused=True)[0]
                    _SLOPES[self.network] = slope is not None
            except RuntimeError:  # torch's word for an operation without a derivative
                _SLOPES[self.network] = False
        return _SLOPES[self.network]

    def slopes(self, at: np.ndarray) -> np.ndarray:
        """Return the score's derivatives by the mask, (m, *details), where it is `at` (m,)."""
        shape = self.view.labels.shape
        parts = []
        for level in np.asarray(at, np.float32):
            mask = torch.full((1, *shape), float(level))
            mask[0][torch.from_numpy(self.view.labels < 0)] = 1.0
            mask.requires_grad_()
            with torch.enable_grad():
                score = (self.view.outputs(self.network, mask).float() @ self.weights).sum()
                parts.append(torch.autograd.grad(score, mask)[0][0])
            self.cost += 2
        return torch.stack(parts).double().numpy()
