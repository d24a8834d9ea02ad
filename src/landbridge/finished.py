"""Opening what any command made: a run, groups, several tasks, a space, a tuned model.

All of them have `predict(data)`, `evaluate(data)` and `report(out)`.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

_KINDS = {
    "clusters.json": ("landbridge.clustering.clusters", "load_clusters"),
    "multitask.json": ("landbridge.several_tasks.model", "load_multitask"),
    "space.json": ("landbridge.spaces.space", "load_space"),
    "tuned.json": ("landbridge.tasks.tuned", "load_tuned"),
}
"""By the file that marks a finished folder, what opens it; every other folder is a run."""


def load(path: Path | str) -> Any:
    """Open a finished folder of any kind.

    Parameters
    ----------
    path : path
        What `landbridge transfer`, `cluster`, `multitask`, `align` or `tune` made.

    Returns
    -------
    Run, Clusters, MultiTask, Space or Tuned

    Raises
    ------
    RunError
        Where it is none, it is not finished, or a file was changed.

    Examples
    --------
    >>> model = landbridge.load("runs/webcam")                               # doctest: +SKIP
    >>> model.predict("new-images/")                                         # doctest: +SKIP
    """
    folder = Path(path)
    for marker, (module, name) in _KINDS.items():
        if (folder / marker).is_file():
            return getattr(import_module(module), name)(folder)
    from .runs.run import load_run

    return load_run(folder)
