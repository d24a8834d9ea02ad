"""A small finished run, made once, and the cache apart from the user's."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_processes import ALONE, SMALL, Command, result


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANDBRIDGE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], float]:
    """Return a finished run's folder, its result, and how long it took."""
    folder = tmp_path_factory.mktemp("whole")
    Command(["--help"], folder / "warm").end()  # the first one waits for imports
    command = Command(["transfer", *SMALL, *ALONE, "--out", folder / "run"], folder / "log")
    assert command.end() == 0, command.text()
    return folder / "run", result(folder / "run"), time.monotonic() - command.started


@pytest.fixture
def blobs() -> Any:
    """Return a function that draws labelled points around class centres."""

    def draw(
        n: int, *, shift: float = 0.0, seed: int = 0, classes: Any = ("ant", "bee", "cat")
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        y = np.arange(n) % len(classes)
        centres = 4 * np.eye(len(classes), 6)
        x = centres[y] + rng.normal(size=(n, 6)) + shift
        return x.astype(np.float32), np.array(classes, dtype=object)[y]

    return draw
