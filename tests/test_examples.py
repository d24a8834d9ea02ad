"""Every example runs as it stands, and at small size, in a process of its own, without a hub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import needs

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))
MOST_LINES = 60
SAYS = {"mnist_usps_three_ways": "by structure (structure):"}
"""What the last lines hold; a path of a report where nothing is said."""
HUB = ("bert_text_classifier", "resnet18_image_folder")
WITH_DATA = [path for path in EXAMPLES if "LANDBRIDGE_DATA" in path.read_text("utf-8")]
WAYS = [
    *((path, "--small") for path in EXAMPLES),
    *((path, "as it stands") for path in EXAMPLES),
    *((path, "with data") for path in WITH_DATA),
]


@pytest.mark.slow
@pytest.mark.parametrize(("path", "way"), WAYS, ids=[f"{p.stem}, {way}" for p, way in WAYS])
def test_it_runs_and_says_what_came_of_it(path, way, tmp_path):
    environment = {
        **{key: value for key, value in os.environ.items() if key != "LANDBRIDGE_DATA"},
        **({"LANDBRIDGE_DATA": str(needs.data())} if way == "with data" else {}),
        "HF_HUB_OFFLINE": "1",
        "LANDBRIDGE_CACHE": str(tmp_path),
        "TMPDIR": str(tmp_path),
    }
    found = subprocess.run(
        [sys.executable, str(path), *(["--small"] if way == "--small" else [])],
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert SAYS.get(path.stem, "report.html") in found.stdout
    said = [line for line in found.stdout.splitlines() if "Hugging Face" in line]
    assert len(said) == (path.stem in HUB and way != "--small"), found.stdout
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES
