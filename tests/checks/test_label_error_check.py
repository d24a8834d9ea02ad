"""The check of labels: planted errors are named and written, data stay as they are."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from landbridge.base.errors import ConfigError
from landbridge.checks import check
from landbridge.checks.records import check_file
from landbridge.cli.app import app
from landbridge.domains.read import read_domain


def planted(n=200, seed=0):
    """Return rows, labels with errors, true labels, and where the errors are."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    x = rng.normal(size=(n, 4)) + 6 * np.eye(4)[truth]
    wrong = np.sort(rng.permutation(n)[:12])
    names = np.array(["ant", "bee", "cat"])
    given = truth.copy()
    given[wrong] = (truth[wrong] + 1) % 3
    return x, names[given], names[truth], wrong


def test_planted_errors_are_named_with_what_they_rather_are():
    x, given, truth, wrong = planted()
    domain = read_domain((x, given), name="t")
    before = domain.labels.copy()
    (problem,) = check(domain, only=["label-errors"])
    assert problem.severity == "warning"
    places = [one["place"] for one in problem.records]
    assert set(places[:10]) <= set(wrong.tolist())  # the likeliest come first
    assert 10 <= len(places) <= 15
    for one in problem.records[:10]:
        assert one["suggested"] == truth[one["place"]]
        assert one["label"] == given[one["place"]]
        assert one["p_suggested"] > one["p_label"]
    assert problem.rows[0].startswith(f"t row {places[0]}: {given[places[0]]}, rather ")
    np.testing.assert_array_equal(domain.labels, before)
    assert "records" not in problem.to_dict()


def test_it_runs_only_where_it_is_named_and_looks_at_both_sides():
    x, given, _, wrong = planted()
    domain, clean = read_domain((x, given), name="t"), read_domain((x + 1, planted()[2]), name="c")
    assert not [p for p in check(domain) if p.check == "label-errors"]
    (problem,) = check(clean, domain, only=["label-errors"])
    assert problem.found.startswith("t: ")
    assert 10 <= problem.count <= len(wrong) + 3


def test_what_cannot_be_looked_at_is_said():
    x, given, _, _ = planted()
    few = given.copy()
    few[:2] = "dog"
    notes = [p for p in check(read_domain((x, few)), only=["label-errors"]) if p.severity == "note"]
    assert "2 labels could not be looked at" in notes[0].found
    numbers = read_domain((x, np.arange(200) / 7), target_type="regression")
    (note,) = check(numbers, only=["label-errors"])
    assert note.severity == "note"
    assert "classes alone" in note.found
    (note,) = check(read_domain((x[:6], ["a"] * 5 + ["b"])), only=["label-errors"])
    assert "fewer than two classes" in note.found


def test_the_file_holds_every_suspect(tmp_path):
    x, given, _, wrong = planted()
    table = tmp_path / "t.csv"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", "d", "label"])
        writer.writerows([*row, label] for row, label in zip(x.tolist(), given, strict=True))
    out = tmp_path / "suspects.csv"
    asked = ["check", str(table), "--only", "label-errors", "--out", str(out), "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0
    value = json.loads(result.stdout)
    assert value["out"] == str(out)
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == value["problems"][0]["count"] >= 10
    assert {int(row["place"]) for row in rows[:10]} <= set(wrong.tolist())
    margins = [float(row["margin"]) for row in rows]
    assert margins == sorted(margins, reverse=True)


@pytest.mark.parametrize(
    ("name", "only", "said"),
    [
        ("a.csv", None, "none of the checks"),
        ("a.txt", ["label-errors"], "not a .csv file"),
        ("there.csv", ["label-errors"], "is there already"),
    ],
)
def test_a_file_that_would_not_be_written_is_refused(tmp_path, name, only, said):
    (tmp_path / "there.csv").write_text("mine")
    with pytest.raises(ConfigError, match=said):
        check_file(tmp_path / name, only)
