"""Hugging Face datasets: the objects themselves, and ids of the hub."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...base.errors import DataError, MissingExtra
from ...base.events import SILENT, Events
from ...base.hub import first_line, hub_errors, is_network, unreachable
from ...base.inside import Bounds, Place
from ...base.places import why_offline
from ..domain import Domain
from .base import READERS, SPLITS, UNLABELLED, Reader, ReadOptions, is_a
from .columns import Columns, from_arrow
from .frame import frame_domain

_PREFIX = "hf:"
_SPLIT = "split"


@READERS.register("datasets")
class HubDatasets(Reader):
    """Reads a ``datasets.Dataset`` or ``DatasetDict``, and ``hf:owner/name[:configuration]``.

    Splits of a ``DatasetDict`` are the domain's; one called "unsupervised" or "unlabelled" is
    unlabelled. Images and recordings stay encoded until they are needed. A download is announced
    with its size first, and forbidden by `offline` or ``HF_HUB_OFFLINE=1``.
    """

    summary = "a dataset of Hugging Face: the object, or hf:owner/name"
    order = 4

    def accepts(self, what: Any) -> bool:
        """Whether it is one, or a string with the prefix."""
        if isinstance(what, str):
            return what.startswith(_PREFIX)
        return is_a(
            what, "datasets.", "Dataset", "DatasetDict", "IterableDataset", "IterableDatasetDict"
        )

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read all rows.

        Raises
        ------
        DataError
            Where there is no such dataset, or it may not be downloaded, or its splits have names
            that say nothing.
        HubError
            Where the hub does not answer.
        MissingExtra
            Where the package is not installed.
        """
        name, folder = options.name, None
        if isinstance(what, str):
            name = name or what.removeprefix(_PREFIX)
            spec = what.removeprefix(_PREFIX)
            what = _load(spec, options.offline, events)
            folder = _place(spec, options.outside)
        if is_a(what, "datasets.", "IterableDataset", "IterableDatasetDict"):
            raise DataError(
                "a dataset that is streamed has no length, and labels must be sealed before use",
                hint="load it without streaming=True, or take some rows of it",
            )
        columns = _columns(what)
        return frame_domain(columns, options, name=name or "dataset", folder=folder, events=events)


def _place(spec: str, outside: bool) -> Place:
    """Return where files of a dataset of the hub may lie: in the caches of Hugging Face."""
    import datasets
    from huggingface_hub import constants

    if outside:
        return Place(Path())
    kept = (datasets.config.HF_DATASETS_CACHE, constants.HF_HUB_CACHE, constants.HF_HOME)
    local = [Path(spec)] if Path(spec).is_dir() else []  # `datasets` reads folders as well
    return Place(Path(), Bounds([*local, *map(Path, kept)]))


def _columns(what: Any) -> Columns:
    import pyarrow as pa

    if not isinstance(what, Mapping):
        return from_arrow(what.with_format("arrow")[:], what.features.to_dict())
    tables = []
    for split, part in what.items():
        split_name = "unlabelled" if split.lower() == "unsupervised" else split.lower()
        if split_name not in SPLITS and split_name not in UNLABELLED:
            raise DataError(
                f"the dataset has the splits {sorted(what)}, and {split!r} says nothing of use",
                hint="give one split: dataset['train']",
            )
        table = part.with_format("arrow")[:].replace_schema_metadata(None)
        column = pa.array([split_name] * len(table), pa.string())
        if _SPLIT in table.column_names:
            table = table.drop_columns([_SPLIT])
        tables.append(table.append_column(_SPLIT, column))
    whole = pa.concat_tables(tables, promote_options="permissive")
    return from_arrow(whole, next(iter(what.values())).features.to_dict())


def _load(spec: str, offline: bool, events: Events) -> Any:
    if importlib.util.find_spec("datasets") is None:
        raise MissingExtra(f"{_PREFIX}{spec}", "hub")
    import datasets

    repo, _, configuration = spec.partition(":")
    kept = datasets.DownloadConfig(local_files_only=True)
    refused: tuple[type[Exception], ...] = (*hub_errors(), ValueError, RuntimeError)
    try:
        return datasets.load_dataset(repo, configuration or None, download_config=kept)
    except refused as error:
        reason = first_line(error)
        if why := why_offline(offline):
            raise DataError(
                f"{_PREFIX}{spec} is not in the local cache ({reason}), and {why}",
                hint="allow the download once, or give a file or folder",
            ) from error
    try:
        info = datasets.load_dataset_builder(repo, configuration or None).info
        size = f"{info.download_size / 1e6:.1f} MB" if info.download_size else "a dataset"
        events.log("download", f"{size} from https://huggingface.co/datasets/{repo}", repo=repo)
        return datasets.load_dataset(repo, configuration or None)
    except refused as error:
        if is_network(error):
            raise unreachable(f"{_PREFIX}{spec}", error, instead="a file or folder") from error
        raise DataError(
            f"{_PREFIX}{spec} cannot be read from the Hugging Face hub: {first_line(error)}",
            hint="check the id, the configuration after a colon, and the network",
        ) from error
