"""Figures by which modalities are there, against a count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.verdict.parts import Masked, PartScores, part_scores


def answers(right: list[int]) -> np.ndarray:
    """Return probabilities (1, n, 2) that are right (class 1) where `right` is 1."""
    own = np.array(right, float)
    return np.stack([1 - own, own], axis=1)[None]


def test_each_set_counts_the_rows_that_have_it():
    has = np.array([[1, 1], [1, 1], [1, 1], [1, 1], [1, 0], [0, 1]], bool)
    both, ears, eyes = np.arange(4), np.array([0, 1, 2, 3, 5]), np.arange(5)
    found = part_scores(
        ("eyes", "ears"),
        [
            Masked(("eyes", "ears"), both, answers([1, 1, 1, 0])),
            Masked(("eyes",), eyes, answers([1, 0, 0, 0, 1])),
            Masked(("ears",), ears, answers([1, 1, 1, 0, 0])),
        ],
        np.ones(6, np.int64),
        has,
    ).to_json()
    assert PartScores.from_json(found).to_json() == found
    assert {tuple(one["parts"]): one["mean"] for one in found["sets"]} == {
        ("eyes", "ears"): 0.75,
        ("eyes",): 0.4,
        ("ears",): 0.6,
    }
    assert [one["rows"] for one in found["sets"]] == [4, 5, 5]
    # What each adds is paired on the rows that have both: without eyes 3 of 4 stay right.
    adds = {one["part"]: one["mean"] for one in found["adds"]}
    assert adds["eyes"] == pytest.approx(0.0)
    assert adds["ears"] == pytest.approx(0.5)
    assert found["present"] == {"eyes": 5, "ears": 5}
