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
    """Return one row for each net and term: its step over both units, ours and the peers'."""
    found = {(row["net"], row["who"], row["term"]): row for row in result["rows"]}
    peers = [who for who in WHO if any(key[1] == who for key in found)]
    head = ["net", "term", *peers, "aim"]
    lines = [f"### {result['title']}", "", result["note"], ""]
    lines += [_row(head), _row(["---", "---"] + ["---:"] * (len(peers) + 1))]
    for net in dict.fromkeys(row["net"] for row in result["rows"]):
        both = next(r for r in result["rows"] if r["net"] == net and "no term" in r["term"])
        lines.append(_row([net, "none, 32 + 32 rows", *[_ratio(both)] * len(peers), ""]))
        for key, name in NAMES.items():
            cells = [_ratio(found.get((net, who, key))) for who in peers]
            if any(cells):
                lines.append(_row([net, name, *cells, f"{result['limits'].get(key, '')}"]))
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    missing = f" Left out: {', '.join(result['missing'])}." if result["missing"] else ""
    ran = f"{result['cpu']}, {result['threads']} thread, {versions}, {result['date']}."
    return "\n".join([*lines, "", ran + missing])


def pull_table(result: dict[str, Any]) -> str:
    """Return one row for each net: a plain step, one with the pull, their ratio by repeat."""
    head = ["net", "finetune, ms", "l2-sp, ms", "the pull alone, ms", "ratio, median (all)", "aim"]
    lines = [f"### {result['title']}", "", _row(head), _row(["---"] + ["---:"] * 5)]
    for name, net in result["nets"].items():
        every = ", ".join(f"{ratio:.2f}" for ratio in sorted(net["ratios"]))
        times = [f"{net['ms'][method]:.1f}" for method in ("finetune", "l2-sp")]
        times.append(f"{net['pull_ms']:.2f}")
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
    return f"{row['ratio']:.2f} ({row['over_both']:.2f})" if row else ""


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
