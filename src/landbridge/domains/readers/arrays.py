"""Arrays in memory: NumPy, torch, lists, data frames and Arrow tables, with or without labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.evenly import evenly
from ...base.events import SILENT, Events
from ...base.growth import MOST, in_words, most_bytes
from ...base.libraries import library_errors
from ...targets.base import objects
from ...targets.names import is_missing
from ...targets.registry import AUTO
from ..domain import Domain, Examples
from ..modalities.decoding import Seeing
from ..modalities.images import ImageExamples
from ..modalities.seeing import ground_for, hidden_on
from ..modalities.single import cells_of, is_picture
from ..modalities.table import TableExamples
from ..modalities.value_range import extent, outside, range_for, to_bytes
from .base import READERS, Reader, ReadOptions, check_distinct, chosen_rows, mask_labels, over_limit
from .columns import Columns, from_arrow, from_frame, plain_column
from .frame import frame_domain
from .frame_splits import split_names
from .guessing import file_column
from .in_cells import as_files
from .labels import LabelRows, read_labels
from .numbers import EXACT
from .written import whole_characters


@READERS.register("arrays")
class Arrays(Reader):
    """Reads X or (X, y).

    Numbers (n, d) are a table with the columns "x0" to "x{d-1}"; three or four axes are
    images: (n, h, w), (n, h, w, c) or (n, c, h, w). A list of image paths is a list of
    images. A data frame or an Arrow table is a table, whose label column is looked for by
    name only.
    """

    summary = "arrays, tensors, lists, data frames: X or (X, y)"
    order = 10

    def accepts(self, what: Any) -> bool:
        """Whether it has axes or columns, or is a list or an (X, y) pair."""
        return (
            hasattr(what, "__array__")
            or hasattr(type(what), "column_names")
            or hasattr(what, "columns")
            or hasattr(what, "toarray")
            or hasattr(what, "to_pylist")
            or isinstance(what, list | tuple)
        )

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read the array.

        Raises
        ------
        DataError
            Where its axes fit neither a table nor images, a value is infinite or (unless
            allowed) NaN, or labels and rows differ in number.
        """
        what, options = unpacked(what, options)
        what, options = _loaded(what), replace(options, labels=_loaded(options.labels))
        name = options.name or "array"
        frame = _frame(what)
        if frame is not None:
            if not hasattr(what, "columns") and list(frame.values) == ["text"]:
                options = replace(options, text="text")
            return frame_domain(frame, options, name=name, by_name_only=True, events=events)
        options.refuse(
            "an array", "label", "columns", "image", "text", "audio", "domain", "pattern"
        )
        x = _dense(cells_of(what))
        if not getattr(x, "ndim", 1):
            raise DataError(
                f"{type(what).__name__} cannot be read as rows",
                hint="give an array, a list or a data frame; recordings as {'audio': paths}",
            )
        n = len(x)
        if n == 0:
            raise DataError(f"{name} has no rows", hint="give at least one row")
        if 0 in np.shape(x):
            raise DataError(f"{name} has shape {np.shape(x)}", hint="give rows with values")
        found, labels, splits = given_beside(options, n, name)
        keep = chosen_rows(n, options.max_rows)
        every = [f"{name} row {i}" for i in range(n)]
        rows = [every[i] for i in keep]
        examples, notes, limits = _examples(x, keep, rows, options, name, hasattr(what, "detach"))
        if found.note:
            notes.append(found.note)
        if "-1" in labels and len({x for x in labels if x is not None}) > 2:
            notes.append("the label -1 is read as a class; None and NaN mean no label")
        return Domain.build(
            examples,
            [labels[i] for i in keep],
            name=name,
            split=[splits[i] for i in keep],
            notes=notes,
            omissions=over_limit(keep, every),
            limits=limits,
            target_type=found.target_type,
            classes=found.names,
        )


def given_beside(options: ReadOptions, n: int, name: str) -> tuple[LabelRows, list[Any], list[str]]:
    """Return the labels given beside n rows, those that count, and the split of each row."""
    found = LabelRows.none(n)
    if options.labels is not None:
        found = read_labels(options.labels, n, name, options.wish)
    if options.target_type == AUTO and found.exclusive:
        check_distinct(found.values, f"{name}: the labels", "give class labels, or labels=None")
    labels = mask_labels(found.values, options.labelled, name)
    splits = ["train"] * n if options.split is None else split_names(options.split, n, name)
    return found, labels, splits


def unpacked(what: Any, options: ReadOptions) -> tuple[Any, ReadOptions]:
    """Take an (X, y) pair apart."""
    if not (isinstance(what, tuple) and len(what) == 2):
        return what, options
    if all(isinstance(x, str | Path) for x in what):
        return what, options  # two texts
    x, y = what
    if options.labels is not None:
        raise DataError("labels were given twice, as (X, y) and as labels=", hint="give them once")
    return x, replace(options, labels=y)


