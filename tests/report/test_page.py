"""Short reports: what they say, that they escape, that they load nothing."""

from __future__ import annotations

from pathlib import Path

import chrome
import numpy as np
import pytest

from landbridge.insight.samples import first_values, sample, wrong_and_right
from landbridge.metrics.intervals import Interval
from landbridge.report.blocks import Estimate, Facts, Table, commands, forest
from landbridge.report.page import Outcome, Page, Section, noted, write_page
from landbridge.report.samples import keep_samples, sample_cards
from landbridge.report.units import Units

EVIL = '"><script>alert(1)</script>'
GAP = Interval(0.04, 0.01, 0.08)


def page(folder: Path) -> Page:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    keep_samples(
        folder,
        [
            sample("one", pictures=[(image, EVIL)], lines=[("said", 0.123456789)], right=True),
            sample(EVIL, lines=[(EVIL, "x" * 1000)], right=False),
        ],
    )
    share = Estimate.of(EVIL, Interval(0.9, 0.8, 0.95), chosen=True)
    gap = Estimate.of_gap("b", Interval(-2.0, -3.0, 1.0), Units(percent=False))
    return Page(
        title=EVIL,
        headline="It helped.",
        outcomes=[Outcome("helped", "It helped.", GAP, "of accuracy")],
        sections=[
            Section("shares", "Shares", [forest([share])]),
            Section("gaps", "Gaps", [forest([gap], Units(percent=False), zero=True)]),
            Section("table", "Table", [Table(["a", "b"], [[EVIL, "1.0 %"]], right=[1])]),
            *sample_cards(folder, "Examples", "Two."),
            Section("facts", "Facts", [Facts([("Seed", EVIL)])]),
            Section("next", "Next", commands([("This", f"landbridge predict {EVIL}")])),
        ],
        intro=noted("", ["3 rows were left out"]),
    )


def test_it_says_everything_escaped_and_the_same_twice(tmp_path):
    path = write_page(page(tmp_path), tmp_path / "report.html")
    text = path.read_text("utf-8")
    assert "<script>alert(1)" not in text
    for said in ("90.0", "+4.0", "3 rows were left out", "0.123457", "data:image/png;base64"):
        assert said in text, said
    assert "x" * 401 not in text
    assert write_page(page(tmp_path), tmp_path / "again.html").read_text("utf-8") == text
    with pytest.raises(TypeError, match="expected uint8"):
        sample("one", pictures=[(np.zeros((4, 4)), "")])


def test_several_verdicts_are_listed_and_no_examples_are_no_section(tmp_path):
    both = [Outcome("hurt", "A hurt."), Outcome("can't tell", "B: nobody knows.")]
    made = Page("t", "Two tasks.", both, sample_cards(tmp_path, "Examples", ""))
    text = write_page(made, tmp_path / "report.html").read_text("utf-8")
    assert "A hurt." in text
    assert "B: nobody knows." in text
    assert 'id="examples"' not in text


def test_the_worst_are_shown_and_others_beside_them():
    scores = np.linspace(0, 1, 100)[::-1]
    rows = wrong_and_right(scores.tolist(), 10)
    assert rows[:5] == [99, 98, 97, 96, 95]
    assert len(set(rows)) == 10
    assert min(rows) == 0
    assert sorted(wrong_and_right([0.5, 0.1, 0.9], 12)) == [0, 1, 2]
    assert first_values({"a": 1, "b": None, "c": 2, "d": 3}, 2) == [
        ("a", 1),
        ("c", 2),
        ("", "and 1 more"),
    ]


@pytest.mark.browser
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)])
def test_it_is_quiet_offline_and_fits(tmp_path, width, dark):
    path = write_page(page(tmp_path), tmp_path / "report.html")
    with chrome.Chrome(width, 900, dark) as shown:
        shown.open(path)
        assert shown.run("document.documentElement.scrollWidth") == width
        assert shown.run("document.querySelectorAll('.card').length") == 2
        assert not shown.messages
        assert all(url.startswith(("file:", "data:")) for url in shown.requests)
