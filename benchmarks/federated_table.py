"""The table of federated.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def federated_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return each task with every strategy, then the one with a client that lies."""
    lines = [
        f"### {result['title']}",
        "",
        f"Mean accuracy over clients and {result['seeds']} draws of the rows to judge, %. *Kept*: "
        "what each client chose by its own rows. *Below alone*: the share of clients and draws "
        "whose score was lower than alone, and the same of what they keep; *helped, hurt*: "
        f"verdicts that are clear, of all. {result['rounds']} rounds with a learning rate of "
        f"{result['learning_rate']:g}, but one for `one-round`.",
        "",
    ]
    heads = ["strategy", "together", "alone", "pooled", "kept", "worst and best client"]
    heads += ["below alone (kept)", "helped, hurt", "kB sent", "CPU-s"]
    for name, task in result["tasks"].items():
        rows = ", ".join(f"{client} {n}" for client, n in task["clients"].items())
        lines += [f"**{name}** (labelled rows: {rows})", "", row(heads)]
        lines.append(row(["---"] + ["---:"] * (len(heads) - 1)))
        lines += [row(_cells(said, own)) for said, own in task["strategies"].items()]
        lines.append("")
        if task["trouble"]:
            lines += _trouble(task, row)
    return "\n".join([*lines, ran_on(result)])


def _cells(said: str, own: dict[str, Any]) -> list[str]:
    gains = own["gains"]
    ends = (min(gains, key=gains.__getitem__), max(gains, key=gains.__getitem__))
    return [
        f"`{said}`",
        *(f"{100 * own[key]['mean']:.1f}" for key in ("together", "alone", "pooled", "kept")),
        ", ".join(f"{client} {100 * gains[client]:+.1f}" for client in ends),
        f"{100 * own['below']:.0f} % ({100 * own['kept_below']:.0f} %)",
        f"{own['helped']}, {own['hurt']} of {own['verdicts']}",
        f"{own['bytes'] / 1000:,.0f}",
        f"{own['cpu_s']:.2f}",
    ]


def _trouble(task: dict[str, Any], row: Callable[[Sequence[str]], str]) -> list[str]:
    honest = task["strategies"]["fedavg"]["together"]["mean"]
    lines = [
        f"One client sends ten times the contrary of what it found in every round, or nothing; "
        f"`fedavg` with all honest: {100 * honest:.1f} %.",
        "",
        row(["one client, aggregation", "together"]),
        row(["---", "---:"]),
    ]
    for key, own in task["trouble"].items():
        lines.append(row([key, f"{100 * own['together']['mean']:.1f}"]))
    return [*lines, ""]
