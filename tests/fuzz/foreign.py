"""Files that other libraries write: given by their path, or as what is made of them."""

from __future__ import annotations

import contextlib
import pickle
import random
import shutil
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from carriers import ROWS, read_whole
from damages import damaged
from tiny_commands import pictures, table

from landbridge.base.errors import LandbridgeError

Attempt = Callable[..., str]
READ = (".csv", ".parquet", ".jsonl", ".txt", ".tsv", ".png", ".wav", ".zip", ".npz")
"""Endings of kinds that are read, for files that are something else."""


def write_foreign(folder: Path) -> None:
    """Write one small valid file of each kind."""
    import h5py
    import pyarrow as pa
    import scipy.io
    from pyarrow import feather, ipc, orc

    folder.mkdir()
    columns: dict[str, Any] = table(ROWS)
    words = [f"a few words, number {i}" for i in range(ROWS)]
    x = np.array([columns[f"x{i}"] for i in range(3)]).T
    plain = pa.table({**columns, "said": words})
    rich = plain.append_column("coded", pa.array(columns["kind"]).dictionary_encode())
    rich = rich.append_column("lists", pa.array([[float(i)] * (i % 3) for i in range(ROWS)]))
    when = np.arange(ROWS).astype("datetime64[h]").astype("datetime64[ms]")
    rich = rich.append_column("when", pa.array(when))
    rich = rich.append_column("nested", pa.array([{"a": i, "b": str(i)} for i in range(ROWS)]))
    for name, made in (("a.arrow", ipc.new_file), ("a.arrows", ipc.new_stream)):
        with made(folder / name, rich.schema) as out:
            out.write_table(rich, max_chunksize=10)
    feather.write_feather(plain, folder / "a.feather", compression="lz4")
    feather.write_feather(rich, folder / "b.feather", compression="uncompressed")
    orc.write_table(plain, folder / "a.orc")
    held = {"x": x, "y": np.arange(ROWS) % 2, "said": np.array(words, object), "pixels": pictures()}
    held["parts"] = {"inner": x[:3], "name": "one"}
    scipy.io.savemat(folder / "a.mat", held)
    scipy.io.savemat(folder / "b.mat", held, do_compression=True)
    scipy.io.savemat(folder / "four.mat", {"x": x, "y": np.arange(ROWS)}, format="4")
    for name, how in (("a.h5", {}), ("b.h5", {"compression": "gzip", "chunks": (8, 3)})):
        with h5py.File(folder / name, "w") as file:
            file.create_dataset("x", data=x, **how)
            file["pixels"] = pictures()  # no strings: where their heap is damaged HDF5 never ends
            file["group/y"] = np.arange(ROWS)
    np.save(folder / "a.npy", x)
    np.savez_compressed(folder / "a.npz", x=x, y=np.arange(ROWS) % 2)
    (folder / "a.pkl").write_bytes(pickle.dumps({"x": x.tolist()}))


def foreign(place: Path) -> Attempt:
    """A damaged file of another library: by its path, under any ending, or as its objects."""
    files = sorted((place / "foreign").iterdir())

    def attempt(draw: random.Random, tried: Path, whole: bool = False) -> str:
        shutil.rmtree(tried, ignore_errors=True)
        tried.mkdir()
        file = draw.choice(files)
        raw = file.read_bytes()
        own = tried / file.name
        ends = file.suffix == ".mat" and not whole  # a damaged one can end scipy's own reader
        if by_path := draw.random() < 0.4 or ends:
            own = tried / f"t{draw.choice((file.suffix, *READ))}"
        own.write_bytes(raw if whole else damaged(raw, draw))
        if by_path:
            read_whole(own if draw.random() < 0.7 else tried)
            return ""
        with contextlib.ExitStack() as held:
            for one in _opened(own, held):
                with contextlib.suppress(LandbridgeError):
                    read_whole(one)
        return ""

    return attempt


def _opened(path: Path, held: contextlib.ExitStack) -> Iterator[Any]:
    """Yield what the library of a file makes of it; what it refuses itself is no input of ours."""
    import h5py
    import pyarrow as pa
    import scipy.io
    from pyarrow import feather, ipc, orc
    from scipy.io.matlab import MatReadError

    kind = path.suffix
    raises = (pa.ArrowException, OSError, ValueError, TypeError, LookupError, RuntimeError)
    raises = (*raises, ArithmeticError, AttributeError, NameError, MemoryError, EOFError)
    raises = (*raises, Warning, zlib.error, zipfile.BadZipFile, tokenize.TokenError, MatReadError)
    found: list[Any] = []
    with contextlib.suppress(*raises):
        if kind == ".feather":
            found = [feather.read_table(path, memory_map=False)]
        elif kind in (".arrow", ".arrows"):
            make = ipc.open_file if kind == ".arrow" else ipc.open_stream
            found = [make(path.read_bytes()).read_all()]
        elif kind == ".orc":
            found = [orc.read_table(path)]
        elif kind == ".mat":
            found = [x for name, x in scipy.io.loadmat(path).items() if name[:1] != "_"]
        elif kind == ".h5":
            file = held.enter_context(h5py.File(path))
            names: list[str] = []
            file.visit(names.append)
            found = [file[name] for name in names]
        elif kind in (".npy", ".npz"):
            opened = np.load(path)
            if kind == ".npz":
                held.enter_context(opened)
            found = [opened] if kind == ".npy" else [opened[name] for name in opened]
    yield from found
