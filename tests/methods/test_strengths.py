"""Options chosen by reverse validation, and columns that the source does not show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import landbridge.features as lf
from landbridge.base.errors import ConfigError, MethodError
from landbridge.methods.core.alignment import AlignmentMethod
from landbridge.methods.core.base import METHODS, Features
from landbridge.methods.core.feature import FeatureMethod
from landbridge.methods.core.resolve import make_method
from landbridge.methods.core.strengths import (
    chosen_sentence,
    fit_with_strengths,
    fits_of,
    grid,
    reverse_score,
    strengths_of,
)

ABLE = [
    name
    for name, kind in METHODS.items()
    if issubclass(kind, FeatureMethod)
    and strengths_of(kind)
    and kind.needs.target != "labelled"
    and "multiclass" in kind.needs.target_types
]
ALIGNING = [name for name, kind in METHODS.items() if issubclass(kind, AlignmentMethod)]


def sides(n: int = 60, m: int = 45, seed: int = 0) -> tuple[Features, Features, np.ndarray]:
    """Three blobs in six columns; the target is turned a little, moved and shuffled."""
    rng = np.random.default_rng(seed)
    centres = 4 * np.eye(3, 6)
    ys, yt = np.arange(n) % 3, rng.permutation(np.arange(m) % 3)
    xs = centres[ys] + rng.normal(size=(n, 6))
    xt = (centres[yt] + rng.normal(size=(m, 6))) @ np.diag([1, 1, 1, 1.3, 0.8, 1]) + 0.7
    source = Features(xs.astype(np.float32), ys, np.ones(n, bool))
    return source, Features(xt.astype(np.float32), np.zeros(m, int), np.zeros(m, bool)), yt


def first_option(name: str) -> str:
    able = strengths_of(METHODS.get(name))
    return next((option for option in able if option != "scaling"), "scaling")


@pytest.mark.parametrize("name", ABLE)
def test_every_strength_can_be_chosen(name: str) -> None:
    source, target, truth = sides()
    option = first_option(name)
    method = make_method(f"{name}:{option}=auto")
    head = fit_with_strengths(method, source, target, 3, 0)
    values = strengths_of(type(method))[option]
    assert head.notes["chosen"][option] in {*values, getattr(method, option)}
    assert len(head.notes["reverse_validation"]) == len(values) == len(grid(method))
    assert fits_of(method) == 1 + 2 * len(values)
    assert (head.logits(target.x).argmax(1) == truth).mean() > 0.6


def test_the_best_way_back_is_taken() -> None:
    rng = np.random.default_rng(1)
    n = 150
    ys, yt = np.arange(n) % 3, rng.permutation(np.arange(n) % 3)
    # Classes in two directions; sixty others differ between the sides and drown them.
    noise = [rng.normal(size=(n, 60)) @ rng.normal(size=(60, 60)) / 8 for _ in range(2)]
    xs, xt = (
        np.hstack([6 * np.eye(3)[y] + rng.normal(size=(n, 3)), other])
        for y, other in zip((ys, yt), noise, strict=True)
    )
    source = Features(xs, ys, np.ones(n, bool))
    target = Features(xt, np.zeros(n, int), np.zeros(n, bool))
    method = make_method("subspace-alignment:n_components=auto")
    head = fit_with_strengths(method, source, target, 3, 0)
    scores = head.notes["reverse_validation"]
    by_hand = {
        f"n_components {k}": reverse_score(
            make_method("subspace-alignment", {"n_components": k}), source, target, 3, 0
        )
        for k in strengths_of(type(method))["n_components"]
    }
    assert scores == pytest.approx(by_hand, abs=1e-4)
    said = chosen_sentence(head)
    assert said.startswith(f"n_components {head.notes['chosen']['n_components']} chosen by reverse")
    chosen = by_hand[f"n_components {head.notes['chosen']['n_components']}"]
    assert chosen >= max(by_hand.values()) - 0.05
    assert len(set(by_hand.values())) > 1


def test_hidden_labels_change_nothing() -> None:
    source, target, _ = sides()
    method = make_method("coral:reg=auto:scaling=auto")
    assert fits_of(method) == 51
    heads = [
        fit_with_strengths(method, source, replace(target, labels=labels), 3, 0)
        for labels in (target.labels, np.full(len(target), 2))
    ]
    assert heads[0].notes == heads[1].notes
    assert (heads[0].logits(target.x) == heads[1].logits(target.x)).all()


def test_what_cannot_be_chosen_is_said() -> None:
    source, target, _ = sides()
    method = make_method("coral:reg=auto")
    with pytest.raises(MethodError, match="no labelled source rows"):
        fit_with_strengths(method, None, target, 3, 0)
    numbers = replace(target, target_type="regression")
    with pytest.raises(MethodError, match="way back to the source's classes"):
        fit_with_strengths(method, source, numbers, 3, 0)
    with pytest.raises(ConfigError, match="smoothing"):
        make_method("nearest-weights:smoothing=auto")
    assert make_method("probe:on=auto").searched == ()


@pytest.mark.parametrize("name", ALIGNING)
def test_a_column_that_the_source_does_not_show_turns_nothing_round(name: str) -> None:
    """One value on the source and several on the target: it tells no classes apart."""
    source, target, truth = sides(90, 80)
    if METHODS.get(name).needs.target == "labelled":
        pytest.skip("it asks for target labels")
    rng = np.random.default_rng(2)
    more = (rng.random((len(target), 4)) < 0.4).astype(np.float32)
    own = source.with_x(np.hstack([source.x, np.zeros((len(source), 4), np.float32)]))
    other = target.with_x(np.hstack([target.x, more]))
    plain = make_method(name).fit_head(source, target, 3, 0).logits(target.x)
    found = make_method(name).fit_head(own, other, 3, 0).logits(other.x)
    right = [(x.argmax(1) == truth).mean() for x in (plain, found)]
    assert right[1] > right[0] - 0.15


def test_the_search_is_an_estimator() -> None:
    source, target, truth = sides()
    labels = np.array(["ant", "bee", "cow"])
    rows = np.random.default_rng(3).permutation(105)
    x = np.vstack([source.x, target.x])[rows]
    y = labels[np.concatenate([source.labels, truth])][rows]
    side = np.where(np.arange(105) < 60, 1, -1)[rows]
    search = lf.ReverseValidation(lf.CORAL(), {"reg": [1.0, 30.0], "scaling": ["own", "none"]})
    search.fit(x, y, sample_domain=side, labelled=side > 0)
    assert [score for _, score in search.scores_] == pytest.approx(
        [reverse_score(lf.CORAL(**values), source, target, 3, 0) for values, _ in search.scores_],
        abs=0.05,
    )
    assert search.best_score_ == max(score for _, score in search.scores_)
    assert search.score(x[side < 0], y[side < 0]) > 0.8
    assert search.predict_proba(x[:4]).shape == (4, 3)
    assert set(search.classes_) == set(labels)
    two = lf.ReverseValidation(lf.CORAL(), {"reg": [1.0, 30.0], "scaling": ["own", "none"]})
    two.fit(source.x, labels[source.labels], target.x)
    assert two.best_params_ in [values for values, _ in search.scores_]
    with pytest.raises(ValueError, match="non-empty"):
        lf.ReverseValidation(lf.CORAL(), {"reg": []}).fit(source.x, source.labels, target.x)
    with pytest.raises(MethodError, match="does not answer with classes"):
        lf.ReverseValidation(lf.TrAdaBoostR2(), {}).fit(source.x, source.labels, target.x)
