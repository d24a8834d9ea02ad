"""The log-loss of several linear classifiers on the same rows, and its gradient, in one pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..rows import product

_BLOCK = 1 << 20  # numbers in a block of rows
_NEVER = -1e4  # added to the score of a class that a problem does not have


@dataclass(frozen=True)
class Evaluation:
    """Values at one point each of the b problems.

    Attributes
    ----------
    loss : ndarray (b,)
        Σᵢ wᵢ ℓᵢ, without the penalty.
    weight, bias : ndarray (b, k, r) and (b, k)
        Its gradient.
    curvature : ndarray (b, k, k)
        Σᵢ wᵢ (diag(p) − p pᵀ) / Σᵢ wᵢ: the loss's second derivative by the scores. Zero unless
        asked for.
    """

    loss: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    curvature: np.ndarray


class LogisticLoss:
    """Log-loss of b problems that differ in the weights of the rows.

    Parameters
    ----------
    rows : Tensor (n, r)
    labels : ndarray of int (n,)
    n_classes : int
        With 2 there is one output, the second class's score over the first's; otherwise one for
        each class.
    weights : ndarray (b, n)
    offsets : ndarray (n, k), optional
        Added to the scores, k outputs.
    maskable : bool
        Whether a class without any weight is taken out. With a free intercept it must be: the
        minimum is at −∞.

    Attributes
    ----------
    outputs : int
        k.
    present : ndarray of bool (b, k)
        False for a class that is taken out; its score is never the largest.
    """

    def __init__(
        self,
        rows: torch.Tensor,
        labels: np.ndarray,
        n_classes: int,
        weights: np.ndarray,
        offsets: np.ndarray | None = None,
        maskable: bool = True,
    ) -> None:
        self.rows = rows
        self.outputs = 1 if n_classes == 2 else n_classes
        self.n_problems = len(weights)
        self.total = weights.sum(1)
        dtype = rows.dtype
        self.weights = torch.from_numpy(np.ascontiguousarray(weights)).to(dtype)[:, None, :]
        held = np.stack([np.bincount(labels, w, minlength=n_classes) for w in weights])
        self.share = held / self.total[:, None]
        truth = torch.zeros(n_classes, len(labels), dtype=dtype)
        truth[torch.from_numpy(labels), torch.arange(len(labels))] = 1
        self.truth = 2 * truth[1:] - 1 if self.outputs == 1 else truth  # ±1 for a sigmoid
        masked = self.outputs > 1 and maskable
        self.present = held > 0 if masked else np.ones((len(weights), self.outputs), bool)
        absent = np.where(self.present, 0.0, _NEVER)
        self._absent = torch.from_numpy(absent).to(dtype)[:, :, None]
        self._offsets = None
        if offsets is not None:
            self._offsets = torch.from_numpy(np.ascontiguousarray(offsets.T)).to(dtype)

    def slices(self, outputs: int = 1) -> list[slice]:
        """Return the blocks of rows, for so many columns of scores at once."""
        n, step = len(self.rows), max(256, _BLOCK // max(1, self.rows.shape[1], outputs))
        return [slice(i, min(n, i + step)) for i in range(0, n, step)]

    def scores(self, weight: np.ndarray, bias: np.ndarray, rows: slice) -> torch.Tensor:
        """Return the scores (b, k, rows) of problems with weights (b, k, r), biases (b, k)."""
        b, k, r = weight.shape
        short = torch.from_numpy(weight.reshape(b * k, r)).to(self.rows.dtype)
        scores = product(self.rows[rows], short.T).T.contiguous().view(b, k, -1)
        scores += torch.from_numpy(bias).to(self.rows.dtype)[:, :, None]
        if self._offsets is not None:
            scores += self._offsets[:, rows]
        return scores

    def evaluate(
        self, weight: np.ndarray, bias: np.ndarray, problems: np.ndarray, curvature: bool = False
    ) -> Evaluation:
        """Evaluate at m points, weights (m, k, r); `problems` says which problem each is of."""
        m, k, r = weight.shape
        loss, slope = np.zeros(m), np.zeros((m, k))
        curved = np.zeros((m, k, k))
        gradient = torch.zeros(m * k, r, dtype=torch.float64)
        for part in self.slices(m * k):
            w = self.weights[problems, :, part]
            scores = self.scores(weight, bias, part)
            truth = self.truth[:, part]
            # Of rows that are all but certain, what is missing to 1 is kept exactly: 1 − p is not.
            if k == 1:
                scores *= truth
                losses = torch.nn.functional.softplus(-scores)
                residual = torch.sigmoid(-scores)
                curved += _spread(residual, True, w) if curvature else 0
                residual *= -truth
            else:
                scores += self._absent[problems]
                scores -= scores.amax(1, keepdim=True)
                own = (scores * truth).sum(1, keepdim=True)
                residual = scores.exp_()
                total = residual.sum(1, keepdim=True)
                residual /= total
                curved += _spread(residual, False, w) if curvature else 0
                residual *= 1 - truth
                missing = residual.sum(1, keepdim=True)
                losses = torch.where(missing < 0.5, -torch.log1p(-missing), total.log() - own)
                residual -= truth * missing
            loss += (losses * w).sum((1, 2), dtype=torch.float64).numpy()
            residual *= w
            slope += residual.sum(2, dtype=torch.float64).numpy()
            gradient += product(residual.view(m * k, -1), self.rows[part])
        curved /= self.total[problems, None, None]
        return Evaluation(loss, gradient.view(m, k, r).numpy(), slope, curved)


def _spread(p: torch.Tensor, sigmoid: bool, w: torch.Tensor) -> np.ndarray:
    """Return Σᵢ wᵢ (diag(p) − p pᵀ), (m, k, k); for a sigmoid Σᵢ wᵢ p (1 − p)."""
    held = p * w
    if sigmoid:
        return (held * (1 - p)).sum(2, dtype=torch.float64).numpy()[:, :, None]
    mixed = (held @ p.transpose(1, 2)).double().numpy()
    each = held.sum(2, dtype=torch.float64).numpy()
    return each[:, :, None] * np.eye(p.shape[1]) - mixed
