"""Every example in a docstring runs as it stands; public ones with nothing but what they import."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import landbridge
import landbridge.features

ROOT = Path(landbridge.__file__).parent
DOCS = ROOT.parents[1]
MODULES = sorted(
    ".".join(("landbridge", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in ROOT.rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
FINDER = doctest.DocTestFinder(exclude_empty=True)
TRAINS = {"transfer", "merge", "open_stream", "align"}
"""Examples that take more than a few seconds."""
OF_THE_HUB = {"tune", "Tuned"}
"""Examples that need a pretrained model."""


def failures(example: doctest.DocTest) -> str:
    """Run an example and return what went otherwise than it shows."""
    said: list[str] = []
    doctest.DocTestRunner(verbose=False).run(example, out=said.append)
    return "".join(said)


def named_in_docs() -> set[str]:
    """Return the modules that README.md and docs/ name to import from."""
    pages = [DOCS / "README.md", *(DOCS / "docs").glob("*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    found = set(re.findall(r"^from (landbridge(?:\.\w+)+) import", text, re.MULTILINE))
    return found | set(re.findall(r"`(landbridge(?:\.\w+)+)`", text))


def public() -> dict[str, object]:
    """Return what people import, by name: of the package, its features and documented modules."""
    things = {name: getattr(landbridge, name) for name in landbridge.__all__}
    for place in sorted(named_in_docs()):
        owner, _, name = place.rpartition(".")
        if name in things:
            continue
        try:
            module = importlib.import_module(place)
        except ModuleNotFoundError:  # a name inside a module
            things[name] = getattr(importlib.import_module(owner), name)
            continue
        things |= {n: getattr(module, n) for n in dir(module) if not n.startswith("_")}
    inside = (getattr(thing, "__module__", None) or "" for thing in things.values())
    return {
        name: thing
        for (name, thing), place in zip(things.items(), inside, strict=True)
        if place.startswith("landbridge")
    }


PUBLIC = {
    (name, test.name): test
    for name, thing in public().items()
    for test in FINDER.find(thing, name, globs={})
    if test.examples
}


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tests = FINDER.find(importlib.import_module(name))
    public_ones = {test.docstring for test in PUBLIC.values()}
    said = [failures(test) for test in tests if test.docstring not in public_ones]
    assert not "".join(said)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, id=key[1], marks=[pytest.mark.slow] if key[0] in TRAINS else [])
        for key in PUBLIC
    ],
)
def test_a_public_example_imports_what_it_uses(key, tmp_path, monkeypatch):
    """Whoever pastes one has nothing but the example."""
    monkeypatch.chdir(tmp_path)
    example = PUBLIC[key]
    example.globs = {"__name__": "__main__"}
    skipped = [e for e in example.examples if e.options.get(doctest.SKIP)]
    assert not skipped or key[0] in OF_THE_HUB
    assert not failures(example)


def test_public_names_are_found():
    assert {"transfer", "TransferClassifier", "CORAL", "open_stream", "corrupt"} <= set(public())
    assert len(PUBLIC) > 45
