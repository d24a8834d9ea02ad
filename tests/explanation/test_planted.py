"""What is planted is found in at least 95 of 100 rows, by the method that auto takes."""

from __future__ import annotations

import numpy as np
import planted_truth as planted
import pytest

from landbridge.explanation.checks import shuffled
from landbridge.explanation.reliance import shortcuts

LEAST = 0.95


def explained(made):
    """Return the chosen method and each row's explanation."""
    n = len(made.outputs)
    chosen = made.choose(range(n), "auto")
    return chosen, [made.explain(row, chosen.method) for row in range(n)]


def test_known_coefficients_of_a_table():
    made, truth = planted.table()
    chosen, rows = explained(made)
    assert chosen.method.name == "contributions"
    assert chosen.check.passed
    for row, right in zip(rows, truth, strict=True):
        np.testing.assert_allclose(row.attribution.scores, right, atol=1e-4)


def test_a_category_is_one_unit():
    made, _ = planted.table()
    assert made.game(0)[0].view.names == tuple(planted.COEFFICIENTS)


def test_a_mark_in_an_image():
    made, marked = planted.image()
    chosen, rows = explained(made)
    assert chosen.check.passed
    hits = [
        marked[i][row.game.view.labels == row.attribution.scores.argmax()].any()
        for i, row in enumerate(rows)
    ]
    assert np.mean(hits) >= LEAST


def test_a_word_in_a_text():
    chosen, rows = explained(planted.texts())
    assert chosen.check.passed
    hits = [row.game.view.names[row.attribution.scores.argmax()] == planted.WORD for row in rows]
    assert np.mean(hits) >= LEAST


def test_a_word_in_a_text_of_more_words_than_passes():
    made = planted.texts(10, " ".join(f"word{i}" for i in range(90)))
    _, rows = explained(made)
    hits = [row.game.view.names[row.attribution.scores.argmax()] == planted.WORD for row in rows]
    assert np.mean(hits) >= LEAST
    assert max(row.attribution.cost for row in rows) <= 25


def test_a_tone_in_a_recording():
    made, starts = planted.sound()
    chosen, rows = explained(made)
    assert chosen.check.passed
    hits = []
    for start, row in zip(starts, rows, strict=True):
        name = row.game.view.names[row.attribution.scores.argmax()]
        first, last = (float(part) for part in name.split(" s,")[0].split(" to "))
        low, high = (float(p) for p in name.split(", ")[1].removesuffix(" Hz").split(" to "))
        heard = first * planted.RATE < start + 1600 and last * planted.RATE > start
        hits.append(heard and low - 60 <= planted.TONE <= high + 60)
    assert np.mean(hits) >= LEAST


def test_an_explanation_of_shuffled_weights_is_another_one():
    made, _ = planted.table()
    chosen, _ = explained(made)
    assert abs(chosen.check.randomised) < 0.8
    tensors = zip(
        shuffled(made.network, 0).state_dict().values(),
        made.network.state_dict().values(),
        strict=True,
    )
    for a, b in tensors:
        np.testing.assert_allclose(a.flatten().sort()[0], b.flatten().sort()[0])


def test_what_only_the_source_has_is_said():
    rng = np.random.default_rng(0)
    source = [{"mark": 5 + rng.random(), "shape": 4.0, "sky": -1.0} for _ in range(20)]
    target = [{"mark": 0.0, "shape": 4 + rng.random(), "sky": 0.3} for _ in range(20)]
    found = shortcuts(source, target)
    assert [one.key for one in found] == ["mark"]
    assert "relies on 'mark'" in found[0].sentence()
    assert "which the target does not have" in found[0].sentence()
    assert not shortcuts(source, source)
    assert not shortcuts(source[:4], target[:4])


@pytest.mark.parametrize("n", [30, 8])
def test_influence_is_what_fitting_again_without_the_row_gives(n):
    from landbridge.explanation.influence import ridge_influence

    rng = np.random.default_rng(0)
    x, y, q = rng.normal(size=(n, 12)), rng.normal(size=n), rng.normal(size=(2, 12))
    alpha, middle = 0.7, x.mean(0)

    def answer(rows):
        a = np.column_stack([x[rows] - middle, np.ones(len(rows))])
        penalty = np.diag([alpha] * 12 + [0.0])
        fitted = np.linalg.solve(a.T @ a + penalty, a.T @ y[rows])
        return np.column_stack([q - middle, np.ones(2)]) @ fitted

    every = np.arange(n)
    right = np.stack([answer(every) - answer(np.delete(every, i)) for i in every], 1)
    np.testing.assert_allclose(ridge_influence(x, y, q, alpha).change, right, atol=1e-5)