def _frame(what: Any) -> Columns | None:
    """Return the columns of what has named ones, or of a list of image paths or texts."""
    if hasattr(type(what), "column_names") and hasattr(what, "schema"):
        return from_arrow(what)
    if hasattr(what, "columns") and hasattr(what, "to_numpy"):
        return from_frame(what)
    what = _one_column(what)
    if isinstance(what, list | tuple) and _are_media(what):
        files = as_files("image", what) or what
        return Columns({"image": objects(files)})
    if isinstance(what, list | tuple) and _words_or_none(what):
        paths = np.empty(len(what), dtype=object)
        paths[:] = [None if is_missing(x) else whole_characters(str(x)) for x in what]
        if file_column({"image": paths}, sound=False) is not None:
            return Columns({"image": paths})
        return Columns({"text": paths})
    return None


def _are_media(what: Sequence[Any]) -> bool:
    """Whether a list holds images, contents of files, or arrays of pixels that differ in size."""
    there = [x for x in what if not is_missing(x)] if any(map(_is_medium, what)) else []
    if not there or not all(map(_is_medium, there)):
        return False
    pixels = [x for x in there if isinstance(x, np.ndarray)]
    alike = len(pixels) == len(what) and len({x.shape for x in pixels}) == 1
    files = [x for x in there if not isinstance(x, bytes)]
    if files and (alike or len(files) < len(there)):
        return False
    return not files or as_files("image", files) is not None


def _is_medium(one: Any) -> bool:
    return is_picture(one) or isinstance(one, bytes) or getattr(one, "ndim", 0) in (2, 3)


def _words_or_none(what: Sequence[Any]) -> bool:
    """Whether a list holds texts or paths; None is one that is missing."""
    there = [x for x in what if not is_missing(x)]
    return bool(there) and all(isinstance(x, str | Path) for x in there)


def _one_column(what: Any) -> Any:
    """Return a Series, an Index, an Arrow or NumPy array of texts as a list, all else as it is."""
    axes, dtype = getattr(what, "ndim", None), str(getattr(what, "dtype", ""))
    if hasattr(what, "to_pylist"):
        return what.to_pylist()
    if axes == 1 and getattr(getattr(what, "dtype", None), "kind", "") == "S":
        return np.char.decode(what, "utf-8", "replace").tolist()
    words = dtype in ("object", "category") or dtype.lower().startswith(("str", "<u", ">u", "utf8"))
    if axes in (1, None) and words and hasattr(what, "__len__"):
        found = list(what)
        if any(isinstance(value, str) for value in found):
            return ["" if is_missing(value) else value for value in found]
        if any(map(_is_medium, found)) or any(isinstance(value, Path) for value in found):
            return [None if is_missing(value) else value for value in found]
    return what


def _dense(what: Any) -> np.ndarray:
    if hasattr(what, "toarray"):
        _check_takes(
            math.prod(what.shape) * 8,
            f"a sparse array of shape {what.shape} is too large to be made dense",
            "reduce its columns first, for example with TruncatedSVD",
        )
        return what.toarray()
    if hasattr(what, "detach"):
        return what.detach().cpu().numpy()
    try:
        return np.asarray(what)
    except ValueError as error:
        raise DataError(
            f"rows differ in length: {error}", hint="give an array with the same shape in every row"
        ) from error


_IN_MEMORY = ("tolist", "to_list", "columns", "column_names", "detach", "toarray")
"""What arrays, series, frames and tensors have, and what stands for values in a file has not."""


def _loaded(what: Any) -> Any:
    """Return values that still lie in a file, as those of HDF5 and zarr do, as an array."""
    kind = type(what)  # an attribute of a damaged one may raise
    lazy = all(hasattr(kind, own) for own in ("__array__", "shape", "dtype"))
    if not lazy or any(hasattr(kind, own) for own in _IN_MEMORY):
        return what
    name = f"{type(what).__module__.partition('.')[0]}'s {type(what).__name__}"
    hint = "write its file again, or give an array"
    with library_errors(DataError, f"{name} cannot be read", hint=hint):
        takes = math.prod(what.shape) * max(8, getattr(what.dtype, "itemsize", 8))
        _check_takes(takes, f"{name} of shape {what.shape} is too large", "give some of its rows")
        return np.asarray(what)


def _check_takes(takes: int, found: str, hint: str) -> None:
    """Raise DataError where values would take more memory than is allowed."""
    if takes > (most := most_bytes()):
        raise DataError(
            f"{found}: that takes {in_words(takes)}, and at most {in_words(most)} is allowed",
            hint=f"{hint}, or allow more with {MOST}=8GB",
        )


