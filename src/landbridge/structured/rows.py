"""Rows with structured answers: from tables, folders, CoNLL and COCO files, datasets, lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import DataError
from ..base.inside import Place, check_inside, place_of
from ..base.seeds import numpy_rng
from ..base.shown import encodable
from ..base.typed import JsonObject, checked, number
from ..base.written_lists import WRITTEN, written_list
from ..domains.holdout.base import SplitRows, split_rule
from ..domains.holdout.sides import Sides, two_sides
from ..domains.readers.base import SPLITS
from ..domains.readers.class_labels import features_of, has_names, named
from ..domains.readers.metadata_folder import folder_table
from ..domains.readers.table import arrow_table
from ..targets.names import class_name
from .conll import conll_rows

SPLIT = "split"
_IMAGES = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
_COCO = ("_annotations.coco.json", "annotations.json", "annotations.coco.json")


@dataclass
class RawRows:
    """What was read.

    Attributes
    ----------
    rows : list of mapping
    names : list of str
    splits : list of str
        "train", "val" or "test".
    folder : Place
        Where relative paths begin, and how far they may lead.
    what : str
        What to call the data.
    """

    rows: list[Mapping[str, Any]]
    names: list[str]
    splits: list[str]
    folder: Place
    what: str

    def __len__(self) -> int:
        return len(self.rows)


def read_rows(data: Any, *, outside: bool = False) -> RawRows:
    """Read rows as they are.

    Parameters
    ----------
    data : path, dataset of Hugging Face, data frame, or sequence of mappings
        A path is a table (JSONL, Parquet, CSV), a CoNLL file (``.conll``, ``.bio``: a token and
        its tag a line, an empty line between sentences), a folder with ``metadata.jsonl`` or
        ``.csv``, with ``images/`` and ``masks/``, or with COCO's ``annotations.json``. train, val
        and test folders are splits.
    outside : bool, default False
        Whether what lies in a folder may name files outside it.

    Raises
    ------
    DataError
        Where it is none of these, or has no rows.
    """
    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        if not path.exists():
            raise DataError(f"{path} does not exist", hint="check the path")
        is_folder = path.is_dir()
        found = _folder(path, place_of(path.resolve(), outside)) if is_folder else _file(path)
    elif hasattr(data, "with_format"):  # a dataset of Hugging Face
        rows = data.with_format("arrow")[:].to_pylist()
        found = _of(_with_names(rows, data.features.to_dict(), "dataset"), Place(Path()), "dataset")
    elif hasattr(data, "to_dict") and hasattr(data, "columns"):
        found = _of(data.to_dict("records"), Place(Path()), "rows")
    elif isinstance(data, Sequence) and all(isinstance(row, Mapping) for row in data):
        found = _of(list(data), Place(Path()), "rows")
    else:
        raise DataError(
            f"{type(data).__name__} cannot be read as rows",
            hint="give a path, a data frame, a dataset, or a list of dicts",
        )
    if not len(found):
        raise DataError(f"{found.what} has no rows", hint="give at least one")
    return found


def hold_out(rows: RawRows, holdout: str, labeled: np.ndarray, share: float, seed: int) -> Sides:
    """Return which rows judge: the test split, else val, else what a rule holds out.

    Parameters
    ----------
    rows : RawRows
    holdout : str
        See `landbridge.domains.holdout`.
    labeled : bool ndarray, shape (n,)
        Rows that have an answer, of which rules that go by a column take a share; by chance any row
        is drawn.
    share : float
    seed : int

    Raises
    ------
    DataError
        Where fewer than two rows are left on either side.
    """
    n, column = len(rows), split_rule(holdout)[1]
    given = next((own for s in ("test", "val") if (own := np.array(rows.splits) == s).any()), None)
    there = dict.fromkeys(key for row in rows.rows for key in row)
    values = None
    if column in there:
        values = tuple(class_name(row.get(column)) for row in rows.rows)
    sides = two_sides(
        holdout,
        SplitRows(
            rows.what,
            np.ones(n, bool) if column is None else labeled,
            values=values,
        ),
        share,
        numpy_rng("structured", seed, n),
        given=given,
        columns=there,
    )
    if sides.test.sum() < 2 or sides.learn.sum() < 2:
        raise DataError(
            f"{rows.what} has {n:,} rows, {int(sides.test.sum()):,} of them to judge on",
            hint="give at least two rows to learn from and two to judge on",
        )
    return sides


def _of(rows: list[Any], folder: Place, what: str) -> RawRows:
    splits = []
    for i, row in enumerate(rows):
        said = str(row.get(SPLIT) or "train").lower()
        if said not in SPLITS:
            raise DataError(
                f"{what} row {i + 1} has the split {said!r}", hint="write train, val or test"
            )
        splits.append(SPLITS[said])
    names = [f"{what} row {i + 1}" for i in range(len(rows))]
    if any(isinstance(row.get(key), str) for row in rows for key in WRITTEN):
        rows = [_read_written(row, name) for row, name in zip(rows, names, strict=True)]
    return RawRows(rows, names, splits, folder, what)


def _read_written(row: Mapping[str, Any], name: str) -> JsonObject:
    return {k: written_list(v, k, name) if k in WRITTEN else v for k, v in row.items()}


def _with_names(rows: list[Any], features: Mapping[str, Any], what: str) -> list[Any]:
    """Put the names of classes in the place of their numbers, at any depth."""
    for name, feature in features.items():
        if not has_names(feature):
            continue
        for i, row in enumerate(rows, 1):
            if name in row:
                row[name] = named(row[name], feature, f"{what} row {i}, column {name!r}")
    return rows


def _file(path: Path) -> RawRows:
    if path.suffix.lower() in (".conll", ".bio", ".iob", ".iob2"):
        return _of(conll_rows(path), Place(path.parent), encodable(path.stem))
    table, _ = arrow_table(path)
    return _of(
        _plain(table, encodable(path.stem)), Place(path.resolve().parent), encodable(path.stem)
    )


def _plain(table: Any, what: str) -> list[Any]:
    """Return an Arrow table's rows, with the names of classes that its schema holds."""
    return _with_names(table.to_pylist(), features_of(table.schema.metadata), what)


