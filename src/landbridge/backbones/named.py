"""Which code a configuration or a folder names. Nothing of it is run, or imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..base.code import find_code
from ..base.files import read_json
from ..base.trust import Code, grant, require

_CODE = ("local", "keras")
"""Kinds of backbones that run something."""
_FILES = (
    *("config.json", "backbone.json", "preprocessor.json", "work/data/workspace.json"),
    *("reference/backbone.json", "reference/preprocessor.json", "run.json"),
)


def code_of(name: str) -> Code | None:
    """Return what opening a backbone of this name runs, None where it runs nothing.

    Parameters
    ----------
    name : str
        "local/nets.py:make", "local/package.module:make", "local/held:...", "keras/model.keras";
        names of any other kind run nothing.

    Raises
    ------
    BackboneError
        Where there is no such code.
    """
    kind, _, rest = name.partition("/")
    if kind not in _CODE or not rest:
        return None
    if kind == "keras":
        from .keras_models import keras_code

        return keras_code(rest)
    from .custom_code import HELD, held_code

    return held_code(rest.removeprefix(HELD)) if rest.startswith(HELD) else find_code(rest).code


def grant_named(backbone: str, options: Mapping[str, Any] | None = None) -> None:
    """Agree to the code that a person has named in this very call."""
    for name in sorted(set(_names({"backbone": backbone, "backbone_options": options or {}}))):
        code = code_of(name)
        if code is not None and not name.startswith("local/held:"):  # who handed it over agreed
            grant(code)


def require_named(backbone: str, options: Mapping[str, Any] | None = None) -> None:
    """Return where the code that a stored configuration names may be run.

    Raises
    ------
    TrustError
        Where nobody has agreed to it.
    """
    for name in sorted(set(_names({"backbone": backbone, "backbone_options": options or {}}))):
        code = code_of(name)
        if code is not None:
            require(code)


def codes_in(folder: Path | str) -> list[Code]:
    """Return all the code that opening a folder, or going on with it, runs.

    Parameters
    ----------
    folder : path
        What a command made, finished or not; folders that it names as teacher or source are
        looked into as well.

    Raises
    ------
    RunError
        Where a file of it is damaged.
    BackboneError
        Where code that it names is not there.
    """
    names: set[str] = set()
    waiting, seen = [Path(folder).resolve()], set[Path]()
    for path in waiting:
        if path in seen:
            continue
        seen.add(path)
        for name in _FILES:
            if (path / name).is_file():
                values = read_json(path / name)
                names |= set(_names(values))
                waiting += list(_folders(values))
    found = [code_of(name) for name in sorted(names)]
    return sorted({code.what: code for code in found if code is not None}.values(), key=_by_name)


def grant_all(folder: Path | str) -> list[Code]:
    """Agree to all the code that a folder names, and return it."""
    found = codes_in(folder)
    for code in found:
        grant(code)
    return found


def _by_name(code: Code) -> str:
    return code.what


def _names(values: Any) -> Iterator[str]:
    """Yield the names of backbones that run code, wherever they stand in plain values."""
    waiting = [values]  # not by recursion: a file of others may be nested deep
    for value in waiting:
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            waiting += value.values()
            yield from _names_at(value)


def _names_at(values: Mapping[str, Any]) -> Iterator[str]:
    options, kind = values.get("options"), values.get("provider")
    if kind in _CODE and isinstance(options, Mapping):
        yield f"{kind}/{options.get('spec' if kind == 'local' else 'path')}"
    backbone, given = values.get("backbone"), values.get("backbone_options")
    if isinstance(backbone, str):
        kind = backbone.partition("/")[0]
        own = given if isinstance(given, Mapping) else {}
        instead = own.get("spec" if kind == "local" else "path")
        yield f"{kind}/{instead}" if instead and kind in _CODE else backbone
    encoders = values.get("encoders")
    if isinstance(encoders, Mapping):
        yield from (name for name in encoders.values() if isinstance(name, str))


def _folders(values: Any) -> Iterator[Path]:
    """Yield the folders of models that a configuration names, or that are merged."""
    if not isinstance(values, Mapping):
        return
    data, asked = values.get("data"), values.get("asked")
    given = [values.get("teacher"), data.get("source") if isinstance(data, Mapping) else None]
    runs = asked.get("runs") if isinstance(asked, Mapping) else None
    given += runs if isinstance(runs, list) else []
    backbone = values.get("backbone")
    if isinstance(backbone, str) and backbone.startswith("run/"):
        given.append(backbone.removeprefix("run/"))
    for place in given:
        if isinstance(place, str) and (Path(place).expanduser() / "backbone.json").is_file():
            yield Path(place).expanduser().resolve()
