"""What lies far outside the rows that a linear head was fitted on is clipped, on tables alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

import landbridge
from landbridge.backbones.heads import StepsHead, head_from_state
from landbridge.inference.clip import MARGIN, Clip, within
from landbridge.inference.layers import Affine, apply
from landbridge.methods.core.base import AffineHead, Features, Head
from landbridge.methods.core.resolve import make_method
from landbridge.runs.clipping import clipped_values, outside_note

LINEAR = ("probe", "rulsif", "self-training", "label-shift-em", "weighted-joint", "coral")
LINEAR += ("linear-infomax", "linear-mcc", "discriminant-em", "jdot", "easytl")


def rare(n, seed, value):
    """Rows whose last column is 0 almost everywhere, or large in half of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4)).astype(np.float32)
    labels = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
    x[:, 3] = 0
    x[: (n // 2 if value > 9 else 1), 3] = value
    return x, labels


def sides(bounded, value=1e6):
    xs, ys = rare(600, 0, 1.0)
    xt, yt = rare(200, 1, value)
    none = np.zeros(200, bool)
    source = Features(xs, ys, np.ones(600, bool), bounded=bounded)
    return source, Features(xt, np.zeros(200, np.int64), none, bounded=bounded), yt


def test_range_has_a_margin_and_fitted_rows_never_change():
    x = np.random.default_rng(0).normal(size=(50, 3))
    clip = Clip.around(x)
    assert np.allclose(clip.high - clip.low, (1 + 2 * MARGIN) * (x.max(0) - x.min(0)))
    for how in ("columns", "directions"):
        steps = within(x, how)
        assert np.allclose(apply(steps, x), x)
        far = apply(steps, 100 * x)
        assert (np.abs(far) < 20).all()
        assert not np.allclose(far, 100 * x)


def test_what_few_rows_alone_have_shows_no_range():
    x = np.random.default_rng(0).normal(size=(1000, 2))
    x[:, 1] = 0
    x[7, 1] = 50
    assert Clip.around(x).high[1] == 0
    x[:20, 1] = 50
    assert Clip.around(x).high[1] == 75


def test_directions_hold_where_columns_alone_do_not():
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(200, 1)), 2, axis=1)
    x[:, 1] += 1e-3 * rng.normal(size=200)
    apart = np.array([[1.0, -1.0]])  # each within its range, their difference far outside
    assert np.allclose(apply(within(x, "columns"), apart), apart)
    left, right = apply(within(x, "directions"), apart)[0]
    assert abs(left - right) < 0.02


def test_constant_columns_and_more_columns_than_rows():
    x = np.random.default_rng(0).normal(size=(5, 9))
    x[:, 0] = 7.25
    for how in ("columns", "directions"):
        steps = within(x, how)
        assert np.allclose(apply(steps, x), x, atol=1e-9)
        assert np.isfinite(apply(steps, 1e6 * x)).all()


@pytest.mark.parametrize("how", ["columns", "directions"])
def test_stored_head_answers_the_same(how):
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    head = Head([*within(x, how), Affine(np.ones((3, 2)), np.zeros(2))])
    again = head_from_state(StepsHead(head.steps).state_dict())
    rows = 9 * x
    assert np.allclose(again(torch.from_numpy(rows)).detach().numpy(), head.logits(rows), atol=1e-4)


def test_head_is_linear_where_nothing_says_table():
    source, target, _ = sides("")
    assert isinstance(make_method("probe").fit_head(source, target, 2, 0), AffineHead)
    assert make_method("rulsif").fit_head(source, target, 2, 0).affine is not None


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("bounded", ["columns", "directions"])
def test_every_way_to_a_linear_head_clips(name, bounded):
    source, target, truth = sides(bounded, 0.0)
    if make_method(name).needs.target == "labelled":
        target.labeled_mask[:20] = True
        target.labels[:20] = truth[:20]
    head = make_method(name).fit_head(source, target, 2, 0)
    assert any(isinstance(step, Clip) for step in head.steps)
    rows = target.x.copy()
    right = head.logits(rows).argmax(1) == truth
    rows[:, 3] = 1e8  # of rows that come later
    assert np.abs(head.logits(rows)).max() < 1e3
    assert (head.logits(rows).argmax(1) == truth).mean() > right.mean() - 0.1


def test_trees_stay_as_they_are():
    source, target, _ = sides("columns")
    head = make_method("boosted-trees").fit_head(source, target, 2, 0)
    assert not any(isinstance(step, Clip) for step in head.steps)


def test_counts_of_what_is_clipped():
    steps = (Affine(np.full(2, 2.0), np.zeros(2)), Clip(np.zeros(2), np.ones(2)))
    x = np.array([[0.1, 0.2], [0.9, 0.2], [3.0, 3.0]])
    assert clipped_values(steps, x) == {"values": 3, "rows": 2}
    assert clipped_values(steps, x[:1]) == clipped_values(steps[:1], x) == {}


def test_note_names_the_columns_and_counts_rows_once():
    source = np.array([[0.0, 0.0, 5.0], [1.0, 1.0, 5.0], [9e9, 0.0, 5.0]])
    labeled = np.array([True, True, False])  # the third row teaches nothing
    target = np.array([[0.5, 7.0, 8.0], [-4.0, 9.0, 5.0]])
    note = outside_note(source, labeled, target, ("age", "dose", "dose"))
    assert note.startswith("3 values in 2 of 2 target rows (100 %)")
    assert "'dose' in 2 rows, 'age' in 1 rows" in note
    assert not outside_note(source, labeled, source[:2], ("age", "dose", "dose"))
    assert not outside_note(source, ~labeled & False, target, ("age", "dose", "dose"))


@pytest.mark.parametrize("backbone", ["mlp", "identity"])
def test_counts_do_not_explode(tmp_path, backbone):
    def table(n, seed, lot):
        rng = np.random.default_rng(seed)
        a, c = rng.normal(size=n), rng.integers(0, 5, n)
        few = np.where(rng.random(n) < (0.6 if lot else 0.003), 4000.0 if lot else 3.0, 0.0)
        y = rng.poisson(np.exp(3 + 0.4 * a + 0.1 * c))
        return pd.DataFrame({"a": a, "c": c, "few": few, "y": y})

    source, target = table(800, 0, False), table(200, 1, True)
    run = landbridge.transfer(
        *(source, target),
        label="y",
        target_labels="judge",
        target_type="regression",
        method="probe",
        backbone=backbone,
        seeds=1,
        out=tmp_path / "run",
        training={"steps": 30, "source_steps": 150, "threads": 1},
    )
    assert run.verdict["chosen"]["mean"] < 40
    assert "clip" in (tmp_path / "run" / "notes.json").read_text()
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "far outside what the source" in page
    assert "few" in page
    said = landbridge.load_run(run.path).model.predict(target.drop(columns="y"))
    assert np.abs(said - target["y"]).mean() == pytest.approx(
        run.verdict["chosen"]["mean"], rel=1e-3
    )
