#!/usr/bin/env bash
# sacrebleu 2.6.0: TER of a Chinese sentence with one of eleven characters wrong.
# Guess: asian_support=True makes it count characters.
# Seen: still 100, one "word" of one, as without it; the option works only together with normalized=True (9.1).
source "$(dirname "$0")/_venv.sh"
packages sacrebleu==2.6.0
python -W ignore - <<'P'
from sacrebleu.metrics import TER
truth, said = ["今天天气很好我们去公园"], ["今天天气很好我们去公司"]
score = {str(o): round(TER(**o).corpus_score(said, [truth]).score, 1)
         for o in ({}, {"asian_support": True}, {"asian_support": True, "normalized": True})}
print(score)
assert list(score.values()) == [100.0, 100.0, 9.1]
P
