"""A folder of files of one kind: class folders, split folders, or no folders at all."""

from __future__ import annotations

import itertools
import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from ...base.errors import DataError
from ...base.events import SILENT, Events
from ...base.inside import ANYWHERE, Place, is_device, leads_out, place_of
from ...base.shown import encodable
from ..domain import Domain, Omission
from ..examples import Examples
from ..input_rows import LeftOut
from ..modalities.pieces import Item
from ..modalities.threads import unreadable
from .base import SPLITS, UNLABELLED, Reader, ReadOptions, chosen_rows, mask_labels, over_limit
from .file_names import groups_of, parts_of
from .levels import Levels

TABLE_SUFFIXES = (".csv", ".tsv", ".parquet", ".data", ".jsonl")
_WRAPPING = frozenset(
    (
        *("images", "image", "img", "imgs", "data", "jpg", "jpeg", "png", "photos"),
        *("audio", "wav", "sounds", "clips", "recordings", "text", "texts"),
    )
)
"""Names of folders that only hold what is meant."""
_LINK = "link that leads out of the folder (--outside follows it)"
_LOOKED_AT = 500
"""Files by which a folder's kind is told."""


@dataclass
class _Found:
    """What a walk through the folder has met so far."""

    place: Place
    files: list[Path] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    other: list[Path] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outside: list[Path] = field(default_factory=list)
    levels: Levels = field(default_factory=Levels)

    def inside(self, paths: Iterable[Path]) -> list[Path]:
        """Return those that are not hidden and may be read, sorted; the rest is remembered."""
        kept: list[Path] = []
        for path in sorted(p for p in paths if not _hidden(p.name)):
            # All of them lie in the folder by name; a link is what could lead out.
            if path.is_symlink() and not self.place.holds(path):
                self.outside.append(path)
            else:
                (self.other if is_device(path) else kept).append(path)
        return kept

    def add(self, files: list[Path], label: str | None, split: str) -> None:
        self.files += files
        self.labels += [label] * len(files)
        self.splits += [split] * len(files)
        if label is None:
            self.levels.skip(len(files))


