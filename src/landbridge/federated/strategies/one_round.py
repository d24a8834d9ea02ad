"""One round, exact: clients send sufficient statistics, the server solves for all of them."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from ...base.errors import ConfigError, DataError
from ...base.fields import setting
from ...base.seeds import numpy_rng
from ...methods.heads.ridge import ALPHAS
from ...solvers.linear.ridge import ridge_loo
from ...solvers.linear.sufficient import (
    Statistics,
    choose_alpha,
    discriminant,
    merged,
    ridge_path,
)
from ..arrays import Arrays, weighted_mean
from ..federation import Federation, Fitted
from ..learner import Learner, Rows
from ..validation import wrong_with
from .base import STRATEGIES, Strategy

PARTS = 3
"""Parts of every client's rows that are left out in turn to choose the strength."""
FEW = 10
"""With fewer rows a client does not say how far scores can be believed."""
BELIEF = "by how much its scores are to be scaled to be probabilities"


@dataclass(frozen=True)
class OneRound(Strategy):
    """Base of closed forms on a linear head."""

    seeded = False

    def check(self, learner: Learner) -> None:
        """Refuse a network: it has no closed form."""
        if learner.head != learner.names:
            raise ConfigError(
                f"strategy {self.name} has a closed form for a linear head alone",
                hint="leave --train network out, or use strategy fedavg",
            )

    def run(self, federation: Federation) -> Fitted:
        """Gather statistics, solve, and send the head back."""
        federation = self.seen_by(federation)
        fitted = Fitted(federation.start, rounds=1)
        there: dict[str, list[Statistics]] = {}
        for name in federation.names:
            rows = federation.clients[name]
            own = as_arrays(
                [statistics_of(federation, rows.only(part)) for part in self.parts(name, rows)]
            )
            reply = federation.channel(name, 1, own)
            if reply is None:
                fitted.refused.append({"client": name, "round": 1, "why": "no reply came"})
                continue
            why = wrong_with(reply, own) or _impossible(reply)
            if why:
                fitted.refused.append({"client": name, "round": 1, "why": why})
                continue
            fitted.traffic.to_server(name, WHAT, reply)
            there[name] = as_statistics(reply)
        if not there:
            raise DataError("no client sent statistics", hint="see which replies were left out")
        weight, bias = self.solve(there, federation, fitted)
        fitted.model = {
            "head.weight": weight.astype(np.float64),
            "head.bias": bias.astype(np.float64),
        }
        for name in federation.names:
            fitted.traffic.to_client(name, "the head", fitted.model)
        return fitted

    def parts(self, name: str, rows: Rows) -> list[np.ndarray]:
        """Return the parts of a client's rows of each of which it sends statistics."""
        return [np.arange(len(rows))]

    def seen_by(self, federation: Federation) -> Federation:
        """Return the federation with what the closed form has a use for."""
        return federation

    @abstractmethod
    def solve(
        self, there: dict[str, list[Statistics]], federation: Federation, fitted: Fitted
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return weights and biases of outputs from the clients' statistics."""


WHAT = "sufficient statistics: row count, means, products of features and of features with targets"


@STRATEGIES.register("one-round")
@dataclass(frozen=True)
class OneRoundRidge(OneRound):
    """The ridge of all rows together, which nobody has together."""

    summary = "ridge on all clients' rows, exactly, from statistics sent once"
    paper = "Fanì et al., 2024, ICML"

    alpha: float = setting(0.0, "Strength on standardised features; 0: chosen.", ge=0)

    def solve(
        self, there: dict[str, list[Statistics]], federation: Federation, fitted: Fitted
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose the strength by leaving a part of all rows out in turn, then solve for all."""
        if len(there) == 1:
            [(name, own)] = there.items()
            return self._alone(name, merged(own), federation, fitted)
        folds = [merged([there[name][i] for name in sorted(there)]) for i in range(self._count)]
        alpha = self.alpha or choose_alpha(folds, ALPHAS)
        fitted.notes["alpha"] = alpha
        weight, bias = _with(federation, *ridge_path(merged(folds), [alpha])[0])
        left_out = {
            name: np.zeros((len(rows), len(weight))) for name, rows in _rows(there, federation)
        }
        for i in range(self._count):
            rest = merged([fold for j, fold in enumerate(folds) if j != i] or folds)
            w, b = _with(federation, *ridge_path(rest, [alpha])[0])
            for name, rows in _rows(there, federation):
                part = self.parts(name, rows)[i]
                left_out[name][part] = rows.x[part] @ w.T + b
                sent = {"weight": w, "bias": b}
                fitted.traffic.to_client(name, "heads without a part of the rows", sent)
        for name in left_out:
            fitted.traffic.to_server(name, BELIEF, {"scale": np.zeros(len(weight))})
        return _calibrated(federation, weight, bias, left_out)

    @property
    def _count(self) -> int:
        return 1 if self.alpha else PARTS

    def parts(self, name: str, rows: Rows) -> list[np.ndarray]:
        """Return parts by which the strength is chosen; all rows where it is given."""
        order = numpy_rng("parts of statistics", name).permutation(len(rows))
        return [order[i :: self._count] for i in range(self._count)]

    def _alone(
        self, name: str, own: Statistics, federation: Federation, fitted: Fitted
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve for a single client, which has its rows at hand: each is left out in turn."""
        rows = federation.clients[name]
        z = (rows.x - own.mean) / own.deviation
        path = ridge_loo(z, goals(federation, rows), [self.alpha] if self.alpha else ALPHAS)
        fitted.notes["alpha"] = path.strength
        own_weight = path.weight / own.deviation  # not from products: of few rows it is quicker
        weight, bias = _with(federation, own_weight, path.bias - own_weight @ own.mean)
        left_out = path.loo_predictions
        if federation.prior is not None:
            left_out = left_out + rows.x @ federation.prior[0].T + federation.prior[1]
        return _calibrated(federation, weight, bias, {name: left_out})


def _rows(there: dict[str, list[Statistics]], federation: Federation) -> list[tuple[str, Rows]]:
    """Return the rows of the clients that were heard."""
    return [(name, federation.clients[name]) for name in sorted(there)]


def _with(
    federation: Federation, weight: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Add what the source says."""
    if federation.prior is None:
        return weight, bias
    return weight + federation.prior[0], bias + federation.prior[1]


def _calibrated(
    federation: Federation,
    weight: np.ndarray,
    bias: np.ndarray,
    left_out: dict[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Return the least-squares head as one of outputs: each client says by what to scale.

    Clients measure that on scores of their rows by fits without them, and what they say counts by
    their rows; which class is the likeliest stays the same.
    """
    codec = federation.learner.codec
    kind, size = codec.target_type, len(codec.classes)
    telling = {
        name: kind.telling(federation.clients[name].labels, size) for name in sorted(left_out)
    }
    enough = [name for name in telling if telling[name].sum() >= FEW]
    enough = enough or sorted(telling, key=lambda name: -int(telling[name].sum()))[:1]
    weights, heads = [], []
    for name in enough:
        rows = telling[name] if telling[name].any() else np.ones_like(telling[name])
        labels = federation.clients[name].labels[rows]
        w, b, _ = kind.calibrate(weight, bias, left_out[name][rows], labels, size)
        heads.append({"w": w, "b": b})
        weights.append(float(rows.sum()))
    found = weighted_mean(heads, np.array(weights))
    return found["w"], found["b"]


@STRATEGIES.register("one-round-lda")
@dataclass(frozen=True)
class OneRoundDiscriminant(OneRound):
    """Fisher's discriminant of all rows together."""

    summary = "Fisher's linear discriminant on all clients' rows, from statistics sent once"
    paper = "Fisher, 1936; Friedman, 1989, JASA"

    shrinkage: float = setting(0.1, "Of the covariance towards its diagonal.", ge=0, le=1)

    def check(self, learner: Learner) -> None:
        """Refuse labels that are not one of several classes, too."""
        super().check(learner)
        kind = learner.codec.target_type
        if not kind.class_scores:
            raise ConfigError(
                f"strategy {self.name} answers one of several classes, and an answer here is "
                f"{kind.summary}",
                hint="use strategy one-round",
            )

    def seen_by(self, federation: Federation) -> Federation:
        """Leave out a source's head, which is no start for a discriminant."""
        return replace(federation, prior=None)

    def solve(
        self, there: dict[str, list[Statistics]], federation: Federation, fitted: Fitted
    ) -> tuple[np.ndarray, np.ndarray]:
        """Solve for all."""
        return discriminant(merged([there[name][0] for name in sorted(there)]), self.shrinkage)


def goals(federation: Federation, rows: Rows) -> np.ndarray:
    """Return what a client's least squares are fitted to: targets, less what the source says."""
    codec = federation.learner.codec
    full = codec.target_type.regression_targets(rows.labels, len(codec.classes))
    full = np.asarray(full, np.float64)
    if federation.prior is None:
        return full
    weight, bias = federation.prior
    return np.asarray(full - rows.x.astype(np.float64) @ weight.T - bias)


def statistics_of(federation: Federation, rows: Rows) -> Statistics:
    """Return what a client sends."""
    return Statistics.of(rows.x, goals(federation, rows))


def as_arrays(parts: list[Statistics]) -> Arrays:
    """Return statistics of parts as they are sent: of a symmetric matrix one half."""
    half = np.triu_indices(len(parts[0].mean))
    return {
        "n": np.array([own.n for own in parts], np.float64),
        "mean": np.stack([own.mean for own in parts]),
        "products": np.stack([own.scatter[half] for own in parts]),
        "target_mean": np.stack([own.target_mean for own in parts]),
        "cross": np.stack([own.cross for own in parts]),
        "target_products": np.stack([own.target_scatter for own in parts]),
    }


def as_statistics(sent: Arrays) -> list[Statistics]:
    """Return what `as_arrays` was given."""
    d = sent["mean"].shape[1]
    found = []
    for i, n in enumerate(sent["n"].tolist()):
        scatter = np.zeros((d, d))
        scatter[np.triu_indices(d)] = sent["products"][i]
        scatter = scatter + np.triu(scatter, 1).T
        found.append(
            Statistics(
                n,
                sent["mean"][i],
                scatter,
                sent["target_mean"][i],
                sent["cross"][i],
                sent["target_products"][i],
            )
        )
    return found


def _impossible(sent: Arrays) -> str:
    """Return what no rows could have given, "" where nothing is wrong."""
    n = sent["n"]
    if (n < 0).any() or (n != np.round(n)).any() or n.sum() < 1:
        return f"'n' is {n.tolist()}, expected numbers of rows"
    d = sent["mean"].shape[1]
    squares = sent["products"][:, np.cumsum(np.r_[0, np.arange(d, 1, -1)])]
    if (squares < 0).any() or (sent["target_products"] < 0).any():
        return "a sum of squares is below 0"
    return ""
