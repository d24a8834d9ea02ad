"""One registry per extension point: registering is one decorator, discovery is automatic."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import pkgutil
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from .errors import ConfigError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind, found by importing every module of some packages.

    Parameters
    ----------
    kind : str
        What the things are called in messages, such as "method".
    *packages : str
        The packages whose modules register things. They are imported when the registry is
        first asked, so that importing landbridge stays fast.

    Notes
    -----
    Other distributions add their own through the entry-point group
    ``landbridge.<kind>s`` (``landbridge.stream_adapters``: a space is an underscore): each entry
    names a module that registers things on import.

    Whatever a file may name is looked up in one of these and never in a plain dict that an
    import fills: a process that only opens the file has not done that import.
    """

    def __init__(self, kind: str, *packages: str) -> None:
        self.kind = kind
        self.packages = packages
        self._items: dict[str, T] = {}
        self._loaded = False
        self._lock = threading.RLock()  # the thread that loads may ask meanwhile, others wait
        self._loading = False
        self._elsewhere: set[str] = set()

    @property
    def group(self) -> str:
        """The entry-point group by which other distributions add to it."""
        return f"landbridge.{self.kind.replace(' ', '_')}s"

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers its argument under `name`."""

        def decorate(item: T) -> T:
            if name in self._items and self._items[name] is not item:
                raise ValueError(f"two {self.kind}s are registered as {name!r}")
            self._items[name] = item
            if isinstance(item, type):
                item.name = name  # type: ignore[attr-defined]
            return item

        return decorate

    def _load(self) -> None:
        if self._loaded:
            return
        with self._lock:
            if self._loaded or self._loading:
                return
            self._loading = True
            try:
                for name in self.packages:
                    package = importlib.import_module(name)
                    # A plain module registers what is in it, and has no others below.
                    below = getattr(package, "__path__", ())
                    for module in pkgutil.walk_packages(below, f"{name}."):
                        importlib.import_module(module.name)
                before = set(self._items)
                for entry in importlib.metadata.entry_points(group=self.group):
                    entry.load()
                self._elsewhere = set(self._items) - before
                self._loaded = True  # last: an import that fails is tried, and said, again
            finally:
                self._loading = False

    def found_anywhere(self, name: str) -> bool:
        """Say whether a new process finds `name`: it is not of a script or notebook alone."""
        self._load()
        if name not in self._items or name in self._elsewhere:
            return name in self._items
        home = str(getattr(self._items[name], "__module__", ""))
        return any(f"{home}.".startswith(f"{package}.") for package in self.packages)

    def get(self, name: str) -> T:
        """Return what is registered as `name`, or raise ConfigError with the nearest names."""
        if name not in self._items:
            self._load()
        if name not in self._items:
            near = nearest(name, self._items)
            hint = f"did you mean {near!r}? " if near else ""
            raise ConfigError(
                f"unknown {self.kind} {name!r}",
                hint=f"{hint}known {self.kind}s: {', '.join(sorted(self._items))}",
            )
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        if name not in self._items:
            self._load()
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._items))

    def items(self) -> list[tuple[str, T]]:
        """Return all (name, thing) pairs, sorted by name."""
        return [(name, self._items[name]) for name in self]


def nearest(word: str, names: object) -> str | None:
    """Return the entry of `names` most like `word`, or None where none is close."""
    close = difflib.get_close_matches(word, [str(k) for k in names], n=1, cutoff=0.5)  # type: ignore[attr-defined]
    return close[0] if close else None
