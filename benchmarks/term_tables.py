"""The tables of `term_steps.py`, `pull_steps.py` and `extraction.py`, for `tables.py`."""

from __future__ import annotations

from typing import Any

WHO = ("Landbridge", "TLlib", "pytorch-adapt")
NAMES = {
    "mcc": "MCC",
    "deep-coral": "Deep CORAL",
    "afn": "AFN",
    "dann": "DANN",
    "mdd": "MDD",
    "cdan": "CDAN+E",
    "cdan, random map": "CDAN+E, random map",
    "jan": "JAN",
    "dan": "MK-MMD",
    "dsan": "DSAN",
    "mcd": "MCD",
    "bnm": "BNM",
    "infomax": "InfoMax",
}


def steps_table(result: dict[str, Any]) -> str:
    """Return one row for each term: its step over the unit, ours and the peers'."""
    found = {(row["who"], row["term"]): row for row in result["rows"]}
    both = next(row for row in result["rows"] if row["who"] == "unit" and row["ratio"] != 1)
    peers = [who for who in WHO if any(key[0] == who for key in found)]
    head = ["term", *peers, "ours over 32 + 32 rows without a term", "aim"]
    lines = [f"### {result['title']}", "", result["note"], ""]
    lines += [_row(head), _row(["---"] + ["---:"] * (len(head) - 1))]
    lines.append(_row(["none, 32 + 32 rows", *[f"{both['ratio']:.2f}"] * len(peers), "1.00", ""]))
    for key, name in NAMES.items():
        cells = [_ratio(found.get((who, key))) for who in peers]
        if not any(cells):
            continue
        ours = found.get(("Landbridge", key))
        over = f"{ours['over_both']:.2f}" if ours else ""
        lines.append(_row([name, *cells, over, f"{result['limits'].get(key, '')}"]))
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    missing = f" Left out: {', '.join(result['missing'])}." if result["missing"] else ""
    ran = f"{result['cpu']}, {result['threads']} thread, {versions}, {result['date']}."
    return "\n".join([*lines, "", ran + missing])


def pull_table(result: dict[str, Any]) -> str:
    """Return one row for each net: a plain step, one with the pull, their ratio by repeat."""
    head = ["net", "finetune, ms", "l2-sp, ms", "ratio, median (all)", "aim"]
    lines = [f"### {result['title']}", "", _row(head), _row(["---"] + ["---:"] * 4)]
    for name, net in result["nets"].items():
        every = ", ".join(f"{ratio:.2f}" for ratio in sorted(net["ratios"]))
        times = [f"{net['ms'][method]:.1f}" for method in ("finetune", "l2-sp")]
        lines.append(_row([name, *times, f"{net['ratio']:.2f} ({every})", str(result["limit"])]))
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    ran = f"{result['cpu']}, {result['threads']} thread, {versions}, {result['date']}."
    return "\n".join([*lines, "", ran])


def extraction_table(result: dict[str, Any]) -> str:
    """Return one row for each network and precision: the bare network, ours, our share of it."""
    head = ["network", "precision", "bare, a second", "ours, a second", "share (all)", "aim"]
    lines = [f"### {result['title']}", "", _row(head), _row(["---", "---"] + ["---:"] * 4)]
    for row in result["rows"]:
        every = ", ".join(f"{share:.2f}" for share in sorted(row["shares"]))
        speeds = [f"{row[who]:.1f}" for who in ("bare", "ours")]
        share = f"{row['share']:.2f} ({every})"
        lines.append(_row([row["what"], row["precision"], *speeds, share, str(result["aim"])]))
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    ran = f"{result['cpu']}, {result['threads']} thread, {versions}, {result['date']}."
    return "\n".join([*lines, "", ran])


def _ratio(row: dict[str, Any] | None) -> str:
    return f"{row['ratio']:.2f} ({row['low']:.2f} to {row['high']:.2f})" if row else ""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
