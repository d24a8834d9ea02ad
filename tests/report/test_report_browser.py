"""The report in headless Chromium: nothing on the console, nothing asked of any network."""

from __future__ import annotations

from pathlib import Path

import chrome
import pytest
from fake_run import CHOSEN, fake_run

from landbridge.report import write_report

pytestmark = pytest.mark.browser
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
        assert page.run("typeof Plotly") == "undefined"  # parsed only when the map is near
        page.run("document.getElementById('map-panel').scrollIntoView()")
        page.until("document.getElementById('map-panel').dataset.ready")
        for value in ("label", "predicted", "change"):
            page.run(f"document.querySelector('input[value={value}]').click()")
        page.run("document.querySelector('input[name=view][value=\"1\"]').click()")
        page.until("document.querySelectorAll('.plot .points path').length > 50")
        before = page.run("getComputedStyle(document.body).backgroundColor")
        page.run("document.getElementById('theme').click()")
        assert page.run("getComputedStyle(document.body).backgroundColor") != before
        page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.run("document.documentElement.scrollWidth") == width
        assert page.run("document.querySelectorAll('img[src=x]').length") == 0
        assert page.messages == []
        assert [u for u in page.requests if not u.startswith("data:")] == [report.as_uri()]


def test_a_script_that_slipped_in_would_not_run(report: Path, tmp_path: Path) -> None:
    changed = tmp_path / "report.html"
    text = report.read_text("utf-8")
    changed.write_text(text.replace("<main", "<script>window.owned = 1</script><main"), "utf-8")
    with chrome.Chrome() as page:
        page.open(changed)
        assert page.run("window.owned") is None
        assert any("Content Security Policy" in m for m in page.messages)
