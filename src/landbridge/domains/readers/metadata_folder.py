"""A folder of files with a metadata table beside them, as Hugging Face lays it out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.inside import Place, check_inside, place_of
from ...base.shown import encodable
from ..domain import Domain, Omission
from ..modalities.decoding import IMAGE_SUFFIXES
from ..modalities.sound_files import AUDIO_SUFFIXES
from .base import READERS, SPLITS, Reader, ReadOptions
from .columns import from_arrow
from .frame import frame_domain
from .named_files import as_there
from .table import arrow_table

_NAMES = ("metadata.csv", "metadata.jsonl", "metadata.parquet", "metadata.tsv")
MEDIA = IMAGE_SUFFIXES | AUDIO_SUFFIXES
_FILE = "file_name"
_SPLIT = "split"


@READERS.register("metadatafolder")
class MetadataFolder(Reader):
    """Reads a folder with ``metadata.csv``, ``.jsonl``, ``.tsv`` or ``.parquet``.

    Its column ``file_name`` is relative to it; all else is read as in any table: labels, texts,
    domains, further columns. Where train, val and test folders have one each, they are the splits.
    """

    summary = "a folder of files with metadata.csv or metadata.jsonl that names them"
    order = 12

    def accepts(self, what: Any) -> bool:
        """Whether it is such a folder."""
        return isinstance(what, str | Path) and Path(what).is_dir() and bool(_tables(Path(what)))

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read the tables and the files that they name.

        Raises
        ------
        DataError
            Where a table lacks the column ``file_name``, or no file exists.
        """
        root = Path(what)
        place = place_of(root.resolve(), options.outside)
        found = folder_table(root, place)
        assert found is not None
        table, notes = found
        domain = frame_domain(
            from_arrow(table),
            options,
            name=options.name or encodable(root.resolve().name),
            folder=place,
            first_row=1,
            events=events,
        )
        return unnamed_counted(root, table, domain.noting(*notes))


def folder_table(root: Path, place: Place) -> tuple[Any, list[str]] | None:
    """Return a folder's metadata as one table, and what there is to say; None without any.

    Names of files are relative to the folder; a column "split" says which folder a row is of.

    Parameters
    ----------
    root : Path
    place : Place
        How far links may lead.

    Raises
    ------
    DataError
        Where a table lacks the column ``file_name``, or lies elsewhere.
    """
    import pyarrow as pa

    found = _tables(root)
    if not found:
        return None
    tables: list[Any] = []
    notes: list[str] = []
    for path, split in found:
        check_inside(path, place)
        table, said = arrow_table(path)
        notes += said
        if _FILE not in table.column_names:
            raise DataError(
                f"{path} has no column {_FILE!r}; it has {table.column_names[:20]}",
                hint=f"name the files in {_FILE}, relative to {path.parent}, or give the table "
                "itself as the data",
            )
        below = path.parent.relative_to(root)
        names = [None if n is None else str(below / n) for n in table[_FILE].to_pylist()]
        at = table.column_names.index(_FILE)
        table = table.set_column(at, _FILE, pa.array(names, pa.string()))
        if split is not None:
            table = table.append_column(_SPLIT, pa.array([split] * len(table), pa.string()))
        tables.append(table)
    places = ", ".join(_short(path, root) for path, _ in found)
    notes.append(f"files and what is said of them: {places}")
    return pa.concat_tables(tables, promote_options="permissive"), notes


def unnamed_counted(root: Path, table: Any, domain: Domain) -> Domain:
    """Return the domain with an omission of the files of its kind that the metadata do not name."""
    named = {as_there(root, n) for n in table[_FILE].to_pylist() if n is not None}
    kinds = {Path(n).suffix.lower() for n in named}
    left = sorted(
        name
        for path in root.rglob("*")
        if path.suffix.lower() in kinds | MEDIA
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(root).parts)
        and (name := _short(path, root)) not in named
        and path.name not in _NAMES
    )
    if not left:
        return domain
    return replace(
        domain,
        omissions=(*domain.omissions, Omission("file that the metadata do not name", tuple(left))),
        notes=(
            *domain.notes,
            f"the metadata name {len(named):,} files, and {len(left):,} more lie in the folder: "
            "those are left out",
        ),
    )


def _tables(root: Path) -> list[tuple[Path, str | None]]:
    """Return the tables in a folder, or in its folders of splits, with their split."""
    for name in _NAMES:
        if (root / name).is_file():
            return [(root / name, None)]
    found: list[tuple[Path, str | None]] = []
    for folder in sorted(root.iterdir()):
        split = SPLITS.get(folder.name.lower())
        if split is None or not folder.is_dir():
            continue
        found += [(folder / name, split) for name in _NAMES if (folder / name).is_file()][:1]
    return found


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
