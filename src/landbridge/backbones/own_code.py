"""Modules of the user's own: made by a function in a file or package, or handed over.

A run folder is data, and opening somebody else's must run no code that came with it. So code is
only run here again if it was named here once: its hash is kept in the cache of this user.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from ..base.errors import BackboneError
from ..base.files import write_bytes
from ..base.places import cache_folder

HELD = "held:"
TRUST = "LANDBRIDGE_TRUST_CODE"


def hold(module: nn.Module) -> str:
    """Keep a module in the cache and return the name that stands for it.

    Parameters
    ----------
    module : Module
        With its weights; classes of a script or notebook are kept with it.

    Returns
    -------
    str
        ``local/held:<hash>``; this user can open it again, and runs made with it.

    Raises
    ------
    BackboneError
        Where it cannot be pickled.

    Examples
    --------
    >>> from torch import nn
    >>> hold(nn.Sequential(nn.Linear(4, 8), nn.ReLU()))           # doctest: +SKIP
    'local/held:6f1d0c2a94b1e7d3'
    """
    import cloudpickle

    try:
        data = cloudpickle.dumps(module.cpu())
    except (pickle.PicklingError, TypeError, AttributeError, RuntimeError) as error:
        raise BackboneError(
            f"the module {type(module).__name__} cannot be kept: {error}",
            do="put a function that makes it into a file and give backbone='local/file.py:name'",
        ) from error
    key = hashlib.sha256(data).hexdigest()[:16]
    write_bytes(_held_path(key), data)
    return f"local/{HELD}{key}"


def _held_path(key: str) -> Path:
    return cache_folder() / "modules" / f"{key}.pickle"


def held(key: str) -> nn.Module:
    """Return a module that `hold` kept.

    Raises
    ------
    BackboneError
        Where it is not in this user's cache, or was changed, or cannot be read any more.
    """
    path = _held_path(key)
    if not key.isalnum() or not path.is_file():
        raise BackboneError(
            f"the module {key} is not in the cache here ({path.parent})",
            do="open the run where it was made, or make runs with backbone='local/file.py:name'",
        )
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest()[:16] != key:
        raise BackboneError(f"{path} was changed", do="hand the module over again")
    try:
        found = pickle.loads(data)
    except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, EOFError) as error:
        raise BackboneError(
            f"{path} cannot be read: {error}",
            do="use the versions of Python and torch that it was kept with",
        ) from error
    assert isinstance(found, nn.Module)
    return found


def trusted(spec: str, *, named_here: bool) -> str:
    """Return a function's name with its file's absolute path; nothing of it is run.

    Parameters
    ----------
    spec : str
        ``path/to/file.py:function`` or ``package.module:function``.
    named_here : bool
        Whether the user wrote it, just now: then its code is trusted from now on.

    Raises
    ------
    BackboneError
        Where it is not there, or is code that was never named here.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise BackboneError(
            f"backbone 'local/{spec}' names no function",
            do="write local/path/to/file.py:function, or local/package.module:function",
        )
    path = Path(place).expanduser()
    whole = f"{path.resolve()}:{name}" if place.endswith(".py") else spec
    source = path if place.endswith(".py") else _module_file(place)
    if not source.is_file():
        raise BackboneError(f"{source} is not there", do="check the path of your code")
    _trust(source, whole, named_here)
    return whole


def factory(spec: str) -> nn.Module:
    """Call a function, which takes no arguments, that makes a module.

    Raises
    ------
    BackboneError
        As of `trusted`; or where it makes no module.
    """
    whole = trusted(spec, named_here=False)
    place, _, name = whole.rpartition(":")
    found = _load(Path(place)) if place.endswith(".py") else importlib.import_module(place)
    made = _call(found, name)
    if not isinstance(made, nn.Module):
        raise BackboneError(
            f"{whole} gave {type(made).__name__}, expected a torch module",
            do="let the function return an nn.Module",
        )
    return made.cpu()


def _module_file(name: str) -> Path:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError) as error:
        raise BackboneError(f"{name} cannot be imported: {error}", do="install it") from error
    if found is None or found.origin is None:
        raise BackboneError(
            f"there is no Python module {name!r} here",
            do="install it, or give the path of a file: local/path/to/file.py:function",
        )
    return Path(found.origin)


def _load(path: Path) -> ModuleType:
    key = f"_landbridge_own_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(key, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module  # dataclasses and pickles of the file look for it there
    sys.path.insert(0, str(path.resolve().parent))  # its neighbours, as when it is run itself
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(path.resolve().parent))
    return module


def _call(module: ModuleType, name: str) -> Any:
    made = getattr(module, name, None)
    if not callable(made):
        known = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise BackboneError(
            f"{module.__file__} has no function {name!r}",
            do=f"it has: {', '.join(known[:8]) or 'none'}",
        )
    return made()


def _trust(source: Path, spec: str, named_here: bool) -> None:
    print_ = hashlib.sha256(source.read_bytes()).hexdigest()
    mark = cache_folder() / "trusted" / print_
    if named_here:
        if not mark.exists():
            write_bytes(mark, spec.encode())
        return
    if mark.exists() or os.environ.get(TRUST) == "1":
        return
    raise BackboneError(
        f"the model was made with the code of {spec}, which is not as it was when it was last "
        "used here, or was never used here",
        do=f"read it, and if you trust it set {TRUST}=1",
    )
