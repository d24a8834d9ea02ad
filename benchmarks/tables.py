"""Write the tables of benchmarks/README.md from benchmarks/results/*.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def speed_table(result: dict[str, Any]) -> str:
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
    return "\n".join([*lines, "", _ran_on(result, f"{result['threads']} thread, ")])


def runs_table(result: dict[str, Any]) -> str:
    """Return whole runs as a heading and a table: each baseline once, then what was compared."""
    lines = [
        f"### {result['title']}",
        "",
        *([result["note"], ""] if result["note"] else []),
        _row(["run", "method", "accuracy, %", "95 %", "by seed", "chosen gains", "CPU-s, run"]),
        _row(["---", "---", "---:", "---", "---", "---", "---:"]),
    ]
    for name, found in result["results"].items():
        for row in found["rows"]:
            gap = row["difference"]
            gains = (
                f"{100 * gap['mean']:+.1f} ({100 * gap['low']:+.1f} to {100 * gap['high']:+.1f})"
                if gap
                else f"**{found['outcome']}**"
            )
            chosen = row["role"] == "chosen"
            lines.append(
                _row(
                    [
                        name if chosen else "",
                        f"**{row['method']}**" if chosen else row["method"],
                        f"{100 * row['mean']:.1f}",
                        f"{100 * row['low']:.1f} to {100 * row['high']:.1f}",
                        ", ".join(f"{100 * value:.1f}" for value in row["per_seed"]),
                        gains,
                        f"{found['cpu_s']:.0f}" if chosen else "",
                    ]
                )
            )
    judged = sorted({found["judged_rows"] for found in result["results"].values()})
    rows = ", ".join(f"{n:,}" for n in judged)
    return "\n".join([*lines, "", f"Judged on {rows} examples. " + _ran_on(result)])


def _ran_on(result: dict[str, Any], threads: str = "") -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{result['cpu']}, {threads}{versions}, {result['date']}."


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Rewrite what lies between the markers."""
    readme = HERE / "README.md"
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    results = [json.loads(p.read_text("utf-8")) for p in sorted(HERE.glob("results/*.json"))]
    tables = [runs_table(r) if r.get("kind") == "runs" else speed_table(r) for r in results]
    body = "\n\n".join(tables)
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
