"""Every attack: within its size and range, repeatable, as strong as what is known to be worst."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from subjects import Linear, rows, subject, table

from landbridge.robustness.attacks.tables import ends
from landbridge.robustness.base import ATTACKS
from landbridge.robustness.losses import difference_of_logits_ratio, margin
from landbridge.robustness.subject import Subject, margins
from landbridge.runs.model import Model

NAMES = sorted(ATTACKS)
CASES = [(name, kind) for name in NAMES for kind in ATTACKS.get(name).modalities]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_an_attack_keeps_the_contract(name, kind):
    attack, own = ATTACKS.get(name)(), subject(kind)
    assert attack.applies(own)
    sizes, everyone = attack.sizes(own), np.arange(len(own))
    assert list(sizes) == sorted(sizes)
    assert sizes[0] > 0
    assert sizes[-1] <= attack.largest(own)
    before = np.array(own.rows.stored)
    found = attack.run(own, everyone, sizes[-1])
    assert np.array_equal(own.rows.stored, before)
    assert len(found.changed) == len(found.loss) == len(own)
    assert np.array_equal(found.withstood, found.loss < 0)
    clean = margins(own.model.logits_of(own.rows.stored), own.truth)
    assert (found.loss >= clean - 1e-4).all() or attack.search_kind != "black-box"
    again = ATTACKS.get(name)().run(own, everyone, sizes[-1])
    assert np.array_equal(again.loss, found.loss)
    alone = attack.run(own, np.array([2]), sizes[-1])
    assert alone.loss == pytest.approx(found.loss[[2]], abs=1e-4)
    _, lines = attack.shown(own, 2, alone.changed[0])
    assert isinstance(lines, list)


SIGNALS = [(name, kind) for name, kind in CASES if kind in ("image", "audio")]


@pytest.mark.parametrize(("name", "kind"), SIGNALS)
def test_a_signal_stays_in_its_ball_and_range(name, kind):
    attack, own = ATTACKS.get(name)(), subject(kind)
    size, everyone = attack.sizes(own)[2], np.arange(len(own))
    found = attack.run(own, everyone, size)
    start, changed = own.start(everyone), torch.from_numpy(np.stack(found.changed))
    change = (changed - start).flatten(1)
    reach = change.abs().amax(1) if attack.norm == "linf" else change.norm(dim=1)
    assert (reach <= size * (1 + 1e-5)).all()
    assert changed.min() >= own.signal.low
    assert changed.max() <= own.signal.high
    there = own.there(everyone)
    if there is not None:
        assert (change[~there] == 0).all()
    logits = own.logits(changed, there).detach().numpy()
    assert margins(logits, own.truth) == pytest.approx(found.loss, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "norm"),
    [("fgsm", 1), ("pgd", 1), ("apgd-ce", 1), ("apgd-dlr", 1), ("pgd-l2", 2)],
)
def test_of_a_linear_model_the_worst_case_is_found(name, norm):
    """The margin rises by size × the dual norm of the difference of the two classes' weights."""
    own, size = subject("image"), 0.05
    weight = own.model.network.layer.weight.detach().numpy() / 0.5  # as pixels of 0 to 1 count
    difference = weight[1] - weight[0]
    slope = np.abs(difference).sum() if norm == 1 else np.linalg.norm(difference)
    clean = margins(own.model.logits_of(own.rows.stored), own.truth)
    found = ATTACKS.get(name)().run(own, np.arange(len(own)), size)
    near = 1e-3 if norm == 1 else 0.05  # in a sphere what began sideways takes steps to turn
    assert found.loss == pytest.approx(clean + size * slope, abs=float(near * size * slope))


def test_attacks_on_scores_find_less_than_the_worst_case_and_more_than_chance():
    own = subject("image")
    everyone = np.arange(len(own))
    square, chance, best = (
        ATTACKS.get(name)().run(own, everyone, 0.01).loss.mean()
        for name in ("square", "random", "pgd")
    )
    assert chance < square < best


def test_the_ratio_of_logits_does_not_depend_on_their_scale():
    logits, truth = torch.tensor([[3.0, 1.0, 0.5], [0.0, 2.0, 5.0]]), torch.tensor([0, 1])
    first = difference_of_logits_ratio(logits, truth)
    assert first == pytest.approx(difference_of_logits_ratio(1e4 * logits, truth), rel=1e-4)
    assert first == pytest.approx(margin(logits, truth) / torch.tensor([2.5, 5.0]))


