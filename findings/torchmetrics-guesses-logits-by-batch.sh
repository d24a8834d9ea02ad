#!/usr/bin/env bash
# torchmetrics 1.9.0: whether a score is a logit or a probability is guessed batch by batch.
# Guess: the same logit, 0.4, is on the same side of the threshold in every batch.
# Seen: beside a negative score it is put through a sigmoid and counts as positive, alone it does not.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 torchmetrics==1.9.0
python -W ignore - <<'P'
import torch
from torchmetrics.classification import BinaryRecall
truth = torch.tensor([1, 1])
beside, alone = BinaryRecall()(torch.tensor([-0.1, 0.4]), truth), BinaryRecall()(torch.tensor([0.1, 0.4]), truth)
print("recall of logits (-0.1, 0.4):", float(beside), "| of (0.1, 0.4):", float(alone))
assert float(beside) == 0.5 and float(alone) == 0.0
P
