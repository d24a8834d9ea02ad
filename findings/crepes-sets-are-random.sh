#!/usr/bin/env bash
# crepes 0.9.1: prediction sets differ from one call to the next on the same rows.
# Guess: a calibrated classifier gives the same set for the same row.
# Seen: p-values are smoothed by fresh random numbers at each call; with smoothing=False they are the same.
source "$(dirname "$0")/_venv.sh"
packages crepes==0.9.1 scikit-learn==1.9.1
python -W ignore - <<'P'
import numpy as np
from crepes import WrapClassifier
from sklearn.linear_model import LogisticRegression
draw = np.random.default_rng(0)
x = draw.normal(size=(600, 3)); y = (x[:, 0] + draw.normal(size=600) > 0).astype(int)
model = WrapClassifier(LogisticRegression()); model.fit(x[:200], y[:200]); model.calibrate(x[200:240], y[200:240])
def differ(**options):
    one, other = (model.predict_set(x[240:], confidence=0.8, **options) for _ in range(2))
    return sum(list(a) != list(b) for a, b in zip(one, other))
plain, fixed = differ(), differ(smoothing=False)
print(f"of 360 rows {plain} have another set at the second call; without smoothing {fixed}")
assert plain > 0 and fixed == 0
P
