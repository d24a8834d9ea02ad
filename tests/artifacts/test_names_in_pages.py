"""Names from data are text in every page and card: no element, no script, no mark of direction."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import Markup
from tiny_commands import call, sentences, table
from typer.testing import CliRunner

import landbridge
from landbridge.base.shown import visible
from landbridge.cli.app import app
from landbridge.metrics.intervals import Interval
from landbridge.report import blocks
from landbridge.report.html import file_text
from landbridge.report.inline import keys, tagged
from landbridge.report.markdown import code, md
from landbridge.report.page import Outcome, Page, Section, noted, write_page
from landbridge.report.svg import Mark

ODD = "<b data-x>&\"'</script><script>alert(1)</script>{{7*7}}`|\u202e"
"""What a name may be, and must not do."""
FILE = "<b data-x>&\"'{{7*7}}`|\u202e"
"""The same as a file's name can have it."""


class Elements(HTMLParser):
    """Every element's attributes, what stands in scripts, and the text beside."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.attributes += attrs
        self._in = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in = ""

    def handle_data(self, data):
        if self._in == "script":
            self.scripts[-1] += data
        elif self._in != "style":
            self.text += data


def check_page(path: Path, named: bool = True) -> None:
    text = path.read_text("utf-8")
    found = Elements(text)
    assert not [one for one in found.attributes if one[0].startswith(("data-x", "on"))]
    assert not [one for one in found.scripts if "alert(1)" in one and not one.startswith("{")]
    assert visible(text) == text
    if named:
        assert "<b data-x>&\"'" in found.text
        assert "{{7*7}}" in found.text


def check_card(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"(?<!\\)<[b/s]", text)
    assert visible(text) == text


SHARE = Interval(0.5, 0.4, 0.6)
DRAWN = Markup("<svg></svg>")
SHOWN = (
    blocks.Text(ODD, "lead"),
    blocks.Heading(ODD, ODD, ODD),
    blocks.forest([blocks.Estimate.of(ODD, SHARE, note=ODD)], end=ODD),
    blocks.forest([blocks.Estimate(ODD, [Mark(0.5)], ODD, ODD, ODD, [ODD])]),
    blocks.Table([ODD, ODD], [[ODD, ODD], [tagged(ODD, ODD, small=ODD), ODD]], label=ODD),
    blocks.Cards([blocks.Card(ODD, [("data:,", ODD)], [(ODD, ODD)], True, ODD, ODD, ODD)]),
    blocks.points([0.0, 1.0], [0.0, 1.0], [0, 1], [ODD, ODD]),
    blocks.Figures([blocks.Figure(DRAWN, ODD, scrolls=ODD)]),
    blocks.Columns([[blocks.Text(ODD)]]),
    blocks.Details(ODD, [blocks.Text(ODD)]),
    blocks.Panels([DRAWN]),
    blocks.Tiles([(ODD, ODD, ODD)]),
    blocks.Facts([(ODD, ODD)]),
    *blocks.commands([(ODD, ODD)]),
    blocks.Code(ODD, "config"),
    blocks.Bars([(ODD, DRAWN, ODD)]),
    blocks.Note(ODD, [ODD], [blocks.Text(ODD)]),
    blocks.Items([(ODD, ODD)]),
    blocks.Maps([(ODD, DRAWN)], Markup("{}"), [(ODD, ODD)], ODD),
    blocks.Text(keys([ODD, ODD])),
    blocks.Shots([("data:,", ODD)], ODD),
    blocks.Recording("data:,", DRAWN, "data:,", ODD, (0.0, 1.0), (0.0, 0.5), ODD),
    blocks.Boxes([blocks.Box(ODD, [blocks.Text(ODD)], True, ODD, True)]),
)


def test_every_kind_of_block_shows_names(tmp_path):
    kinds = {kind.__name__ for kind in blocks.Block.__subclasses__()}
    assert kinds == {type(one).__name__ for one in SHOWN} | {"Figure"}  # stands in Figures
    outcomes = [Outcome(ODD, ODD, Interval(0.1, 0.0, 0.2), ODD), Outcome(ODD, ODD)]
    for given in (outcomes, outcomes[:1]):
        page = Page(
            *(ODD, ODD, given, [Section("all", ODD, SHOWN, ODD)], noted(ODD, [ODD])),
            *([ODD], ODD, ODD),
        )
        check_page(write_page(page, tmp_path / "page.html"))


def test_scripts_and_styles_of_our_own_stay_as_they_are():
    """A page's policy names the hashes of its scripts: showing marks must change none of them."""
    for name in ("app.js", "map.js", "recording.js", "scatter.js", "style.css"):
        assert visible(file_text(name)) == file_text(name)


def test_markdown_shows_names():
    assert md("<b>|`x`\n# y") == "\\<b\\>\\|\\`x\\` \\# y"
    assert code("a``b`") == "``` a``b` ```"
    assert md("\u202e") == r"\\u202e"


@pytest.mark.slow
def test_names_of_a_run_are_text(tmp_path):
    for name, seed in ((f"{FILE}.csv", 0), ("target.csv", 1)):
        made = pd.DataFrame(table(seed=seed)).rename(columns={"x0": ODD, "x1": f"={ODD}"})
        made["kind"] = made["kind"].map({"up": ODD, "down": f"'{ODD}"})
        made.drop(columns="size").to_csv(tmp_path / name, index=False)
    sides = (tmp_path / f"{FILE}.csv", tmp_path / "target.csv")
    runs = [
        call("transfer", tmp_path, tmp_path / name, sides=sides, method=method)
        for name, method in (("a", "source-only"), ("b", "deep-coral"))
    ]
    check_page(tmp_path / "a" / "report.html")
    check_card(tmp_path / "a" / "README.md")
    page = tmp_path / "shift.html"
    found = CliRunner().invoke(app, ["shift", *map(str, sides), "--out", str(page)])
    assert found.exit_code == 0, found.stderr
    check_page(page)
    assert visible(found.output) == found.output
    merged = landbridge.merge(runs, out=tmp_path / "merged")
    check_page(merged.report(), named=False)
    check_card(tmp_path / "merged" / "README.md")


@pytest.mark.slow
def test_names_of_all_other_kinds_are_text(tmp_path):
    frame = pd.DataFrame(table()).rename(columns={"x0": ODD})
    frame["kind"] = frame["kind"].map({"up": ODD, "down": "down"})
    call("multitask", tmp_path, tmp_path / "multitask", rows=frame)
    check_page(tmp_path / "multitask" / "report.html", named=False)

    sites = frame.drop(columns="size").assign(site=[ODD, "south"] * 20)
    landbridge.federate(sites, "site", label="kind", out=tmp_path / "federated")
    check_page(tmp_path / "federated" / "report.html")

    x = frame.drop(columns=["kind", "size"]).to_numpy("f4")
    call("cluster", tmp_path, tmp_path / "clusters", rows=(x, frame["kind"].tolist()))
    check_page(tmp_path / "clusters" / "report.html")

    texts = [f"a {ODD} {'square' if i < 16 else 'field'}" for i in range(32)]
    call("align", tmp_path, tmp_path / "space", texts=texts)
    check_page(tmp_path / "space" / "report.html")

    call("tune", tmp_path, tmp_path / "tuned", rows=sentences(ODD, f"B-{ODD}"), steps=4)
    check_page(tmp_path / "tuned" / "report.html")
    check_card(tmp_path / "tuned" / "README.md")
