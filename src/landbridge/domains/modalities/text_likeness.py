"""Which texts are nearly the same: other case or spaces, or a word changed in a long one."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence

import numpy as np

LEAST = 0.75
"""Share of three words in a row that two texts have in common: of 25 words one may differ."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W\u3040-\u30ff\u3400-\u9fff]+")
_ROWS = 8
"""Minima that candidates are found by: of two texts alike one in 60,000 is missed."""
_MOST_ALIKE = 50
"""Texts that one minimum may stand for: what more texts have in common is a formula."""


def plain(text: str) -> str:
    """Return a text without what copies differ in: case, spaces, forms of a letter.

    Examples
    --------
    >>> plain("A  fine\\nfilm .") == plain("a Fine film.")
    True
    """
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def alike(ours: Sequence[str], theirs: Sequence[str]) -> np.ndarray:
    """Return pairs (row of ours, row of theirs) of texts that are nearly the same.

    Those that are the same but for case, spaces and forms of letters, one pair for each of ours;
    and those with three quarters of all runs of three words in common (Jaccard), found by minima of
    hashes (Broder, 1997), so that not all are compared with all.

    Returns
    -------
    int64 ndarray (pairs, 2)
    """
    place: dict[str, int] = {}
    for j, text in enumerate(theirs):
        place.setdefault(plain(text), j)
    pairs = {(i, place[key]): 1.0 for i, key in enumerate(map(plain, ours)) if key in place}
    runs_ours, runs_theirs = [_runs(text) for text in ours], [_runs(text) for text in theirs]
    minima_ours, minima_theirs = _minima(runs_ours), _minima(runs_theirs)
    for column in range(_ROWS):
        bucket: dict[int, list[int]] = {}
        for j, least in enumerate(minima_theirs[:, column].tolist()):
            if len(runs_theirs[j]):
                bucket.setdefault(least, []).append(j)
        for i, least in enumerate(minima_ours[:, column].tolist()):
            found = bucket.get(least, ()) if len(runs_ours[i]) else ()
            for j in found if len(found) <= _MOST_ALIKE else ():
                if (i, j) in pairs:
                    continue
                common = len(np.intersect1d(runs_ours[i], runs_theirs[j], assume_unique=True))
                share = common / (len(runs_ours[i]) + len(runs_theirs[j]) - common)
                if share >= LEAST:
                    pairs[i, j] = share
    return np.array(sorted(pairs), np.int64).reshape(-1, 2)


def _runs(text: str) -> np.ndarray:
    """Return hashes of the runs of three words, each once; none of fewer than eight words."""
    words = _WORD.findall(text.casefold())
    if len(words) < 8:
        return np.zeros(0, np.uint64)
    hashes = np.array([zlib.crc32(word.encode("utf-8", "replace")) for word in words], np.uint64)
    mixed = hashes[:-2] * _ODD[0] + hashes[1:-1] * _ODD[1] + hashes[2:] * _ODD[2]
    return np.unique(mixed)


_ODD = np.array(
    [
        *(0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93),
        *(0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3),
    ],
    np.uint64,
)


def _minima(runs: Sequence[np.ndarray]) -> np.ndarray:
    found = np.zeros((len(runs), _ROWS), np.uint64)
    for i, own in enumerate(runs):
        if len(own):
            mixed = own * _ODD[:, None]  # the high bits of a product by an odd number are a hash
            found[i] = (mixed ^ (mixed >> np.uint64(29))).min(1)
    return found
