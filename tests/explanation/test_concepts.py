"""Regions of many images in groups: what is planted is one, and answers rest on it."""

from __future__ import annotations

import numpy as np
import planted_truth as planted

from landbridge.explanation.base import EXPLAINERS
from landbridge.explanation.concepts import Concepts, cut_out, region_features


def test_the_mark_is_the_group_that_answers_rest_on():
    made, _ = planted.image()
    method, found = EXPLAINERS.get("occlusion")(), Concepts()
    for row in range(12):
        assert made.scores(row, method, found) is not None
    groups = found.grouped()
    assert groups[0].share.value > 0.7
    assert groups[0].share.low > sum(one.share.value for one in groups[1:])
    assert groups[0].rows >= 11
    assert groups[0].regions < 12 * 6  # it is a few regions of each image, not all of them
    assert len(groups[0].pictures) == 4
    shares = sum(one.share.value for one in groups)
    assert 0.95 < shares <= 1 + 1e-9


def test_features_of_a_region_are_the_mean_of_its_places():
    made, _ = planted.image()
    game = made.game(0)[0]
    found = region_features(game)
    assert found.shape == (game.n_units, 1)
    strongest = int(found[:, 0].argmax())
    scores = EXPLAINERS.get("occlusion")().explain(game, 25, 0).scores
    assert strongest in np.argsort(-scores)[:2]


def test_few_rows_and_rows_without_regions_have_no_groups():
    made, _ = planted.image()
    few = Concepts()
    for row in range(3):
        made.scores(row, EXPLAINERS.get("occlusion")(), few)
    assert few.grouped() == []
    table, _ = planted.table()
    none = Concepts()
    for row in range(8):
        table.scores(row, EXPLAINERS.get("contributions")(), none)
    assert none.grouped() == []


def test_what_is_cut_out_is_pale_beside_the_region():
    image = np.full((6, 6, 3), 10, np.uint8)
    there = np.zeros((6, 6), bool)
    there[2, 1:4] = there[3, 1] = True
    cut = cut_out(image, there)
    assert cut.shape == (2, 3, 3)
    assert (cut[0] == 10).all()
    assert (cut[1, 1:] > 195).all()
