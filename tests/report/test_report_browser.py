"""The report in headless Chromium: nothing on the console, nothing asked of any network."""

from __future__ import annotations

import re
from pathlib import Path

import chrome
import numpy as np
import pytest
from fake_run import CHOSEN, fake_run
from PIL import Image

from landbridge.report.run.build import write_report

pytestmark = pytest.mark.browser
DRAWN = """[...document.querySelectorAll('svg.scatter')].map(svg =>
  [...svg.querySelectorAll('g path')].map(path => path.getAttribute('d').split('M').length - 1)
    .reduce((a, b) => a + b, 0))"""
"""How many points are drawn in each map."""
PLACES = """(svg => [...svg.querySelectorAll('g path')].flatMap(path =>
  path.getAttribute('d').split('M').slice(1).map(d => d.split(/[ m]/).map(Number)).map(([x, y]) => [
    x + svg.getBoundingClientRect().x + 1, y + svg.getBoundingClientRect().y + 1
  ])))(document.querySelector('svg.scatter'))"""
"""Where they are on the screen, in the first map."""
TIPS = (
    "[...document.querySelectorAll('.tip')].map(tip => tip.checkVisibility() ? tip.innerText : '')"
)
EVIL = ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "</script><b>c")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("browser") / "run"
    accuracy = {CHOSEN: 0.9, "source-only": 0.7}
    return write_report(fake_run(run, classes=EVIL, rows=90, seeds=2, accuracy=accuracy))


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)])
def test_it_is_quiet_offline_and_fits(report: Path, width: int, dark: bool) -> None:
    with chrome.Chrome(width, 900, dark) as page:
        page.open(report)
        assert page.run("document.documentElement.scrollWidth") == width
        for value in ("label", "predicted", "change"):
            page.run(f"document.querySelector('input[value={value}]').click()")
            page.until(f"({DRAWN})[0] === 90")
        page.until("!document.querySelector('.scatter .filled').style.color.includes('--h')")
        page.run("document.querySelector('input[name=view][value=\"1\"]').click()")
        assert page.run("document.querySelectorAll('#maps figure[hidden]').length") == 1
        ink = "getComputedStyle(document.querySelector('.scatter .filled')).fill"
        before = page.run(f"[getComputedStyle(document.body).backgroundColor, {ink}]")
        page.run("document.getElementById('theme').click()")
        after = page.run(f"[getComputedStyle(document.body).backgroundColor, {ink}]")
        assert before[0] != after[0]
        assert before[1] != after[1]
        page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.run("document.documentElement.scrollWidth") == width
        assert page.run("document.querySelectorAll('img[src=x]').length") == 0
        assert page.messages == []
        assert [u for u in page.requests if not u.startswith("data:")] == [report.as_uri()]


