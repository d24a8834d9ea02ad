"""Medicine: heart disease in one hospital, for a model that was trained in another.

The target's labels only judge. With LANDBRIDGE_DATA: Cleveland → Hungary (UCI); else, and with
--small, made-up patients: the second hospital's are older, and its machine reads higher.
"""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import landbridge

SMALL = "--small" in sys.argv
ROOT = Path(os.environ.get("LANDBRIDGE_DATA", "nowhere")) / "heart"
COLUMNS = (
    *("age", "sex", "cp", "trestbps", "chol", "fbs", "restecg"),
    *("thalach", "exang", "oldpeak", "slope", "ca", "thal", "num"),
)


def patients() -> tuple[pd.DataFrame, str, str]:
    """Return one table with a column that names the hospital, the source and the target."""
    if ROOT.is_dir() and not SMALL:
        parts = {
            name: pd.read_csv(ROOT / f"processed.{name}.data", names=list(COLUMNS), na_values="?")
            for name in ("cleveland", "hungarian")
        }
        table = pd.concat([part.assign(hospital=name) for name, part in parts.items()])
        table["num"] = np.where(table["num"] > 0, "ill", "well")
        return table.reset_index(drop=True), "cleveland", "hungarian"
    rng = np.random.default_rng(0)
    away = np.repeat([0, 1], 150)
    age, pressure = rng.normal(52 + 6 * away, 9), rng.normal(130 + 15 * away, 15)
    rate = rng.normal(150 - 0.5 * (age - 50), 15)
    risk = 0.06 * (age - 55) + 0.03 * (pressure - 130 - 15 * away) - 0.04 * (rate - 148)
    ill = np.where(rng.random(300) < 1 / (1 + np.exp(-2 * risk)), "ill", "well")
    table = pd.DataFrame({"age": age, "pressure": pressure, "rate": rate, "num": ill})
    return table.assign(hospital=np.where(away, "north", "south")), "south", "north"


if __name__ == "__main__":
    table, source, target = patients()
    run = landbridge.transfer(
        target=table,
        label="num",
        domain="hospital",
        source_domains=[source],
        target_domains=[target],
        target_labels="judge",
        budget="10s" if SMALL else "30s",
        seeds=1 if SMALL else 3,
        method="coral" if SMALL else "auto",
        out=Path(tempfile.mkdtemp()) / "run",
    )
    print(run.verdict["sentence"], f"\nreport: {run.report()}")
