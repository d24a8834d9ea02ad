#!/usr/bin/env bash
# alibi-detect 0.13.0, MMDDrift with 100 permutations.
# Guess: a permutation test cannot give less than 1 in 101.
# Seen: exactly 0 where the two differ much: the observed order is not counted among the permutations,
# so p-values cannot be combined by their logarithms, and are too small by up to 1 in 100.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 alibi-detect==0.13.0
python -W ignore - 2>/dev/null <<'P'
import numpy as np
from alibi_detect.cd import MMDDrift
draw = np.random.default_rng(0)
reference = draw.normal(size=(50, 3)).astype("float32")
result = MMDDrift(reference, backend="pytorch", n_permutations=100).predict(reference + 5)["data"]
print("p-value by 100 permutations:", result["p_val"])
assert result["p_val"] == 0
P
