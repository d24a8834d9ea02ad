"""θ₀: pretrained and fresh networks, their frozen features, and what is grafted onto them."""

from .base import BACKBONES, Backbone, BackboneIdentity, BackboneRequest, LoadedBackbone, Provider
from .open import choose, open_backbone, reopen
from .store import FeatureStore
from .surgery import Network, TensorTransfer, TransferReport, make_network, transfer_tensors

__all__ = [
    "BACKBONES",
    "Backbone",
    "BackboneIdentity",
    "BackboneRequest",
    "FeatureStore",
    "LoadedBackbone",
    "Network",
    "Provider",
    "TensorTransfer",
    "TransferReport",
    "choose",
    "make_network",
    "open_backbone",
    "reopen",
    "transfer_tensors",
]
