"""The kinds of folders that commands make, and what opens each; nothing of them is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..base.registry import Registry


@dataclass(frozen=True)
class Kind:
    """One kind of folder.

    Attributes
    ----------
    name : str
        As its state file says it.
    verb : str
        The command that makes it; the Python function is called the same.
    what : str
        In words, for messages.
    facts : str
        The file that holds what is known of it; of old folders it marks a finished one.
    place : str
        "module:function" that opens it.
    """

    name: str
    verb: str
    what: str
    facts: str
    place: str

    def opener(self) -> Callable[[Any], Any]:
        """Import and return what opens such a folder."""
        module, _, name = self.place.partition(":")
        found: Callable[[Any], Any] = getattr(import_module(module), name)
        return found


KINDS: Registry[Kind] = Registry("artifact kind", "landbridge.artifacts.kinds")
"""Other distributions add theirs by the entry-point group ``landbridge.artifact_kinds``."""

for _kind in (
    Kind("run", "transfer", "a run", "verdict.json", "landbridge.runs.run:load_run"),
    Kind("merge", "merge", "a merged run", "merge.json", "landbridge.runs.run:load_run"),
    Kind(
        "clusters",
        "cluster",
        "groups",
        "clusters.json",
        "landbridge.clustering.clusters:load_clusters",
    ),
    Kind(
        "multitask",
        "multitask",
        "several tasks",
        "multitask.json",
        "landbridge.multi_task.model:load_multitask",
    ),
    Kind(
        "federated",
        "federate",
        "a federation",
        "federated.json",
        "landbridge.federated.model:load_federated",
    ),
    Kind("space", "align", "a space", "space.json", "landbridge.embeddings.space:load_space"),
    Kind("tuned", "tune", "a tuned model", "tuned.json", "landbridge.structured.tuned:load_tuned"),
):
    KINDS.register(_kind.name)(_kind)

RUNS = ("run", "merge")
"""Kinds whose folders are runs: their state is in ``run.json``."""
