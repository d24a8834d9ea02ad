#!/usr/bin/env bash
# safetensors 0.8.0, safetensors.numpy: an array that is not in C order is saved in the order of its memory.
# Guess: an array comes back as it was saved (it did in 0.7.0), or is refused as a torch tensor is.
# Seen: a transposed matrix, a table's to_numpy() and columns cut out of a matrix come back with other numbers,
# without a word; np.ascontiguousarray first makes them right. (The docstring does ask for contiguous arrays.)
source "$(dirname "$0")/_venv.sh"
packages safetensors==0.8.0 numpy==2.4.6 pandas==3.1.1
python -W ignore - <<'P'
import numpy as np, pandas as pd
from safetensors.numpy import load, save
matrix = np.arange(6.).reshape(2, 3)
cases = {"as it is": matrix, "transposed": matrix.T, "of a pandas table": pd.DataFrame(matrix).to_numpy(),
         "every other column": np.arange(12.).reshape(3, 4)[:, ::2], "transposed, made contiguous": np.ascontiguousarray(matrix.T)}
same = {name: np.array_equal(load(save({"x": array}))["x"], array) for name, array in cases.items()}
for name, equal in same.items():
    print(name, "comes back", "equal" if equal else "with other numbers")
assert list(same.values()) == [True, False, False, False, True]
P
