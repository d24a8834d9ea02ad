"""The gate of class shares on balanced and on truly shifted pairs of real domains, by family.

    LANDBRIDGE_DATA=... python benchmarks/gates.py [family ...]

Rows of both sides are drawn again: with equal shares of all classes, with the same uneven shares on
both sides, and with shifted shares of the target. The rule's three constants are picked on the
families in `PICKED_ON` and judged on the others. Figures and rows are kept under $LANDBRIDGE_CACHE
by family, so that a second call goes on where the first one stopped.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gate_data import PAIRS, Side
from harness import ran_on, write_result
from landbridge.base.seeds import numpy_rng

MOST = 1200
"""Rows of a side, at most."""
LEAST_SHIFT = 0.3
"""Total variation from which on a target counts as shifted; what lies between is not judged."""
ALIKE = 12
"""Pairs of most families; those with fewer are drawn more often."""
LEAST_ROWS = 20
"""Of the target."""
CHECKED = 2
"""Pairs of a family, at most, that the checks are asked about: they take ten times as long."""
PICKED_ON = ("photographs", "SURF", "digits, pixels", "reviews, counts", "hospitals")
FALSE_ALARMS, MISSES = 0.05, 0.2
CURVE = (0.0, 0.025, 0.05, 0.1, 0.15, 0.2)
DISTANCES = (0.1, 0.2, 0.3, 0.4, 0.5)
WEIGHTS = (0.5, 1.0, 1.5, 2.0)
"""What a doubted answer, or one that the mixture does not give, may count as."""
CAPS = (0.3, 0.4, 0.5, 1.0)
Case = tuple[str, int, Side, Side]
Row = dict[str, Any]


def kinds(n_classes: int) -> list[str]:
    """Return the ways in which rows are drawn from a pair, each with a seed of its own."""
    last = "absent" if n_classes > 2 else "one to ten"
    return [
        *("balanced", "balanced", "balanced", "same shares"),
        *("dirichlet", "dirichlet", "one to ten", last),
    ]


def shares_of(kind: str, k: int, rng: np.random.Generator) -> np.ndarray:
    """Return class shares; every kind but "balanced" and "same shares" is a shift of the target."""
    shares = np.ones(k)
    if kind == "same shares":
        shares = np.maximum(rng.dirichlet(np.ones(k)), 0.03)
    elif kind == "dirichlet":
        while True:
            shares = rng.dirichlet(np.full(k, 0.3))
            if _distance(shares, np.full(k, 1 / k)) >= LEAST_SHIFT and shares.max() < 0.95:
                break
    elif kind in ("one to ten", "absent"):
        shares[rng.permutation(k)[: k // 2]] = 0.1 if kind == "one to ten" else 0.0
    return shares / shares.sum()


def drawn(one: Side, shares: np.ndarray, names: np.ndarray, rng: Any, *, exact: bool) -> Side:
    """Draw rows with these shares, as many as there are for that; by chance unless `exact`."""
    x, y = one
    there = np.array([(y == name).sum() for name in names])
    n = min(MOST, *(int(t / s) for t, s in zip(there, shares, strict=True) if s > 0.02))
    counts = np.round(n * shares).astype(int) if exact else rng.multinomial(n, shares)
    rows = [
        rng.permutation(np.flatnonzero(y == name))[:count]
        for name, count in zip(names, counts, strict=True)
    ]
    chosen = rng.permutation(np.concatenate(rows))
    return x[chosen], y[chosen]


def cases(family: str, name: str, source: Side, target: Side, times: int) -> Iterator[Case]:
    """Yield what is drawn from one pair, each kind so many times."""
    source, target = ((x, np.asarray(y).astype(str)) for x, y in (source, target))
    names = np.intersect1d(source[1], target[1])
    for i, kind in enumerate(kinds(len(names)) * times):
        rng = numpy_rng("gates", family, name, kind, i)
        shares = shares_of(kind, len(names), rng)
        same = kind in ("balanced", "same shares")
        ours = shares if same else np.full(len(names), 1 / len(names))
        exact = kind != "same shares"
        one = drawn(source, ours, names, rng, exact=exact)
        other = drawn(target, shares, names, rng, exact=exact)
        counts = np.unique(one[1], return_counts=True)[1]
        if len(counts) == len(names) and counts.min() > 1 and len(other[1]) >= LEAST_ROWS:
            yield kind, i, one, other


def measure(name: str, case: Case, checks: bool) -> Row:
    """Ask the gate, and where `checks` for the first of each kind what was asked before it."""
    from landbridge.diagnosis.class_shares import class_shares
    from landbridge.diagnosis.diagnose import diagnose

    kind, i, (xs, ys), (xt, yt) = case
    names = np.unique(ys)
    true = _distance(*([(y == n).mean() for n in names] for y in (ys, yt)))
    start = time.process_time()
    found = class_shares(xs, ys, xt)
    assert found is not None
    row: Row = {"pair": name, "kind": kind, "seed": i, "true": true, "rows": [len(ys), len(yt)]}
    row["cpu_s"] = time.process_time() - start
    for key in ("distance", "doubt", "disagreement", "chance", "largest"):
        row[key] = getattr(found, key)
    row["right"] = float((_answers(xs, ys, xt) == yt).mean())
    if checks and i in (0, 4):
        row["alone"] = diagnose(xs, ys, xt, checks=("label-shift",)).label_shift
        row["all"] = diagnose(xs, ys, xt).label_shift
    return row


def _answers(xs: np.ndarray, ys: np.ndarray, xt: np.ndarray) -> np.ndarray:
    """Return what a ridge head of the source says of the target."""
    from landbridge.features import Probe

    return np.asarray(Probe().fit(xs, ys, xt).predict(xt))


def _distance(a: Any, b: Any) -> float:
    return float(np.abs(np.asarray(a) - np.asarray(b)).sum() / 2)


def family_rows(family: str) -> list[Row]:
    """Return all cases of a family, kept."""
    folder = Path(os.environ.get("LANDBRIDGE_CACHE") or tempfile.gettempdir()) / "benchmark-gates"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{family.replace(', ', '-').replace(' ', '-')}.json"
    if not file.exists():
        pairs = list(PAIRS[family]())
        times = max(1, ALIKE // len(pairs))
        rows = [
            measure(name, case, k < CHECKED)
            for k, (name, source, target) in enumerate(pairs)
            for case in cases(family, name, source, target, times)
        ]
        file.write_text(json.dumps(rows), "utf-8")
    found: list[Row] = json.loads(file.read_text("utf-8"))
    return found


def fires(row: Row, weight: float, cap: float, beyond: float) -> bool:
    """Say whether the rule with these constants takes shares to differ."""
    from landbridge.diagnosis.class_shares import ALL_BUT_ONE
    from landbridge.diagnosis.evidence import LABELS_FAR

    explained = weight * max(row["doubt"], row["disagreement"])
    least = max(explained + max(row["chance"], beyond), LABELS_FAR)
    told = explained <= cap and row["largest"] < ALL_BUT_ONE
    return bool(told and row["distance"] > least)


def gate(row: Row) -> bool:
    """Say the same with the constants of the package."""
    from landbridge.diagnosis.class_shares import BEYOND, UNDECIDED

    return fires(row, 1.0, UNDECIDED, BEYOND)


def split(rows: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return rows of one distribution of classes, and rows of shifted ones."""
    rows = list(rows)
    same = [row for row in rows if row["kind"] in ("balanced", "same shares")]
    return same, [row for row in rows if row not in same and row["true"] >= LEAST_SHIFT]


