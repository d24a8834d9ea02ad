"""Which rows a model learned from: eight bytes of each, so that later ones are known again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..base.errors import RunError
from ..base.files import write_array
from ..domains.domain import Domain
from ..domains.seen import NAMED, Seen
from .workspace import Workspace

LEARNED = "learned.npy"


def row_prints(inputs: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Return a hash of each row, or of some, as the network takes it, uint64 (n,).

    What fills up rows that differ in length is no part of it: numbers below 0 at the end of texts,
    NaN at the end of sound.
    """
    rows = np.arange(len(inputs)) if rows is None else rows
    found = np.zeros(len(rows), np.uint64)
    fills = inputs.ndim == 2 and inputs.dtype.kind in "if"
    for i, row in enumerate(rows.tolist()):  # one by one: they may be more than memory holds
        own = np.ascontiguousarray(inputs[row])
        if fills:
            there = np.flatnonzero(own >= 0 if own.dtype.kind == "i" else ~np.isnan(own))
            own = own[: int(there[-1]) + 1 if len(there) else 0]
        found[i] = int.from_bytes(hashlib.blake2b(own.tobytes(), digest_size=8).digest(), "little")
    return found


def save_learned(workspace: Workspace, source: Path | None) -> None:
    """Write the hashes of all rows whose labels the stored model learned from.

    Parameters
    ----------
    workspace : Workspace
        Of the chosen method.
    source : Path, optional
        The run that is the source, whose rows are learned from as well.
    """
    sides = [workspace.target] + ([] if workspace.source is None else [workspace.source])
    prints = [row_prints(side.inputs, np.flatnonzero(side.known)) for side in sides]
    if source is not None and has_learned(source):
        prints.append(load_learned(source))
    write_array(workspace.path / LEARNED, np.unique(np.concatenate(prints)))


def has_learned(path: Path) -> bool:
    """Say whether a run keeps such hashes: those of earlier versions do not."""
    return (path / LEARNED).exists()


def load_learned(path: Path) -> np.ndarray:
    """Return what `save_learned` wrote, ascending.

    Raises
    ------
    RunError
        Where it is damaged.
    """
    try:
        found = np.load(path / LEARNED, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise RunError(
            f"{path / LEARNED} is damaged: {error}", do="restore the run folder, or run again"
        ) from error
    if found.dtype != np.uint64 or found.ndim != 1:
        raise RunError(f"{path / LEARNED} holds no hashes", do="restore the run folder")
    return np.asarray(found)


def learned_again(path: Path, domain: Domain, inputs: np.ndarray) -> tuple[np.ndarray, Seen] | None:
    """Say which rows the run in a folder learned from, bool (n,), and what was found.

    Parameters
    ----------
    path : Path
    domain : Domain
    inputs : ndarray
        Its rows as the network takes them.

    Returns
    -------
    again : bool ndarray (n,)
    seen : Seen
        None for both where the run is of an earlier version, which kept no hashes.
    """
    if not has_learned(path):
        return None
    learned = load_learned(path)
    rows = np.flatnonzero(np.isin(row_prints(inputs), learned))
    chance = domain.examples.by_chance(rows, domain.examples, len(learned))
    again = np.zeros(len(domain), bool)
    again[rows[~chance]] = True
    names = domain.examples.names()
    found = Seen(
        found=int(again.sum()),
        of=len(domain),
        rows=tuple(names[i] for i in np.flatnonzero(again)[:NAMED]),
        looked=False,  # a hash tells the same from all else, and nothing of what is nearly so
        chance=int(chance.sum()),
        where="in the run",
    )
    return again, found
