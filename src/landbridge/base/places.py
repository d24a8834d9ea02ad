"""Where things are kept between runs, and that only their owner reads them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .errors import StorageError
from .files import storage_errors

KEPT = ("images-", "sound-", "several-", "features-", "stages-")
"""What the names of cached arrays begin with."""
_PARTS = ("features", "shards", "modules", "trusted", "costs", "stress")
"""Folders of the cache."""

_tight: set[Path] = set()
"""Folders that this process has made private."""


def cache_folder() -> Path:
    """Return ``$LANDBRIDGE_CACHE``, or the platform's cache folder for landbridge."""
    if given := os.environ.get("LANDBRIDGE_CACHE"):
        return Path(given)
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "landbridge"


def config_folder() -> Path:
    """Return the platform's folder for this user's own choices.

    Never below the current folder: what lies there may have come from somebody else.
    """
    base = Path(os.environ.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME", ""))
    if not base.is_absolute():  # as the XDG specification says of XDG_CONFIG_HOME
        with suppress(RuntimeError):  # there is no home
            base = Path.home() / ".config"
    if not base.is_absolute():
        raise StorageError(
            "there is no home folder to keep choices in", hint="set XDG_CONFIG_HOME or HOME"
        )
    return base / "landbridge"


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter; one that is wider is tightened.

    What caches hold (pictures, recordings, features of them) may be read by nobody else. Files of
    earlier versions in the folder, and in those of the cache, are tightened with it. A folder that
    belongs to somebody else is left as it is.

    Returns
    -------
    Path
        `folder`.
    """
    if folder != cache_folder() and folder.parent == cache_folder():
        private_folder(folder.parent)
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if folder in _tight or os.name == "nt":
        return folder
    _tight.add(folder)
    _tighten(folder, 0o700)
    if folder == cache_folder():
        for name in _PARTS:
            if (folder / name).is_dir():
                private_folder(folder / name)
    for path in _files(folder):
        _tighten(path, 0o600)
    return folder


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that landbridge keeps there, and no others: the folder may be the user's."""
    own = folder.name in _PARTS and folder.parent == cache_folder()
    with suppress(OSError):
        for entry in os.scandir(folder):
            kept = own or entry.name.lstrip(".").startswith(KEPT)
            if kept and entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


def _tighten(path: Path, mode: int) -> None:
    with suppress(OSError):
        found = path.lstat()
        mine = found.st_uid == os.getuid() and not stat.S_ISLNK(found.st_mode)
        if mine and stat.S_IMODE(found.st_mode) & ~mode:
            path.chmod(stat.S_IMODE(found.st_mode) & mode)


def why_offline(offline: bool) -> str:
    """Return why nothing may be downloaded, "" where it may."""
    if offline:
        return "offline was asked for"
    said = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
    return "HF_HUB_OFFLINE is set" if said else ""
