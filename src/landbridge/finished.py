"""Opening what any command made: a run, groups, several tasks, a space, a tuned model.

All of them have `predict(data)`, `evaluate(data)` and `report(out)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .artifacts.kinds import KINDS
from .artifacts.making import kind_of
from .artifacts.state import LOCK, RUN_STATE, read_state
from .artifacts.unfinished import again, happened
from .base.events import SILENT, Events


def load(path: Path | str, *, trust: bool = False) -> Any:
    """Open a finished folder of any kind.

    Parameters
    ----------
    path : path
        What `landbridge transfer`, `cluster`, `multitask`, `align` or `tune` made.
    trust : bool, default False
        Agree to run the code that the folder names, as `landbridge trust add` does.

    Returns
    -------
    Run, Clusters, MultiTask, Space or Tuned

    Raises
    ------
    RunError
        Where it is none, it is not finished, or a file was changed.
    TrustError
        Where its model is made by code that nobody has agreed to run on this machine.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> x = np.random.default_rng(0).normal(size=(60, 2)) + 8 * (np.arange(60) < 20)[:, None]
    >>> made = landbridge.cluster(x, groups=2, out="two-groups")
    >>> landbridge.load("two-groups").predict([[8.0, 8.0]])[0]["group"]
    'group 2'
    """
    folder = Path(path)
    if trust:
        from .backbones.named import grant_all

        grant_all(folder)
    return KINDS.get(kind_of(folder)).opener()(folder)


def write_page(path: Path | str, out: Path | None = None, *, events: Events = SILENT) -> Path:
    """Write the report of any folder again; of a run that is not finished it says why.

    Parameters
    ----------
    path : path
    out : Path, optional
        Where to; into the folder where left out.
    events : Events
        Hears that a run is not finished, and how to go on.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        Where it is none, its state or a finished file was changed, or it is an unfinished folder
        of another kind than a run.
    """
    folder = Path(path)
    if (folder / RUN_STATE).exists() and (state := read_state(folder))["status"] != "complete":
        from .report.run.build import write_report

        what, at_work = happened(state, folder / LOCK)
        events.log("note", f"{folder}: {what}" + ("" if at_work else f"; {again(folder, state)}"))
        return write_report(folder, out)
    found: Path = load(folder).report(out)
    return found
