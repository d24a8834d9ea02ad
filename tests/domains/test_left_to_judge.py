"""Commands beside `transfer` leave out what was learned from as well: pairs, structured rows."""

from __future__ import annotations

import json

import numpy as np
import pytest

import landbridge
from landbridge.embeddings.options import AlignOptions


@pytest.mark.slow
@pytest.mark.parametrize("keep", [False, True])
def test_pairs_that_were_learned_from_do_not_judge(tmp_path, keep):
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (40, 16, 16), dtype=np.uint8)
    texts = [f"a picture of thing number {i} in room {i * i % 17}" for i in range(40)]
    pictures[20:], texts[20:] = pictures[:20], [text.upper() for text in texts[:20]]
    space = landbridge.align(
        {"image": pictures, "text": texts},
        out=tmp_path / "space",
        options=AlignOptions(epochs=1, batch_size=16),
        backbone_options={
            "encoders": {"image": "convnet", "text": "textnet"}, "space": 8, "width": 8,
        },
        keep_duplicates=keep,
    )  # fmt: skip
    seen = space.facts["seen"]
    assert seen["found"] > 0
    assert seen["kept"] == ("asked" if keep else "" if space.facts["held_out"] < 8 else "all")
    assert "learned from as well" in (tmp_path / "space" / "report.html").read_text("utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("keep", [False, True])
def test_sentences_that_were_learned_from_do_not_judge(tmp_path, keep):
    from tiny_commands import OLD

    from landbridge.structured.options import FitOptions

    words = ["ada", "in", "rome", "oslo", "lima", "bern"]
    rows = [
        {"tokens": [words[i % 6], words[i // 6], "in"], "tags": ["B-PER", "O", "O"]}
        for i in range(30)
    ]
    test = [{"tokens": [*row["tokens"], "in"], "tags": [*row["tags"], "O"]} for row in rows[:6]]
    again = [{**rows[0], "tokens": [word.upper() for word in rows[0]["tokens"]]}, rows[1]]
    tuned = landbridge.tune(
        "token-classification",
        rows,
        test=[*test, *again],
        model=str(OLD / "tuned" / "model"),
        out=tmp_path / "run",
        fit=FitOptions(steps=2, device="cpu"),
        scratch=False,
        keep_duplicates=keep,
    )
    assert tuned.verdict["judged_rows"] == (8 if keep else 6)
    assert (tuned.verdict["seen"]["found"], tuned.verdict["seen"]["of"]) == (2, 8)
    assert "learned from as well" in tuned.verdict["sentence"]
    lines = (tmp_path / "run" / "predictions.jsonl").read_text().splitlines()
    assert len([json.loads(line) for line in lines]) == tuned.verdict["judged_rows"]
