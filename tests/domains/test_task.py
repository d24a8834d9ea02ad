"""The setting, the answers and what is refused before any training."""

from __future__ import annotations

import numpy as np
import pytest

from landbridge.base.errors import DataError
from landbridge.domains import Domain, Task, compare_classes, read_domain, seal
from landbridge.domains.compare import match_classes


def rows(labels, name: str = "d", split=None) -> Domain:
    x = np.random.default_rng(0).normal(size=(len(labels), 3))
    return read_domain((x, labels), name=name, split=split)


@pytest.mark.parametrize(
    ("source", "target", "kind"),
    [
        ("aabb", "abab", "same"),
        ("abc", "ab", "partial"),
        ("ab", "abc", "open"),
        ("abc", "bcd", "open-partial"),
        ("ab", "cd", "disjoint"),
        ("ab", [None, None], "unknown"),
    ],
)
def test_compare(source, target, kind: str) -> None:
    match = compare_classes(rows(list(source)), rows(list(target)))
    assert match.kind == kind
    assert match.sentence()


def test_compare_hints_at_spelling_and_sees_no_seal() -> None:
    match = compare_classes(rows(["Ant", "bee"]), rows(["ant", "wasp"]))
    assert "one class?" in match.sentence()
    assert compare_classes(rows(list("ab")), seal(rows(list("ab") * 9), "judge")).kind == "unknown"
    assert compare_classes(None, rows(list("ab"))).kind == "unknown"


@pytest.mark.parametrize(
    ("source", "target", "policy", "setting", "words"),
    [
        ("ab" * 10, "ab" * 10, "use", ("labelled", "all"), "supervised transfer"),
        ("ab" * 10, "ab" * 10, "judge", ("labelled", "none"), "unsupervised domain adaptation"),
        ([None] * 9, "ab" * 10, "use", ("unlabelled", "all"), "self-supervised pretraining"),
        ([None] * 9, [None] * 9, "judge", ("unlabelled", "none"), "unlabelled on both sides"),
        (None, "ab" * 10, "use", ("none", "all"), "what a backbone knows"),
        (None, "ab" * 10, "judge", ("none", "none"), "features and clusters"),
    ],
)
def test_settings(source, target, policy, setting, words: str) -> None:
    side = None if source is None else rows(list(source), "lab")
    task = Task.build(side, seal(rows(list(target), "field"), policy))
    assert (task.source_labels, task.target_labels) == setting
    assert words in task.sentence()
    assert "'field'" in task.sentence()


def test_few() -> None:
    labels = list("abc") * 2 + [None] * 30
    task = Task.build(rows(list("abc") * 5), seal(rows(labels), "use"))
    assert task.target_labels == "few"
    assert "few labels" in task.sentence()
    assert "6 of them labelled" in task.sentence()


def test_large_counts_are_written_in_one_way() -> None:
    judged = Task.build(rows(list("ab") * 5), seal(rows(list("ab") * 900), "judge"))
    assert "judged on 1,800 sealed labels" in judged.sentence()


def test_answers_of_a_labelled_target_are_its_own() -> None:
    source = rows(list("abc") * 5)
    task = Task.build(source, seal(rows(list("dcb") * 8), "use"))
    assert task.classes == ("b", "c", "d")
    ours, theirs = task.training()
    assert ours is not None
    assert ours.counts() == {"b": 5, "c": 5, "d": 0}
    assert len(ours) == 15
    assert theirs.counts()["d"] > 0
    assert task.source is source  # its own classes are still there


def test_answers_of_few_labels() -> None:
    source = rows(list("abcd") * 5)
    single = rows(["b", "c", "c"] + [None] * 20)
    task = Task.build(source, single)
    assert task.classes == ("a", "b", "c", "d")
    assert "stay possible" in task.notes[0]
    twice = rows(["b", "b", "c", "c"] + [None] * 20)
    task = Task.build(source, twice)
    assert task.classes == ("b", "c")
    assert "no possible answers" in task.notes[0]
    new = rows(["z", "c", "c"] + [None] * 20)
    assert Task.build(source, new).classes == ("c", "z", "a", "b", "d")


def test_answers_of_an_unlabelled_target_are_the_sources() -> None:
    target = seal(rows(list("xyz") * 6), "judge")
    task = Task.build(rows(list("ab") * 5), target)
    assert task.classes == ("a", "b")
    _, theirs = task.training()
    assert theirs.classes == ("a", "b")
    assert not theirs.labeled_mask.any()
    assert theirs.sealed is None


def test_classes_seen_in_the_test_split_only_are_no_answers() -> None:
    source = rows(list("ababc"), split=["train"] * 4 + ["test"])
    assert Task.build(source, rows([None] * 5)).classes == ("a", "b")


def test_refused() -> None:
    good = rows(list("ab") * 5, "good")
    images = read_domain((np.zeros((4, 8, 8), np.uint8), list("abab")), name="pictures")
    with pytest.raises(
        DataError, match=r"'good' holds a table and the target 'pictures' holds images"
    ):
        Task.build(good, images)
    with pytest.raises(DataError, match=r"source 'd' are 'a': one class only"):
        Task.build(rows(["a"] * 5), good)
    with pytest.raises(DataError, match="target 'd' are 'a': one class only"):
        Task.build(None, rows(["a"] * 5))
    with pytest.raises(DataError, match="none to learn from"):
        Task.build(rows(list("ab"), split=["test", "test"]), good)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (("a", "b"), (), "the target shows methods no label"),
        ((), ("a", "b"), "the source shows methods no label"),
        ((), (), "neither side shows methods a label"),
    ],
)
def test_a_side_without_labels_is_named(ours, theirs, said):
    assert match_classes(ours, theirs).sentence() == (
        f"Whether they have the same classes is not known: {said}."
    )
