"""Finance: who pays back, in a segment of customers with few known outcomes.

    python examples/finance_credit.py [--small]

A made-up table: salaried customers have long histories, the self-employed are new, earn more
unevenly, and debt weighs more for them. 200 outcomes of theirs are known: some judge, and the
others are learned from. The rest says, at the end, whether the verdict was right.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import landbridge

SMALL = "--small" in sys.argv
KNOWN = 60 if SMALL else 200


def customers(n: int, segment: str) -> pd.DataFrame:
    """Return customers of a segment and whether they paid back."""
    rng = np.random.default_rng(len(segment))
    own = segment == "self-employed"
    income = rng.lognormal(10.4, 0.7 if own else 0.4, n)
    debt = rng.gamma(2, 6000, n) * (1.4 if own else 1)
    years, homes = rng.integers(0, 20, n), rng.choice(["rents", "owns", "family"], n)
    odds = 0.15 * years + 0.8 * (homes == "owns") - (2.2 if own else 1.4) * debt / income + 0.3
    paid = np.where(rng.random(n) < 1 / (1 + np.exp(-odds)), "paid", "default")
    columns = {"income": income, "debt": debt, "years": years, "home": homes, "outcome": paid}
    return pd.DataFrame(columns)


if __name__ == "__main__":
    source = customers(600 if SMALL else 2000, "salaried")
    target = customers(400 if SMALL else 1500, "self-employed")
    source["home"] = source["home"].where(source.index % 50 != 0)  # some never said
    labelled = np.arange(len(target)) < KNOWN
    granted = target["outcome"].where(labelled, None)
    run = landbridge.transfer(
        (source.drop(columns="outcome"), source["outcome"]),
        (target.drop(columns="outcome"), granted),
        method="weighted-joint" if SMALL else "auto",
        backbone="identity" if SMALL else "auto",
        budget="10s" if SMALL else "30s",
        seeds=1 if SMALL else 3,
        out=Path(tempfile.mkdtemp()) / "run",
    )
    print(run.verdict["sentence"])
    answers = run.model.predict(target.drop(columns="outcome")[~labelled])
    print(f"on the others: {(answers == target['outcome'][~labelled]).mean():.1%} right")
    print(f"report: {run.report()}")
