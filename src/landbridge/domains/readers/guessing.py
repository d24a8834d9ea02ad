"""Which column of a table is what. Every guess comes with the words to say it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePath
from typing import Any

import numpy as np

from ..modalities.decoding import IMAGE_SUFFIXES
from ..modalities.pieces import Piece
from ..modalities.sound_files import AUDIO_SUFFIXES
from ..modalities.table import missing
from .base import SPLITS, UNLABELLED, ReadOptions

LABEL_NAMES = (
    *("label", "labels", "class", "classes", "target", "y", "category", "diagnosis"),
    *("species", "outcome", "class_label", "class_name", "classification", "answer"),
    *("sentiment", "fine_label", "coarse_label"),
)
SPLIT_NAMES = ("split", "subset", "partition", "set")
ID_NAMES = frozenset(
    (
        *("id", "idx", "index", "uuid", "guid", "key", "row", "row_id", "rowid", "sample_id"),
        *("image_id", "patient_id", "user_id", "unnamed: 0", "", "__index_level_0__"),
    )
)
TEXT_NAMES = frozenset(
    (
        *("text", "texts", "sentence", "review", "comment", "content", "body", "message"),
        *("tweet", "question", "description", "document", "abstract", "title", "headline"),
        *("文本", "评论", "評論", "内容", "內容", "标题", "句子", "正文"),
        *("テキスト", "レビュー", "本文", "文章", "리뷰", "내용", "텍스트", "ข้อความ", "รีวิว"),
    )
)
_WORDS, _CHARACTERS = 5, 8
"""From so many words a column is of texts; from so many letters where its name says so."""
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    "|[\U00020000-\U0003ffff]"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese, Korean: words that spaces do not tell apart."""
_A_WORD = 2
"""Characters of them that say about as much as a word."""
_MOST_CLASSES = 100
_ASKED = 100
"""Files of a large set whose first bytes are looked at."""
MOST_NUMBERS = 20
"""Whole numbers so few may be classes, or codes."""


def label_column(values: dict[str, np.ndarray], *, by_name_only: bool) -> tuple[str, str] | None:
    """Return the likely label column and why, or None.

    A telling name wins; otherwise it is the last column of words, or of few whole numbers.
    """
    lowered = {name.strip().lower(): name for name in values}
    for usual in LABEL_NAMES:
        if usual in lowered:
            return lowered[usual], "its name says so"
    if by_name_only:
        return None
    for name in reversed(list(values)):
        array = values[name]
        given = array[~missing(array)]
        if not len(given):
            continue
        distinct = len(set(given.tolist()))
        if array.dtype == object:
            if any(file_column({name: array}, sound=sound) for sound in (False, True)):
                continue  # few files are no classes
            if 2 <= distinct <= min(_MOST_CLASSES, max(2, len(given) / 2)):
                return name, f"the last column of words, {distinct} different"
        elif 2 <= distinct <= min(MOST_NUMBERS, max(2, len(given) / 2)):
            integers = np.isfinite(given).all() and (given == np.rint(given)).all()
            if integers:
                return name, f"the last column of few whole numbers, {distinct} different"
    return None


def list_column(
    lists: Mapping[str, object], values: Mapping[str, object], options: ReadOptions
) -> str | None:
    """Return the column of lists that holds the labels: named, as in `like`, or by its name."""
    if not lists or options.labelled is False:
        return None
    if options.label is not None:
        return options.label if options.label in lists else None
    if options.usual_label in lists:
        return options.usual_label
    if options.like is not None and options.like.label_column is not None:
        wanted = options.like.label_column
        return wanted if wanted in lists else None
    taken = {name.strip().lower() for name in values}
    lowered = {name.strip().lower(): name for name in lists}
    for usual in LABEL_NAMES:
        if usual in taken:
            return None
        if usual in lowered:
            return lowered[usual]
    return None


