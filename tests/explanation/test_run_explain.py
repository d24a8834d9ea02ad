"""`Run.explain` and `landbridge explain` on a small run: rows, source, page, errors."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

import landbridge
from landbridge.base.errors import ConfigError, DataError

N = 120


def frame(seed, marked):
    """Return a table whose `stamp` goes with the class in the source alone."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, N)
    return pd.DataFrame(
        {
            "size": label + rng.normal(0, 1.0, N),
            "weight": rng.normal(0, 1, N),
            "stamp": (6.0 * label + rng.normal(0, 0.3, N)) if marked else np.full(N, 0.0),
            "label": np.where(label == 1, "ripe", "green"),
        }
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("explained")
    source, target = folder / "source.csv", folder / "target.csv"
    frame(0, True).to_csv(source, index=False)
    frame(1, False).to_csv(target, index=False)
    made = landbridge.transfer(
        source=str(source),
        target=str(target),
        label="label",
        target_labels="judge",
        backbone="identity",
        method="source-only",
        seeds=1,
        out=folder / "run",
    )
    return made, target


def test_a_shortcut_of_the_source_is_said(run):
    made, target = run
    found = made.explain(target, rows=10)
    assert found.check.passed
    assert len(found.rows) == 10
    assert [one.key for one in found.shortcuts] == ["stamp"]
    assert found.source[0].key == "stamp"
    assert all(one.key != "stamp" for one in found.whole)
    assert "'stamp'" in found.to_json()["shortcuts"][0]["sentence"]
    assert {n.kind for row in found.rows for n in row.neighbours} == {"for", "against", "near"}
    assert all(row.strongest(1)[0][0] in ("size", "weight") for row in found.rows)


def test_labels_decide_which_rows_are_shown_and_nothing_else(run):
    made, target = run
    rows = ["target row 3", "target row 5"]
    ours = made.explain(target, rows=rows)
    table = pd.read_csv(target)
    other = target.with_name("turned.csv")
    turned = table.assign(label=table.label.map({"ripe": "green", "green": "ripe"}))
    turned.to_csv(other, index=False)
    theirs = made.explain(other, rows="3, turned row 5")
    for a, b in zip(ours.rows, theirs.rows, strict=True):
        assert (a.answer, a.scores) == (b.answer, b.scores)
    assert ours.method == theirs.method


def test_the_source_can_be_left_out_or_lie_elsewhere(run, tmp_path):
    made, target = run
    assert made.explain(target, rows=3, source="none").source == ()
    with pytest.raises(DataError, match="does not exist"):
        made.explain(target, rows=3, source=str(tmp_path / "nowhere.csv"))
    source = target.with_name("source.csv")
    source.rename(tmp_path / "elsewhere.csv")
    try:
        missing = made.explain(target, rows=3)
    finally:
        (tmp_path / "elsewhere.csv").rename(source)
    assert "could not be read again" in missing.notes[0]


def test_what_is_said_of_a_row_does_not_depend_on_which_others_are_named(run, tmp_path):
    made, target = run
    many = made.explain(target, rows=["target row 3", "target row 5"], source="none")
    alone = made.explain(target, rows=["target row 3"], source="none")
    assert alone.rows[0].scores == many.rows[0].scores
    assert alone.check.passed
    assert alone.check.rows == 12
    single = tmp_path / "single.csv"
    pd.read_csv(target).iloc[[2]].to_csv(single, index=False)
    only = made.explain(single, source="none").rows[0]
    assert only.check.passed  # what is usual is then what was usual at training
    assert only.strongest(1)[0][1] != 0


def test_the_page_and_the_command(run, capsys, tmp_path):
    from landbridge.cli.app import app

    made, target = run
    page = tmp_path / "why.html"
    words = ["explain", str(made.path), str(target), "--rows", "4", "--out", str(page), "--json"]
    with pytest.raises(SystemExit) as ended:
        app(words)
    assert ended.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rows"]) == 4
    assert found["page"] == str(page)
    text = page.read_text("utf-8")
    assert "which the target does not have" in text
    assert "passed its checks" in text.lower()
    assert not re.search(r"(?:src|href)=\"https?:", text)


@pytest.mark.parametrize(
    ("how", "kind", "said"),
    [
        ({"rows": "row nine"}, ConfigError, "no row 'row nine'"),
        ({"rows": 0}, ConfigError, "expected 1 or more"),
        ({"rows": "-3"}, ConfigError, "rows is -3"),
        ({"method": "lime"}, ConfigError, "unknown explanation method"),
        ({"method": "grad-cam"}, ConfigError, "no regions"),
        ({"passes": 1}, ConfigError, "at least 4"),
    ],
)
def test_errors_name_what_was_asked(run, how, kind, said):
    made, target = run
    with pytest.raises(kind, match=said):
        made.explain(target, **how)


def test_data_of_another_modality_are_refused(run):
    made, _ = run
    with pytest.raises(DataError):
        made.explain(np.zeros((4, 8, 8), np.uint8))


def test_an_explanation_that_fails_is_not_to_be_relied_on(run, monkeypatch):
    from landbridge.explanation.methods.contributions import Contributions
    from landbridge.report.explained import page_of

    made, target = run
    right = Contributions.explain

    def wrong(self, game, budget, seed):
        own = right(self, game, budget, seed)
        return type(own)(-own.scores, None, own.cost)

    monkeypatch.setattr(Contributions, "explain", wrong)
    found = made.explain(target, rows=8, method="contributions")
    assert not found.check.passed
    assert "not to be relied on" in found.sentence()
    page = page_of(found)
    assert page.outcomes[0].outcome == "not to be relied on"
    assert any("not to be relied on" in box.tag for box in page.sections[0].blocks[1].boxes)
