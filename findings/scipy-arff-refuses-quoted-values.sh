#!/usr/bin/env bash
# SciPy 1.17.1, scipy.io.arff: a nominal value with a blank, in quotes as the format (and Weka) has it.
# Guess: it is read. Seen: the declaration is read without its quotes and the rows with theirs, so no row fits.
source "$(dirname "$0")/_venv.sh"
packages scipy==1.17.1 liac-arff==2.5.0
python -W ignore - <<'P'
import io
import arff
from scipy.io.arff import loadarff
text = "@relation r\n@attribute size numeric\n@attribute colour {red,'dark blue'}\n@data\n1,red\n2,'dark blue'\n"
print("liac-arff:", arff.loads(text)["data"])
try:
    print("scipy:", loadarff(io.StringIO(text)))
except ValueError as error:
    print("scipy:", error)
    assert "'dark blue' value not in" in str(error)
else:
    raise SystemExit(1)
P
