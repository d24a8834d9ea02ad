"""What gradient attacks climb."""

from __future__ import annotations

import torch
from torch.nn import functional


def cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the cross-entropy of each row, (n,)."""
    return functional.cross_entropy(logits, truth, reduction="none")


def margin(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the best wrong logit less the true one, (n,): above 0 where the answer is wrong.

    Examples
    --------
    >>> margin(torch.tensor([[2.0, 1.0, 0.0]]), torch.tensor([0])).tolist()
    [-1.0]
    """
    own = logits.gather(1, truth[:, None])[:, 0]
    others = logits.scatter(1, truth[:, None], float("-inf"))
    return others.max(1)[0] - own


def difference_of_logits_ratio(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the margin over the distance from the greatest to the third logit, (n,).

    It is the same whatever logits are multiplied by (Croce & Hein, 2020, ICML). With two classes
    there is no third one: the margin itself.

    Examples
    --------
    >>> found = difference_of_logits_ratio(torch.tensor([[3.0, 1.0, 0.0]]), torch.tensor([0]))
    >>> round(found.item(), 4)
    -0.6667
    """
    if logits.shape[1] < 3:
        return margin(logits, truth)
    best = logits.topk(3, 1)[0]
    return margin(logits, truth) / (best[:, 0] - best[:, 2] + 1e-12)
