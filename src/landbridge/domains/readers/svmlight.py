"""Sparse rows in svmlight's format, packed or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ..domain import Domain
from .arrays import Arrays
from .base import READERS, Reader, ReadOptions

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
        try:
            rows, labels = load_svmlight_file(str(path), n_features=wide, zero_based=True)
        except (ValueError, OSError, EOFError) as error:
            raise DataError(
                f"{path} cannot be read as svmlight: {error}",
                do="a line is `label index:value index:value ...`"
                + ("; source and target need the same columns" if wide else ""),
            ) from error
        name = options.name or path.name.split(".")[0]
        own = replace(options, name=name, like=None)
        return Arrays().read((rows, labels), own, events)