def _folder(root: Path, place: Place) -> RawRows:
    for name in _COCO:
        if (root / name).is_file():
            check_inside(root / name, place)
            return _of(_coco(root / name, place), _in(root, place), encodable(root.name))
    table = folder_table(root, place)
    if table is not None:
        return _of(_plain(table[0], encodable(root.name)), _in(root, place), encodable(root.name))
    splits = [(f, SPLITS[f.name.lower()]) for f in sorted(root.iterdir()) if _is_split(f)]
    if splits:
        rows: list[Any] = []
        for folder, split in splits:
            own = _folder(folder, place)
            for row in own.rows:
                rows.append({**_absolute(row, folder), SPLIT: split})
        return _of(rows, _in(root, place), encodable(root.name))
    if (root / "images").is_dir() and (root / "masks").is_dir():
        return _of(_masks(root), _in(root, place), encodable(root.name))
    raise DataError(
        f"{root} has no metadata.jsonl, no {_COCO[1]}, and no images/ beside masks/",
        hint="lay it out in one of these ways, or give a table",
    )


def _in(root: Path, place: Place) -> Place:
    """Return where names begin in a folder within the one that was given."""
    return replace(place, folder=root)


def _is_split(folder: Path) -> bool:
    return folder.is_dir() and folder.name.lower() in SPLITS


def _absolute(row: Mapping[str, Any], folder: Path) -> JsonObject:
    made = dict(row)
    for key in ("image", "mask", "audio", "file_name"):
        if isinstance(made.get(key), str):
            made[key] = str(folder.absolute() / made[key])
    return made


def _masks(root: Path) -> list[JsonObject]:
    files = {p.stem: p for p in sorted((root / "images").iterdir()) if _is_image(p)}
    masks = {p.stem: p for p in sorted((root / "masks").iterdir()) if _is_image(p)}
    alone = sorted(set(files) ^ set(masks))
    if alone:
        raise DataError(
            f"{root}: {len(alone)} files in images/ or masks/ have no partner, such as {alone[0]}",
            hint="give each image a mask of the same name",
        )
    return [{"image": f"images/{files[k].name}", "mask": f"masks/{masks[k].name}"} for k in files]


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in _IMAGES


_BOX = [number, number, number, number]
_NAME = (str, int)
_LAYOUT = {
    "images": [{"id": _NAME, "file_name": str}],
    "annotations": [{"image_id": _NAME, "category_id": _NAME, "bbox": _BOX}],
    "categories": [{"id": _NAME, "name": (str, int)}],
}
"""What COCO's file has to hold."""
_COCO_HAS = "COCO's layout has images (id, file_name), annotations and categories"


def _coco(path: Path, place: Place) -> list[JsonObject]:
    try:
        raw = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as error:  # RecursionError: thousands of brackets
        raise DataError(f"{path} is no whole JSON: {error}", hint="write it again") from error
    found = checked(raw, _LAYOUT, str(path), error=DataError, hint=_COCO_HAS)
    try:
        names = {c["id"]: c["name"] for c in found["categories"]}
        boxes: dict[Any, list[tuple[Any, str]]] = {}
        for item in found["annotations"]:
            boxes.setdefault(item["image_id"], []).append(
                (item["bbox"], names[item["category_id"]])
            )
        rows = []
        for image in found["images"]:
            own = boxes.get(image["id"], [])
            where = path.parent / image["file_name"]
            if place.holds(where) and not where.exists():
                where = path.parent / "images" / image["file_name"]
            objects = {"bbox": [b for b, _ in own], "category": [k for _, k in own]}
            rows.append({"image": str(where.absolute()), "objects": objects})
    except KeyError as error:
        raise DataError(
            f"{path}: an annotation has the category_id {error}, which no category has",
            hint="add the category, or take the annotation out",
        ) from error
    except (ValueError, OSError) as error:  # a name that is no path
        raise DataError(f"{path} names no file: {error}", hint="correct file_name") from error
    return rows
