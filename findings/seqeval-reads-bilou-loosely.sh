#!/usr/bin/env bash
# seqeval 1.2.2, default mode: two one-word entities in BILOU become one, and a tag without a prefix loses its first letter.
# Guess: U- (unit) is an entity of its own; a tag that has no prefix is refused or kept.
# Seen: U-LOC U-LOC is one entity; PER is an entity of type "ER". mode="strict" with scheme=BILOU counts two.
source "$(dirname "$0")/_venv.sh"
packages seqeval==1.2.2
python -W ignore - <<'P'
from seqeval.metrics import f1_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU
two = get_entities(["U-LOC", "U-LOC"])
bare = get_entities(["PER", "O"])
truth, found = [["U-LOC", "U-LOC", "O"]], [["U-LOC", "O", "O"]]
loose, strict = f1_score(truth, found), f1_score(truth, found, mode="strict", scheme=BILOU)
print("U-LOC U-LOC:", two, "| PER:", bare, "| one of two found: F1", loose, "strict", round(strict, 3))
assert two == [("LOC", 0, 1)] and bare == [("ER", 0, 0)]
assert loose == 0 and abs(strict - 2 / 3) < 1e-9
P
