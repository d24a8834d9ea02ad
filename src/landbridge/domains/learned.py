"""Which rows a finished folder learned from: a hash of each, by which it is known again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..base.errors import RunError
from ..base.events import Events
from ..base.files import write_array
from .examples import Examples
from .seen import NAMED, Seen, say_seen, taken_away

LEARNED = "learned.npy"


def save_contents(folder: Path, *examples: Examples) -> None:
    """Write a hash of the content of each example that was learned from, here or there."""
    write_array(folder / LEARNED, np.unique(np.concatenate([_contents(one) for one in examples])))


def _contents(examples: Examples) -> np.ndarray:
    """Return a hash of each example, uint64 (n,)."""
    return np.array(
        [
            int.from_bytes(hashlib.blake2b(one.encode(), digest_size=8).digest(), "little")
            for one in examples.prints()
        ],
        np.uint64,
    )


def has_learned(folder: Path) -> bool:
    """Say whether a folder keeps such hashes: those of earlier versions do not."""
    return (folder / LEARNED).exists()


def load_learned(folder: Path) -> np.ndarray:
    """Return the hashes that a folder keeps, ascending.

    Raises
    ------
    RunError
        Where they are damaged.
    """
    found = load_hashes(folder / LEARNED)
    if found.dtype != np.uint64 or found.ndim != 1:
        raise RunError(f"{folder / LEARNED} holds no hashes", hint="restore the folder")
    return found


def load_hashes(file: Path) -> np.ndarray:
    """Return an array of a finished folder.

    Raises
    ------
    RunError
        Where it is damaged.
    """
    try:
        return np.asarray(np.load(file, allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        raise RunError(
            f"{file} is damaged: {error}", hint="restore the folder, or run again"
        ) from error


def not_learned(
    folder: Path | None, examples: Examples, name: str, keep: bool, events: Events
) -> tuple[np.ndarray, Seen | None]:
    """Say which rows a folder did not learn from, and warn of the others.

    Rows of the same content are known; those that are nearly the same are not.

    Parameters
    ----------
    folder : Path or None
    examples : Examples
        The n rows to judge.
    name : str
        Of the data.
    keep : bool
        Whether to judge on such rows all the same; they are where nothing else would be left.
    events : Events

    Returns
    -------
    left : bool ndarray (n,)
    seen : Seen or None
        None where the folder keeps no hashes.
    """
    if folder is None or not has_learned(folder):
        return np.ones(len(examples), bool), None
    learned = load_learned(folder)
    same = np.isin(_contents(examples), learned)
    left, seen = taken_away(*counted_again(examples, same, len(learned), "in the folder"), keep)
    say_seen(seen, name, events)
    return left, seen


def counted_again(
    examples: Examples,
    same: np.ndarray,
    learned: int,
    where: str,
    near: np.ndarray | None = None,
) -> tuple[np.ndarray, Seen]:
    """Return which rows were learned from, bool (n,), and what there is to say of them.

    Parameters
    ----------
    examples : Examples
        The n rows.
    same : bool ndarray (n,)
        Which equal one that was learned from; what equals it by chance does not count.
    learned : int
        How many were learned from.
    where : str
        In what, in words.
    near : bool ndarray (n,), optional
        Which nearly equal one; None where nobody looked.
    """
    close = np.zeros(len(examples), bool) if near is None else near
    rows = np.flatnonzero(same | close)
    chance = examples.by_chance(rows, examples, learned)
    again = np.zeros(len(examples), bool)
    again[rows[~chance]] = True
    names = examples.names()
    return again, Seen(
        found=int(again.sum()),
        of=len(examples),
        near=int((close & again).sum()),
        rows=tuple(names[i] for i in np.flatnonzero(again)[:NAMED]),
        looked=near is not None,
        chance=int(chance.sum()),
        where=where,
    )
