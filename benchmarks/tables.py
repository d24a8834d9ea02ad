"""Write the tables of benchmarks/README.md from benchmarks/results/*.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def table(result: dict[str, Any]) -> str:
    """Return one measurement as a heading, a table and a line on what it ran on."""
    keys = list(dict.fromkeys(key for row in result["rows"] for key in row["figures"]))
    head = ["", "CPU-s, median (all)", "times ours", "memory of the work, MiB", *keys]
    lines = [f"### {result['title']}", "", _row(head), _row(["---"] + ["---:"] * (len(head) - 1))]
    for row in result["rows"]:
        every = ", ".join(f"{value:.2f}" for value in sorted(row["all_cpu_s"]))
        cells = [
            row["label"],
            f"{row['cpu_s']:.2f} ({every})",
            f"{row['ratio']:.1f}",
            f"{row['work_mib']:.0f}",
            *(_cell(row["figures"].get(key, "")) for key in keys),
        ]
        lines.append(_row(cells))
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    ran_on = f"{result['cpu']}, {result['threads']} thread, {versions}, {result['date']}."
    return "\n".join([*lines, "", ran_on])


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    readme = HERE / "README.md"
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    results = [json.loads(p.read_text("utf-8")) for p in sorted(HERE.glob("results/*.json"))]
    # Other scripts may keep results of another shape beside these.
    tables = [table(r) for r in results if isinstance(r, dict) and "rows" in r and "title" in r]
    body = "\n\n".join(tables)
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
