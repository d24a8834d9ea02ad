"""The frozen probe: a ridge classifier on features, strength and temperature by leave-one-out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from ..base.errors import ConfigError, MethodError
from .base import METHODS, AffineHead, FeatureMethod, Features, Needs

STRENGTHS = tuple(float(10.0**p) for p in np.arange(-2, 6.25, 0.5))
"""10^−2 … 10^6 in 17 half decades: for standardised features, from 1 row to a million."""

_USUAL_SHARPNESS = 4.0  # 1 / temperature of ±1 ridge scores where there is little to fit it on


@dataclass(frozen=True)
class ProbeConfig:
    """Options of `Probe`.

    Attributes
    ----------
    strengths : tuple of float
        Ridge strengths to choose from, for standardised features.
    on : {"auto", "source", "target", "both"}
        Whose labelled rows to fit on. "auto": the target's where there are any, else the
        source's. "both": both sides count the same together, however many rows each has.
    """

    strengths: tuple[float, ...] = STRENGTHS
    on: Literal["auto", "source", "target", "both"] = "auto"

    def __post_init__(self) -> None:
        check_strengths(self.strengths)
        if self.on not in ("auto", "source", "target", "both"):
            raise ConfigError(
                f"probe: on = {self.on!r}", do="use one of auto, source, target, both"
            )


@METHODS.register("probe")
class Probe(FeatureMethod):
    """Ridge probe on standardised frozen features, in closed form.

    One-vs-rest ridge on ±1 targets; its strength has the least exact leave-one-out error, and
    the temperature makes softmax of the leave-one-out scores likeliest. Standardisation and
    temperature are folded into the head, so its scores are logits.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.repeat([0, 1], 50)
    >>> x = (rng.normal(size=(100, 5)) + 3 * labels[:, None]).astype(np.float32)
    >>> target = Features(x, labels, np.ones(100, dtype=bool))
    >>> head = Probe().fit_head(None, target, n_classes=2, seed=0)
    >>> bool(((x @ head.weight.T + head.bias).argmax(1) == labels).mean() > 0.95)
    True
    """

    name: ClassVar[str] = "probe"
    summary: ClassVar[str] = "ridge classifier on frozen features, nothing to tune"
    paper: ClassVar[str] = "Allen, 1974, Technometrics 16(1) (leave-one-out in closed form)"
    needs: ClassVar[Needs] = Needs(source="any", target="any", gradients=False)
    Config: ClassVar[type] = ProbeConfig
    config: ProbeConfig

    def fit_head(
        self, source: Features | None, target: Features, n_classes: int, seed: int
    ) -> AffineHead:
        """Return the head fitted on the rows that `config.on` names; `seed` is not used.

        Raises
        ------
        MethodError
            Where these rows have no labels.
        """
        on = self.config.on
        if on == "auto":
            on = "target" if target.known.any() else "source"
        sides = [
            side
            for side, wanted in ((source, ("source", "both")), (target, ("target", "both")))
            if side is not None and on in wanted and side.known.any()
        ]
        if not sides:
            raise MethodError(
                f"probe: no labelled rows to fit on (on = {self.config.on!r})",
                do="label some target rows, or give a labelled source",
            )
        if len({side.x.shape[1] for side in sides}) > 1:
            raise MethodError(
                f"probe: source features have {sides[0].x.shape[1]} columns, target features "
                f"{sides[1].x.shape[1]}",
                do="use one backbone for both, or on = 'target'",
            )
        x, labels = known_x(sides[0]), sides[0].labels[sides[0].known]
        strengths = self.config.strengths
        if len(sides) == 2:
            own = target.labels[target.known]
            head = joint_head(x, known_x(target), labels, own, n_classes, strengths)
        else:
            head = ridge_head(x, labels, n_classes, strengths)
            on = "target" if sides[0] is target else "source"
        head.notes["fitted_on"] = on
        return head


def ridge_head(
    x: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    strengths: tuple[float, ...] = STRENGTHS,
    weights: np.ndarray | None = None,
    judged: np.ndarray | None = None,
) -> AffineHead:
    """Fit a calibrated ridge classifier on rows that are all labelled.

    Parameters
    ----------
    x : ndarray, shape (n, d)
    labels : ndarray of int, shape (n,)
    n_classes : int
    strengths : tuple of float
        For standardised features.
    weights : ndarray, shape (n,), optional
    judged : ndarray of bool, shape (n,), optional
        The rows that accuracy and temperature are measured on (left out one by one); all of
        them by default.

    Returns
    -------
    AffineHead
        Its scores are logits. Notes: "strength", "loo_accuracy" (NaN for a single row),
        "loo_squared_error" (of all rows), "temperature", "rows", "missing_classes" (no row had
        them: they are answered only where all others fit badly).
    """
    from ..solvers.ridge import one_vs_rest, ridge_loo

    mean, deviation = standardisation(x, weights)
    z = rescaled(x, mean, deviation)
    path = ridge_loo(z, one_vs_rest(labels, n_classes), strengths, weights=weights)
    counts = np.bincount(labels, minlength=n_classes)
    # The only row of a class is always wrong when left out: it says nothing on calibration.
    asked = np.ones(len(x), dtype=bool) if judged is None else judged
    telling = asked & (counts[labels] > 1)
    temperature = fit_temperature(path.loo_predictions[telling], labels[telling])
    weight = path.weight.astype(np.float64) / deviation / temperature
    bias = path.bias.astype(np.float64) / temperature - weight @ mean.astype(np.float64)
    right = (path.loo_predictions.argmax(1) == labels)[asked]
    notes: dict[str, Any] = {
        "strength": path.strength,
        "loo_accuracy": float(right.mean()) if len(x) > 1 else float("nan"),
        "loo_squared_error": float(path.loo_errors[list(strengths).index(path.strength)]),
        "temperature": temperature,
        "rows": len(x),
        "missing_classes": np.flatnonzero(counts == 0).tolist(),
    }
    return AffineHead(weight.astype(np.float32), bias.astype(np.float32), notes)


def joint_head(
    source_x: np.ndarray,
    target_x: np.ndarray,
    source_labels: np.ndarray,
    target_labels: np.ndarray,
    n_classes: int,
    strengths: tuple[float, ...] = STRENGTHS,
) -> AffineHead:
    """Fit `ridge_head` on both sides; the few target rows count as much as all source rows.

    Unweighted, the source drowns them: with 3 labels a class CORAL and this probe reached 0.40
    on MNIST → USPS, weighted 0.76. Accuracy and temperature are measured on target rows.
    """
    n, m = len(source_x), len(target_x)
    weights = np.concatenate([np.ones(n), np.full(m, max(1.0, n / m))])
    return ridge_head(
        np.concatenate([source_x, target_x]),
        np.concatenate([source_labels, target_labels]),
        n_classes,
        strengths,
        weights,
        np.arange(n + m) >= n,
    )


def standardisation(
    x: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column in float64; 1 for a constant column."""
    from ..solvers.rows import CentredRows

    rows = CentredRows(x, weights, True)
    mean, deviation = rows.mean.cpu().numpy(), rows.variance.sqrt().cpu().numpy()
    # Rounding makes a constant column vary a little: dividing by that would blow it up.
    flat = deviation <= 1e-6 * np.abs(mean)
    deviation[flat | (deviation == 0)] = 1
    return mean, deviation


