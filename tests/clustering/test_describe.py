"""What sets a group apart, in words."""

from __future__ import annotations

import numpy as np

from landbridge.clustering.describe import describe, distinctive_columns, distinctive_words
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.table import TableExamples


def test_words_of_a_group():
    texts = ["the cat sat down", "a cat ran off", "my cat sat there"] * 4
    texts += ["the car sped up", "a fast car", "my car stopped"] * 4 + ["the sky"] * 24
    groups = np.repeat([0, 1, 2], [12, 12, 24])
    found = distinctive_words(texts, groups, 3)
    assert "cat" in found[0]
    assert "car" in found[1]
    assert "cat" not in found[1]
    assert not any("the" in words for words in found)  # in more than a quarter of all


def test_texts_without_a_word_in_common():
    assert distinctive_words(["one", "two", "three"], np.array([0, 1, 1]), 2) == [[], []]


def test_unspaced_scripts():
    texts = ["很好吃的面", "面很好吃", "好吃的面条"] * 3 + ["房间很脏", "脏的房间", "房间有味"] * 6
    found = distinctive_words(texts, np.repeat([0, 1], [9, 18]), 2)
    assert any("吃" in word for word in found[0])


def test_columns_of_a_group():
    rng = np.random.default_rng(0)
    groups = np.arange(80) % 2
    table = TableExamples(
        {
            "noise": rng.normal(size=80),
            "height": rng.normal(size=80) + 6 * groups,
            "kind": np.where(groups == 1, "x", "y").astype(object),
        }
    )
    low, high = distinctive_columns(table, groups, 2)
    assert any(said.startswith("height -") for said in low)
    assert any(said.startswith("height +") for said in high)
    assert any(said.startswith("kind = x +") for said in high)
    assert not any("noise" in said for said in low + high)


def test_images_say_nothing():
    examples = ImageExamples(pixels=np.zeros((4, 5, 5), np.uint8))
    assert describe(examples, np.array([0, 0, 1, 1]), 2) == [[], []]
