"""Low-rank adapters, through PEFT: put in before training, merged into the weights after it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..backbones.surgery import Network
from ..backbones.weights import seeded
from ..base.errors import MethodError
from ..base.files import write_bytes, write_json
from ..base.typed import Notes
from .plan import Adapter

NAME = "landbridge"
"""What PEFT calls the adapter inside the network; its files do not have it."""
KINDS: dict[str, tuple[type[nn.Module], ...]] = {
    "all": (nn.Linear, nn.Conv2d),
    "linear": (nn.Linear,),
    "convolutions": (nn.Conv2d,),
}


def adaptable(backbone: nn.Module, modules: str) -> tuple[list[str], list[str]]:
    """Return the names of the layers that get an adapter, and of those that cannot have one.

    Grouped convolutions (depthwise ones are the extreme) have no merged form in PEFT, and are
    left out. So are kinds derived from a linear layer, whose weights others may read past
    their `forward` (the projection in torch's own attention).
    """
    taken: list[str] = []
    left: list[str] = []
    for name, module in backbone.named_modules():
        plain = type(module) is nn.Linear or isinstance(module, nn.Conv2d)
        if plain and isinstance(module, KINDS[modules]):
            grouped = isinstance(module, nn.Conv2d) and module.groups > 1
            (left if grouped else taken).append(name)
    return taken, left


def inject(network: Network, adapter: Adapter, seed: int) -> Notes:
    """Put low-rank matrices beside the backbone's layers; at first they change nothing.

    Returns
    -------
    dict
        What was adapted and what was left out, for people.

    Raises
    ------
    MethodError
        Where the backbone has no layer that can be adapted.
    """
    from peft import inject_adapter_in_model

    taken, left = adaptable(network.backbone, adapter.modules)
    if not taken:
        raise MethodError(
            f"lora: the backbone has no layer for an adapter (modules = {adapter.modules!r})",
            hint="choose another backbone, or a method without adapters such as finetune",
        )
    before = sum(p.numel() for p in network.parameters())
    with seeded("adapter", seed):
        inject_adapter_in_model(_config(adapter, taken), network, adapter_name=NAME)
    added = sum(p.numel() for p in network.parameters()) - before
    return {
        "adapted_layers": len(taken),
        "left_out": f"{len(left)} grouped convolutions" if left else "",
        "adapter_parameters": added,
        "share": round(added / max(1, before), 5),
    }


def _config(adapter: Adapter, names: list[str], **more: Any) -> Any:
    from peft import LoraConfig

    return LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules=[f"backbone.{name}" for name in names],
        bias="none",
        **more,
    )


def save_adapter(network: Network, adapter: Adapter, folder: Path, base: str) -> None:
    """Write the adapter and the head in PEFT's own layout, before it is merged.

    ``PeftModel.from_pretrained(network, folder)`` puts it on a network like the one that the
    plan began with.

    Parameters
    ----------
    base : str
        Which network that was.
    """
    from safetensors.torch import save

    tensors = {}
    for name, tensor in network.state_dict().items():
        if ".lora_" in name or name.startswith("head."):
            key = f"base_model.model.{name.replace(f'.{NAME}.', '.')}"
            tensors[key] = tensor.detach().cpu().contiguous()
    names = [name for name, module in network.backbone.named_modules() if _adapted(module)]
    config = _config(adapter, names, modules_to_save=[_head(network)], inference_mode=True)
    config.base_model_name_or_path = base
    plain = {k: sorted(v) if isinstance(v, set) else v for k, v in config.to_dict().items()}
    write_json(folder / "adapter_config.json", json.loads(json.dumps(plain, default=str)))
    write_bytes(folder / "adapter_model.safetensors", save(tensors, metadata={"format": "pt"}))


def _head(network: Network) -> str:
    """Return what PEFT calls the head: it takes each module whose name ends so.

    Where a layer of the backbone does, the name is the one within a `PeftModel`, which is longer.
    """
    alike = any(name.endswith("head") for name, _ in network.backbone.named_modules())
    return "base_model.model.head" if alike else "head"


def _adapted(module: nn.Module) -> bool:
    return hasattr(module, "base_layer") and hasattr(module, "lora_A")


@torch.no_grad()
def merge_adapter(network: Network) -> None:
    """Add each adapter to the weights beside it and take it off: an ordinary network is left."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if _adapted(child):
                layer: Any = child
                layer.merge()
                setattr(parent, name, layer.get_base_layer())
    if hasattr(network, "peft_config"):
        del network.peft_config
    network.requires_grad_(True)