def rescaled(x: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return (x − mean) / deviation, computed in float64 and kept as x is, float32 or wider."""
    out = np.empty(x.shape, dtype=np.float64 if x.dtype == np.float64 else np.float32)
    for start in range(0, len(x), 4096):  # no float64 copy of everything
        part = slice(start, start + 4096)
        out[part] = (x[part] - mean) / deviation
    return out


def fit_temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Return the T that makes softmax(scores / T) likeliest, with a weak prior.

    The prior on log T is normal around log ¼ (where ±1 ridge scores of many problems lie) with
    deviation 1: it counts about as much as one example, so T stays finite where the scores are
    all right (or all wrong), and is ¼ where there are none.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Must not come from a fit on these rows.
    labels : ndarray of int, shape (n,)

    Returns
    -------
    float
        Between 1/400 and 25.

    Examples
    --------
    >>> fit_temperature(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))
    0.25
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    usual = np.log(_USUAL_SHARPNESS)
    if not len(scores):
        return 1 / _USUAL_SHARPNESS
    wide = scores.astype(np.float64)
    true = wide[np.arange(len(wide)), labels]

    def loss(log_sharpness: float) -> float:
        sharp = np.exp(log_sharpness)
        likelihood = sharp * true - logsumexp(sharp * wide, axis=1)
        return float(0.5 * (log_sharpness - usual) ** 2 - likelihood.sum())

    found = minimize_scalar(
        loss, bounds=(usual - np.log(100), usual + np.log(100)), method="bounded"
    )
    return float(np.exp(-found.x))


def known_x(side: Features) -> np.ndarray:
    """Return the labelled rows of one side, without a copy where that is all of them."""
    return side.x if side.known.all() else side.x[side.known]


def check_strengths(strengths: tuple[float, ...]) -> None:
    """Raise ConfigError where there is no strength, or one that is not positive and finite."""
    if not strengths or not all(0 < s < float("inf") for s in strengths):
        raise ConfigError(
            f"strengths = {strengths}", do="give one or more positive numbers, such as 0.1, 1, 10"
        )
