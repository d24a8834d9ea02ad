"""Packages that have a new name: the old one works for one release, with a warning."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

MOVED = {
    "landbridge.tasks": "landbridge.structured",
    "landbridge.several_tasks": "landbridge.multi_task",
    "landbridge.spaces": "landbridge.embeddings",
    "landbridge.domains.modalities.several": "landbridge.domains.modalities.multimodal",
}


class _Alias:
    """Gives the module of today in the place of one that is asked for by its old name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # which the import above has written over


class Finder:
    """Finds modules by their old names, first: else parts would be loaded a second time."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: Any = None
    ) -> ModuleSpec | None:
        """Return where a module is, None where it is none of ours."""
        if not name.startswith("landbridge."):  # every import of the process comes here
            return None
        old = next((one for one in MOVED if name == one or name.startswith(f"{one}.")), None)
        if old is None:
            return None
        inner = name[len(old) :]
        new = MOVED[old] + inner
        if not inner:
            from .errors import old_name

            warnings.warn(old_name(name, new), stacklevel=2)
        return ModuleSpec(name, _Alias(new), is_package=not inner)  # type: ignore[arg-type]


def install() -> None:
    """Let Python find modules by their old names."""
    if not any(isinstance(one, Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, Finder())


def old_names(module: str, **names: str) -> Callable[[str], Any]:
    """Return a module's `__getattr__` that gives what has a new name under the old one."""

    def found(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        from .errors import old_name

        warnings.warn(old_name(name, names[name]), stacklevel=2)
        return getattr(sys.modules[module], names[name])

    return found
