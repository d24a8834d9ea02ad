"""Modules of the user's own: made by a function in a file or package, or handed over.

A run folder is data, and opening somebody else's must run no code that came with it. So code is
only run once a person has agreed to it on this machine (`landbridge.base.trust`), and what is run
is what was looked at then: sources are compiled from the bytes that were hashed, never from
compiled files that lie beside them.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pickle
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ExtensionFileLoader, ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from torch import nn

from ..base.code import Found, Source, find_code
from ..base.errors import BackboneError, LandbridgeError
from ..base.files import write_bytes
from ..base.places import cache_folder
from ..base.trust import Code, grant, require, revoke

HELD = "held:"

_served: dict[str, str] = {}
"""Neighbours in `sys.modules` that came from here, and the digest of the code they belong to."""
_loading = threading.RLock()


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
            hint="put a function that makes it into a file and give backbone='local/file.py:name'",
        ) from error
    key = hashlib.sha256(data).hexdigest()[:16]
    write_bytes(_held_path(key), data, private=True)
    revoke(lambda code: code.what.startswith(f"local/{HELD}") and not Path(code.root).exists())
    grant(_held_code(key, data))  # handed over in this call, by whoever wrote it
    return f"local/{HELD}{key}"


def held_code(key: str) -> Code:
    """Return what opening a module that `hold` kept runs; nothing of it is run.

    Raises
    ------
    BackboneError
        Where it is not in this user's cache, or was changed.
    """
    return _held_code(key, _held_data(key))


def held(key: str) -> nn.Module:
    """Return a module that `hold` kept.

    Raises
    ------
    BackboneError
        Where it is not in this user's cache, or was changed, or cannot be read any more.
    TrustError
        Where it is not known that this user has handed it over.
    """
    data = _held_data(key)
    require(_held_code(key, data))
    try:
        found = pickle.loads(data)
    except (pickle.UnpicklingError, AttributeError, ImportError, TypeError, EOFError) as error:
        raise BackboneError(
            f"{_held_path(key)} cannot be read: {error}",
            hint="use the versions of Python and torch that it was kept with",
        ) from error
    assert isinstance(found, nn.Module)
    return found


def _held_path(key: str) -> Path:
    return cache_folder() / "modules" / f"{key}.pickle"


def _held_code(key: str, data: bytes) -> Code:
    path = _held_path(key)
    print_ = hashlib.sha256(data).hexdigest()  # the whole of it: the key is the beginning
    return Code(f"local/{HELD}{key}", str(path.absolute()), {path.name: print_})


def _held_data(key: str) -> bytes:
    path = _held_path(key)
    if not key.isalnum() or not path.is_file():
        raise BackboneError(
            f"the module {key} is not in the cache here ({path.parent})",
            hint="open the run where it was made, or make runs with backbone='local/file.py:name'",
        )
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest()[:16] != key:
        raise BackboneError(f"{path} was changed", hint="hand the module over again")
    return data


def factory(spec: str) -> nn.Module:
    """Call a function, which takes no arguments, that makes a module.

    Raises
    ------
    BackboneError
        Where there is no such function, it fails, or makes no module.
    TrustError
        Where nobody has agreed to run it; nothing of it is run, or imported, then.
    """
    found = find_code(spec)
    require(found.code)
    try:
        with _loading, _importing(found):
            made = _called(found, _load(found))
    except LandbridgeError:
        raise
    except Exception as error:
        raise BackboneError(
            f"the code of {found.code.what} raised {type(error).__name__}: {error}",
            hint=f"mend it; `python {found.file}` shows where" if not found.module else "mend it",
        ) from error
    if not isinstance(made, nn.Module):
        raise BackboneError(
            f"{spec} gave {type(made).__name__}, expected a torch module",
            hint="let the function return an nn.Module",
        )
    return made.cpu()


def _load(found: Found) -> ModuleType:
    if found.module:
        return importlib.import_module(found.module)
    key = f"_landbridge_own_{hashlib.sha256(str(found.file).encode()).hexdigest()[:12]}"
    loader = _Loader(key, str(found.file), found.data)
    spec = importlib.util.spec_from_file_location(key, found.file, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[key] = module  # dataclasses and pickles of the file look for it there
    loader.exec_module(module)
    return module


def _called(found: Found, module: ModuleType) -> Any:
    make = getattr(module, found.function, None)
    if not callable(make):
        callables = [n for n, v in vars(module).items() if callable(v) and not n.startswith("_")]
        raise BackboneError(
            f"{module.__file__} has no function {found.function!r}",
            hint=f"it has: {', '.join(callables[:8]) or 'none'}",
        )
    return make()


# Imports of neighbours, from what was looked at ----------------------------------------------


class _Loader(SourceFileLoader):
    """Compiles the bytes that it was given."""

    def __init__(self, name: str, path: str, data: bytes) -> None:
        super().__init__(name, path)
        self._data = data

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._data, self.path, "exec", dont_inherit=True)
        return code


class _Neighbours(MetaPathFinder):
    """Finds the modules of one folder, as when the code in it is run by itself."""

    def __init__(self, sources: dict[str, Source], owner: str) -> None:
        self.sources, self.owner = sources, owner

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        source = self.sources.get(name)
        if source is None:
            return None
        _served[name] = self.owner
        file = str(source.path)
        loader: Any = (
            ExtensionFileLoader(name, file)
            if source.data is None
            else _Loader(name, file, source.data)
        )
        # No places: below a package, too, nothing else is found than what was looked at.
        spec = importlib.util.spec_from_file_location(name, file, loader=loader)
        if spec is not None and source.package:
            spec.submodule_search_locations = []
        return spec


class _Folders(_Neighbours):
    """Finds folders without __init__.py, where nothing else has their name."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not any(source.startswith(f"{name}.") for source in self.sources):
            return None
        _served[name] = self.owner
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = []
        return spec


@contextmanager
def _importing(found: Found) -> Iterator[None]:
    """Let code import its neighbours, and only as they were when they were looked at."""
    if not found.sources:
        yield
        return
    owner = found.code.digest
    tops = {name.partition(".")[0] for name in found.sources}
    # Of other code, or of this before it was changed: the same name is another module now.
    for name in [n for n, o in _served.items() if o != owner and n.partition(".")[0] in tops]:
        sys.modules.pop(name, None)
        del _served[name]
    front, back = _Neighbours(found.sources, owner), _Folders(found.sources, owner)
    at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else 0
    sys.meta_path.insert(at, front)
    sys.meta_path.append(back)
    try:
        yield
    finally:
        sys.meta_path.remove(front)
        sys.meta_path.remove(back)
