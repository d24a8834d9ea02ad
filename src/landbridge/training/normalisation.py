"""Batch normalisation's running statistics, taken afresh from one domain."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..backbones.surgery import Network
from ..base.evenly import evenly
from ..domains.modalities.base import Preprocessing
from .precision import autocast, layout

ROWS = 4000
BATCH = 500


@torch.no_grad()
def renormalise(
    network: Network,
    inputs: np.ndarray,
    preprocessing: Preprocessing,
    device: torch.device,
    precision: str = "float32",
    rows: int = ROWS,
) -> None:
    """Set running means and variances to those of `inputs` (AdaBN; Li et al., 2018).

    Up to `rows` of them, evenly spread, are used; without batch normalisation nothing happens.
    Fewer than 16 rows say too little: then the statistics stay as they are.

    Parameters
    ----------
    inputs : ndarray, first axis n
        Stored rows of the unlabelled target.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    norms = [m for m in norms if m.track_running_stats]
    if not norms or len(inputs) < 16:
        return
    momenta = [m.momentum for m in norms]
    modes = [m.training for m in network.modules()]
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain average over the batches
        norm.train()
    spread = evenly(len(inputs), rows)
    for part in np.array_split(spread, max(1, round(len(spread) / BATCH))):
        stored = torch.from_numpy(np.array(inputs[part]))
        with autocast(precision, device):
            network(layout(preprocessing.encode(stored.to(device))))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    for module, mode in zip(network.modules(), modes, strict=True):
        module.training = mode
