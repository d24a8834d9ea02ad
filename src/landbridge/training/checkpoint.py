"""One file that holds a training state: tensors and plain JSON, written whole, no pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import nn

from ..base.errors import RunError
from ..base.files import write_bytes
from ..base.typed import JsonObject, checked


def save_tensors(path: Path, tensors: dict[str, torch.Tensor], facts: Mapping[str, object]) -> None:
    """Write named tensors and plain facts atomically, as safetensors."""
    from safetensors.torch import save

    plain = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    # Not save_file: it reports a full disk as an error of its own without a number.
    write_bytes(path, save(plain, metadata={"landbridge": json.dumps(facts)}))


def load_tensors(path: Path) -> tuple[dict[str, torch.Tensor], JsonObject]:
    """Read what `save_tensors` wrote; a damaged file is a RunError that names it."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {}).get("landbridge", "{}"))
            checked(facts, {str: object}, f"what {path} says of itself")
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except FileNotFoundError as error:
        raise RunError(f"{path} is missing", hint="run again, or restore the file") from error
    except (SafetensorError, ValueError, RecursionError, OSError) as error:
        raise RunError(f"{path} is damaged: {error}", hint="restore it, or run again") from error


@dataclass
class Position:
    """Where training stands: the next step to take of a phase, and the last losses.

    `trainable` is what moves in the phase where that was chosen at its first step, "" elsewhere.
    """

    phase: int = 0
    step: int = 0
    losses: dict[str, float] = field(default_factory=dict)
    trainable: str = ""


def save_state(
    path: Path,
    position: Position,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    terms: nn.Module,
    average: dict[str, torch.Tensor] | None,
) -> None:
    """Write everything that the rest of the training depends on."""
    tensors = {f"network.{k}": v for k, v in network.state_dict().items()}
    tensors |= {f"terms.{k}": v for k, v in terms.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in (average or {}).items()}
    for index, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            tensors[f"optimizer.{index}.{key}"] = torch.as_tensor(value)
    save_tensors(path, tensors, asdict(position))


def load_state(path: Path) -> tuple[Position, dict[str, dict[str, torch.Tensor]]]:
    """Read a checkpoint: the position, and its tensors by part."""
    tensors, facts = load_tensors(path)
    parts: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = tensor
    return Position(**facts), parts


def restore_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, torch.Tensor]) -> None:
    """Put the saved moments back; the groups come from the plan."""
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in saved.items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = tensor
    restored = optimizer.state_dict()
    restored["state"] = state
    optimizer.load_state_dict(restored)
    for parameter, moments in optimizer.state.items():
        for key, value in moments.items():
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                # In the parameter's own memory format (channels last): the fused optimisers
                # pair values by where they lie, and would mix them up without a word.
                moments[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
