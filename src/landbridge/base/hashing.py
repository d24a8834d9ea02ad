"""Content hashes: what a feature store and a saved Δ are keyed by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .files import _plain

if TYPE_CHECKING:
    import torch


def digest(*parts: Any) -> str:
    """Return a 16-character hash of plain values, bytes and arrays."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        if isinstance(part, bytes):
            state.update(b"b" + part)
        elif isinstance(part, np.ndarray):
            if part.dtype == object:  # its bytes would be addresses
                state.update(b"o" + json.dumps(part.tolist(), default=str).encode())
                continue
            array = np.ascontiguousarray(part)
            state.update(f"a{array.dtype.str}{array.shape}".encode())
            state.update(array.tobytes())
        else:
            text = json.dumps(part, sort_keys=True, default=_plain, ensure_ascii=False)
            state.update(b"j" + text.encode("utf-8", "surrogatepass"))
    return state.hexdigest()


def file_digest(path: Path) -> str:
    """Return a 32-character hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def tensors_digest(tensors: Mapping[str, torch.Tensor]) -> str:
    """Return a hash of named tensors: names, types, shapes and values."""
    state = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        if tensor.is_floating_point():
            tensor = (
                tensor + 0.0
            )  # -0.0 and 0.0 are equal, and training may turn one into the other
        state.update(f"{name}{tensor.dtype}{tuple(tensor.shape)}".encode())
        if tensor.numel():
            state.update(tensor.reshape(-1).view(dtype=_byte_type()).numpy().tobytes())
    return state.hexdigest()


def _byte_type() -> Any:
    import torch

    return torch.uint8
