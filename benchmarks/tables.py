"""Write the tables of benchmarks/README.md and of docs/ from benchmarks/results/*.json.

A page of docs quotes a table between `<!-- table: NAME -->` and `<!-- table: end -->`.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import measured
from across_table import across_table, distillation_table
from attacks_table import attacks_table
from choice_table import choice_table
from class_shift_table import class_shift_table, open_set_table
from clustering_table import clustering_table
from estimates_table import estimates_table
from explanations_table import explanations_table
from federated_table import federated_table
from gates_table import gates_table, sources_table
from grid_tables import grid_table
from hardening_table import hardening_table
from label_errors_table import label_errors_table
from several_table import several_table
from stream_table import stream_table
from strengths_table import strengths_table
from table_trees_table import trees_table
from term_tables import extraction_table, pull_table, steps_table

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


def features_table(result: dict[str, Any]) -> str:
    """Return methods by family: mean accuracy, tasks hurt, regret; the best method's mean last."""
    reference = result["reference"]
    tasks = [(family, task) for family, found in result["tasks"].items() for task in found.values()]
    names = sorted({name for _, task in tasks for name in task["methods"]} - {reference})

    def accuracies(name: str) -> list[tuple[str, float, float, float]]:
        out = []
        for family, task in tasks:
            own = task["auto"] if name == "auto" else task["methods"].get(name)
            own = own or task["methods"][reference]  # where it declines, nothing changes
            best = max(m["accuracy"] for m in task["methods"].values())
            out.append((family, own["accuracy"], task["methods"][reference]["accuracy"], best))
        return out

    families = [family for family, found in result["tasks"].items() if found]
    lines = [
        f"### {result['title']}",
        "",
        _row(
            [
                "method",
                *(f"{f} ({len(result['tasks'][f])})" for f in families),
                "mean of all",
                "hurt",
                "worst loss",
                "mean regret",
                "CPU-s a task",
            ]
        ),
        _row(["---"] + ["---:"] * (len(families) + 5)),
    ]

    def row(label: str, name: str, *, bold: bool = False) -> str:
        found = accuracies(name)
        means = [_mean(a for f, a, _, _ in found if f == family) for family in families]
        cost = [
            (task["auto"] if name == "auto" else task["methods"].get(name, {})).get("cpu_s", 0.0)
            for _, task in tasks
        ]
        cells = [f"{100 * m:.1f}" for m in [*means, _mean(a for _, a, _, _ in found)]]
        hurt = sum(a < r - 1e-9 for _, a, r, _ in found)
        worst = max(r - a for _, a, r, _ in found)
        cells += [str(hurt), f"{100 * max(worst, 0):.1f}"]
        cells += [f"{100 * _mean(b - a for _, a, _, b in found):.1f}", f"{_mean(cost):.1f}"]
        mark = "**" if bold else ""
        return _row([f"{mark}{cell}{mark}" for cell in (label, *cells)])

    best = [accuracies(reference)[i][3] for i in range(len(tasks))]
    oracle = [
        _mean(b for (f, _), b in zip(tasks, best, strict=True) if f == family)
        for family in families
    ]
    lines.append(row("source only", reference, bold=True))
    lines.append(row("auto", "auto", bold=True))
    by_mean = sorted(names, key=lambda name: -_mean(a for _, a, _, _ in accuracies(name)))
    lines += [row(name, name) for name in by_mean]
    cells = [f"{100 * m:.1f}" for m in [*oracle, _mean(best)]]
    lines.append(_row(["*oracle (read the labels)*", *cells, "", "", "", ""]))
    return "\n".join([*lines, "", _ran_on(result)])


def memory_table(result: dict[str, Any]) -> str:
    """Return rows, size of the shards, peak memory of all processes, and time."""
    lines = [
        f"### {result['title']}",
        "",
        _row(["rows", "shards, MB", "peak memory of all processes, MB", "wall s", "accuracy, %"]),
        _row(["---:"] * 5),
    ]
    for found in sorted(result["sizes"].values(), key=lambda one: one["rows"]):
        cells = [f"{found['rows']:,}", str(found["shards_mb"]), f"{found['peak_mb']:,}"]
        lines.append(_row([*cells, str(found["wall_s"]), f"{100 * found['accuracy']:.1f}"]))
    said = (
        "Proportional set size, twice a second; the small convolutional net, one method and seed."
    )
    return "\n".join([*lines, "", f"{said} {_ran_on(result)}"])


def _mean(values: Iterable[float]) -> float:
    return statistics.fmean(values)


def _ran_on(result: dict[str, Any], threads: str = "") -> str:
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return f"{result['cpu']}, {threads}{versions}, {result['date']}."


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


KINDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "runs": runs_table,
    "features": features_table,
    "grid": grid_table,
    "stream": stream_table,
    "class-shift": class_shift_table,
    "open-set": open_set_table,
    "term steps": steps_table,
    "pull steps": pull_table,
    "extraction": extraction_table,
    "across": lambda result: across_table(result, _row, _ran_on),
    "distillation": lambda result: distillation_table(result, _row, _ran_on),
    "memory": memory_table,
    "clustering": lambda result: clustering_table(result, _row, _ran_on),
    "federated": lambda result: federated_table(result, _row, _ran_on),
    "estimates": lambda result: estimates_table(result, _row, _ran_on),
    "gates": lambda result: gates_table(result, _row, _ran_on),
    "source weights": lambda result: sources_table(result, _row, _ran_on),
    "table_trees": lambda result: trees_table(result, _row, _ran_on),
    "explanations": lambda result: explanations_table(result, _row, _ran_on),
    "attacks": lambda result: attacks_table(result, _row, _ran_on),
    "hardening": lambda result: hardening_table(result, _row, _ran_on),
    "label errors": lambda result: label_errors_table(result, _row, _ran_on),
    "choice": lambda result: choice_table(result, _row, _ran_on),
    "strengths": lambda result: strengths_table(result, _row, _ran_on),
    "several": lambda result: several_table(result, _row, _ran_on),
}
QUOTED = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- table: end -->)", re.DOTALL)


def table_of(result: dict[str, Any]) -> str:
    """Return a result as a heading, a table and a line on what it ran on."""
    return KINDS.get(result.get("kind", ""), speed_table)(result)


def quote(text: str, results: Mapping[str, dict[str, Any]]) -> str:
    """Return a page of docs with the tables that it names put in afresh, without headings."""

    def table(found: re.Match[str]) -> str:
        begin, name, end = found.groups()
        body = table_of(results[name]).split("\n", 2)[2]
        return f"{begin}\n{body}\n\n{end}"

    return QUOTED.sub(table, text)


def main() -> None:
    """Rewrite what lies between the markers, and what `landbridge methods` says was measured."""
    results = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted(HERE.glob("results/*.json"))
    }
    readme = HERE / "README.md"
    text = readme.read_text("utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    body = "\n\n".join(map(table_of, results.values()))
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", "utf-8")
    for page in sorted((HERE.parent / "docs").glob("*.md")):
        text = page.read_text("utf-8")
        page.write_text(quote(text, results), "utf-8")
    measured.write(results)


if __name__ == "__main__":
    main()