def rates(rows: Iterable[Row], said: Any) -> list[float]:
    """Return the shares of false alarms and of misses."""
    same, shifted = split(rows)
    return [
        round(statistics.fmean(bool(said(row)) for row in same), 4) if same else float("nan"),
        round(statistics.fmean(not said(row) for row in shifted), 4) if shifted else float("nan"),
    ]


def pick(found: Mapping[str, list[Row]]) -> dict[str, float]:
    """Return the constants with the fewest misses that no family's false alarms speak against.

    Of those that miss as few, the ones that ask for the most.
    """
    grid = itertools.product(WEIGHTS[::-1], CAPS, CURVE[::-1])
    best: tuple[float, tuple[float, float, float]] | None = None
    for constants in grid:
        own = [
            rates(rows, lambda row, c=constants: fires(row, *c))
            for family, rows in found.items()
            if family in PICKED_ON
        ]
        if max(false for false, _ in own) <= FALSE_ALARMS:
            missed = statistics.fmean(missed for _, missed in own)
            if best is None or missed < best[0]:
                best = missed, constants
    if best is None:
        return {}
    return dict(zip(("weight", "cap", "beyond"), best[1], strict=True))


def main(wanted: list[str]) -> None:
    """Measure, pick, and write ``results/gates.json``."""
    import torch

    from landbridge.diagnosis.class_shares import BEYOND, UNDECIDED

    torch.set_num_threads(1)
    found = {}
    for family in wanted or list(PAIRS):
        found[family] = family_rows(family)
        print(family, rates(found[family], gate), flush=True)
    if wanted:
        return
    judged = {family: rows for family, rows in found.items() if family not in PICKED_ON}
    every = [row for rows in judged.values() for row in rows]
    picked = pick(found)
    print("picked", picked)
    result = {
        "name": "gates",
        "kind": "gates",
        "title": "Do class shares differ? False alarms and misses of the gate",
        "picked_on": PICKED_ON,
        "picked": picked,
        "families": {
            family: {
                "cases": [len(part) for part in split(rows)],
                "right": round(statistics.fmean(row["right"] for row in rows), 4),
                "gate": rates(rows, gate),
                "alone": rates([r for r in rows if "alone" in r], lambda row: row["alone"]),
                "all": rates([r for r in rows if "all" in r], lambda row: row["all"]),
                "cpu_s": round(statistics.fmean(row["cpu_s"] for row in rows), 3),
            }
            for family, rows in found.items()
        },
        "curve": {
            "beyond": {
                str(beyond): rates(every, lambda r, b=beyond: fires(r, 1.0, UNDECIDED, b))
                for beyond in CURVE
            },
            "wrong answers weigh": {
                str(weight): rates(every, lambda r, w=weight: fires(r, w, UNDECIDED, BEYOND))
                for weight in (0.0, *WEIGHTS)
            },
            "distance alone": {
                str(least): rates(every, lambda r, d=least: r["distance"] > d)
                for least in DISTANCES
            },
        },
        **ran_on(),
    }
    write_result("gates", result)


if __name__ == "__main__":
    main(sys.argv[1:])
