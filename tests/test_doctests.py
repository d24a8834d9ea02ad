"""Every example in a docstring runs as it stands, in the file where it is shown."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import landbridge

ROOT = Path(landbridge.__file__).parent
MODULES = sorted(
    ".".join(("landbridge", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name):
    module = importlib.import_module(name)
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module):
        runner.run(test, out=said.append)
    assert not runner.summarize(verbose=False).failed, "".join(said)


def test_examples_of_estimators_import_what_they_use():
    """Whoever copies one has nothing but the example."""
    import landbridge.features as features

    for name in dir(features):
        example = doctest.DocTestFinder(recurse=False).find(getattr(features, name), name, globs={})
        for test in example:
            failed, _ = doctest.DocTestRunner(verbose=False).run(test)
            assert not failed, name