def _examples(
    x: np.ndarray,
    keep: np.ndarray,
    rows: list[str],
    options: ReadOptions,
    name: str,
    channels_first: bool,
) -> tuple[Examples, list[str], tuple[float, float] | None]:
    if x.ndim == 2:
        if x.dtype.kind in "biuf":
            _check_finite(x, name, allow_nan=options.allow_missing)
            # Column by column in memory: each is then a view and not a copy.
            table = np.asfortranarray(x[keep], dtype=np.float64)
            columns = {f"x{j}": table[:, j] for j in range(table.shape[1])}
            if x.dtype.kind in "iu" and x.size and max(int(x.max()), -int(x.min())) > EXACT:
                columns |= _codes(x[keep])
        else:
            columns = _mixed(x[keep], name)
        return TableExamples(columns, rows), [], None
    if x.ndim in (3, 4):
        pixels, notes, seeing = _pixels(x, name, channels_first, options)
        images = ImageExamples(pixels=pixels[keep], names=rows, seeing=seeing)
        return images, notes, seeing.value_range
    raise DataError(
        f"{name} has shape {x.shape}",
        hint="give (n, d) for a table, or (n, h, w), (n, h, w, c) or (n, c, h, w) for images",
    )


def _codes(x: np.ndarray) -> dict[str, np.ndarray]:
    """Return the columns of whole numbers that float64 would merge, as words."""
    found = {}
    for j in range(x.shape[1]):
        column = plain_column(x[:, j])
        if column is not None and column.dtype == object:
            found[f"x{j}"] = column
    return found


def _mixed(x: np.ndarray, name: str) -> dict[str, np.ndarray]:
    columns = {}
    for j in range(x.shape[1]):
        column = plain_column(x[:, j])
        if column is None or any(isinstance(value, bytes) for value in column):
            raise DataError(
                f"column x{j} of {name} holds neither numbers nor words: {x[0, j]!r}",
                hint="leave it out, or turn it into one of the two",
            )
        columns[f"x{j}"] = column
    return columns


def _check_finite(x: np.ndarray, name: str, *, allow_nan: bool) -> None:
    bad = np.isinf(x) if allow_nan else ~np.isfinite(x)
    if bad.any():
        row, *rest = (int(i) for i in np.argwhere(bad)[0])
        value = x[(row, *rest)]
        where = f"column x{rest[0]}" if len(rest) == 1 else f"position {tuple(rest)}"
        raise DataError(
            f"{name} holds {value} in row {row}, {where}"
            + (f", and {int(bad.sum()) - 1} more such values" if bad.sum() > 1 else ""),
            hint="correct or impute it"
            + ("" if np.isinf(value) else "; allow_missing=True takes NaN as a missing value"),
        )


def _own_scale(x: np.ndarray, options: ReadOptions) -> bool:
    """Whether bytes are on another scale than 0..255: a known one, or that of 0 and 1."""
    value_range = options.limits or options.other_range
    greatest = int(x.max())
    if options.stated_range or value_range is None:
        return options.stated_range or greatest <= 1
    return value_range[1] < 255 and greatest <= value_range[1]


def _pixels(
    x: np.ndarray, name: str, channels_first: bool, options: ReadOptions
) -> tuple[np.ndarray, list[str], Seeing]:
    """Return uint8 (n, h, w) or (n, h, w, 3), what was decided on the way, and the rule of it."""
    notes = []
    if x.dtype.kind not in "biuf":
        raise DataError(f"images of {name} have type {x.dtype}", hint="give numbers")
    if x.ndim == 4:
        last, first = x.shape[3] in (1, 3, 4), x.shape[1] in (1, 3, 4)
        if not (last or first):
            raise DataError(
                f"{name} has shape {x.shape}: no axis has 1, 3 or 4 channels",
                hint="give (n, h, w, c) or (n, c, h, w)",
            )
        if first and (channels_first or not last):
            x = x.transpose(0, 2, 3, 1)
        if first and last:
            taken = "(n, c, h, w)" if channels_first else "(n, h, w, c)"
            notes.append(f"the axes could be read in two ways: taken as {taken}")
        if x.shape[3] == 1:
            x = x[..., 0]
    if 0 in x.shape:
        raise DataError(f"images of {name} have shape {x.shape}", hint="give images with pixels")
    _check_finite(x, name, allow_nan=False)
    if x.dtype == np.uint8 and not _own_scale(x, options):
        limits = (0.0, 255.0)
    else:
        fixed = options.limits is not None
        limits, note = range_for(extent(x), options.limits or options.other_range, fixed=fixed)
        notes.append(note)
        if flaw := outside(x, limits):
            notes.append(flaw)
        x = to_bytes(x, limits)
    ground = None
    if x.ndim == 4 and x.shape[3] == 4:
        ground = options.rule.get("ground")
        some = x[evenly(len(x), 256)]
        ground, said = ground_for([hidden_on(one, ground) for one in some], ground)
        alpha = x[..., 3:].astype(np.float32) / 255
        x = np.rint(x[..., :3] * alpha + ground * (1 - alpha)).astype(np.uint8)
        notes += said or [f"transparent parts are laid on {'white' if ground == 255 else ground}"]
    return np.ascontiguousarray(x), notes, Seeing(limits, ground)
