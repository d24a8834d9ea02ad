"""What folders of every kind learned from, they know again when they are judged on more rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny_commands import COMMANDS, pictures, sentences, table

import landbridge
from landbridge.base.errors import RunError
from landbridge.domains.learned import LEARNED, load_learned


def _tables(old: bool, new: bool) -> pd.DataFrame:
    parts = [pd.DataFrame(table(seed=seed)) for seed, wanted in ((0, old), (1, new)) if wanted]
    return pd.concat(parts, ignore_index=True).sample(frac=1, random_state=0)


def _pairs(old: bool, new: bool) -> dict[str, Any]:
    seeds = [seed for seed, wanted in ((0, old), (5, new)) if wanted]
    texts = [f"a {'square' if i < 16 else 'field'} {i % 3}" for i in range(32)]
    images = np.concatenate([pictures(seed=seed) for seed in seeds])
    return {"image": images, "text": texts * len(seeds)}


def _sentences(old: bool, new: bool) -> list[dict[str, Any]]:
    mine = [{**row, "tokens": [*row["tokens"], str(i)]} for i, row in enumerate(sentences())]
    named = [{**row, "tags": [*row["tags"], "O"]} for row in mine]
    theirs = [{**row, "tokens": [f"{word}." for word in row["tokens"]]} for row in named]
    return (named if old else []) + (theirs if new else [])


ROWS: dict[str, Callable[[bool, bool], Any]] = {
    "multitask": _tables,
    "align": _pairs,
    "tune": _sentences,
}


@pytest.fixture(scope="module", params=list(ROWS))
def made(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "made"
    rows = ROWS[request.param]
    COMMANDS[request.param](folder.parent, folder, rows=rows(True, False))
    return landbridge.load(folder), rows


@pytest.mark.slow
def test_what_was_learned_from_is_left_out(made):
    model, rows = made
    learned = len(load_learned(model.path))
    fresh = model.evaluate(rows(False, True))
    both = model.evaluate(rows(True, True))
    old = len(rows(True, False)["image"] if isinstance(rows(True, False), dict) else rows(True, 0))
    assert 0 < learned < old
    assert (fresh["seen"]["found"], both["seen"]["found"]) == (0, learned)
    assert both["n"] == fresh["n"] + old - learned  # what was held out may judge
    kept = model.evaluate(rows(True, True), keep_duplicates=True)
    assert (kept["n"], kept["seen"]["kept"]) == (fresh["n"] + old, "asked")


@pytest.mark.slow
def test_a_folder_of_before_says_that_it_does_not_know(made):
    model, rows = made
    file = model.path / LEARNED
    content = file.read_bytes()
    file.unlink()
    assert model.evaluate(rows(False, True))["seen"] is None
    file.write_bytes(content[:40])
    with pytest.raises(RunError, match="is damaged"):
        model.evaluate(rows(False, True))
    file.write_bytes(content)
