"""Landbridge: carry what a model already knows to where you need it, and say whether it helped.

Names are imported when they are first used, so that ``import landbridge`` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

from .base.moved import install

install()

__version__ = "0.1.0.dev0"

_PLACES = {
    "transfer": "landbridge.api",
    "plan": "landbridge.api",
    "resume": "landbridge.runs.pipeline",
    "merge": "landbridge.runs.merge",
    "load": "landbridge.finished",
    "load_run": "landbridge.runs.run",
    "cluster": "landbridge.clustering.fit",
    "align": "landbridge.embeddings.fit",
    "load_space": "landbridge.embeddings.space",
    "multitask": "landbridge.multi_task.fit",
    "load_multitask": "landbridge.multi_task.model",
    "federate": "landbridge.federated.fit",
    "Federated": "landbridge.federated.model",
    "FederatedOptions": "landbridge.federated.options",
    "tune": "landbridge.structured.fit",
    "load_tuned": "landbridge.structured.tuned",
    "Space": "landbridge.embeddings.space",
    "Run": "landbridge.runs.run",
    "Model": "landbridge.runs.model",
    "stress": "landbridge.robustness.stress",
    "check": "landbridge.checks",
    "TransferClassifier": "landbridge.estimator",
    "TransferRegressor": "landbridge.estimator",
    "Domain": "landbridge.domains.domain",
    "read_domain": "landbridge.domains.read",
    "Events": "landbridge.base.events",
    "LandbridgeError": "landbridge.base.errors",
}

__all__ = ["__version__", *_PLACES]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'landbridge' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
