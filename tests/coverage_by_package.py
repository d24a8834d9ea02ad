"""Print what part of each package's lines the last `make coverage` ran, as a table for docs."""

from __future__ import annotations

import sys
from collections import defaultdict

from coverage import Coverage


def main() -> None:
    """Sum the lines of files by package."""
    measured = Coverage()
    measured.load()
    lines: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for path in measured.get_data().measured_files():
        _, there, _, missed, _ = measured.analysis2(path)
        inside = path.replace("\\", "/").rpartition("/landbridge/")[2].split("/")
        for package in (inside[0] if len(inside) > 1 else "(top)", "all"):
            lines[package][0] += len(there)
            lines[package][1] += len(there) - len(missed)
    print("| package | lines | run |\n|---|---|---|")
    for package in sorted(lines, key=lambda name: (name == "all", name)):
        there, ran = lines[package]
        print(f"| {package} | {there:,} | {100 * ran / max(1, there):.0f} % |")


if __name__ == "__main__":
    sys.exit(main())
