"""Several modalities in memory: a dict of images, texts, recordings and a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...targets.base import objects
from ..domain import Domain, Examples, Omission
from ..modalities.single import encoded_picture, is_picture
from ..modalities.sound_memory import is_recording, wav_bytes
from ..modalities.table import TableExamples
from .arrays import Arrays, given_beside, unpacked
from .base import READERS, Reader, ReadOptions, chosen_rows, over_limit
from .frame_media import KINDS
from .frame_multimodal import TABLE, joined, said_missing

PARTS = (*(kind.modality for kind in KINDS), TABLE)


@READERS.register("several")
class Several(Reader):
    """Reads ``{"image": ..., "text": ..., "audio": ..., "tabular": ...}``, or a pair with labels.

    An image part is an array of pixels, or a list of paths or of encoded bytes; texts are a list;
    recordings are a list of paths or of their bytes; a table is an array (n, d) or a data frame.
    In a list None says that a row lacks the part. All have n rows. A single part is read as a
    domain of that modality: ``{"audio": paths}``.

    Examples
    --------
    >>> from landbridge.domains.read import read_domain
    >>> rows = {"text": ["a", None, "b"], "tabular": np.eye(3)}
    >>> read_domain((rows, ["ant", "bee", "ant"])).examples
    MultimodalExamples(3 rows: 2 text, 3 tabular)
    """

    summary = "a dict of image, text, audio and tabular parts, or (dict, y)"
    order = 5

    def accepts(self, what: Any) -> bool:
        """Whether it is a dict whose keys are all modalities, or a pair with one."""
        if isinstance(what, tuple) and len(what) == 2:
            what = what[0]
        return isinstance(what, Mapping) and len(what) > 0 and set(what) <= set(PARTS)

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read all parts.

        Raises
        ------
        DataError
            Where parts differ in length, or one holds what it should not.
        """
        what, options = unpacked(what, options)
        options.refuse(
            "a dict of parts", "label", "columns", "image", "text", "audio", "domain", "pattern"
        )
        name = options.name or "rows"
        sizes = {part: len(value) for part, value in what.items()}
        if len(set(sizes.values())) > 1:
            raise DataError(
                f"the parts of {name} differ in length: {sizes}",
                hint="give each part one example a row, None where a row lacks it",
            )
        n = next(iter(sizes.values()))
        keep, rows = chosen_rows(n, options.max_rows), [f"{name} row {i}" for i in range(n)]
        omissions = over_limit(keep, rows)
        lacking: list[Omission] = []
        notes: list[str] = []
        parts: dict[str, Examples] = {}
        found: dict[str, np.ndarray] = {}
        for part, value in what.items():
            own, there, said, gone = _part(part, value, keep, rows, name, events)
            parts[part], found[part] = own, there
            notes += said
            lacking += gone
        examples, left = joined(parts, found, keep, rows, lacking, omissions, notes)
        labels, values, splits = given_beside(options, n, name)
        if labels.note:
            notes.append(labels.note)
        alone = len(examples.parts) == 1
        if alone:
            notes.pop()  # that speaks of several
        return Domain.build(
            next(iter(examples.parts.values())) if alone else examples,
            [values[i] for i in left],
            name=name,
            split=[splits[i] for i in left],
            notes=notes,
            omissions=omissions,
            target_type=labels.target_type,
            classes=labels.names,
        )


def _part(
    part: str, value: Any, keep: np.ndarray, rows: list[str], name: str, events: Events
) -> tuple[Examples, np.ndarray, list[str], list[Omission]]:
    """Return a part's examples, the rows that have them, what to say, and what others lack."""
    if part == TABLE or (part == "image" and getattr(value, "ndim", 1) > 1):
        read = Arrays().read(value, ReadOptions(name=name, labelled=False, allow_missing=True))
        if (read.modality == "tabular") != (part == TABLE):
            raise DataError(
                f"the part {part!r} of {name} was read as {read.modality}", hint="name it so"
            )
        own = read.examples.select(keep)
        if isinstance(own, TableExamples):
            own = TableExamples(own.columns, [rows[i] for i in keep])
        return own, keep, list(read.notes), []
    column = objects([_item(part, item, row) for item, row in zip(value, rows, strict=True)])
    gone: list[Omission] = []
    kind = next(kind for kind in KINDS if kind.modality == part)
    own, there = kind.examples([column], keep, rows, None, name, gone, events)
    return own, there, [said_missing(omission) for omission in gone], gone


def _item(part: str, item: Any, row: str) -> Any:
    if item is None or isinstance(item, str | bytes):
        return item
    if isinstance(item, Path):
        return str(item)
    if isinstance(item, float) and np.isnan(item):
        return None
    if part == "image" and is_picture(item):
        return encoded_picture(item, row)
    if part == "audio" and is_recording(item):
        return wav_bytes(item, None, row)
    what = {
        "text": "give text",
        "audio": "give a path, the file's bytes, or {'array': samples, 'sampling_rate': rate}",
        "image": "give a path, the file's bytes, or an image of Pillow",
    }
    raise DataError(f"{row} has {type(item).__name__} as its {part}", hint=what[part])
