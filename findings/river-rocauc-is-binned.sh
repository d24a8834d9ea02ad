#!/usr/bin/env bash
# river 0.26.1: ROCAUC looks at scores through ten thresholds.
# Guess: four pairs of scores give their exact area, 0.75.
# Seen: 0.5; scores that lie close to each other (a calibrated rare class) all fall between two thresholds.
source "$(dirname "$0")/_venv.sh"
packages river==0.26.1
python -W ignore - <<'P'
from river import metrics
pairs = ((0, 0.1), (1, 0.10001), (0, 0.2), (1, 0.20001))
def area(**options):
    metric = metrics.ROCAUC(**options)
    for truth, score in pairs:
        metric.update(truth, score)
    return metric.get()
print("default:", area(), "| 100,000 thresholds:", round(area(n_thresholds=100_000), 3), "| exact: 0.75")
assert abs(area() - 0.5) < 1e-9 and abs(area(n_thresholds=100_000) - 0.75) < 1e-3
P
