#!/usr/bin/env bash
# torchmetrics 1.9.0, R2Score and ExplainedVariance: float32 targets far from 0 (years, prices) give wrong figures.
# Guess: predictions and targets shifted by the same constant keep their R², 0.75 here.
# Seen: 0.99 about 10,000 and 0.00 about 100,000: sums of squares are kept in float32 and subtracted.
# Tensors of float64 give the right figure.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 torchmetrics==1.9.0
python -W ignore - <<'P'
import torch
from torchmetrics import ExplainedVariance, R2Score

def score(metric, mean, kind=torch.float32):
    draw = torch.Generator().manual_seed(0)
    truth = torch.randn(2000, generator=draw, dtype=torch.float64)
    guess = truth + 0.5 * torch.randn(2000, generator=draw, dtype=torch.float64)
    for rows in torch.arange(2000).split(100):
        metric.update((guess + mean)[rows].to(kind), (truth + mean)[rows].to(kind))
    return float(metric.compute())

right, means = score(R2Score(), 0), (1_000, 10_000, 100_000)
plain, variance = [score(R2Score(), mean) for mean in means], [score(ExplainedVariance(), mean) for mean in means]
exact = [score(R2Score(), mean, torch.float64) for mean in means]
print("targets about", means, "| right", round(right, 3))
print("R2", *(round(value, 3) for value in plain), "| explained variance", *(round(value, 3) for value in variance),
      "| R2 of float64 tensors", *(round(value, 3) for value in exact))
for found in (plain, variance):
    assert max(abs(value - right) for value in found) > 0.1
assert max(abs(value - right) for value in exact) < 1e-3
P
