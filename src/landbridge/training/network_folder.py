"""A network in a folder: its tensors or what moved of them, its θ₀, and how inputs are prepared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..backbones.base import BackboneIdentity, LoadedBackbone
from ..backbones.heads import head_from_state
from ..backbones.open import reopen
from ..backbones.surgery import Network, make_network
from ..base.errors import RunError
from ..base.events import SILENT, Events
from ..base.files import read_json, write_json
from ..base.hashing import tensors_digest
from ..domains.modalities.base import Preprocessing, load_preprocessing
from .checkpoint import load_tensors, save_tensors

MODEL = "model.safetensors"
DELTA = "delta"
"""The kind of a file that holds only what differs from θ₀."""


@dataclass(frozen=True)
class Parameters:
    """How many numbers a network has, how many moved away from θ₀, how many bytes are stored."""

    total: int
    moved: int
    stored_bytes: int


def save_network(
    folder: Path,
    network: Network,
    identity: BackboneIdentity,
    preprocessing: Preprocessing,
    kind: str = "whole",
) -> None:
    """Write what `load_network` reads; as a backbone it is ``run/<folder>`` as well."""
    state = dict(network.state_dict())
    save_tensors(folder / MODEL, state, {"kind": kind, "result": tensors_digest(state)})
    save_origin(folder, identity, preprocessing)


def save_origin(folder: Path, identity: BackboneIdentity, preprocessing: Preprocessing) -> None:
    """Write what stands in front of the tensors."""
    write_json(folder / "backbone.json", identity.to_dict())
    write_json(folder / "preprocessor.json", preprocessing.to_dict())


def save_tensors_of(
    folder: Path,
    state: Mapping[str, torch.Tensor],
    start: Mapping[str, torch.Tensor],
    kind: str,
    **facts: Any,
) -> Parameters:
    """Write a network's tensors, of kind "delta" those that differ from `start` alone.

    Parameters
    ----------
    kind : {"whole", "delta"}
    **facts
        "theta0" (its hash), "method", "seed".
    """
    state = dict(state)
    moved = {
        name: tensor
        for name, tensor in state.items()
        if name not in start or not torch.equal(start[name], tensor)
    }
    own = {
        "kind": kind,
        "theta0": facts.pop("theta0"),
        "result": tensors_digest(state),
        "tensors": len(state),
        **facts,
    }
    save_tensors(folder / MODEL, moved if kind == DELTA else state, own)
    return Parameters(
        total=sum(tensor.numel() for tensor in state.values()),
        moved=sum(tensor.numel() for tensor in moved.values()),
        stored_bytes=(folder / MODEL).stat().st_size,
    )


def load_network(
    folder: Path, outputs: int, *, offline: bool = False, events: Events = SILENT
) -> tuple[Network, LoadedBackbone]:
    """Return the network, with a head of so many outputs, and θ₀ as it was opened.

    Raises
    ------
    RunError
        Where a file is missing, damaged or changed.
    BackboneError
        Where θ₀ is not the one that the network was made of.
    """
    saved, facts = load_tensors(folder / MODEL)
    preprocessing = load_preprocessing(read_json(folder / "preprocessor.json"))
    identity = BackboneIdentity.from_dict(read_json(folder / "backbone.json"))
    is_full = facts.get("kind") != DELTA
    opened = reopen(identity, preprocessing, weights=not is_full, offline=offline, events=events)
    network = make_network(opened, outputs)
    head = {k.removeprefix("head."): v for k, v in saved.items() if k.startswith("head.")}
    if head and "bias" not in head:
        network.head = head_from_state(head)
    state = dict(network.state_dict())
    strange = sorted({*saved, *(state if is_full else ())} - (set(saved) & set(state)))
    strange += [n for n in saved if n in state and saved[n].shape != state[n].shape]
    if strange:
        raise RunError(
            f"{folder / MODEL} does not fit backbone.json: {strange[:3]}",
            hint="restore both files from the same folder",
        )
    network.load_state_dict(state | saved)
    found = tensors_digest(network.state_dict())
    if found != facts.get("result"):
        raise RunError(
            f"{folder / MODEL}: θ₀ + Δ has the hash {found}, expected {facts.get('result')}",
            hint="a file was changed: restore the folder",
        )
    return network, opened
