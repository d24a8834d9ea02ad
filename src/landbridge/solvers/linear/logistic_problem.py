"""The numerical part of `logistic`: many fits to the same rows, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .lbfgs import Lbfgs
from .logistic_design import LogisticDesign
from .logistic_loss import Evaluation, LogisticLoss

_LEAST_CURVATURE = 1e-5  # of p (1 − p): keeps a class that is never in doubt in play
_TO_COMPARE = 2e-6  # tolerance that is enough to choose a strength by
_ROUGH = 1e-2  # tolerance that is enough to start the next strength from


@dataclass(frozen=True)
class State:
    """Where b problems stand: weight (b, k, r), bias (b, k), value and converged (b,)."""

    weight: np.ndarray
    bias: np.ndarray
    value: np.ndarray
    converged: np.ndarray
    steps: int = 0

    @classmethod
    def at(cls, weight: np.ndarray, bias: np.ndarray) -> State:
        """Return a point that nothing is known of."""
        return cls(weight, bias, np.full(len(weight), np.nan), np.zeros(len(weight), dtype=bool))


class LogisticProblem:
    """Rows, labels and settings that all fits share."""

    def __init__(
        self,
        x: np.ndarray,
        labels: np.ndarray,
        n_classes: int,
        weights: np.ndarray | None,
        offsets: np.ndarray | None,
        fit_intercept: bool,
        tolerance: float,
        max_iter: int,
    ) -> None:
        self.labels = np.asarray(labels)
        if self.labels.shape != (len(x),) or not np.issubdtype(self.labels.dtype, np.integer):
            raise ValueError(f"labels must be {len(x)} integers, got {self.labels.dtype} "
                             f"{self.labels.shape}")  # fmt: skip
        if len(x) and not 0 <= self.labels.min() <= self.labels.max() < n_classes:
            raise ValueError(f"labels must lie between 0 and {n_classes - 1}")
        if n_classes < 2:
            raise ValueError(f"n_classes must be 2 or more, got {n_classes}")
        given = None if weights is None else np.asarray(weights, dtype=np.float64)
        if given is not None and (
            given.shape != (len(x),) or not (given >= 0).all() or not np.isfinite(given).all()
        ):
            raise ValueError("weights must be n finite numbers, none of them negative")
        self.row_weights = np.ones(len(x)) if given is None else given
        if not self.row_weights.sum() > 0:
            raise ValueError("every weight is 0")
        outputs = 1 if n_classes == 2 else n_classes
        if offsets is not None and offsets.shape != (len(x), outputs):
            raise ValueError(f"offsets have shape {offsets.shape}, expected {(len(x), outputs)}")
        if offsets is not None and not np.isfinite(offsets).all():
            raise ValueError("offsets hold values that are not finite (NaN or infinite)")
        self.n_classes, self.offsets, self.fit_intercept = n_classes, offsets, fit_intercept
        self.tolerance, self.max_iter = tolerance, max_iter
        self.design = LogisticDesign(x, given, fit_intercept)

    def loss(self, weights: np.ndarray) -> LogisticLoss:
        return LogisticLoss(
            self.design.rows,
            self.labels,
            self.n_classes,
            weights,
            self.offsets,
            self.fit_intercept,
        )

    def start(self, loss: LogisticLoss) -> State:
        """Return weight 0 and the bias that gives each class its share."""
        shape = (loss.n_problems, loss.outputs, self.design.rows.shape[1])
        bias = np.zeros(shape[:2])
        if self.fit_intercept and self.offsets is None:
            logs = np.log(np.maximum(loss.share, 1e-12))
            bias = logs[:, 1:] - logs[:, :1] if loss.outputs == 1 else logs
            bias = np.where(loss.present, np.clip(bias, -20, 20), 0)
            if loss.outputs > 1:
                bias = bias - bias.mean(1, keepdims=True)
        return State.at(np.zeros(shape), bias)

    def path(self, loss: LogisticLoss, alphas: np.ndarray, at: State) -> tuple[list[State], int]:
        """Solve all problems of `loss` at all strengths, well enough to compare them.

        First roughly, each strength from the one before; then all to the end side by side: the
        more there are, the faster a pass over the rows is for each.
        """
        rough, tolerance = [], max(self.tolerance, _TO_COMPARE)
        b, s = loss.n_problems, len(alphas)
        steps = 0
        for strength in alphas:
            at = self.solve(loss, np.full(b, strength), at, max(tolerance, _ROUGH))
            rough.append(at)
            steps += at.steps
        start = State.at(
            np.concatenate([r.weight for r in rough]), np.concatenate([r.bias for r in rough])
        )
        end = self.solve(loss, np.repeat(alphas, b), start, tolerance)
        parts = [slice(j * b, (j + 1) * b) for j in range(s)]
        return [
            State(end.weight[p], end.bias[p], end.value[p], end.converged[p]) for p in parts
        ], steps + end.steps

    def solve(
        self,
        loss: LogisticLoss,
        alphas: np.ndarray,
        start: State,
        tolerance: float | None = None,
    ) -> State:
        """Minimise from each start at its strength; the starts go through `loss`'s problems."""
        tolerance = self.tolerance if tolerance is None else tolerance
        alphas = alphas / self.design.scale**2
        everyone = np.arange(len(alphas))
        of = everyone % loss.n_problems
        first = loss.evaluate(start.weight, start.bias, of, curvature=True)
        units = _Units(self, loss.total[of], alphas, first.curvature)
        searches = []
        for b in everyone.tolist():
            theta = units.scaled(start.weight[b], start.bias[b], b)
            value, gradient = units.objective(first, b, theta, b)
            searches.append(Lbfgs(theta, value, gradient, tolerance, self.max_iter))
        while len(open_ := np.array([b for b in everyone if not searches[b].done], dtype=int)):
            trials = [searches[b].trial for b in open_]
            weight, bias = units.plain(np.stack(trials), open_)
            seen = loss.evaluate(weight, bias, of[open_])
            for i, b in enumerate(open_.tolist()):
                searches[b].report(*units.objective(seen, i, trials[i], b))
        weight, bias = units.plain(np.stack([s.point for s in searches]), everyone)
        return State(
            weight,
            bias,
            np.array([s.value for s in searches]),
            np.array([s.converged for s in searches]),
            sum(s.iterations for s in searches),
        )

    def left_out(
        self, loss: LogisticLoss, at: State, folds: np.ndarray, names: np.ndarray
    ) -> np.ndarray:
        """Return each judged row's scores by the fit that did not see it, NaN for the others."""
        out = np.full((len(folds), loss.outputs), np.nan)
        floor = np.full(len(names), np.inf)
        for part in loss.slices():
            scores = loss.scores(at.weight, at.bias, part).double().numpy()
            for b, name in enumerate(names):
                mine = folds[part] == name
                out[part][mine] = scores[b][:, mine].T
                seen = scores[b][loss.present[b]][:, self.row_weights[part] * ~mine > 0]
                if loss.outputs > 1 and seen.shape[1]:
                    floor[b] = min(floor[b], float(seen.max(0).min()))
        for b, name in enumerate(names):
            absent = np.flatnonzero(~loss.present[b])
            if len(absent):
                rows = np.flatnonzero(folds == name)
                out[np.ix_(rows, absent)] = floor[b] - np.log(len(folds) + 1)
        return out

    def finish(self, loss: LogisticLoss, at: State) -> tuple[np.ndarray, np.ndarray]:
        """Return weight (k, d) and bias (k,) of the only problem, for rows as they came."""
        weight, bias = at.weight[0], at.bias[0].copy()
        present = loss.present[0]
        if (
            loss.outputs > 1 and self.fit_intercept
        ):  # adding the same to all classes changes nothing: let the sum be 0
            weight = (weight - weight[present].mean(0)) * present[:, None]
            bias = (bias - bias[present].mean()) * present
            at = State.at(weight[None], bias[None])
        if not present.all():
            used = self.row_weights > 0
            least = np.inf
            for part in loss.slices():
                scores = loss.scores(at.weight, at.bias, part)[0].numpy()
                scores = scores[present][:, used[part]]
                if scores.shape[1]:
                    least = min(least, float(scores.max(0).min()))
            bias[~present] = least - np.log(len(self.labels) + 1)
        weight, bias = self.design.original(weight, bias)
        kind = np.float64 if self.design.dtype == torch.float64 else np.float32
        return weight.astype(kind), bias.astype(kind)


