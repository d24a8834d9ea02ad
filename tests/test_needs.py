"""`LANDBRIDGE_REQUIRE` makes failures of skips, and refuses a word that no test knows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import needs

HERE = Path(__file__).parent
LOOKS = {
    "data": lambda: needs.data("mnist"),
    "browser": needs.browser,
    "soundfile": lambda: needs.package("soundfile"),
    "audio": lambda: needs.package("soundfile"),
}


@pytest.mark.parametrize("word", LOOKS)
def test_what_is_lacking_is_skipped_unless_it_is_required(monkeypatch, word):
    monkeypatch.setattr(needs, "_DATA", None)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    monkeypatch.setattr(needs, "REQUIRED", frozenset(LOOKS) - {word, "audio", "soundfile"})
    with pytest.raises(pytest.skip.Exception):
        LOOKS[word]()
    monkeypatch.setattr(needs, "REQUIRED", frozenset({word}))
    with pytest.raises(pytest.fail.Exception, match=f"LANDBRIDGE_REQUIRE names {word}"):
        LOOKS[word]()


def test_a_file_that_is_not_there_is_lacking_too(monkeypatch, tmp_path):
    monkeypatch.setattr(needs, "_DATA", str(tmp_path))
    assert needs.data() == tmp_path
    monkeypatch.setattr(needs, "REQUIRED", frozenset({"data"}))
    with pytest.raises(pytest.fail.Exception, match=r"mnist is not there"):
        needs.data("mnist")


def test_markers_are_looked_at_in_a_run_of_its_own(tmp_path):
    (tmp_path / "tests").mkdir()
    for name in ("conftest.py", "needs.py"):
        shutil.copy(HERE / name, tmp_path / "tests")
    shutil.copy(HERE.parent / "pyproject.toml", tmp_path)
    marked = [f"@pytest.mark.{name}\ndef test_{name}(): pass\n" for name in ("data", "browser")]
    (tmp_path / "tests" / "test_two.py").write_text("import pytest\n" + "".join(marked))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LANDBRIDGE_", "PYTEST_"))}
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=kept | {"PATH": "", needs.VARIABLE: "browser"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 skipped, 1 error" in found.stdout, found.stdout + found.stderr


def test_words_that_no_test_knows():
    assert needs.unknown({"data", "browser", "cuda", "audio", "soundfile", "dev"}) == []
    assert needs.unknown({"brwoser", "data"}) == ["brwoser"]


def test_every_skip_for_data_a_browser_or_a_package_is_decided_in_one_place():
    """Whoever skips in another way is not heard by `LANDBRIDGE_REQUIRE`."""
    ways = ("importor" + "skip", "LANDBRIDGE_DATA is not set: it", "Chromium is not")
    found = {p.name for p in HERE.rglob("*.py") for way in ways if way in p.read_text("utf-8")}
    assert found <= {"needs.py", "test_needs.py"}
