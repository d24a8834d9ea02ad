"""What is sealed, and that it stays so."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import types

import numpy as np
import pytest

from landbridge.base.errors import ConfigError, SealedError
from landbridge.domains import Domain, read_domain, seal

OPENER = "def reach(domain):\n    return domain.sealed.open()\n"


def domain_of(n: int = 40, classes: int = 2, split=None, labels=None) -> Domain:
    x = np.random.default_rng(0).normal(size=(n, 3))
    y = [f"c{i % classes}" for i in range(n)] if labels is None else labels
    return read_domain((x, y), split=split)


def code_in(module: str):
    """Return a function that lives in a module of this name."""
    place = types.ModuleType(module)
    exec(OPENER, place.__dict__)
    return place.reach


@pytest.mark.parametrize(
    "module",
    [
        "landbridge.methods.cheat",
        "landbridge.selection.race",
        "landbridge.training.early_stopping",
        "landbridge.verdictish",
        "landbridge.metrics",
        "__main__",
    ],
)
def test_only_the_verdict_opens(module: str) -> None:
    target = seal(domain_of(), "judge")
    with pytest.raises(SealedError, match="kept for judging"):
        code_in(module)(target)
    assert target.for_training().sealed is None
    with pytest.raises(AttributeError):
        code_in(module)(target.for_training())


def test_the_verdict_opens() -> None:
    target = seal(domain_of(), "use")
    names = code_in("landbridge.verdict.evaluate")(target)
    assert len(names) == target.test_mask.sum()
    assert set(names) == {"c0", "c1"}
    expected = [f"c{i % 2}" for i in np.flatnonzero(target.test_mask)]
    assert names.tolist() == expected


@pytest.mark.parametrize(
    "trick",
    [
        np.asarray,
        list,
        copy.copy,
        copy.deepcopy,
        pickle.dumps,
        lambda s: s[0],
        lambda s: s.__reduce_ex__(4),
        lambda s: np.array([s, s], dtype=str),
    ],
)
def test_tricks_are_refused(trick) -> None:
    sealed = seal(domain_of(), "judge").sealed
    try:
        found = trick(sealed)
    except (SealedError, TypeError):
        return
    assert "c0" not in str(found)
    assert "c1" not in str(found)


def test_nothing_of_it_shows() -> None:
    target = seal(domain_of(), "judge")
    assert repr(target.sealed) == "SealedLabels(40 labels, sealed)"
    assert "c1" not in repr(target)
    assert not hasattr(target.sealed, "__dict__")
    assert (target.labels == 0).all()
    assert target.classes == ()
    for reach in (pickle.dumps, copy.deepcopy, dataclasses.asdict):
        with pytest.raises(SealedError):
            reach(target)
    plain = pickle.loads(pickle.dumps(target.for_training()))
    assert plain.sealed is None


def test_use_draws_a_stratified_share() -> None:
    target = seal(domain_of(100, 4), "use", fraction=0.3, seed=1)
    assert target.test_mask.sum() == 32  # round(7.5) is 8
    assert np.array_equal(target.test_mask, target.held_out)
    assert not (target.labeled_mask & target.test_mask).any()
    assert target.counts() == dict.fromkeys(("c0", "c1", "c2", "c3"), 17)
    again = seal(domain_of(100, 4), "use", fraction=0.3, seed=1)
    other = seal(domain_of(100, 4), "use", fraction=0.3, seed=2)
    assert np.array_equal(target.test_mask, again.test_mask)
    assert not np.array_equal(target.test_mask, other.test_mask)
    assert target.labelled == "all"
    assert len(target.for_training()) == 68


def test_use_with_few_labels_judges_nothing() -> None:
    labels = [f"c{i % 5}" if i < 15 else None for i in range(60)]
    target = seal(domain_of(60, labels=labels), "use")
    assert not target.test_mask.any()
    assert target.sealed is None
    assert target.labelled == "few"
    assert "too few" in target.notes[-1]


def test_small_classes_keep_a_label() -> None:
    labels = ["a"] * 20 + ["b"] * 3 + ["c"] * 2
    target = seal(domain_of(25, labels=labels), "use")
    assert target.counts() == {"a": 14, "b": 1, "c": 2}
    assert "fewer than 3" in target.notes[-1]


@pytest.mark.parametrize("policy", ["use", "judge"])
def test_given_test_split(policy) -> None:
    split = ["train"] * 20 + ["val"] * 10 + ["test"] * 10
    target = seal(domain_of(40, 2, split), policy)
    assert target.test_mask.tolist() == [s == "test" for s in split]
    assert np.array_equal(target.held_out, target.test_mask)
    assert target.labeled_mask.sum() == (30 if policy == "use" else 0)
    assert target.validation.sum() == 10
    assert "test split" in " ".join(target.notes)


@pytest.mark.parametrize("policy", ["use", "judge"])
def test_validation_split_alone_is_judged(policy) -> None:
    split = ["train"] * 30 + ["val"] * 10
    target = seal(domain_of(40, 2, split), policy)
    assert target.test_mask.tolist() == [s == "val" for s in split]
    assert np.array_equal(target.held_out, target.test_mask)
    assert not target.validation.any()
    assert target.labeled_mask.sum() == (30 if policy == "use" else 0)
    assert "validation split" in " ".join(target.notes)


def test_judge_without_split_is_transductive() -> None:
    labels = [f"c{i % 2}" if i < 30 else None for i in range(40)]
    target = seal(domain_of(40, labels=labels), "judge")
    assert target.test_mask.sum() == 30
    assert not target.held_out.any()
    assert target.labelled == "none"
    assert len(target.for_training()) == 40


def test_a_test_split_alone_is_used_without_labels() -> None:
    target = seal(domain_of(20, 2, ["test"] * 20), "judge")
    assert target.test_mask.all()
    assert not target.held_out.any()
    assert "nothing beside" in target.notes[-1]


def test_no_labels_at_all() -> None:
    target = seal(domain_of(10, labels=[None] * 10), "judge")
    assert target.sealed is None
    assert "nothing can be judged" in target.notes[-1]


def test_a_judged_only_class_does_not_leak() -> None:
    labels = ["b"] * 10 + ["c"] * 10 + ["a"] * 5 + ["c"] * 5
    split = ["train"] * 20 + ["test"] * 10
    target = seal(domain_of(30, labels=labels, split=split), "use")
    assert target.classes == ("b", "c")
    assert [target.classes[i] for i in target.labels[target.labeled_mask]] == ["b"] * 10 + [
        "c"
    ] * 10
    assert "a" in code_in("landbridge.verdict")(target).tolist()


def test_wrong_use() -> None:
    with pytest.raises(ConfigError, match="policy"):
        seal(domain_of(), "peek")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="fraction"):
        seal(domain_of(), "use", fraction=1.0)
    with pytest.raises(ValueError, match="sealed already"):
        seal(seal(domain_of(), "use"), "use")
