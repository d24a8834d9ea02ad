"""Finding code by its name, with every file that it can import. Nothing of it is imported."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pkgutil
import site
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from pathlib import Path

from .errors import BackboneError
from .imports import reached
from .trust import Code

_SKIPPED = ("__pycache__", "node_modules", "site-packages")
_ENVIRONMENT = "pyvenv.cfg"
_MANY = 2000
"""Entries of a folder without code from which on it holds data; folders that are looked into."""
_FILES, _BYTES = 20_000, 512 * 2**20


@dataclass(frozen=True)
class Source:
    """One file that can be imported, as it was when it was looked at."""

    path: Path
    data: bytes | None
    """None of a compiled module: it is opened by the system."""
    package: bool


@dataclass(frozen=True)
class Found:
    """A function's file and what can be imported beside it.

    Attributes
    ----------
    code : Code
        What trust is asked for.
    module : str
        The module's name, "" where it was named by its file.
    function : str
    file : Path
        The file that the function is in.
    data : bytes
        Its content.
    sources : dict of str to Source
        By the name of the module; empty of an installed package, which Python imports itself.
    """

    code: Code
    module: str
    function: str
    file: Path
    data: bytes
    sources: dict[str, Source] = field(default_factory=dict)


def find_code(spec: str) -> Found:
    """Find ``path/to/file.py:function`` or ``package.module:function``.

    Raises
    ------
    BackboneError
        Where it names no function, or there is no such file or module.
    """
    place, colon, name = spec.rpartition(":")
    if not colon or not place or not name:
        raise BackboneError(
            f"backbone 'local/{spec}' names no function",
            hint="write local/path/to/file.py:function, or local/package.module:function",
        )
    if place.endswith(".py"):
        file = _file(place)
        data, root = file.read_bytes(), file.parent
        own = _reached([data], "", _sources(root))
        return Found(_code(f"{file}:{name}", root, own, file, data), "", name, file, data, own)
    file, top = _module(place)
    data, root = file.read_bytes(), top.parent
    if not installed(file):
        own = _reached([data], place.partition(".")[0], _sources(root))
        return Found(_code(spec, root, own, file, data), place, name, file, data, own)
    own = {}
    if top.is_dir():
        root, own = top, _sources(top)
    return Found(_code(spec, root, own, file, data), place, name, file, data)


def _file(place: str) -> Path:
    try:
        path = Path(place).expanduser().resolve()
        there = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise BackboneError(f"{place!r} is no path: {error}", hint="check it") from error
    if not there:
        raise BackboneError(f"{path} is not there", hint="check the path of your code")
    return path


def _code(spec: str, root: Path, sources: dict[str, Source], file: Path, data: bytes) -> Code:
    files = {
        one.path.relative_to(root).as_posix(): _hash(one.path, one.data) for one in sources.values()
    }
    files[file.relative_to(root).as_posix()] = _hash(file, data)
    return Code(f"local/{spec}", str(root), files)


def _hash(path: Path, data: bytes | None) -> str:
    if data is not None:
        return hashlib.sha256(data).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# By the name of a module ---------------------------------------------------------------------


def _module(name: str) -> tuple[Path, Path]:
    """Return a module's file, and the file or folder of the top of its package."""
    missing = BackboneError(
        f"there is no Python module {name!r} here",
        hint="install it, or give the path of a file: local/path/to/file.py:function",
    )
    parts = name.split(".")
    if not all(part.isidentifier() for part in parts) or parts == ["__main__"]:
        raise missing
    try:
        found = importlib.util.find_spec(parts[0])  # of a top, this imports nothing
    except (ImportError, ValueError) as error:
        raise missing from error
    first = found
    for number in range(1, len(parts)):
        found = None if found is None else _below(found, ".".join(parts[: number + 1]))
    if first is None or found is None or found.origin is None:
        raise missing
    file = Path(found.origin)
    if not file.is_file():
        raise BackboneError(
            f"the module {name!r} has no file of its own ({found.origin})",
            hint="give the path of a file: local/path/to/file.py:function",
        )
    file = file.resolve()
    # Of a package without __init__.py the folder above the file counts, however deep.
    places = [Path(p).resolve() for p in first.submodule_search_locations or ()]
    top = next((p for p in places if file.is_relative_to(p)), file)
    return file, top


