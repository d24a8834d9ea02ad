"""What was measured on this machine once, so that the same command gives the same plan again.

CPU time is not quite the same twice, least of all on a busy machine: caches and the two halves of a
core are shared. What a row costs is therefore measured once for a machine, an architecture and a
shape of rows, and read again afterwards.
"""

from __future__ import annotations

import contextlib
import platform
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch
from torch import nn

from ..base.errors import LandbridgeError
from ..base.files import read_json, write_json
from ..base.hashing import digest
from ..base.places import cache_folder, private_folder
from ..base.typed import amount, count, misfit
from ..domains.modalities.base import Preprocessing
from ..training.precision import cpu_name
from ..training.probe import RowCosts

FORMAT = 1
_ROWS = 256
_SHAPE = {field.name: count if field.type == "int" else amount for field in fields(RowCosts)}


def costs_file(
    network: nn.Module,
    inputs: np.ndarray,
    preprocessing: Preprocessing,
    precision: str,
    threads: int,
    device: torch.device,
) -> Path:
    """Return the file of such rows in such a network here.

    Parameters
    ----------
    network : module
        What counts is its architecture, not its weights.
    inputs : ndarray
        Stored rows.
    preprocessing : Preprocessing
    precision : str
    threads : int
    device : device
    """
    graphics = torch.cuda.get_device_name(device) if device.type == "cuda" else ""
    key = digest(
        FORMAT,
        [(name, list(tensor.shape)) for name, tensor in network.state_dict().items()],
        [type(module).__name__ for module in network.modules()],
        [
            list(inputs.shape[1:]),
            str(inputs.dtype),
            _length(inputs, preprocessing),
            preprocessing.key,
        ],
        [precision, threads, str(device), graphics],
        [platform.machine(), cpu_name(), torch.__version__],
    )
    return cache_folder() / "costs" / f"costs-{key}.json"


def read_costs(file: Path) -> RowCosts | None:
    """Return what the file holds, None where there is none or it is damaged."""
    if not file.is_file():
        return None
    try:
        found = read_json(file)
    except LandbridgeError:
        return None
    if misfit(found, _SHAPE) is not None:
        return None
    # What measuring took belongs to the plan: without it another one would be made.
    return RowCosts(**{name: found[name] for name in _SHAPE} | {"probe_s": 0.0, "probe_bytes": 0})


def write_costs(file: Path, costs: RowCosts) -> None:
    """Keep what was measured, if the cache can be written."""
    with contextlib.suppress(LandbridgeError, OSError):
        private_folder(file.parent)
        write_json(file, asdict(costs))


def _length(inputs: np.ndarray, preprocessing: Preprocessing) -> int:
    """Return how long rows are that differ in length, in steps of a fifth; 0 where none differ."""
    lengths = preprocessing.lengths(np.asarray(inputs[:_ROWS]))
    if lengths is None or not len(lengths):
        return 0
    return round(np.log(max(1.0, float(lengths.mean()))) / np.log(1.2))
