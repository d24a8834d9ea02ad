"""Randomised smoothing: within which distance an answer cannot be changed, with its confidence.

The smoothed model answers what its base model answers most often under normal noise. Where that
has a probability of at least p > 1/2, no change shorter than sigma * Φ⁻¹(p) alters it (Cohen,
Rosenfeld & Kolter, 2019, ICML). p is bounded from other noisy copies than those that choose the
class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..base.errors import ConfigError
from ..domains.examples import data_of
from ..metrics.intervals import clopper_pearson_low
from .subject import Subject, inputs_alone

SELECTION = 100
"""Noisy copies by which the class is chosen: the paper's n0."""
ALPHA = 0.001
"""How rarely a row is certified wrongly: the paper's."""
MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Radii of the curve, in standard deviations of the noise."""
ABSTAINS = -1


@dataclass(frozen=True)
class Certified:
    """What the smoothed model answers, and how far that holds.

    Attributes
    ----------
    answer : int ndarray, shape (n,)
        The place of the class; −1 where it abstains.
    radius : float ndarray, shape (n,)
        L2 distance, where white is 1; 0 where it abstains.
    """

    answer: np.ndarray
    radius: np.ndarray

    def right(self, truth: np.ndarray, radius: float) -> np.ndarray:
        """Return which answers are right and certified at a radius, as 0 or 1."""
        held = (self.answer == truth) & (self.answer != ABSTAINS) & (self.radius >= radius)
        return held.astype(np.float64)


def certified(
    selection: np.ndarray, estimation: np.ndarray, sigma: float, alpha: float = ALPHA
) -> Certified:
    """Return answers and radii from how often each class was answered under noise.

    Parameters
    ----------
    selection, estimation : int ndarray, shape (n, classes)
        Counts over independent noisy copies.
    sigma : float
        Standard deviation of the noise.
    alpha : float
        How rarely a row's radius may be too large.

    Examples
    --------
    >>> found = certified(np.array([[90, 10], [51, 49]]), np.array([[990, 10], [510, 490]]), 0.25)
    >>> found.answer.tolist(), found.radius.round(3).tolist()
    ([0, -1], [0.495, 0.0])
    """
    from scipy.special import ndtri

    top = np.asarray(selection).argmax(1)
    hits = np.take_along_axis(np.asarray(estimation), top[:, None], 1)[:, 0]
    low = clopper_pearson_low(hits, np.asarray(estimation).sum(1), alpha)
    sure = low > 0.5
    radius = np.where(sure, sigma * ndtri(np.where(sure, low, 0.5)), 0.0)
    return Certified(np.where(sure, top, ABSTAINS), radius)


def certify(subject: Subject, rows: np.ndarray, sigma: float, draws: int) -> Certified:
    """Certify some rows; what is drawn for a row depends on the seed and its number alone."""
    classes = len(subject.model.classes)
    counts = np.zeros((2, len(rows), classes), np.int64)
    own = subject.rows.select(rows)
    with inputs_alone(subject.model.network), torch.no_grad():
        for i, rng in enumerate(own.generators("smoothing")):
            x = subject.start(rows[i : i + 1])
            for stage, copies in enumerate((SELECTION, draws)):
                for first in range(0, copies, subject.batch):
                    count = min(subject.batch, copies - first)
                    noise = rng.standard_normal((count, *x.shape[1:]), dtype=np.float32)
                    answers = subject.logits(x + sigma * torch.from_numpy(noise)).argmax(1)
                    counts[stage, i] += np.bincount(answers.numpy(), minlength=classes)
    return certified(counts[0], counts[1], sigma)


def check_smoothing(subject: Subject) -> None:
    """Raise ConfigError where rows are no images, or answers are no classes."""
    own, kind = subject.rows.preprocessing, subject.model.reading.target_type
    if own.modality != "image" or subject.signal is None:
        what = data_of(subject.rows.examples.modality)
        if own.modality == "image":
            what = f"{what} that the model takes as stored features"
        raise ConfigError(
            f"smoothing is for images, and the data are {what}",
            hint="leave --smoothing out; --attacks and --corruptions go with them",
        )
    if not (kind.class_scores and kind.exclusive):
        raise ConfigError(
            f"smoothing certifies one class a row, and the answers are {kind.nouns}",
            hint="leave --smoothing out",
        )
