"""Words of texts: whole, and never half a character."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.domains.modalities.hashed import HashedPreprocessing
from landbridge.domains.modalities.texts import TextExamples
from landbridge.explanation.views.base import Rows
from landbridge.explanation.views.text import words


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Isn't it well-made!?", ["Isn't", "it", "well-made", "!?"]),
        ("服务很好", ["服", "务", "很", "好"]),
        ("が\u304b\u3099き", ["が", "\u304b\u3099", "き"]),
        ("cafe\u0301 au lait", ["cafe\u0301", "au", "lait"]),
        ("ok 𠮷野家", ["ok", "𠮷", "野", "家"]),
        ("…", []),
    ],
)
def test_words(text, right):
    assert [text[a:b] for a, b in words(text)] == right


def test_hidden_words_are_cut_out_whole():
    examples = TextExamples(["a fine day, 很好"])
    view = Rows.of(HashedPreprocessing.fit([examples]), examples).view(0)
    kept = np.array([[True, False, True, False, True]])
    assert view._without(kept[0]) == "a  day, 好"
    assert view.hide(kept).shape[0] == 1
