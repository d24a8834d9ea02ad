"""The tables of explanations.py, for tables.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Row = Callable[[Sequence[str]], str]


def explanations_table(
    result: dict[str, Any], row: Row, ran_on: Callable[[dict[str, Any]], str]
) -> str:
    """Return how often what was planted is found, and what a row costs."""
    heads = ["planted", "model, right", "way", "found in", "gain", "passes", "checks"]
    lines = [
        f"### {result['title']}",
        "",
        row(heads),
        row(["---", "---", "---", "---:", "---:", "---:", "---"]),
    ]
    for name, own in result["planted"].items():
        taken = own["ways"]["auto"]["taken"]
        ways = {way: found for way, found in own["ways"].items() if way != "auto"}
        for i, (way, found) in enumerate(sorted(ways.items(), key=lambda pair: pair[0] != taken)):
            said = f"**{way}**" if way == taken else way
            lines.append(
                row(
                    [
                        "" if i else name,
                        "" if i else f"`{own['backbone']}`, {100 * own['accuracy']:.1f} %",
                        said,
                        f"{100 * found['found']:.0f} % of {found['rows']}",
                        f"{found['gain']:.2f}",
                        f"{found['passes']:.0f}",
                        "passed" if found["relied_on"] else "not to be relied on",
                    ]
                )
            )
    return "\n".join([*lines, "", *_more(result), "", ran_on(result)])


def _more(result: dict[str, Any]) -> list[str]:
    page = result["photographs"]
    every = ", ".join(f"{value:.1f}" for value in sorted(page["all_cpu_s"]))
    gaps = ", ".join(f"{name} {gap:.1e}" for name, gap in result["captum"].items())
    return [
        "Bold is what `auto` takes. Found is where the strongest part of a row is what was "
        "planted; of coefficients, where what columns add correlates with the truth by 0.95 or "
        "more. A pass back counts as a pass; checking a row takes up to 18 more.",
        "",
        f"{page['rows']} photographs with MobileNetV2 as a page, {page['before']} of them "
        f"explained on both sides, checks, source and page included: {page['cpu_s']:.1f} CPU-s "
        f"({every}), {page['page_kb']:.0f} kB, by {page['method']}.",
        "",
        f"Largest difference from captum, over the largest score: {gaps}.",
    ]
