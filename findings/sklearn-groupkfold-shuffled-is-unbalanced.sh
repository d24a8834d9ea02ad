#!/usr/bin/env bash
# scikit-learn 1.9.1: GroupKFold(shuffle=True) makes folds of equally many groups, whatever their rows.
# Guess: folds of about as many rows each "when shuffle is True", as its documentation says.
# Seen: the other way round: without shuffle each fold has 100 rows, with it from 36 to 164 and more,
# so that the mean of the folds' scores is not that of the rows.
source "$(dirname "$0")/_venv.sh"
packages scikit-learn==1.9.1 numpy==2.4.6
python - <<'P'
import numpy as np
from sklearn.model_selection import GroupKFold
groups = np.repeat(np.arange(24), [70, 70, 70, 70] + [6] * 20)
def rows(**options):
    return [len(test) for _, test in GroupKFold(4, **options).split(groups, groups=groups)]
plain, shuffled = rows(), [rows(shuffle=True, random_state=seed) for seed in range(10)]
print("rows of each fold:", plain, "| shuffled:", *shuffled[:3])
assert set(plain) == {100} and max(max(sizes) / min(sizes) for sizes in shuffled) > 4
P
