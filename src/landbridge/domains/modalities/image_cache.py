"""A big uint8 array on disk, written in pieces: an interrupted decode goes on where it stopped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ...base.errors import RunError
from ...base.events import Events
from ...base.files import read_json, storage_errors, write_json


def cached_rows(
    path: Path,
    shape: tuple[int, ...],
    chunks: Callable[[int], Iterable[np.ndarray]],
    *,
    events: Events,
    bar: Events,
) -> np.ndarray:
    """Return the array stored at `path`, computing what is missing of it.

    Parameters
    ----------
    path : Path
        The finished ``.npy`` file; until then ``.part`` and ``.part.json`` lie beside it.
    shape : tuple of int
        Of the whole array, rows first.
    chunks : callable
        Given a first row, yields uint8 blocks of rows from there to the end.
    events, bar : Events
        Hear that something is reused; hear the progress.

    Returns
    -------
    uint8 ndarray
        A read-only memory map.
    """
    ready = _open(path, shape)
    if ready is not None:
        events.say("reuse", f"reused {shape[0]:,} decoded images", path=str(path), rows=shape[0])
        return ready
    part, state = path.with_suffix(".part"), path.with_suffix(".part.json")
    # Written as a file and not through a memory map: there a full disk kills the process.
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        done = _rows_done(part, state, shape)
        if done:
            events.say("reuse", f"{done} of {shape[0]} decoded images from {part}", rows=done)
        with part.open("r+b" if done else "w+b") as file:
            header = {"descr": "|u1", "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(file, header)
            file.seek(file.tell() + done * int(np.prod(shape[1:])))
            file.truncate()
            with bar.progress("decode images", shape[0]) as progress:
                progress.advance(done)
                for chunk in chunks(done):
                    file.write(np.ascontiguousarray(chunk).data)
                    file.flush()
                    os.fsync(file.fileno())
                    done += len(chunk)
                    write_json(state, {"rows": done, "shape": list(shape)})
                    progress.advance(len(chunk))
        try:
            part.replace(path)
        except FileNotFoundError:
            if not path.exists():  # otherwise another process finished the same file first
                raise
        state.unlink(missing_ok=True)
    array = _open(path, shape)
    assert array is not None
    return array


def _open(path: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    if not path.exists():
        return None
    try:
        if shape[0] == 0:
            return np.empty(shape, np.uint8)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError):
        return None  # cut short by something else: made again
    return array if array.shape == shape and array.dtype == np.uint8 else None


def _rows_done(part: Path, state: Path, shape: tuple[int, ...]) -> int:
    if not (part.exists() and state.exists()):
        return 0
    try:
        said = read_json(state)
    except RunError:
        return 0
    if not isinstance(said, dict) or said.get("shape") != list(shape):
        return 0
    rows = int(said.get("rows", 0))
    return rows if part.stat().st_size >= rows * int(np.prod(shape[1:])) else 0
