#!/usr/bin/env bash
# jiwer 4.0.0 and torchmetrics 1.9.0: the word error rate of something said where nothing was.
# Guess: both divide by no words, and agree (an error, or infinity).
# Seen: jiwer gives the number of inserted words (2), torchmetrics infinity.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 jiwer==4.0.0 torchmetrics==1.9.0
python -W ignore - <<'P'
import jiwer, torchmetrics
one, other = jiwer.wer("", "two words"), float(torchmetrics.text.WordErrorRate()(["two words"], [""]))
print("jiwer:", one, "torchmetrics:", other)
assert one == 2 and other == float("inf")
P
