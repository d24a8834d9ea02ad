"""Real data for the benchmarks, from the folder that LANDBRIDGE_DATA names."""

from __future__ import annotations

import gzip
import os
import sys
from pathlib import Path

import numpy as np


def root() -> Path:
    """Return the data folder, or end with a sentence that says what to set."""
    given = os.environ.get("LANDBRIDGE_DATA")
    if not given or not Path(given).is_dir():
        sys.exit("set LANDBRIDGE_DATA to a folder laid out as docs/data.md says")
    return Path(given)


def mnist(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 (n, 28, 28) and labels of "train" or "test"."""
    stem = {"train": "train", "test": "t10k"}[part]
    folder = root() / "mnist"
    with gzip.open(folder / f"{stem}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)
    with gzip.open(folder / f"{stem}-labels-idx1-ubyte.gz") as file:
        return images, np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)


def usps(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 (n, 16, 16) and labels of "train" or "test"."""
    import h5py

    with h5py.File(root() / "usps" / "usps.h5") as file:
        images = np.array(file[part]["data"]).reshape(-1, 16, 16)
        return np.round(255 * images).astype(np.uint8), np.array(file[part]["target"]).astype(int)


def jda_pair(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return source images, labels, target images, labels (uint8 (n, 16, 16))."""
    from scipy.io import loadmat

    found = loadmat(root() / "jda_pairs" / f"{name}.mat")

    def images(key: str) -> np.ndarray:
        x = np.asarray(found[key], np.float64)
        x = x.T if x.shape[0] == 256 else x
        return np.round(255 * x / x.max()).astype(np.uint8).reshape(-1, 16, 16)

    def labels(key: str) -> np.ndarray:
        return np.asarray(found[key]).ravel().astype(int) - 1

    return images("X_src"), labels("Y_src"), images("X_tar"), labels("Y_tar")


def cifar10(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 (n, 32, 32, 3) and labels of "train" or "test"."""
    import io

    import pyarrow.parquet as pq
    from PIL import Image

    files = sorted((root() / "cifar10").glob(f"*{part}*.parquet"))
    tables = [pq.read_table(file).to_pydict() for file in files]
    images = [
        np.asarray(Image.open(io.BytesIO(item["bytes"])).convert("RGB"))
        for table in tables
        for item in table["img"]
    ]
    return np.stack(images), np.concatenate([np.array(t["label"]) for t in tables])