def file_column(values: dict[str, np.ndarray], *, sound: bool) -> tuple[str, str] | None:
    """Return the column that holds image files (sound files), or their paths, and why, or None."""
    what, suffixes = ("sound", AUDIO_SUFFIXES) if sound else ("image", IMAGE_SUFFIXES)
    for name, array in values.items():
        given = [value for value in array if value is not None] if array.dtype == object else []
        if not given:
            continue
        if _encoded(given, sound=sound):
            return name, "it holds sound files" if sound else "it holds encoded images"
        if sum(_ends_in(value, suffixes) for value in given) >= 0.8 * len(given):
            return name, f"its values end like the names of {what} files"
    return None


def _encoded(given: Sequence[Any], *, sound: bool) -> bool:
    """Say whether values are contents of sound or image files; of large sets some are asked."""
    if not all(isinstance(value, bytes | Piece) for value in given):
        return False
    some = given if isinstance(given[0], bytes) else given[:_ASKED]
    return all(_is_sound(v.read(64) if isinstance(v, Piece) else v) == sound for v in some)


def _is_sound(content: bytes) -> bool:
    """Say so by the first bytes: RIFF alone is none, a WebP image begins so as well."""
    first, kind = content[:4], content[8:12]
    if first in (b"RIFF", b"RF64", b"FORM"):
        return kind in (b"WAVE", b"AIFF", b"AIFC")
    frame = len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0  # MP3
    return frame or first in (b"fLaC", b"OggS", b".snd", b"caff", b"riff") or first[:3] == b"ID3"


def text_column(values: dict[str, np.ndarray]) -> tuple[str, str] | None:
    """Return the column that holds texts and why, or None.

    Long words or sentences, most of them different; the longest by mean where there are several.
    """
    found: list[tuple[float, str, str]] = []
    for name, array in values.items():
        if array.dtype != object:
            continue
        given = [value for value in array if isinstance(value, str)]
        if not given or len(given) < 0.5 * len(array):
            continue
        letters = sum(map(len, given)) / len(given)
        words = sum(len(value.split()) for value in given) / len(given)
        words += sum(len(_UNSPACED.findall(value)) for value in given) / len(given) / _A_WORD
        long = words >= _WORDS
        differ = len(set(given)) > 0.5 * len(given)
        named = name.strip().lower() in TEXT_NAMES
        if differ and (long or (named and (words >= 2 or letters >= _CHARACTERS))):
            why = "its name says so" if named else f"{words:.0f} words a row"
            found.append((named * 1e6 + letters, name, why))
    return max(found)[1:] if found else None


def split_column(values: dict[str, np.ndarray]) -> str | None:
    """Return the column that says train, val or test, or None."""
    lowered = {name.strip().lower(): name for name in values}
    for usual in SPLIT_NAMES:
        name = lowered.get(usual)
        if name is None or values[name].dtype != object:
            continue
        given = {str(value).lower() for value in values[name] if value is not None}
        if given and given <= {*SPLITS, *UNLABELLED}:
            return name
    return None


def id_like(name: str, array: np.ndarray) -> str | None:
    """Return why a column tells rows apart and nothing about them, or None."""
    given = array[~missing(array)]
    n = len(given)
    if n < 2:
        return None
    distinct = len(set(given.tolist()))
    named = name.strip().lower() in ID_NAMES
    if named and distinct > 0.9 * n:
        return "an identifier by its name"
    if array.dtype == object:
        return "nearly all words differ" if n >= 20 and distinct > 0.9 * n else None
    steps = n >= 20 and distinct == n and bool((np.diff(given) == 1).all())
    if steps and given[0] == np.rint(given[0]):  # 0.5, 1.5, ... are measured, not counted
        return "it counts the rows"
    return None


def _ends_in(value: object, suffixes: Collection[str]) -> bool:
    if not isinstance(value, str) or "." not in value[-8:]:
        return False  # quick: tables have millions of words
    return PurePath(value).suffix.lower() in suffixes
