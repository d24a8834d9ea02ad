"""Whole runs of landbridge.transfer as benchmarks: seeds, intervals, CPU time, one JSON each."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import landbridge
from harness import RESULTS, cpu_model


def run(source: Any, target: Any, **options: Any) -> dict[str, Any]:
    """Do one whole run in a folder that is thrown away; return what a table needs."""
    with tempfile.TemporaryDirectory(prefix="landbridge-benchmark-") as folder:
        found = landbridge.transfer(source, target, out=Path(folder) / "run", **options)
        rows = [found.verdict["chosen"], *found.verdict["baselines"]]
        fits = {row["method"]: row for row in found.choice["candidates"]}
        return {
            "setting": found.data["setting"],
            "outcome": found.verdict["outcome"],
            "sentence": found.verdict["sentence"],
            "choice": found.choice["reason"],
            "candidates": {
                name: {k: v for k, v in row.items() if k != "method"} for name, row in fits.items()
            },
            "judged_rows": found.verdict["judged_rows"],
            "seeds": found.verdict["seeds"],
            "cpu_s": found.cost["cpu_s"],
            "wall_s": found.cost["wall_s"],
            "peak_mb": found.cost["peak_mb"],
            "rows": [
                {
                    key: row.get(key)
                    for key in ("method", "role", "mean", "low", "high", "per_seed", "difference")
                }
                for row in rows
            ],
        }


def save(name: str, title: str, results: dict[str, Any], note: str = "") -> Path:
    """Write ``results/<name>.json`` with what it ran on."""
    path = RESULTS / f"{name}.json"
    value = {
        "name": name,
        "kind": "runs",
        "title": title,
        "note": note,
        "results": results,
        "cpu": cpu_model(),
        "versions": {
            "python": platform.python_version(),
            **{p: importlib.metadata.version(p) for p in ("landbridge", "torch", "numpy")},
        },
        "date": datetime.now(UTC).date().isoformat(),
    }
    path.write_text(json.dumps(value, indent=1) + "\n")
    return path
