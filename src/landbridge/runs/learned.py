"""Which rows a model learned from: some bytes of each, so that later ones are known again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..base.errors import RunError
from ..base.files import write_array
from ..domains.domain import Domain
from ..domains.learned import LEARNED, counted_again, has_learned, load_hashes, load_learned
from ..domains.modalities.base import Preprocessing
from ..domains.modalities.sketches import nearly_among
from ..domains.seen import MOST, Seen
from .context import FitContext

SKETCHES = "learned_sketches.npy"
_CHUNK = 256


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


def row_sketches(
    preprocessing: Preprocessing, inputs: np.ndarray, rows: np.ndarray
) -> np.ndarray | None:
    """Return sketches of some rows; None where their modality has none."""
    parts = []
    for first in range(0, max(1, len(rows)), _CHUNK):  # they may be more than memory holds
        found = preprocessing.sketches(np.asarray(inputs[rows[first : first + _CHUNK]]))
        if found is None:
            return None
        parts.append(found)
    return np.concatenate(parts)


def save_learned(context: FitContext, source: Path | None) -> None:
    """Write hashes and sketches of all rows whose labels the stored model learned from.

    Sketches are kept up to `MOST` rows.

    Parameters
    ----------
    context : FitContext
        Of the chosen method.
    source : Path, optional
        The run that is the source, whose rows are learned from as well.
    """
    sides = [context.data.target] + ([] if context.data.source is None else [context.data.source])
    labeled = [np.flatnonzero(side.labeled_mask) for side in sides]
    prints = [row_prints(side.inputs, rows) for side, rows in zip(sides, labeled, strict=True)]
    sketches = [
        row_sketches(context.backbone.preprocessing, side.inputs, rows)
        for side, rows in zip(sides, labeled, strict=True)
        if len(rows)
    ]
    if source is not None and has_learned(source):
        prints.append(load_learned(source))
        sketches.append(load_sketches(source))
    write_array(context.path / LEARNED, np.unique(np.concatenate(prints)))
    kept = [found for found in sketches if found is not None]
    alike = len({(found.dtype, found.shape[1]) for found in kept}) == 1
    if len(kept) == len(sketches) and alike and sum(map(len, kept)) <= MOST:
        write_array(context.path / SKETCHES, np.unique(np.concatenate(kept), axis=0))


def load_sketches(path: Path) -> np.ndarray | None:
    """Return the sketches that `save_learned` wrote; None where it wrote none.

    Raises
    ------
    RunError
        Where they are damaged.
    """
    if not (path / SKETCHES).exists():
        return None
    found = load_hashes(path / SKETCHES)
    if found.dtype not in (np.int8, np.uint16, np.float16) or found.ndim != 2:
        raise RunError(f"{path / SKETCHES} holds no sketches", hint="restore the run folder")
    return found


def learned_again(
    path: Path, domain: Domain, inputs: np.ndarray, preprocessing: Preprocessing
) -> tuple[np.ndarray, Seen] | None:
    """Say which rows the run in a folder learned from, bool (n,), and what was found.

    Parameters
    ----------
    path : Path
    domain : Domain
    inputs : ndarray
        Its rows as the network takes them.
    preprocessing : Preprocessing
        What made them.

    Returns
    -------
    again : bool ndarray (n,)
    seen : Seen
        None for both where the run is of an earlier version, which kept no hashes.
    """
    if not has_learned(path):
        return None
    learned = load_learned(path)
    same = np.isin(row_prints(inputs), learned)
    theirs = load_sketches(path) if len(domain) + len(learned) <= MOST else None
    rest = np.flatnonzero(~same)
    near = None
    if theirs is not None:
        near, ours = np.zeros(len(domain), bool), row_sketches(preprocessing, inputs, rest)
        if ours is not None and ours.shape[1:] == theirs.shape[1:]:
            near[rest[nearly_among(ours, theirs)]] = True
    return counted_again(domain.examples, same, len(learned), "in the run", near)
