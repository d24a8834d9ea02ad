"""Datasets and loaders of torch, and scikit-learn's bundles, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ..domain import Domain
from .arrays import Arrays
from .base import READERS, Reader, ReadOptions, is_a

_LONG = 2000


@READERS.register("torch")
class TorchData(Reader):
    """Reads a map-style ``Dataset`` or a ``DataLoader`` whose items are x, or (x, y).

    Everything is taken into memory, once. A loader is read in its order: with ``shuffle=True``
    that is another one each time. Of a loader `transform`s that draw at random are drawn once.
    """

    summary = "a torch Dataset or DataLoader of tensors or (tensor, label) pairs"
    order = 50

    def accepts(self, what: Any) -> bool:
        """Whether it is a dataset or a loader of torch."""
        return is_a(what, "torch.utils.data", "Dataset", "DataLoader")

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read all items.

        Raises
        ------
        DataError
            Where items differ in shape, or are neither x nor (x, y).
        """
        loader = is_a(what, "torch.utils.data", "DataLoader")
        total = len(what) if hasattr(what, "__len__") else 0
        rows: list[np.ndarray] = []
        labels: list[Any] = []
        items: Iterable[Any] = what if loader else (what[i] for i in range(total))
        with (events if total > _LONG else SILENT).progress("read items", total) as bar:
            for item in items:
                x, y = _pair(item)
                rows += list(_array(x)) if loader else [_array(x)]
                if y is not None:
                    labels += _array(y).tolist() if loader else [_scalar(y)]
                bar.advance()
        if not rows:
            raise DataError("the dataset has no items", hint="give at least one")
        shapes = {row.shape for row in rows}
        if len(shapes) > 1:
            raise DataError(
                f"the items have the shapes {sorted(shapes)[:5]}",
                hint="give items of one shape: resize images in the dataset's transform",
            )
        if labels and len(labels) != len(rows):
            raise DataError(
                f"{len(labels)} labels for {len(rows)} items",
                hint="give every item a label, or none",
            )
        names = getattr(getattr(what, "dataset", what), "classes", None)
        if names and labels and all(isinstance(label, int) for label in labels):
            labels = [str(names[label]) for label in labels]
        own = replace(options, name=options.name or type(what).__name__)
        if labels and options.labels is None:
            own = replace(own, labels=labels)
        stacked = np.stack(rows)
        if stacked.ndim == 1:
            stacked = stacked[:, None]
        if stacked.ndim == 4 and stacked.shape[1] in (1, 3):  # torch keeps channels first
            stacked = np.moveaxis(stacked, 1, -1)
        if stacked.ndim == 4 and stacked.shape[-1] == 1:
            stacked = stacked[..., 0]
        return Arrays().read(stacked, own, events)


@READERS.register("bunch")
class Bunch(Reader):
    """Reads what scikit-learn's ``load_*`` and ``fetch_*`` give: ``data`` and ``target``."""

    summary = "a bundle of scikit-learn: load_breast_cancer() and the like"
    order = 50

    def accepts(self, what: Any) -> bool:
        """Whether it is a mapping with data and target."""
        return isinstance(what, Mapping) and "data" in what and "target" in what

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read it; labels are the names of the classes where it has them."""
        labels = np.asarray(what["target"])
        names = what.get("target_names")
        if names is not None and labels.dtype.kind in "iu" and len(names) > labels.max():
            labels = np.asarray(names, dtype=object)[labels]
        own = options if options.labels is not None else replace(options, labels=labels)
        data = what["data"]
        if hasattr(data, "columns"):
            return Arrays().read(data, own, events)
        columns = what.get("feature_names")
        if columns is not None and getattr(data, "ndim", 0) == 2 and len(columns) == data.shape[1]:
            import pandas as pd

            return Arrays().read(pd.DataFrame(data, columns=list(columns)), own, events)
        return Arrays().read(data, own, events)


def _pair(item: Any) -> tuple[Any, Any]:
    if isinstance(item, Mapping):
        x = next((item[k] for k in ("image", "x", "pixel_values", "inputs") if k in item), None)
        if x is None:
            raise DataError(
                f"an item has the keys {sorted(item)}", hint="call the input x or image"
            )
        return x, next((item[k] for k in ("label", "labels", "y", "target") if k in item), None)
    if isinstance(item, tuple | list):
        if len(item) > 2:
            raise DataError(f"an item has {len(item)} parts", hint="give x, or (x, y)")
        return item[0], item[1] if len(item) == 2 else None
    return item, None


def _array(x: Any) -> np.ndarray:
    return x.detach().cpu().numpy() if hasattr(x, "detach") else np.asarray(x)


def _scalar(y: Any) -> Any:
    return y.item() if hasattr(y, "item") else y