class _Units:
    """Between weights and variables in which the curvature is near 1.

    The curvature is near M ⊗ G + αI, with M that of the loss by the scores (k, k) and G the rows'
    second moments (r, r); both have their own axes.
    """

    def __init__(
        self, problem: LogisticProblem, total: np.ndarray, alphas: np.ndarray, curvature: np.ndarray
    ) -> None:
        self.problem, self.alphas = problem, alphas
        values, self.axes = np.linalg.eigh(curvature)  # (b, k), (b, k, k)
        values = np.maximum(values, _LEAST_CURVATURE)
        share = total / problem.row_weights.sum()
        self.root = np.sqrt(
            values[:, :, None] * share[:, None, None] * problem.design.values
            + alphas[:, None, None]
        )
        self.bias_root = np.sqrt(values * total[:, None])

    def scaled(self, weight: np.ndarray, bias: np.ndarray, b: int) -> np.ndarray:
        turned = self.axes[b].T @ self.problem.design.turned(weight)
        return self._join(turned * self.root[b], self.axes[b].T @ bias * self.bias_root[b])

    def plain(self, thetas: np.ndarray, problems: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        m, (_, k, r) = len(thetas), self.root.shape
        axes = self.axes[problems]
        weight = axes @ (thetas[:, : k * r].reshape(m, k, r) / self.root[problems])
        weight = self.problem.design.turned_back(weight.reshape(m * k, r)).reshape(m, k, r)
        if not self.problem.fit_intercept:
            return weight, np.zeros((m, k))
        bias = thetas[:, k * r :] / self.bias_root[problems]
        return weight, (axes @ bias[:, :, None])[:, :, 0]

    def objective(
        self, seen: Evaluation, i: int, theta: np.ndarray, b: int
    ) -> tuple[float, np.ndarray]:
        """Return value and gradient of evaluation i, which is problem b at theta."""
        _, k, r = self.root.shape
        scaled = theta[: k * r].reshape(k, r) / self.root[b]  # the weight in the axes
        value = float(seen.loss[i] + self.alphas[b] / 2 * (scaled**2).sum())
        turned = self.axes[b].T @ self.problem.design.turned(seen.weight[i])
        turned += self.alphas[b] * scaled
        slope = self.axes[b].T @ seen.bias[i]
        return value, self._join(turned / self.root[b], slope / self.bias_root[b])

    def _join(self, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
        return np.concatenate([weight.ravel(), bias if self.problem.fit_intercept else bias[:0]])


def checked_alphas(alphas: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return them as an array, or say what is wrong."""
    out = np.asarray(alphas, dtype=np.float64).ravel()
    if not len(out) or not (out > 0).all() or not np.isfinite(out).all():
        raise ValueError(f"alphas must be positive and finite, got {out.tolist()}")
    return out
