"""A whole network in a folder: its tensors, its θ₀'s identity, and how inputs are prepared."""

from __future__ import annotations

from pathlib import Path

from ..backbones.base import BackboneIdentity
from ..backbones.open import reopen
from ..backbones.surgery import Network, make_network
from ..base.errors import RunError
from ..base.events import SILENT, Events
from ..base.files import read_json, write_json
from ..base.hashing import tensors_digest
from ..domains.modalities.base import Preprocessing, load_preprocessing
from .checkpoint import load_tensors, save_tensors

MODEL = "model.safetensors"


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
    write_json(folder / "backbone.json", identity.to_dict())
    write_json(folder / "preprocessor.json", preprocessing.to_dict())


def load_network(
    folder: Path, outputs: int, *, offline: bool = False, events: Events = SILENT
) -> tuple[Network, Preprocessing]:
    """Return the network, with a head of so many outputs, and its preprocessing.

    Raises
    ------
    RunError
        Where a file is missing, damaged or changed.
    """
    state, own = load_tensors(folder / MODEL)
    preprocessing = load_preprocessing(read_json(folder / "preprocessor.json"))
    identity = BackboneIdentity.from_dict(read_json(folder / "backbone.json"))
    opened = reopen(identity, preprocessing, weights=False, offline=offline, events=events)
    network = make_network(opened, outputs)
    wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
    if {name: tensor.shape for name, tensor in state.items()} != wanted:
        strange = sorted(
            n
            for n in {*state, *wanted}
            if n not in state or n not in wanted or state[n].shape != wanted[n]
        )
        raise RunError(
            f"{folder / MODEL} does not fit backbone.json: {strange[:3]}",
            hint="restore both files from the same folder",
        )
    network.load_state_dict(state)
    if tensors_digest(network.state_dict()) != own.get("result"):
        raise RunError(f"{folder / MODEL} was changed", hint="restore the folder")
    return network, opened.preprocessing
