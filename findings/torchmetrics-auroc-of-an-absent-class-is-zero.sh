#!/usr/bin/env bash
# torchmetrics 1.9.0: the AUROC of a class without rows is 0, and counts in the average; average precision leaves it out.
# Guess: a class that the evaluated rows do not hold is left out, or the figure is NaN as in scikit-learn 1.9.1.
# Seen: scores that order two of three classes without a fault have an average of 2/3; one class alone has 0.
source "$(dirname "$0")/_venv.sh"
packages torch==2.13.0 torchmetrics==1.9.0 scikit-learn==1.9.1
python -W ignore - <<'P'
import math
import torch
from sklearn.metrics import roc_auc_score
from torchmetrics.classification import BinaryAUROC, MulticlassAUROC, MulticlassAveragePrecision
truth = torch.tensor([0, 0, 1, 1])
scores = torch.tensor([[.8, .1, .1], [.7, .2, .1], [.1, .8, .1], [.2, .7, .1]])
area, precision = float(MulticlassAUROC(3)(scores, truth)), float(MulticlassAveragePrecision(3)(scores, truth))
alone = float(BinaryAUROC()(torch.tensor([.2, .9]), torch.tensor([1, 1])))
peer = roc_auc_score(truth, scores, multi_class="ovr", labels=[0, 1, 2])
print(f"faultless scores, class 2 absent: AUROC {area:.3f}, average precision {precision:.3f}, scikit-learn's AUROC {peer}")
print("only positive rows:", alone)
assert abs(area - 2 / 3) < 1e-6 and precision == 1 and alone == 0 and math.isnan(peer)
P
