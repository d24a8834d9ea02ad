#!/usr/bin/env bash
# captum 0.9.0: feature masks of several inputs share their numbers.
# Guess: each input's mask is numbered by itself, so both may start at 0 (as without masks).
# Seen: what has the same number is one feature in all inputs: it is removed everywhere at once, and
# every input is given the effect of all. Shapley sampling does the same. Numbers must go on from
# one input to the next.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 captum==0.9.0
python -W ignore - <<'P'
import torch
from captum.attr import FeatureAblation, ShapleyValueSampling

def score(a, b):
    return a.sum(1) + 10 * b.sum(1)

inputs = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]])
each = torch.tensor([[0, 1]]), torch.tensor([[0, 1]])
going_on = torch.tensor([[0, 1]]), torch.tensor([[2, 3]])
found = {}
for name, mask in (("no mask", None), ("each from 0", each), ("going on", going_on)):
    found[name] = [x.tolist()[0] for x in FeatureAblation(score).attribute(inputs, feature_mask=mask)]
    print(f"{name:12}", found[name])
sampled = [x.tolist()[0] for x in ShapleyValueSampling(score).attribute(inputs, feature_mask=each)]
print("Shapley, each from 0", sampled)
assert found["no mask"] == found["going on"] == [[1.0, 2.0], [30.0, 40.0]]
assert found["each from 0"] == sampled == [[31.0, 42.0], [31.0, 42.0]]
P
