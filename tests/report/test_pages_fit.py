"""Pages of every kind at the width of a phone and of a desk: nothing is wider, no words are cut."""

from __future__ import annotations

import warnings
from pathlib import Path

import chrome
import numpy as np
import pandas as pd
import pytest
from fake_run import fake_run

import landbridge
from landbridge.base.errors import LandbridgeWarning
from landbridge.diagnosis.domains import compare_domains
from landbridge.domains.domain import Domain
from landbridge.domains.read import read_domain
from landbridge.metrics.intervals import Interval
from landbridge.report.blocks import (
    Card,
    Cards,
    Estimate,
    Facts,
    Table,
    commands,
    forest,
    points,
)
from landbridge.report.page import Outcome, Page, Section, write_page
from landbridge.report.run.build import write_report
from landbridge.report.shift import write_shift_page

pytestmark = pytest.mark.browser
OLD = Path(__file__).parents[1] / "artifacts" / "old"
OLDS = sorted(folder for folder in OLD.iterdir() if folder.is_dir())
LONG = "a_column_whose_name_is_longer_than_a_phone_is_wide_as_columns_of_exported_tables_are"
CUT = """(width => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), cut = [];
  for (let node; node = words.nextNode();) {
    if (!node.textContent.trim() || node.parentElement.closest('.skip, script, style')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    let left = 0, right = width;
    for (let e = node.parentElement; e && left !== null; e = e.parentElement) {
      const how = getComputedStyle(e).overflowX, own = e.getBoundingClientRect();
      if (['auto', 'scroll'].includes(how)) left = null;  // it can be reached
      else if (['hidden', 'clip'].includes(how)) [left, right] = [own.left, own.right];
    }
    if (left !== null && box.width && (box.left < left - 1 || box.right > right + 1))
      cut.push(node.textContent);
  }
  return cut;
})"""


def a_page(path: Path) -> Path:
    gap = Interval(-0.02, -0.3, 0.31)
    rows = [
        Estimate.of(LONG, Interval(0.9, 0.2, 1.0), note="of all", chosen=True),
        Estimate.of("b", Interval(0.1, 0.0, 0.3)),
    ]
    words = [[LONG, "12,345", f"what sets it apart is {LONG}, and more words than fit"]] * 2
    blocks = {
        "estimates": forest(rows),
        "gaps": forest([Estimate.of_gap("together", gap)], zero=True),
        "table": Table(["name", "rows", "words"], words, right=[1]),
        "points": points([0, 1, 2], [0, 1, 0], [0, 1, 1], ["one", "two"]),
        "examples": Cards([Card(f"/data/{LONG}/1.jpg", lines=[(LONG, LONG)])]),
        "facts": Facts([("Hash", "0123456789abcdef" * 8)]),
    }
    sections = [Section(name, name, [block]) for name, block in blocks.items()]
    use = commands([("Use it", f"landbridge predict /data/{LONG}/{LONG} DATA")])
    sections.append(Section("next", "Next", use))
    two = [Outcome("better than chance", "image asks, text answers"), Outcome("hurt", LONG)]
    return write_page(Page(LONG, f"{LONG} helped.", two, sections), path)


def a_shift(path: Path) -> Path:
    rng = np.random.default_rng(0)

    def side(name: str, moved: float) -> Domain:
        x = rng.normal(size=(60, 3))
        kind = np.where(x[:, 0] + x[:, 1] > 0, LONG, "no")
        columns = {"a": x[:, 0] + moved, LONG: x[:, 1], "c": x[:, 2], "kind": kind}
        return read_domain(pd.DataFrame(columns), label="kind", name=name)

    return write_shift_page(compare_domains(side(LONG, 0), side("here", 1)), path)


def a_run(path: Path) -> Path:
    names = (LONG, "b", "长的类别名称")
    return write_report(
        fake_run(path.parent / "run", classes=names, rows=60, seeds=2, with_map=False), path
    )


def an_old(kind: str, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LandbridgeWarning)  # of before there were seals
        return Path(landbridge.load(OLD / kind).report(path))


MADE = {"page": a_page, "shift": a_shift, "classes": a_run}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {kind: make(folder / f"{kind}.html") for kind, make in MADE.items()}
    return found | {kind.name: an_old(kind.name, folder / f"{kind.name}.html") for kind in OLDS}


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window_and_no_words_are_cut(
    pages: dict[str, Path], width: int
) -> None:
    with chrome.Chrome(width, 844) as browser:
        for kind, page in pages.items():
            browser.open(page)
            browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert browser.run("document.documentElement.scrollWidth") <= width, kind
            assert browser.run(f"{CUT}({width})") == [], kind
        browser.run("document.querySelector('h1').style.whiteSpace = 'nowrap'")
        browser.run("document.querySelector('h1').textContent = 'wide '.repeat(200)")
        assert browser.run("document.documentElement.scrollWidth") > width  # it would be seen
        assert browser.run(f"{CUT}({width})") != []
