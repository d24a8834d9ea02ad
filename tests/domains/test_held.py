"""Labelled rows that are the same are held out together, and never where the source has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from landbridge.base.events import Events
from landbridge.domains.held import find_repeats
from landbridge.domains.modalities.images import ImageExamples
from landbridge.domains.modalities.table import TableExamples
from landbridge.domains.modalities.texts import TextExamples
from landbridge.domains.read import read_domain
from landbridge.domains.sealing import keep_labels, seal
from landbridge.domains.twins import without_seen


def numbers(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(50, 10, (n, 4))


def table(x: np.ndarray) -> TableExamples:
    return TableExamples({f"c{j}": x[:, j] for j in range(x.shape[1])})


def test_repeats_are_found_the_same_and_nearly():
    x = numbers(40)
    x[[7, 30]] = x[3]
    x[12] = x[11].round(1)
    expected = np.arange(40)
    expected[[7, 30, 12]] = [3, 3, 11]
    assert find_repeats(table(x)).tolist() == expected.tolist()
    pictures = np.random.default_rng(0).integers(0, 255, (6, 4, 4), np.uint8)
    pictures = pictures.repeat(8, 1).repeat(8, 2)
    pictures[4] = 0.9 * pictures[1]
    assert find_repeats(ImageExamples(pixels=pictures)).tolist() == [0, 1, 2, 3, 1, 5]
    assert find_repeats(TextExamples([])).tolist() == []


def test_rows_of_few_values_repeat_by_chance():
    rng = np.random.default_rng(0)
    few = table(rng.integers(0, 3, (300, 4)).astype(float))
    assert find_repeats(few).tolist() == list(range(300))
    words = {f"c{i}": np.array(list("abcde"), object)[rng.integers(0, 5, 300)] for i in range(15)}
    twice = {name: np.concatenate([v, v[:20]]) for name, v in words.items()}
    assert find_repeats(TableExamples(twice)).tolist() == [*range(300), *range(20)]


def domains() -> tuple:
    """Return 40 rows, and 20: 0-4 are among the others, 10 repeats 9, 11 nearly repeats 0."""
    x = numbers(60)
    target = np.concatenate([x[:5], x[40:55]])
    target[10], target[11] = target[9], target[0] + 1e-3
    y = ["a", "b"] * 30
    return (
        read_domain((x[:40], y[:40]), name="source"),
        read_domain((target, y[:20]), name="target"),
    )


@pytest.mark.parametrize("labelled", [20, 12])
def test_rows_of_the_source_are_never_held_out(labelled):
    source, target = domains()
    if labelled < 20:
        target = keep_labels(target, np.arange(20) < labelled)
    found = without_seen(source, target)
    groups = found.held.groups
    never = [0, 1, 2, 3, 4, 11]  # what is nearly a row of the source's as well
    assert np.flatnonzero(groups < 0).tolist() == never
    assert groups[10] == groups[9] == 9
    assert (found.held.seen.found, found.held.seen.of) == (6, labelled)
    assert found.labeled_mask.sum() == labelled  # they are learned from all the same
    assert (found.seen is None) == (labelled == 20)
    said = found.held.say("target", Events())
    assert said[0].startswith(f"6 of {labelled} labelled rows are in the source as well, 1 of them")
    assert said[1].startswith("2 labelled rows repeat another one")
    assert found.for_training().held.groups.tolist() == groups[~found.held_out].tolist()
    kept = without_seen(source, target, keep=True)
    assert kept.held.groups.tolist() == list(range(20))
    assert kept.held.seen.kept == "asked"
    assert "too good" in kept.held.say("target", Events())[0]


def test_a_source_without_labels_gives_nothing_away_and_sealed_ones_change_nothing():
    source, target = domains()
    bare = read_domain(np.stack(list(source.examples.columns.values()), 1), name="source")
    assert without_seen(bare, target).held.seen.found == 0
    frame = pd.DataFrame(dict(target.examples.columns))
    groups = [
        without_seen(
            source,
            keep_labels(read_domain((frame, [*"ab" * 6, *rest]), name="t"), np.arange(20) < 12),
        ).held.groups
        for rest in ("ab" * 4, "bbaaabab")
    ]
    assert np.array_equal(*groups)
    assert without_seen(source, seal(target, "judge")).held is None