class FolderReader(Reader):
    """Reads ``class/**/file``, ``split/class/**/file``, or a flat folder.

    With ``domain="folder"`` also ``domain/class/**/file``, where the upper folders hold folders
    of the same names. Folders called train, val (valid, validation, dev), test or unlabelled are
    splits, each with class folders in it or flat. Files in no class folder are not labelled. Every
    file is opened once, so that a broken one is left out now and not met later.

    Attributes
    ----------
    suffixes : frozenset of str
        Endings of the files that it reads, in lower case.
    one, many : str
        What a file and several are called in messages.
    """

    suffixes: ClassVar[frozenset[str]]
    one: ClassVar[str]
    many: ClassVar[str]

    def accepts(self, what: Any) -> bool:
        """Whether it is a folder, and most files in it are of its kind."""
        if not (isinstance(what, str | Path) and Path(what).is_dir()):
            return False
        files = (Path(name) for name in _names_below(Path(what)) if not _hidden(name))
        seen = [self._is_wanted(f) for f in itertools.islice(files, _LOOKED_AT)]
        return sum(seen) > len(seen) / 2

    @abstractmethod
    def flaw(self, item: Item) -> str | None:
        """Return why a file cannot be read, None where it can."""

    @abstractmethod
    def examples(self, files: Sequence[Path]) -> Examples:
        """Return the examples in files that can be read."""

    def read(self, what: Any, options: ReadOptions, events: Events = SILENT) -> Domain:
        """Read the folder.

        Raises
        ------
        DataError
            Where it holds no readable file of its kind.
        """
        options.refuse(
            f"a folder of {self.many}",
            *("label", "labels", "columns", "image", "text", "audio", "split"),
        )
        root = Path(what)
        name = options.name or encodable(root.resolve().name)
        found = self._walk(root, place_of(root.resolve(), options.outside))
        if not found.files:
            raise self._nothing(root, found)

        keep = chosen_rows(len(found.files), options.max_rows)
        omissions = over_limit(keep, [_short(f, root) for f in found.files])
        files = [found.files[i] for i in keep]
        flaws = unreadable(files, self.flaw, what=f"{self.many} of {name}", events=events)
        flaw = f"unreadable {self.one}"
        broken = [
            LeftOut(int(keep[i]), encodable(files[i]), f"{flaw}: {why}") for i, why in flaws.items()
        ]
        said = [f"{_short(files[i], root)} ({why})" for i, why in flaws.items()]
        if broken:
            omissions.append(Omission(flaw, tuple(said), tuple(broken)))
        good = [(i, files[j]) for j, i in enumerate(keep) if j not in flaws]
        named = parts_of([f for _, f in good], options.pattern)
        upper = None if named else found.levels.domains(found.labels, options.domain)
        if upper is not None:
            found.labels = found.levels.below
        found.notes += found.levels.notes(upper, asked=bool(named or options.domain))
        for what_, names in (
            (f"file that is not {self._a}", [_short(f, root) for f in found.other]),
            (f"class folder without {self._a}", [_short(f, root) for f in found.empty]),
            (
                "folder that is neither a split nor a class",
                [_short(f, root) for f in found.unknown],
            ),
            (_LINK, [_short(f, root) for f in found.outside]),
        ):
            if names:
                omissions.append(Omission(what_, tuple(names)))
        if not good:
            raise DataError(
                f"none of the {len(files)} {self.many} in {root} can be decoded; the first: "
                f"{said[0]}",
                hint=f"restore the files: they are cut short or no {self.many}",
            )
        labels = [found.labels[i] for i, _ in good]
        if named and "label" in named[0]:
            labels = [parts["label"] for parts in named]
        lost = sorted({x for x in found.labels if x is not None} - {x for x in labels if x})
        if named:
            lost = []
        if lost and options.max_rows is None:
            omissions.append(Omission(f"class without a readable {self.one}", tuple(lost)))
        if found.empty or lost:
            found.notes.append(
                f"some class folders hold no readable {self.one}: those classes are gone"
            )
        domain = Domain.build(
            self.examples([f for _, f in good]),
            mask_labels(labels, options.labelled, name),
            name=name,
            split=[found.splits[i] for i, _ in good],
            omissions=omissions,
            notes=found.notes,
        )
        files_read = [f for _, f in good]
        groups = groups_of(named, files_read, options.domain, "domain")
        domain = replace(
            domain,
            groups=groups if upper is None else tuple(upper[i] for i, _ in good),
            subfolders=() if upper or named else found.levels.names,
            holdout_by=groups_of(named, files_read, options.holdout_by, "holdout"),
        )
        if len(domain.classes) == 1:
            return domain.noting(
                f"all labelled {self.many} are of one class: nothing to tell apart"
            )
        return domain

    @property
    def _a(self) -> str:
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"

    def _is_wanted(self, path: Path) -> bool:
        return path.suffix.lower() in self.suffixes

    def _walk(self, root: Path, place: Place) -> _Found:
        found = _Found(place)
        top = root
        folders, loose = _list(top, found)
        # What an unpacked archive often looks like: one folder in another.
        while len(folders) == 1 and not any(self._is_wanted(f) for f in loose):
            inner, inside = _list(folders[0], found)
            is_wrapping = folders[0].name.lower() in _WRAPPING or folders[0].name == top.name
            if not is_wrapping or not (inner or any(self._is_wanted(f) for f in inside)):
                break
            found.other += loose
            found.notes.append(f"read from the inner folder {_short(folders[0], root)!r}")
            top, folders, loose = folders[0], inner, inside

        kinds = {f: _split_of(f.name) for f in folders}
        splits = [f for f in folders if kinds[f] in ("train", "val", "test")]
        rest = [f for f in folders if kinds[f] is None]
        if len(splits) >= 2 or (splits and not rest):
            found.unknown += rest
            names = ", ".join(f.name for f in folders if f not in rest)
            found.notes.append(f"folders taken as splits: {names}")
            for folder in folders:
                if folder in rest:
                    continue
                if kinds[folder] == "unlabelled":
                    self._unlabelled(found, folder, "train")
                else:
                    self._classes(found, *_list(folder, found), str(kinds[folder]))
            self._flat(found, loose, "train")
        else:
            if splits:
                found.notes.append(
                    f"{splits[0].name!r} lies among class folders and is read as a class, "
                    "not a split"
                )
            for folder in [f for f in folders if kinds[f] == "unlabelled"]:
                self._unlabelled(found, folder, "train")
            self._classes(found, [f for f in folders if kinds[f] != "unlabelled"], loose, "train")
        return found

    def _classes(self, found: _Found, folders: list[Path], loose: list[Path], split: str) -> None:
        for folder in folders:
            files, other = self._below(folder, found)
            found.other += other
            found.add(files, encodable(folder.name), split)
            found.levels.add(folder, files)
            if not files:
                found.empty.append(folder)
        self._flat(found, loose, split)

    def _flat(self, found: _Found, loose: list[Path], split: str) -> None:
        wanted = [f for f in loose if self._is_wanted(f)]
        found.other += [f for f in loose if not self._is_wanted(f)]
        if wanted and any(label is not None for label in found.labels):
            found.notes.append(
                f"{len(wanted)} {self.many} lie in no class folder: they are not labelled"
            )
        found.add(wanted, None, split)

    def _unlabelled(self, found: _Found, folder: Path, split: str) -> None:
        files, other = self._below(folder, found)
        found.other += other
        found.add(files, None, split)

    def _below(self, folder: Path, found: _Found) -> tuple[list[Path], list[Path]]:
        """Return the wanted and the other files anywhere below a folder."""
        wanted: list[Path] = []
        other: list[Path] = []
        for place, folders, files in _walked(folder):
            here = Path(place)
            folders[:] = [f.name for f in found.inside(here / f for f in folders)]
            for path in found.inside(here / f for f in files):
                (wanted if self._is_wanted(path) else other).append(path)
        return wanted, other

    def _nothing(self, root: Path, found: _Found) -> DataError:
        tables = [f for f in found.other if f.suffix.lower() in TABLE_SUFFIXES]
        if tables:
            return DataError(
                f"{root} holds no {self.one}, and the table {_short(tables[0], root)}",
                hint=f"give the path of the table: {tables[0]}",
            )
        if found.outside:
            return DataError(
                f"{root} holds no {self.one} but through links that lead out of it "
                f"({len(found.outside)}); the first: {leads_out(found.outside[0])}",
                hint=f"put the {self.many} there; {ANYWHERE}",
            )
        kinds = sorted({f.suffix.lower() or "no extension" for f in found.other})
        held = f"only files of the kinds {', '.join(kinds[:8])}" if kinds else "no files"
        if found.empty:
            held += f" and {len(found.empty)} folders without {self._a}"
        return DataError(
            f"{root} holds {held}, expected {self.many} "
            f"({', '.join(sorted(self.suffixes)[:6])}, ...)",
            hint="check the path; class folders lie directly in the folder that is given, and a "
            "table is given by its own path",
        )


def _walked(folder: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    """Walk through a folder and where its links lead, each place once."""
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        yield place, folders, files


def _names_below(folder: Path) -> Iterator[str]:
    for _, _, names in _walked(folder):
        yield from names


def _split_of(name: str) -> str | None:
    return "unlabelled" if name.lower() in UNLABELLED else SPLITS.get(name.lower())


def _list(folder: Path, found: _Found) -> tuple[list[Path], list[Path]]:
    """Return the folders and the files in a folder, sorted, hidden ones left out."""
    entries = found.inside(folder.iterdir())
    return [p for p in entries if p.is_dir()], [p for p in entries if not p.is_dir()]


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _short(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
