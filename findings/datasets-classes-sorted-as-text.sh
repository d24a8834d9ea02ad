#!/usr/bin/env bash
# datasets 5.2.0: class_encode_column puts numbers into the order of their letters.
# Guess: labels 2, 9, 10 become classes 0, 1, 2 in that order.
# Seen: 10 is class 0, 2 is class 1, 9 is class 2: an ordinal scale is shuffled.
source "$(dirname "$0")/_venv.sh"
packages datasets==5.2.0
python -W ignore - <<'P'
import datasets
datasets.disable_progress_bars()
found = datasets.Dataset.from_dict({"grade": [2, 9, 10]}).class_encode_column("grade")
print(found.features["grade"].names, found["grade"][:])
assert found.features["grade"].names == ["10", "2", "9"] and found["grade"][:] == [1, 2, 0]
P
