#!/usr/bin/env bash
# skada 0.6.0: DiscriminatorReweight weighs source rows the wrong way round.
# Guess: source N(0, 1) weighted towards a target N(1, 1) has mean about +1.
# Seen: about -1: rows that look least like the target count most.
source "$(dirname "$0")/_venv.sh"
packages skada==0.6.0 scikit-learn==1.9.1
python -W ignore - <<'P'
import numpy as np
from skada import DiscriminatorReweightAdapter, GaussianReweightAdapter
draw = np.random.default_rng(0)
x = np.r_[draw.normal(0, 1, (2000, 1)), draw.normal(1, 1, (2000, 1))]
side = np.repeat([1, -1], 2000)
y = np.where(side > 0, (x[:, 0] > 0).astype(int), -1)
def mean(adapter):
    _, params = adapter.fit_transform(x, y, sample_domain=side)
    weight = params["sample_weight"][side > 0]
    return float(weight @ x[side > 0, 0] / weight.sum())
wrong, right = mean(DiscriminatorReweightAdapter()), mean(GaussianReweightAdapter())
print(f"weighted mean of the source: discriminator {wrong:.2f}, Gaussian {right:.2f}, right is 1")
assert wrong < -0.8 and right > 0.8
P
