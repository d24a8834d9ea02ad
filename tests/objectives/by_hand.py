"""What tests of terms draw, and formulas that they spell out on plain lists."""

from __future__ import annotations

import math

import numpy as np
import torch

from landbridge.objectives.base import StepBatch, ViewOutputs


def draw(*shape, seed=0, scale=2.0):
    """Normal float64 values with this spread."""
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape) * scale)


def softmax(row):
    """Probabilities of one row of scores."""
    top = max(row)
    powers = [math.exp(v - top) for v in row]
    return [p / sum(powers) for p in powers]


def scene(n_s=6, n_t=4, d=5, c=3, progress=0.5):
    """A step of a labelled source batch and a target batch, all leaves."""
    fs, ft = draw(n_s, d).requires_grad_(), draw(n_t, d, seed=1).requires_grad_()
    zs, zt = draw(n_s, c, seed=2).requires_grad_(), draw(n_t, c, seed=3).requires_grad_()
    return StepBatch(
        ViewOutputs(fs, zs, torch.arange(n_s) % c), ViewOutputs(ft, zt), None, None, progress
    )