def test_numbers_of_a_table_stay_plausible():
    own = subject("tabular", fixed=("dose",))
    attack = ATTACKS.get("within-range")()
    found = attack.run(own, np.arange(len(own)), 1.0)
    whole = own.rows.examples
    wide = whole.columns["age"].std()
    for i, row in enumerate(found.changed):
        before = whole.values(i)
        assert row["age"] == round(row["age"])
        assert abs(row["age"] - before["age"]) <= wide
        assert whole.columns["age"].min() <= row["age"] <= whole.columns["age"].max()
        assert (row["dose"], row["sex"], row["site"]) == tuple(
            before[name] for name in ("dose", "sex", "site")
        )
    assert any(row["age"] != whole.columns["age"][i] for i, row in enumerate(found.changed))


def test_of_a_linear_model_on_numbers_the_worst_corner_is_found():
    own = subject("tabular")
    found = ATTACKS.get("within-range")().run(own, np.arange(len(own)), 0.5)
    whole, prep = own.rows.examples, own.rows.preprocessing
    weight = own.model.network.layer.weight.detach().numpy()
    clean = margins(own.model.logits_of(own.rows.stored), own.truth)
    for i in range(len(own)):
        best = clean[i]
        slopes = (weight[1 - own.truth[i]] - weight[own.truth[i]])[:2]
        for slope, name in zip(slopes, ("age", "dose"), strict=True):
            column = next(c for c in prep.columns if c.name == name)
            reach = 0.5 * whole.columns[name].std()
            corners = [
                e[0] for e in ends(whole.columns[name][i : i + 1], whole.columns[name], reach)
            ]
            best += max(slope * (c - whole.columns[name][i]) / column.scale for c in corners)
        if best < 0:  # else the search ends at the first wrong answer
            assert found.loss[i] == pytest.approx(best, rel=1e-3, abs=1e-4)
        else:
            assert not found.withstood[i]


def test_missing_numbers_stay_missing_and_cells_are_counted():
    own = subject("tabular")
    gone = own.rows.examples.columns["dose"].copy()
    gone[:5] = np.nan
    holed = table(30)
    holed.columns["dose"] = gone
    other = Subject("chosen", own.model, replace(own.rows, examples=holed), own.truth)
    found = ATTACKS.get("within-range")().run(other, np.arange(30), 1.0)
    assert all(np.isnan(row["dose"]) for row in found.changed[:5])
    flipped = ATTACKS.get("category-flip")().run(own, np.arange(30), 1.0)
    for i, row in enumerate(flipped.changed):
        before = own.rows.examples.values(i)
        assert sum(row[name] != before[name] for name in before) <= 1
        assert (row["age"], row["dose"]) == (before["age"], before["dose"])
    more = ATTACKS.get("category-flip")().run(own, np.arange(30), 2.0)
    assert more.withstood.sum() <= flipped.withstood.sum()


def test_texts_keep_their_length_and_few_words_change():
    own = subject("text")
    for name in ("characters", "words"):
        found = ATTACKS.get(name)().run(own, np.arange(len(own)), 0.25)
        for text, changed in zip(own.rows.examples.texts, found.changed, strict=True):
            assert len(changed) == len(text)
            pairs = list(zip(text.split(), changed.split(), strict=True))
            assert sum(a != b for a, b in pairs) <= 2
            if name == "characters":
                assert sorted(text) == sorted(changed)
        assert any(a != b for a, b in zip(own.rows.examples.texts, found.changed, strict=True))


def test_a_model_without_gradients_is_recognised():
    class Steps(Linear):
        def forward(self, x):
            flat, logits = super().forward(x)
            return flat, (10 * logits).round()

    own = rows("image")
    model = Model(Steps(64, 2), own.preprocessing, ("a", "b"))
    truth = model.logits_of(own.stored).argmax(1)
    stepwise = Subject("chosen", model, own, truth)
    assert "the same wherever" in stepwise.no_gradients
    assert subject("image").no_gradients == ""
    assert "no signal" in subject("tabular").no_gradients
