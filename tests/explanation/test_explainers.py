"""What every registered explanation method and view holds."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from planted_truth import MADE, mixture, table

from landbridge.backbones.heads import StepsHead
from landbridge.base.errors import ConfigError
from landbridge.explanation.base import EXPLAINERS, budget_of
from landbridge.explanation.checks import check_row, method_check, random_orders
from landbridge.explanation.explain import modality_shares
from landbridge.explanation.records import Attribution, RowCheck
from landbridge.inference.layers import Neighbours
from landbridge.targets.registry import get_target_type

CASES = [(name, case) for name in EXPLAINERS for case in MADE]


@pytest.fixture(scope="module")
def made():
    return {name: make() for name, make in MADE.items()}


@pytest.mark.parametrize(("name", "case"), CASES)
def test_a_method_explains_or_says_why_not(name, case, made):
    explaining = made[case]
    method = EXPLAINERS.get(name)()
    assert method.summary
    assert method.paper
    game, _ = explaining.game(0)
    if why := method.misfit(game):
        assert isinstance(why, str)
        return
    before = copy.deepcopy(explaining.network.state_dict())
    own = method.explain(game, 25, 0)
    assert own.scores.shape == (game.n_units,)
    assert np.isfinite(own.scores).all()
    assert 0 < own.cost <= budget_of(game, 25) + 1
    again = method.explain(explaining.game(0)[0], 25, 0)
    np.testing.assert_array_equal(own.scores, again.scores)
    for key, tensor in explaining.network.state_dict().items():
        assert torch.equal(tensor, before[key])
    if own.detail is not None:
        assert own.detail.shape == game.view.labels.shape
        np.testing.assert_allclose(game.view.gathered(own.detail), own.scores, atol=1e-9)
    if method.sums and name != "integrated-gradients":
        assert own.scores.sum() == pytest.approx(game.whole - game.nothing, abs=1e-3)


@pytest.mark.parametrize("case", MADE)
def test_a_view_shows_the_row_as_it_is_and_hides_units(case, made):
    explaining = made[case]
    game, about = explaining.game(0)
    assert about in ("yes", "no")
    assert len(set(game.view.names)) <= game.n_units == len(game.view.keys)
    gap = explaining.outputs[0] @ game.weights.numpy()
    assert game.whole == pytest.approx(gap, rel=1e-3, abs=1e-3)
    assert game.nothing != pytest.approx(game.whole, abs=1e-4)
    assert game.view.drawn(np.ones(game.n_units))


def test_a_model_without_gradients_is_explained_by_hiding():
    made, _ = table()
    rows = made.rows.stored
    votes = np.eye(2)[made.outputs.argmax(1)]
    made.network.head = StepsHead(
        [Neighbours(rows.astype(float), votes, np.array(3), np.array(0.01))]
    )
    game, _ = made.game(0)
    assert EXPLAINERS.get("integrated-gradients")().misfit(game) == "the model has no gradients"
    chosen = made.choose(range(10), "auto")
    assert chosen.method.name in ("occlusion", "shapley")
    with pytest.raises(ConfigError, match="no gradients") as error:
        made.choose(range(10), "integrated-gradients")
    assert "occlusion" in error.value.hint


def test_modalities_share_what_a_mixture_says():
    explaining = mixture()
    game, _ = explaining.game(0)
    found = dict(modality_shares(game))
    assert set(found) == {"tabular", "text"}
    assert np.isfinite(list(found.values())).all()
    assert sum(found.values()) == pytest.approx(game.whole - game.nothing, abs=1e-4)
    assert abs(found["tabular"]) < 1e-6 < found["text"]
    own = EXPLAINERS.get("occlusion")().explain(game, 25, 0)
    assert game.view.names[own.scores.argmax()] == "text: wonderful"
    assert len(game.view.drawn(own.scores)) == 2


def test_each_set_of_units_is_asked_once(made):
    game, _ = made["table"].game(0)
    kept = np.ones((3, game.n_units), bool)
    kept[1, 0] = False
    game.values(kept)
    game.values(kept)
    assert game.cost == 2


def test_a_good_order_gains_and_its_opposite_loses(made):
    game, _ = made["table"].game(0)
    scores = EXPLAINERS.get("contributions")().explain(game, 25, 0).scores
    good, bad = check_row(game, scores, 0), check_row(game, -scores, 0)
    assert good.passed
    assert not bad.passed
    assert good.gain == pytest.approx(-bad.gain, abs=0.6)
    assert good.infidelity < 1e-6
    assert bad.infidelity == 1.0


def test_few_units_are_held_against_every_order_so_that_both_directions_count():
    explaining, _ = table()
    for row in range(12):
        game, _ = explaining.game(row)
        scores = EXPLAINERS.get("contributions")().explain(game, 25, 0).scores
        assert check_row(game, scores, 0).gain > 0.1
    assert len(random_orders(3, False, 0)) == 6
    first, second = random_orders(9, False, 0)
    assert first.tolist() == second[::-1].tolist()


def test_an_interval_of_gains_ends_at_one():
    checks = [RowCheck(0.95, 0.0), RowCheck(0.1, 0.0)]
    pairs = [(Attribution(np.ones(2), cost=1.0), check) for check in checks]
    found = method_check("occlusion", pairs, None, 0.0)
    assert found.gain.high == 1.0
    assert found.gain.low <= found.gain.value == pytest.approx(0.525)


def test_a_method_is_tried_on_more_rows_than_one(made):
    assert made["table"].choose([3], "auto").check.rows == 12
    assert made["image"].choose([3], "occlusion").check.rows == 5


def test_what_lowers_a_number_counts_as_much_as_what_raises_it():
    explaining, _ = table()
    method = EXPLAINERS.get("contributions")()
    codec = replace(explaining.codec, target_type=get_target_type("ordinal"))
    ranks = replace(explaining, codec=codec)
    for row in range(6):
        game, about = ranks.game(row)
        assert about == "a higher class"
        scores = game.view.by_key(method.explain(game, 25, 0).scores)
        assert ranks.scores(row, method) == {key: abs(score) for key, score in scores.items()}


def test_regions_have_names_of_their_own():
    explaining = MADE["image"]()
    for row in range(5):
        names = explaining.game(row)[0].view.names
        assert len(set(names)) == len(names)
        assert not any(name[-1].isdigit() for name in names)
