"""What a ridge regression is asked, and what an eigenproblem answers: see `ridge`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .rows import CentredRows, as_tensor


@dataclass(frozen=True)
class SolvedRidge:
    """What the eigenproblem gave: errors per strength, and the fit at a strength.

    Attributes
    ----------
    errors, misclassified : ndarray, shape (s,)
    precision : str
        "float32", "float64" or "mixed".
    fit : callable
        strength's index -> weight (d, k) of the scaled rows, leave-one-out predictions (n, k).
    """

    errors: np.ndarray
    misclassified: np.ndarray
    precision: str
    fit: Callable[[int], tuple[torch.Tensor, torch.Tensor]]


class RidgeProblem:
    """Centred rows, centred targets, and the strengths in units of the scaled rows."""

    def __init__(
        self,
        rows: CentredRows,
        targets: Any,
        alphas: np.ndarray,
        count_wrong: bool,
        judged: np.ndarray | None = None,
    ) -> None:
        y = as_tensor(targets).to(rows.device, torch.float64)
        if y.ndim != 2 or len(y) != len(rows.x):
            raise ValueError(f"targets have shape {tuple(y.shape)}, expected ({len(rows.x)}, k)")
        if not bool(y.isfinite().all()):
            raise ValueError("targets hold values that are not finite (NaN or infinite)")
        self.rows = rows
        self.y = y if rows.used is None else y[rows.used]
        weight = torch.ones_like(self.y[:, :1]) if rows.root is None else rows.root**2
        self.share = weight / rows.total  # what the intercept adds to each hᵢ
        self.offset = (self.share * self.y).sum(0) if rows.centre else torch.zeros_like(y[0])
        self.root = weight.sqrt()
        self.alpha = torch.as_tensor(alphas, device=rows.device)
        self.count_wrong = count_wrong
        asked = torch.ones(len(rows.x), dtype=torch.float64)
        if judged is not None:
            if np.shape(judged) != (len(rows.x),):
                raise ValueError(f"judged has shape {np.shape(judged)}, expected {(len(rows.x),)}")
            asked = torch.from_numpy(np.asarray(judged, dtype=np.float64))
        asked = asked.to(rows.device) if rows.used is None else asked.to(rows.device)[rows.used]
        if not bool((asked > 0).any()):
            raise ValueError("no row of weight above 0 is judged")
        self.judged = asked[:, None]
        self.n_judged = int(asked.sum())
        self.judged_share = self.share * self.judged
        self.judged_share /= self.judged_share.sum()

    def centred(self, part: slice) -> torch.Tensor:
        """Return √w (y − mean)."""
        return (self.y[part] - self.offset) * self.root[part]

    def wrong(self, error: torch.Tensor, part: slice) -> float:
        """Return the weight of rows whose prediction y − e / √w does not give their class."""
        predicted = self.y[part] - error / self.root[part]
        if self.y.shape[1] == 1:
            miss = (predicted[:, 0] > 0) != (self.y[part, 0] > 0)
        else:
            miss = predicted.argmax(1) != self.y[part].argmax(1)
        return float(self.judged_share[part, 0][miss].sum())


def positive(values: torch.Tensor) -> torch.Tensor:
    """Keep a denominator off 0, where rounding took it there (a row that no other supports)."""
    return values.clamp_(min=torch.finfo(values.dtype).eps)