def test_the_maps_answer_to_pointer_wheel_keys_and_fingers(report: Path) -> None:
    with chrome.Chrome(1200, 900) as page:
        page.open(report)
        page.run("document.getElementById('maps').scrollIntoView({block: 'center'})")
        page.run("document.querySelector('input[value=change]').click()")
        page.until("document.querySelector('svg.scatter g').children.length > 2")
        whole = page.run(PLACES)
        first = whole[0]

        page.mouse("mouseMoved", *first)
        tips = page.run(TIPS)
        assert tips[0]
        assert tips[0].split("prediction")[0] == tips[1].split("prediction")[0]
        page.mouse("mouseMoved", 5, 5)
        assert page.run(TIPS) == ["", ""]

        scrolled = page.run("scrollY")
        page.mouse("mouseWheel", *first, deltaX=0, deltaY=100)
        page.until(f"scrollY > {scrolled}")  # it is the page that a wheel moves
        assert page.run("document.querySelector('.zoomed')") is None
        page.run(f"scrollTo(0, {scrolled})")
        page.click(*first)
        page.mouse("mouseWheel", *first, deltaX=0, deltaY=-400)
        page.until("document.querySelector('.scatter').classList.contains('zoomed')")
        assert page.run("scrollY") == scrolled
        assert page.run(PLACES)[0] == pytest.approx(first, abs=1)  # zoomed about the pointer

        page.mouse("mousePressed", 300, first[1], button="left")
        page.mouse("mouseMoved", 350, first[1] + 20, button="left")
        page.mouse("mouseReleased", 350, first[1] + 20, button="left")
        page.until(f"Math.abs(({PLACES})[0][0] - {first[0] + 50}) < 1")
        page.click(*first, count=2)
        page.until("!document.querySelector('.zoomed')")
        assert page.run(PLACES) == whole

        x, y = first
        page.mouse("mousePressed", x - 20, y - 20, button="left", modifiers=8)
        page.mouse("mouseMoved", x + 20, y + 20, button="left", modifiers=8)
        page.mouse("mouseReleased", x + 20, y + 20, button="left", modifiers=8)
        page.until("!!document.querySelector('.zoomed')")
        middle = page.run(
            "(b => [b.x + b.width / 2, b.y + b.height / 2])"
            "(document.querySelector('.scatter').getBoundingClientRect())"
        )
        assert page.run(PLACES)[0] == pytest.approx(middle, abs=2)
        for key in ("0", "ArrowRight"):
            page.key(key)
        page.until("!document.querySelector('.zoomed')")
        said = page.run(TIPS)
        assert said[0]
        assert said[1]
        page.key("ArrowRight")
        assert page.run(TIPS)[0] not in ("", said[0])
        page.key("Escape")
        assert page.run(TIPS) == ["", ""]

        page.run("document.querySelector('input[value=domain]').click()")
        legend = "document.querySelector('#map-legend button')"
        sources = int(page.run(f"{legend}.textContent").split("(")[1][:-1])
        page.run(f"{legend}.click()")
        page.until(f"({DRAWN})[1] === {90 - sources}")
        page.run(f"{legend}.click()")
        page.run("document.getElementById('map-class').selectedIndex = 1")
        page.run(
            "document.getElementById('map-class').dispatchEvent("
            "new Event('change', {bubbles: true}))"
        )
        page.until("!!document.querySelector('.scatter .faint')")
        assert page.run(f"({DRAWN})[0]") == 90
        assert page.run("document.querySelectorAll('.scatter .filled:not(.faint)').length") > 0

        page.ask("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=2)
        page.run("document.getElementById('map-class').selectedIndex = 0")
        page.run("document.querySelector('input[value=predicted]').click()")
        page.until("!document.querySelector('.scatter .faint')")
        page.touch("touchStart", first)
        page.touch("touchEnd")
        assert all(page.run(TIPS))
        page.touch("touchStart", (x, y), (x + 30, y))
        page.touch("touchMove", (x - 20, y), (x + 60, y))
        page.touch("touchEnd")
        page.until("document.querySelector('.scatter').classList.contains('zoomed')")
        assert page.messages == []


def test_without_scripts_the_maps_are_drawn(report: Path, tmp_path: Path) -> None:
    text = report.read_text("utf-8")
    assert (
        sum(len(found.split()) for found in re.findall(r'<polyline points="([^"]*)"', text)) == 180
    )
    with chrome.Chrome(1200, 900) as page:
        page.ask("Emulation.setScriptExecutionDisabled", value=True)
        page.open(report)
        page.picture(tmp_path / "map.png", "document.querySelector('.scatter')")
    shown = np.asarray(Image.open(tmp_path / "map.png").convert("RGB")).astype(int)
    assert (shown.max(axis=2) < 200).sum() > 300  # discs on paper


def test_a_script_that_slipped_in_would_not_run(report: Path, tmp_path: Path) -> None:
    changed = tmp_path / "report.html"
    text = report.read_text("utf-8")
    changed.write_text(text.replace("<main", "<script>window.owned = 1</script><main"), "utf-8")
    with chrome.Chrome() as page:
        page.open(changed)
        assert page.run("window.owned") is None
        assert any("Content Security Policy" in m for m in page.messages)
