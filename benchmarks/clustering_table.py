"""The table of clustering.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any


def clustering_table(
    result: dict[str, Any],
    row: Callable[[Sequence[str]], str],
    ran_on: Callable[[dict[str, Any]], str],
) -> str:
    """Return agreement by way of grouping, and the numbers of groups that were found."""
    sets = result["sets"]
    lines = [
        f"### {result['title']}",
        "",
        f"Adjusted mutual information with the classes (100 the same, 0 chance), mean of "
        f"{result['seeds']} seeds, with the number of classes given.",
        "",
        row(["", *(f"{name} ({one['backbone']})" for name, one in sets.items()), "mean"]),
        row(["---"] + ["---:"] * (len(sets) + 1)),
    ]
    ways = list(next(iter(sets.values()))["ways"])
    for way in ways:
        found = [fmean(one["ways"][way]["ami"]) for one in sets.values()]
        lines.append(row([way, *(f"{100 * v:.1f}" for v in [*found, fmean(found)])]))
    for key, name in (
        ("ami_with_that_number", "number found"),
        ("ami_with_the_best", "number that comes back best"),
    ):
        own = [one[key] for one in sets.values()]
        cells = [f"{100 * v:.1f}" for v in [*own, fmean(own)]]
        lines.append(row([f"gaussian-mixture, {name}", *cells]))
    lines += [
        "",
        "How many groups: the number of classes, and what was found.",
        "",
        row(["", *sets]),
        row(["---"] + ["---:"] * len(sets)),
        row(["**classes**", *(f"**{one['classes']}**" for one in sets.values())]),
    ]
    for key, name in (
        ("halves", "halves of the data (ours)"),
        ("best", "halves of the data, the number that comes back best"),
        ("silhouette", "silhouette (scikit-learn)"),
        ("BIC", "BIC of the mixture (scikit-learn)"),
    ):
        lines.append(row([name, *(str(one["number"][key]) for one in sets.values())]))
    stand_out = [[level["groups"] for level in one["number"]["plateaus"]] for one in sets.values()]
    lines.append(row(["all that stand out", *(", ".join(map(str, one)) for one in stand_out)]))
    lines.append(row(["CPU-s, ours", *(f"{one['cpu_s']:.0f}" for one in sets.values())]))
    return "\n".join([*lines, "", ran_on(result)])
