"""Where things are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """Return ``$LANDBRIDGE_CACHE``, or the platform's cache folder for landbridge."""
    if given := os.environ.get("LANDBRIDGE_CACHE"):
        return Path(given)
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "landbridge"


def why_offline(offline: bool) -> str:
    """Return why nothing may be downloaded, "" where it may."""
    if offline:
        return "offline was asked for"
    said = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    return "HF_HUB_OFFLINE is set" if said else ""
