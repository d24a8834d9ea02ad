"""What a reader may do in its process: the ends that damaged files have brought about, and some."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pyarrow as pa


def segfault(file, name, **_):
    os.kill(os.getpid(), signal.SIGSEGV)
    yield


def abort(file, name, **_):
    os.write(2, b"terminate called after throwing an instance of 'std::bad_alloc'\n")
    os.write(2, b"  what():  std::bad_alloc\n")
    os.abort()
    yield


def leave(file, name, **_):
    os._exit(3)
    yield


def fail(file, name, **_):
    raise TypeError("a fault of ours")
    yield


def hang(file, name, **_):
    Path(file).with_suffix(".pid").write_text(str(os.getpid()))
    time.sleep(600)
    yield


def take_all(file, name, **_):
    held = bytearray(20_000_000_000)
    yield pa.table({"x": [len(held)]})


def later(file, name, **_):
    """Give one table, and then end."""
    yield pa.table({"x": [1, 2]})
    os.abort()


def where(file, name, **_):
    yield pa.table({"pid": [os.getpid()], "name": [name]})


def count(file, name, to, **_):
    for i in range(to):
        print("a library that talks")
        yield pa.table({"i": [i]})