def _below(parent: ModuleSpec, name: str) -> ModuleSpec | None:
    """Find a submodule; the standard way would import its parents."""
    empty = None
    for place in _places(parent):
        finder = pkgutil.get_importer(place)
        found = None if finder is None else finder.find_spec(name)
        if found is not None and found.loader is not None:
            return found
        empty = empty or found  # a folder without __init__.py
    return empty


def _places(spec: ModuleSpec) -> list[str]:
    places = spec.submodule_search_locations
    # Of a package without __init__.py this is an object that looks for its parent when iterated.
    return list(getattr(places, "_path", places) or ())


def installed(path: Path) -> bool:
    """Say whether a file is of Python itself or of what was installed into it."""
    installed = {*site.getsitepackages(), site.getusersitepackages()}
    installed |= {
        sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")
    }
    return any(path.is_relative_to(Path(place).resolve()) for place in installed if place)


# What lies beside it --------------------------------------------------------------------------


def _reached(start: list[bytes], package: str, sources: dict[str, Source]) -> dict[str, Source]:
    """Return the modules and whole packages that code can import, and those of `package`."""
    beside: dict[str, list[bytes]] = {}
    for name, source in sources.items():
        beside.setdefault(name.partition(".")[0], []).append(source.data or b"")
    found = reached([*start, *beside.get(package, [])], beside) | {package}
    return {name: one for name, one in sources.items() if name.partition(".")[0] in found}


def _sources(root: Path) -> dict[str, Source]:
    """Return every module that can be imported from a folder, by its name.

    Folders whose names cannot be imported, hidden ones, environments and folders of data are left
    out: what is not returned here cannot be imported later.
    """
    found: dict[str, Source] = {}
    size = 0
    for folder, names in _folders(root):
        above = ".".join(folder.relative_to(root).parts)
        for name in names:
            module = _module_name(name)
            if module is None:
                continue
            package = module == "__init__" and folder != root
            whole = above if package else f"{above}.{module}".removeprefix(".")
            compiled = whole in found and found[whole].data is None  # wins over its source
            if compiled and not package:
                continue
            path = folder / name
            try:
                data = path.read_bytes() if name.endswith(".py") else None
                size += path.stat().st_size
            except OSError:  # who cannot read it cannot import it
                continue
            found[whole] = Source(path, data, package)
            if len(found) > _FILES or size > _BYTES:
                raise BackboneError(
                    f"{root} holds more than {_FILES:,} files, or {_BYTES >> 20} MB, that the code "
                    "could import",
                    hint="put the code into a folder of its own",
                )
    return found


def _folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield folders that may be packages, and their files; nearest first, in order."""
    waiting, seen = [root], set[tuple[int, int]]()
    for folder in waiting:
        try:
            facts = folder.stat()
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue
        if (facts.st_dev, facts.st_ino) in seen or len(seen) > _MANY:
            continue
        seen.add((facts.st_dev, facts.st_ino))
        names = [entry.name for entry in entries if _module_name(entry.name)]
        if folder != root and any(entry.name == _ENVIRONMENT for entry in entries):
            continue
        yield folder, names
        if not names and len(entries) > _MANY:  # images, not code
            continue
        waiting += [
            Path(entry.path)
            for entry in entries
            if entry.name.isidentifier() and entry.name not in _SKIPPED and entry.is_dir()
        ]


def _module_name(name: str) -> str | None:
    """Return the module that a file is, None where it is none."""
    for ending in (".py", *EXTENSION_SUFFIXES):
        if name.endswith(ending) and "." not in (stem := name.removesuffix(ending)) and stem:
            return stem
    return None
