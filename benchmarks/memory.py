"""Memory of a whole run on generated images in Parquet shards: 20,000 rows, and ten times that.

    python benchmarks/memory.py [ROWS ...]

Ten classes of grey 32 × 32 images with noise; a small convolutional net, one method, one seed. What
is measured is the proportional set size of the run's process and its workers together, twice a
second: a page that several share counts once.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from harness import ran_on, read_result, write_result
from landbridge.base.memory import tree_mb

SIDE, CLASSES, SHARD = 32, 10, 10_000
ROWS = (20_000, 200_000)


def write_shards(folder: Path, rows: int) -> float:
    """Write images in shards, and return their size in MB."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    rng = np.random.default_rng(0)
    shapes = rng.integers(0, 160, (CLASSES, SIDE, SIDE))
    for number, start in enumerate(range(0, rows, SHARD)):
        images, labels = [], []
        for _ in range(min(SHARD, rows - start)):
            kind = int(rng.integers(CLASSES))
            noisy = np.clip(shapes[kind] + rng.normal(0, 60, (SIDE, SIDE)), 0, 255)
            out = io.BytesIO()
            Image.fromarray(noisy.astype(np.uint8)).save(out, "PNG")
            images.append({"bytes": out.getvalue(), "path": None})
            labels.append(f"kind {kind}")
        table = pa.table({"image": images, "label": labels})
        pq.write_table(table, folder / f"part-{number:05d}.parquet")
    return sum(f.stat().st_size for f in folder.iterdir()) / 1e6


def run(rows: int) -> dict[str, Any]:
    """Run on so many rows and return the peak, and what the run took."""
    place = Path(tempfile.mkdtemp())
    shards = place / "shards"
    shards.mkdir()
    size = write_shards(shards, rows)
    command = [sys.executable, "-m", "landbridge", "transfer", "--target", str(shards)]
    command += ["--backbone", "convnet", "--method", "finetune", "--seeds", "1", "--budget", "2h"]
    command += ["--set", "training.steps=500", "--out", str(place / "run"), "--json", "--quiet"]
    environment = {**os.environ, "LANDBRIDGE_CACHE": str(place / "cache")}
    start, peak = time.monotonic(), 0.0
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as child:
        while child.poll() is None:
            peak = max(peak, tree_mb(child.pid))
            time.sleep(0.5)
        assert child.stdout is not None
        told = json.loads(child.stdout.read())
    found = {
        "rows": rows,
        "shards_mb": round(size),
        "peak_mb": round(peak),
        "wall_s": round(time.monotonic() - start),
        "accuracy": told["chosen"]["mean"],
    }
    shutil.rmtree(place)
    return found


def main(wanted: list[int]) -> None:
    """Run at each size; what the file holds of other sizes is kept."""
    sizes: dict[str, Any] = read_result("memory").get("sizes", {})
    for rows in wanted:
        sizes[str(rows)] = run(rows)
        print(sizes[str(rows)], flush=True)
        result = {
            "name": "memory",
            "kind": "memory",
            "title": "Memory of a whole run on images in shards",
            "sizes": sizes,
            **ran_on(),
        }
        write_result("memory", result)


if __name__ == "__main__":
    main([int(x) for x in sys.argv[1:]] or list(ROWS))
