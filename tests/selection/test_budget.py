"""The budget: never exceeded where it can be kept, and more of it never buys less."""

from __future__ import annotations

from itertools import pairwise

import pytest

from landbridge.selection.budget import SHORTEST, BudgetPlan, allot

COSTS = {"ref": 4.0, "probe": 0.5, "a": 10.0, "b": 8.0, "c": 20.0, "d": 6.0}
BUDGETS = [1, 5, 10, 20, 40, 60, 80, 100, 120, 150, 200, 300, 400, 600, 1000, 5000]


def plan(budget: float, **how) -> BudgetPlan:
    arguments = {
        "references": ("ref", "probe"),
        "candidates": ("a", "b", "c", "d"),
        "given": None,
        "cost": lambda name, scale: COSTS[name] * scale,
        "steps": lambda name, scale: round(1000 * scale),
        "overhead": 3.0,
        "jobs": 1,
        "seeds": None,
        "first_seed": 7,
        "cross_validate": False,
    }
    return allot(budget=budget, **(arguments | how))


@pytest.mark.parametrize("how", [{}, {"cross_validate": True}, {"given": "c"}, {"jobs": 2}])
def test_more_budget_never_buys_less(how):
    plans = [plan(budget, **how) for budget in BUDGETS]
    for less, more in pairwise(plans):
        bought = [
            (len(p.candidates), len(p.seeds), p.scale, p.repeats if p.folds else 0)
            for p in (less, more)
        ]
        assert bought[0][1] <= bought[1][1]
        assert bought[0][2] <= bought[1][2]
        assert bought[0][0] <= bought[1][0] or less.scale < more.scale
    assert plans[-1].scale == 1.0
    assert len(plans[-1].seeds) == 3
    assert not plans[-1].not_tried


@pytest.mark.parametrize("how", [{}, {"cross_validate": True}, {"given": "c"}, {"seeds": 5}])
def test_the_budget_is_kept_where_the_shortest_plan_fits(how):
    shortest = plan(0.01, **how)
    assert shortest.scale == SHORTEST
    for budget in BUDGETS:
        found = plan(budget, **how)
        if budget >= shortest.seconds:
            assert found.seconds <= budget
        else:
            assert found.seconds == pytest.approx(shortest.seconds)


def test_what_is_dropped_is_the_least_important_and_said():
    full, short = plan(5000), plan(60)
    assert full.candidates == ("ref", "probe", "a", "b", "c", "d")
    assert short.candidates == full.candidates[: len(short.candidates)]
    assert {row.method for row in short.not_tried} == set(full.candidates) - set(short.candidates)
    assert all(row.why == "the budget is too short" for row in short.not_tried)


def test_seeds():
    assert plan(5000).seeds == (7, 8, 9)
    assert plan(5000).seeds_note == ""
    assert plan(5000, seeds=1).seeds == (7,)
    assert plan(5000, seeds=1).seeds_note == "1 seed: as asked"
    assert plan(20, given="a").seeds_note == "2 seeds: the budget allows no more"
    assert plan(1, seeds=4).seeds == (7, 8, 9, 10)  # what the user asks for stays


def test_references_are_always_there():
    assert plan(0.01).candidates == ("ref", "probe")
    assert plan(0.01, given="a").candidates == ()
    assert [fit.method for fit in plan(0.01, given="a").fits] == ["ref", "probe", "a"]


def test_repeats_use_what_is_left():
    found = plan(5000, cross_validate=True)
    assert (found.folds, found.repeats) == (3, 3)
    assert plan(5000).folds == 0
    assert plan(5000, given="a", cross_validate=True).folds == 0


@pytest.mark.parametrize("cross_validate", [False, True])
def test_what_is_cheap_is_never_left_out(cross_validate):
    """Baselines fill the time: leaving out candidates of a moment would save nothing."""
    costs = {"scratch": 300.0, "probe": 0.1, "quick": 0.2, "fast": 0.3, "slow": 80.0}
    found = allot(
        references=("scratch", "probe"),
        candidates=("quick", "fast", "slow"),
        given=None,
        cost=lambda name, scale: costs[name] * scale,
        steps=lambda name, scale: 1,
        budget=60.0,
        overhead=3.0,
        jobs=1,
        seeds=None,
        first_seed=0,
        cross_validate=cross_validate,
    )
    assert {"quick", "fast"} <= set(found.candidates)
    assert [row.method for row in found.not_tried] == ["slow"]


SCRATCH_FIRST = {"scratch": 100.0, "probe": 0.1, "quick": 5.0, "slow": 30.0}


def with_scratch(budget, **how):
    return allot(
        **{
            "references": ("scratch", "probe"),
            "candidates": ("quick", "slow"),
            "given": None,
            "cost": lambda name, scale: SCRATCH_FIRST[name] * (1 if name == "probe" else scale),
            "steps": lambda name, scale: 0 if name == "probe" else round(1000 * scale),
            "budget": budget,
            "overhead": 3.0,
            "jobs": 1,
            "seeds": None,
            "first_seed": 0,
            "cross_validate": True,
            "shorten": ("scratch",),
        }
        | how
    )


def test_scratch_is_shortened_before_a_candidate_is_left_out():
    full, short = with_scratch(1100), with_scratch(600)
    assert full.first_scale == full.scale == 1.0
    assert short.candidates == full.candidates
    assert (short.seeds, short.scale) == (full.seeds, 1.0)
    assert SHORTEST <= short.first_scale < 1.0
    assert short.seconds <= 600
    by_name = {fit.method: fit for fit in short.fits}
    assert by_name["scratch"].steps == round(1000 * short.first_scale)
    assert by_name["slow"].steps == 1000
    without = with_scratch(600, shorten=())
    assert set(without.candidates) < set(full.candidates) or without.scale < 1


def test_no_longer_budget_shortens_more_than_candidates_ask_for():
    found = [with_scratch(budget) for budget in range(20, 1200, 30)]
    bought = [(len(p.candidates), p.first_scale) for p in found]
    assert bought == sorted(bought)
    assert all(plan.first_scale >= SHORTEST for plan in found)
    assert found[0].scale == found[0].first_scale == SHORTEST


def test_a_named_method_keeps_its_steps_while_scratch_is_shorter():
    found = with_scratch(350, given="slow")
    assert found.scale == 1.0
    assert found.first_scale < 1.0
    assert len(found.seeds) == 3


def test_scratch_is_as_long_as_ever_where_shortening_it_keeps_nothing():
    costs = SCRATCH_FIRST | {"fast": 1.0, "slow": 9000.0}
    found = with_scratch(
        1000,
        candidates=("quick", "fast", "slow"),
        cost=lambda name, scale: costs[name] * scale,
    )
    assert [row.method for row in found.not_tried] == ["slow"]
    assert found.first_scale == 1.0
