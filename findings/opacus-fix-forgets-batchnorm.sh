#!/usr/bin/env bash
# opacus 1.6.0: ModuleValidator.fix makes BatchNorm a fresh GroupNorm.
# Guess: scale and shift of a pretrained network are carried over.
# Seen: they are ones and zeros again, and nothing is said: pretraining of those layers is gone.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 opacus==1.6.0
python -W ignore - <<'P'
import torch
from opacus.validators import ModuleValidator
net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8))
with torch.no_grad():
    net[1].weight.fill_(3); net[1].bias.fill_(2)
norm = ModuleValidator.fix(net)[1]
print(type(norm).__name__, "scale", float(norm.weight[0]), "shift", float(norm.bias[0]))
assert isinstance(norm, torch.nn.GroupNorm) and float(norm.weight[0]) == 1 and float(norm.bias[0]) == 0
P
