"""Sparse rows in svmlight's format, packed or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.growth import check_growth, most_bytes
from ...base.shown import encodable
from ..domain import Domain
from .arrays import Arrays
from .base import READERS, Reader, ReadOptions

_TIMES = 200
_TIMES_TEXT = 8
"""How much more memory rows take than they do as text."""
_ENDINGS = (".svmlight", ".svm", ".libsvm")


@READERS.register("svmlight")
class SvmLight(Reader):
    """Reads ``label index:value ...`` a line, ``.gz`` and ``.bz2`` as well.

    Column "x7" is index 7, in files that begin at 0 and in those that begin at 1: guessing which
    would put a source and a target out of step. A table of numbers, dense in memory: `max_rows`,
    or fewer columns, for what is too large.
    """

    summary = "sparse rows in svmlight's format (.svmlight, .svm, .libsvm; .gz)"
    order = 25

    def accepts(self, what: Any) -> bool:
        """Whether it is a file with one of the endings."""
        if not isinstance(what, str | Path):
            return False
        name = Path(what).name.lower().removesuffix(".gz").removesuffix(".bz2")
        return name.endswith(_ENDINGS) and Path(what).is_file()

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read the file.

        Raises
        ------
        DataError
            Where a line is damaged.
        """
        from sklearn.datasets import load_svmlight_file

        path = Path(what)
        options.refuse(
            "an svmlight file",
            *("label", "labels", "columns", "image", "text", "audio", "domain", "pattern", "split"),
        )
        wide = None
        if options.like is not None and options.like.modality == "tabular":
            wide = len(options.like.examples.columns)  # type: ignore[attr-defined]
        _check_packed(path)
        try:
            rows, labels = load_svmlight_file(str(path), n_features=wide, zero_based=True)
        except (ValueError, OSError, EOFError, OverflowError, MemoryError) as error:
            raise DataError(
                f"{path} cannot be read as svmlight: {error}",
                hint="a line is `label index:value index:value ...`"
                + ("; source and target need the same columns" if wide else ""),
            ) from error
        name = options.name or encodable(path.name.split(".")[0])
        own = replace(options, name=name, like=None)
        return Arrays().read((rows, labels), own, events)


def _check_packed(path: Path) -> None:
    """Raise DataError where a small packed file holds very much."""
    import bz2
    import gzip
    import zlib

    ways: Mapping[str, Any] = {".gz": gzip.open, ".bz2": bz2.open}
    if path.suffix.lower() not in ways:
        return
    size, most = path.stat().st_size, most_bytes() // _TIMES_TEXT
    total = 0
    try:
        with ways[path.suffix.lower()](path, "rb") as file:
            while total <= most or total <= _TIMES * size:
                block = file.read(1 << 20)
                if not block:
                    return
                total += len(block)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be unpacked: {error}", hint="pack or download it again"
        ) from error
    what = f"{total:,} bytes of text and more"
    check_growth(str(path), size, total * _TIMES_TEXT, what, times=_TIMES)
