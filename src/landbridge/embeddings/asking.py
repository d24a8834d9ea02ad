"""What is asked of a space: one example, or names of classes; and which rows are near."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

import numpy as np

from ..base.errors import DataError
from ..domains.examples import Examples
from ..domains.modalities.multimodal import MultimodalExamples
from ..domains.modalities.texts import TextExamples
from ..domains.readers.multimodal import PARTS

TEXT = "text"
PLACE = "{}"
"""Where the name of a class goes in what is said of it."""


def single(what: Any, modality: str | None) -> tuple[Examples, str]:
    """Return one example, and of which modality it is."""
    from ..domains.modalities.decoding import IMAGE_SUFFIXES
    from ..domains.modalities.images import ImageExamples
    from ..domains.modalities.recordings import AudioExamples
    from ..domains.modalities.sound_files import AUDIO_SUFFIXES

    path = Path(str(what))
    ending = path.suffix.lower()
    if modality is None:
        there = len(str(what)) < 1000 and path.is_file()
        kinds = {"image": IMAGE_SUFFIXES, "audio": AUDIO_SUFFIXES}
        modality = next((k for k, ends in kinds.items() if there and ending in ends), TEXT)
    if modality not in PARTS or modality == "tabular":
        raise DataError(f"a query cannot be {modality!r}", hint="ask with image, text or audio")
    if modality == TEXT:
        return TextExamples([str(what)]), TEXT
    if not path.is_file():
        raise DataError(f"{path} is not there", hint="give the path of a file")
    return (ImageExamples([path]) if modality == "image" else AudioExamples([path])), modality


class Neighbour(TypedDict):
    """A row that is near to a query; "row" is its place in the input, from 0."""

    name: str
    row: int
    modality: str
    shows: str
    similarity: float


def nearest(
    query: np.ndarray,
    vectors: np.ndarray,
    part: str,
    examples: Examples,
    places: np.ndarray,
    top: int,
) -> list[Neighbour]:
    """Return what `Space.search` does: the rows whose vectors are nearest to that of the query.

    Parameters
    ----------
    query : float ndarray (d,)
    vectors : float ndarray (n, d)
        Of one part of the examples; 0 where a row lacks it, and that is never near.
    part : str
    examples : Examples
        n rows.
    places : int ndarray (n,)
        Where in the input they were.
    top : int
    """
    there = np.asarray(vectors.any(1))
    scores = np.where(there, vectors @ query, -np.inf)
    order = np.argsort(-scores, kind="stable")[:top]
    names, shown = examples.names(), _shown(examples, part)
    return [
        {
            "name": names[i],
            "row": int(places[i]),
            "modality": part,
            "shows": shown[i],
            "similarity": round(float(scores[i]), 6),
        }
        for i in order
        if there[i]
    ]


def _shown(examples: Examples, part: str) -> dict[int, str]:
    """Return what can be shown in words of each row: the text, or the file."""
    own, rows = examples, np.arange(len(examples))
    if isinstance(examples, MultimodalExamples):
        own, rows = examples.part(part)
    said = own.texts if isinstance(own, TextExamples) else own.names()
    return dict(zip(rows.tolist(), said, strict=True))


def spoken(classes: Sequence[str], template: str | Sequence[str]) -> list[str]:
    """Return what is said of each class, one class after another.

    Raises
    ------
    DataError
        Where fewer than two classes are named, or a template has no place for the name.

    Examples
    --------
    >>> spoken(["cat", "dog"], "a {}")
    ['a cat', 'a dog']
    """
    templates = [template] if isinstance(template, str) else list(template)
    if len(set(classes)) < 2 or any(PLACE not in each for each in templates):
        raise DataError(
            f"classes {list(classes)[:5]}, templates {templates[:3]}",
            hint='name at least two classes, and write "{}" where the name goes',
        )
    return [each.replace(PLACE, name) for name in classes for each in templates]


def shares(vectors: np.ndarray, words: np.ndarray, classes: int, scale: float) -> np.ndarray:
    """Return probabilities (n, classes) of classes by what is said of them.

    Parameters
    ----------
    vectors : float ndarray (n, d)
        Rows of 0 have no answer: NaN.
    words : float ndarray (classes * templates, d)
        As of `spoken`; a class is the mean of what is said of it.
    classes : int
    scale : float
        What to multiply cosines with.
    """
    centres = words.reshape(classes, -1, words.shape[1]).mean(1)
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    logits = scale * (vectors @ centres.T)
    logits -= logits.max(1, keepdims=True)
    values = np.exp(logits)
    values /= values.sum(1, keepdims=True)
    values[~vectors.any(1)] = np.nan
    return np.asarray(values, np.float32)
