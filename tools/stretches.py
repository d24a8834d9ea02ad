"""Count how often a transfer changes from one package to another: how scattered its path is.

    python tools/stretches.py [--checkout FOLDER] [--method NAME] [--walk]

What is counted: every named function of landbridge that a transfer from two tables to the report
calls, once, at its first call; what importing a module calls is left out. Functions in a row of one
top-level package are a stretch. Further figures: the same without what every package calls for a
word or a number (base, targets, metrics); the same for files, each once, at its first call; and how
often a method is made.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import numpy as np


def main() -> int:
    """Print the figures of a checkout, counted in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--checkout", type=Path, default=Path(__file__).resolve().parents[1])
    parser.add_argument("--method", default="coral")
    parser.add_argument("--walk", action="store_true", help="print every stretch as well")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        count(asked.method, walk=asked.walk)
        return 0
    places = [str(asked.checkout.resolve() / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(places), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, __file__, *sys.argv[1:], "--here"], env=environment
    ).returncode


def count(method: str, *, walk: bool) -> None:
    """Do a transfer in this process under a profiler, and print what it called."""
    import pandas as pd

    import landbridge

    rng = np.random.default_rng(0)
    sides = []
    for shift in (0.0, 1.0):
        rows = rng.normal(size=(120, 6)) + 3 * (np.arange(120) % 3)[:, None] + shift
        sides.append(pd.DataFrame(rows, columns=list("uvwxyz")).assign(kind=list("abc" * 40)))
    calls = Calls(Path(landbridge.__file__).parent)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder  # or a second count would find decoded inputs
        sys.setprofile(calls)
        try:
            landbridge.transfer(
                *sides,
                label="kind",
                method=method,
                budget="2m",
                out=f"{folder}/run",
                training={"steps": 20, "source_steps": 20, "threads": 1},
            )
        finally:
            sys.setprofile(None)
    calls.print(walk=walk)


SHARED = ("base", "targets", "metrics")


class Calls:
    """A profiler: functions below a folder in the order of their first calls."""

    def __init__(self, root: Path) -> None:
        self.root = f"{root}{os.sep}"
        self.functions: dict[CodeType, None] = {}
        self.made = 0
        self._importing = 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        """Note a call."""
        code = frame.f_code
        if event not in ("call", "return"):
            return
        if code.co_name == "<module>":
            self._importing += 1 if event == "call" else -1
        if event == "return" or self._importing or code.co_name.startswith("<"):
            return
        if code.co_filename.startswith(self.root):
            self.functions[code] = None
            self.made += code.co_name == "make_method"

    def _package(self, code: CodeType) -> str:
        """Return the top-level package of a function, or the file beside them that it is in."""
        return Path(code.co_filename[len(self.root) :]).parts[0]

    def print(self, *, walk: bool) -> None:
        """Print all figures."""
        functions = list(self.functions)
        files: dict[str, CodeType] = {}
        for code in functions:
            files.setdefault(code.co_filename, code)
        stretches = [key for key, _ in groupby(functions, self._package)]
        if walk:
            for key, own in groupby(functions, self._package):
                names = (f"{Path(c.co_filename).stem}.{c.co_qualname}" for c in own)
                print(f"  {key}: {', '.join(names)}")
        entered = _most(stretches)
        print(f"{len(functions)} functions in {len(files)} files of {len(set(stretches))} packages")
        print(f"{len(stretches)} stretches; entered most: {entered}")
        own = (name for name in map(self._package, functions) if name not in SHARED)
        rooms = [key for key, _ in groupby(own)]
        print(f"without {', '.join(SHARED)}: {len(rooms)} stretches; entered most: {_most(rooms)}")
        by_file = [str(key) for key, _ in groupby(files.values(), self._package)]
        print(f"by files: {len(by_file)} stretches; entered most: {_most(by_file)}")
        print(f"methods made {self.made} times")


def _most(names: Iterable[str]) -> str:
    return ", ".join(f"{name} {n}" for name, n in Counter(names).most_common(6))


if __name__ == "__main__":
    raise SystemExit(main())
