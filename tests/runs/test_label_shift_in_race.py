"""Where class shares differ, the race leaves out what makes both sides alike."""

from __future__ import annotations

import numpy as np
import pytest

import landbridge
from landbridge.methods.core.base import METHODS
from landbridge.methods.core.resolve import make_method

TRAINING = {"steps": 40, "source_steps": 60, "batch_size": 32, "threads": 1, "precision": "float32"}


def rows(shares, n, seed):
    """Classes at the corners of a simplex, drawn with these shares."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=shares)
    x = 4 * np.eye(3, 6)[y] + rng.normal(size=(n, 6))
    return x.astype(np.float32), np.array(["ant", "bee", "cat"], dtype=object)[y]


def pictures(x):
    """Six numbers a row as six grey squares: networks that may move are tried on images."""
    squares = np.clip(128 + 16 * x, 0, 255).astype(np.uint8).reshape(-1, 2, 3)
    return squares.repeat(6, axis=1).repeat(4, axis=2)


@pytest.mark.parametrize(
    ("shares", "moved", "shifted"),
    [((1 / 3,) * 3, 0, False), ((1 / 3,) * 3, 2, False), ((0.9, 0.05, 0.05), 0, True)],
    ids=["like", "moved", "shifted"],
)
def test_the_race_knows_of_a_label_shift(shares, moved, shifted, tmp_path):
    x, y = rows(shares, 600, 1)
    x[:, 0] += moved  # towards the first class
    xs, ys = rows((1 / 3,) * 3, 600, 0)
    run = landbridge.transfer(
        (pictures(xs), ys),
        (pictures(x), y),
        target_labels="judge",
        backbone="convnet",
        budget="9h",
        seeds=1,
        out=tmp_path / "run",
        training=TRAINING,
    )
    assert run.choice["label_shift"]["found"] is shifted
    tried = {row["method"] for row in run.choice["candidates"]}
    why = {row["method"]: row["why"] for row in run.choice["not_tried"]}
    left_out = {name for name, said in why.items() if "class shares differ" in said}
    assert not tried & left_out
    if shifted:
        assert "ant" in run.choice["label_shift"]["reason"]
        assert {"coral", "dann", "infomax"} <= left_out
        assert not any(make_method(name).needs.assumes_no_label_shift for name in tried)
        assert "diversity damped" in run.choice["reason"] or run.choice["kept_reference"]
    else:
        assert not left_out
        assert {"dann", "infomax+consistency"} & tried


def test_combinations_inherit_what_their_terms_want():
    assert make_method("mcc+dann").needs.assumes_no_label_shift
    assert make_method("infomax+consistency").needs.assumes_no_label_shift
    assert not make_method("mcc+consistency").needs.assumes_no_label_shift
    assert {name for name in METHODS if METHODS.get(name).needs.assumes_no_label_shift} >= {
        "dann",
        "coral",
    }
