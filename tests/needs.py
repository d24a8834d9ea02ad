"""What a test needs beside the package itself, decided in one place: data, a browser, an extra.

Where it is lacking, the test skips and says why. `LANDBRIDGE_REQUIRE`, words between commas, makes
failures of such skips: "data", "browser", "cuda", extras of pyproject.toml ("audio") and what is in
them ("soundfile").
"""

from __future__ import annotations

import importlib
import os
import re
import shutil
import tomllib
from collections.abc import Collection
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

VARIABLE = "LANDBRIDGE_REQUIRE"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Both are read before any test runs: tests set variables of their own.
REQUIRED = frozenset(filter(None, map(str.strip, os.environ.get(VARIABLE, "").split(","))))
_DATA = os.environ.get("LANDBRIDGE_DATA")


def _extras() -> dict[str, set[str]]:
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    lists = tomllib.loads(text)["project"]["optional-dependencies"]
    return {
        extra: {re.split(r"[^\w.-]", name)[0].replace("-", "_") for name in names}
        for extra, names in lists.items()
    }


EXTRAS = _extras()


def lacking(why: str, *words: str) -> NoReturn:
    """Skip, or fail where one of the words is required."""
    asked = sorted(REQUIRED.intersection(words))
    if asked:
        pytest.fail(f"{why}, and {VARIABLE} names {asked[0]}", pytrace=False)
    pytest.skip(why, allow_module_level=True)


def data(*parts: str) -> Path:
    """Return the folder of real data, or what lies there."""
    if not _DATA:
        lacking("LANDBRIDGE_DATA is not set: it names the folder with the real data", "data")
    path = Path(_DATA, *parts)
    if not path.exists():
        lacking(f"{path} is not there", "data")
    return path


def browser() -> str:
    """Return the path of Chromium."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or lacking("Chromium is not installed", "browser")


def cuda() -> None:
    """Return where there is a CUDA device."""
    import torch

    if not torch.cuda.is_available():
        lacking("there is no CUDA device", "cuda")


def package(name: str) -> ModuleType:
    """Return a package that is in one of the extras."""
    extras = [extra for extra, packages in EXTRAS.items() if name in packages]
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as error:  # RuntimeError: torchvision beside another torch
        why = f"{name} cannot be imported ({error}): pip install 'landbridge[{extras[0]}]'"
        lacking(why, name, *extras)


MARKERS = {"data": data, "browser": browser, "cuda": cuda}
"""By the marker of a test, what looks for it."""


def unknown(words: Collection[str]) -> list[str]:
    """Return the words that name nothing that a test can need."""
    known = {*MARKERS, *EXTRAS}.union(*EXTRAS.values())
    return sorted(set(words) - known)
