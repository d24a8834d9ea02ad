"""What docs/features.md says is true: its code runs, its methods and pictures exist."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "features.md").read_text("utf-8")


def test_the_code_runs():
    scope: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) > 5
    for block in blocks:
        exec(compile(block, "docs/features.md", "exec"), scope)


def test_its_methods_are_registered_and_all_are_named():
    from landbridge.methods.core.base import METHODS
    from landbridge.methods.core.feature import FeatureMethod
    from landbridge.methods.heads.base import HEADS

    named = set(re.findall(r"`([a-z][a-z0-9-]*)`", TEXT)) - {"auto", "labelled", "predict"}
    known = {name for name, kind in METHODS.items() if issubclass(kind, FeatureMethod)}
    assert named - set(HEADS) - {"score", "transform"} <= known
    assert known <= named


def test_its_pictures_exist():
    pictures = re.findall(r"\]\((images/[^)]+)\)", TEXT)
    assert pictures
    assert all((DOCS / picture).stat().st_size < 120_000 for picture in pictures)


def test_its_links_lead_to_headings():
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings
