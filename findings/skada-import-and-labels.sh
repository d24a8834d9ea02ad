#!/usr/bin/env bash
# skada 0.6.0: importing it changes scikit-learn for the whole process, and -1 is no class.
# Guess: an import changes nothing elsewhere; labels may be strings or -1 and +1, as in scikit-learn.
# Seen: metadata routing is on afterwards; -1 means "label hidden", so {-1, +1} leaves one class; strings raise.
source "$(dirname "$0")/_venv.sh"
packages skada==0.6.0 scikit-learn==1.9.1
python -W ignore - <<'P'
import numpy as np, sklearn
from sklearn.linear_model import LogisticRegression
before = sklearn.get_config()["enable_metadata_routing"]
import skada
after = sklearn.get_config()["enable_metadata_routing"]
x = np.random.default_rng(0).normal(size=(40, 2)); side = np.repeat([1, -1], 20)
said = []
for labels in (np.where(x[:, 0] > 0, 1, -1), np.array(["no", "yes"])[(x[:, 0] > 0).astype(int)]):
    try:
        skada.make_da_pipeline(LogisticRegression()).fit(x, labels, sample_domain=side); said.append("fits")
    except (ValueError, TypeError) as error:
        said.append(type(error).__name__)
print("routing before and after the import:", before, after, "| -1/+1:", said[0], "| strings:", said[1])
assert (before, after) == (False, True) and said == ["ValueError", "TypeError"]
P
