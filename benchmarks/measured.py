"""What was measured of each method, a line each: `src/landbridge/methods/core/measured.json`.

`tables.py` writes it from results/, so that `landbridge methods` shows our own figures alone.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OUT = HERE.parent / "src" / "landbridge" / "methods" / "core" / "measured.json"
Results = Mapping[str, dict[str, Any]]
SHORT = {"MNIST → USPS": "M → U", "USPS → MNIST": "U → M"}


def measured(results: Results) -> dict[str, dict[str, str]]:
    """Return cost and evidence by method, from results by name."""
    said: dict[str, list[str]] = {}
    for part in (
        _digits,
        _photographs,
        _few,
        _tuning,
        _features,
        _few_features,
        _sources,
        _angles,
        _tables,
        _trees,
        _choice,
        _without,
        _hardened,
    ):
        for name, text in part(results):
            said.setdefault(name, []).append(text)
    for name, text in _missing_classes(results):
        said.setdefault(name, [text])  # only where nothing else was measured
    costs = dict(_costs(results))
    return {
        name: {"cost": costs.get(name, ""), "evidence": "; ".join(said.get(name, []))}
        for name in sorted({*said, *costs})
    }


def _without(results: Results) -> Iterator[tuple[str, str]]:
    """What is learned without labels: from rows alone, and from a teacher."""
    cells = []
    for name, task in _tasks(results, "pretraining_digits").items():
        if "pretrain" in task["methods"]:
            cells.append(f"{name} {_percent(task, 'pretrain')} ({_percent(task, 'scratch')})")
    if cells:
        yield "pretrain", "labels (from scratch): " + ", ".join(cells)
    ways = results.get("distillation", {}).get("ways", {})
    cells = [
        f"{way} {100 * found['student']['mean']:.1f} (teacher {100 * found['teacher']:.1f})"
        for way, found in ways.items()
    ]
    if cells:
        yield "distil", "digits, no label: " + ", ".join(cells)


def _hardened(results: Results) -> Iterator[tuple[str, str]]:
    """What withstands attacks after hardening, and without any."""
    for key, what in (
        ("hardening_digits", "USPS digits attacked by 0.1"),
        ("hardening_cifar", "CIFAR-10 attacked by 4/255"),
    ):
        rows = {row["method"]: row["seeds"] for row in results.get(key, {}).get("rows", [])}
        for name, own in rows.items():
            method, plus, term = name.partition("+")
            if plus and method == "finetune":
                after, before = (
                    [100 * statistics.fmean(one[k] for one in some) for k in ("whole", "clean")]
                    for some in (own, rows[method])
                )
                yield (
                    term,
                    f"{what}: {after[0]:.1f} (finetune {before[0]:.1f}), "
                    f"clean {after[1]:.1f} ({before[1]:.1f})",
                )


def _sources(results: Results) -> Iterator[tuple[str, str]]:
    """Weights by source, all other domains of a family being the sources."""
    cells = []
    for family, found in results.get("source_weights", {}).get("families", {}).items():
        own, pooled = (
            100 * statistics.fmean(row[name] for row in found)
            for name in ("source-weights", "pooled")
        )
        cells.append(f"{family} {own:.1f} ({pooled:.1f})")
    if cells:
        yield "source-weights", "several sources (pooled): " + ", ".join(cells)


def _digits(results: Results) -> Iterator[tuple[str, str]]:
    tasks = _tasks(results, "adaptation_jda")
    for name in _names(tasks):
        cells = [
            f"{short} {_percent(tasks[task], name)} ({_percent(tasks[task], 'source-only')})"
            for task, short in SHORT.items()
            if name in tasks[task]["methods"]
        ]
        if name != "source-only":
            yield name, "digits (source only): " + ", ".join(cells)


def _photographs(results: Results) -> Iterator[tuple[str, str]]:
    tasks = _tasks(results, "adaptation_office")
    for name in _names(tasks):
        if name not in ("source-only", "probe"):
            means = [
                100 * statistics.fmean(task["methods"][m]["mean"] for task in tasks.values())
                for m in (name, "source-only")
            ]
            yield name, f"photographs, {len(tasks)} tasks: {means[0]:.1f} ({means[1]:.1f})"


def _few(results: Results) -> Iterator[tuple[str, str]]:
    tasks = {
        k: v for k, v in _tasks(results, "adaptation_few").items() if k.endswith(", 1 a class")
    }
    for name in _names(tasks):
        cells = [
            f"{short} {_percent(task, name)}"
            for pair, short in SHORT.items()
            if name in (task := tasks[f"{pair}, 1 a class"])["methods"]
        ]
        if name.startswith("joint") or name in ("few-label", "lp-ft", "finetune"):
            yield name, "digits, one label a class: " + ", ".join(cells)


def _tuning(results: Results) -> Iterator[tuple[str, str]]:
    for key, wanted in (
        ("finetuning_hymenoptera", "ants and bees, 5% of the labels"),
        ("finetuning_cifar", "CIFAR-10 six → four, 1% of the labels"),
    ):
        task = _tasks(results, key).get(wanted)
        for name, row in (task or {"methods": {}})["methods"].items():
            gap = row.get("difference")
            if gap:
                low, high = 100 * gap["low"], 100 * gap["high"]
                yield (
                    name,
                    f"{wanted.replace('%', ' %')}: {100 * gap['mean']:+.1f} over finetune "
                    f"({low:+.1f} to {high:+.1f})",
                )


def _features(results: Results) -> Iterator[tuple[str, str]]:
    result = results.get("features")
    if result is None:
        return
    tasks = [task["methods"] for found in result["tasks"].values() for task in found.values()]
    reference = result["reference"]
    for name in sorted({name for task in tasks for name in task} - {reference}):
        pairs = [
            (task.get(name, task[reference])["accuracy"], task[reference]["accuracy"])
            for task in tasks
        ]
        own, base = (100 * statistics.fmean(values) for values in zip(*pairs, strict=True))
        hurt = sum(a < b - 1e-9 for a, b in pairs)
        yield (
            name,
            f"{len(tasks)} tasks on features: {own:.1f} ({base:.1f}), under source only on {hurt}",
        )


def _few_features(results: Results) -> Iterator[tuple[str, str]]:
    for key, what in (
        ("few_surf", "3 target labels a class (probe): "),
        ("few_heart_rate", "a heart rate from 30 target labels (probe), error: "),
    ):
        tasks = _tasks(results, key)
        for name in _names(tasks):
            means = [
                statistics.fmean(task["methods"][m]["mean"] for task in tasks.values())
                for m in (name, "probe")
            ]
            scale = 100 if next(iter(tasks.values()))["percent"] else 1
            if name not in ("probe", "source-only"):
                own, base = (f"{scale * mean:.1f}" for mean in means)
                yield name, f"{what}{own} ({base})"


def _angles(results: Results) -> Iterator[tuple[str, str]]:
    tasks = _tasks(results, "angles")
    for name in _names(tasks):
        cells = [
            f"{short} {task['methods'][name]['mean']:.1f}° "
            f"({task['methods']['source-only']['mean']:.1f}°)"
            for pair, short in SHORT.items()
            if name in (task := tasks[f"turned digits, {pair}"])["methods"]
        ]
        if name == "rsd":
            yield name, "how far a digit is turned, error (source only): " + ", ".join(cells)


def _tables(results: Results) -> Iterator[tuple[str, str]]:
    tasks = _tasks(results, "heart_alone")
    for name in _names(tasks):
        if name != "scratch":
            own, base = (
                100 * statistics.fmean(task["methods"][m]["mean"] for task in tasks.values())
                for m in (name, "scratch")
            )
            yield name, f"heart disease, {len(tasks)} hospitals (scratch): {own:.1f} ({base:.1f})"


NEW_IN_CHOICE = (
    *("consensus", "discriminant-em", "linear-infomax", "linear-mcc", "mean-matching"),
)
"""Methods that no older table has."""


def _choice(results: Results) -> Iterator[tuple[str, str]]:
    parts = results.get("choice", {}).get("summary", {})
    names = {
        "three classes and more, 50 target rows and more": "three classes and more",
        "two classes": "two classes",
    }
    for name in NEW_IN_CHOICE:
        cells = [
            f"{short} {found['ways'][name]['gain']:+.1f}, hurt {found['ways'][name]['hurt']} of "
            f"{found['tasks']}"
            for part, short in names.items()
            if (found := parts.get(part)) and name in found["ways"]
        ]
        if cells:
            yield name, f"gain over the probe: {'; '.join(cells)}"


def _trees(results: Results) -> Iterator[tuple[str, str]]:
    tasks = results.get("table_trees", {}).get("tasks", {})
    names = next(iter(tasks.values()))["methods"] if tasks else {}
    for name in names:
        if "," not in name and name.endswith(("trees", "forest")):
            own, base = (
                100
                * statistics.fmean(
                    statistics.fmean(task["methods"][m]["accuracy"]) for task in tasks.values()
                )
                for m in (name, "probe")
            )
            yield (
                name,
                f"tables without target labels, {len(tasks)} (probe): {own:.1f} ({base:.1f})",
            )


def _missing_classes(results: Results) -> Iterator[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for key, short in (("mnist_usps", "M → U"), ("usps_mnist", "U → M")):
        result = results.get(f"class_shift_{key}")
        if result is None:
            continue
        rows = result["versions_of_target"]["partial"]["methods"]
        base = 100 * statistics.fmean(rows["source-only"]["accuracy"])
        for name, row in rows.items():
            own = 100 * statistics.fmean(row["accuracy"])
            found.setdefault(name, []).append(f"{short} {own:.1f} ({base:.1f})")
    for name, cells in found.items():
        if name != "source-only":
            yield name, "digits, half the classes missing (source only): " + ", ".join(cells)


def _costs(results: Results) -> Iterator[tuple[str, str]]:
    weights = results.get("source_weights", {}).get("families", {})
    times = [row["source-weights, CPU-s"] for found in weights.values() for row in found]
    if times:
        yield "source-weights", f"{statistics.median(times):.1f} s a task"
    result = results.get("features")
    if result is not None:
        seconds: dict[str, list[float]] = {}
        for found in result["tasks"].values():
            for task in found.values():
                for name, row in task["methods"].items():
                    seconds.setdefault(name, []).append(row["cpu_s"])
        for name, values in seconds.items():
            yield name, f"{statistics.median(values):.1f} s a task"
    steps = results.get("term_steps", {"rows": []})["rows"]
    for row in steps:
        if row["who"] == "Landbridge" and row["net"] == steps[0]["net"]:
            yield row["term"], f"{row['ratio']:.1f} × a step"


def _tasks(results: Results, name: str) -> dict[str, Any]:
    return results[name]["tasks"] if name in results else {}


def _names(tasks: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(name for task in tasks.values() for name in task["methods"]))


def _percent(task: Mapping[str, Any], name: str) -> str:
    return f"{100 * task['methods'][name]['mean']:.1f}"


def write(results: Results) -> None:
    """Write the file that the package reads."""
    text = json.dumps(measured(results), indent=2, ensure_ascii=False)
    OUT.write_text(text + "\n", "utf-8")
