"""Read anything that landbridge knows how to read."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..base.errors import ConfigError, DataError
from ..base.events import SILENT, Events
from ..base.registry import nearest
from ..base.renamed import renamed_keywords
from .domain import Domain
from .examples import Rule, data_of, merged_rules
from .one import tell
from .readers.base import READERS, ReadOptions
from .readers.decided import Together
from .readers.encodings import check_encoding
from .readers.file_names import check_pattern
from .readers.labels import Wish
from .schema import TableSchema
from .spelling import spelled_like


@renamed_keywords
def read_domain(
    what: Any,
    *,
    label: str | None = None,
    usual_label: str | None = None,
    name: str | None = None,
    labels: Any = None,
    labelled: Any = None,
    columns: Sequence[str] | None = None,
    drop: Sequence[str] | None = None,
    categorical: Sequence[str] | None = None,
    numeric: Sequence[str] | None = None,
    image: str | None = None,
    text: str | None = None,
    audio: str | None = None,
    parts: Sequence[str] | None = None,
    domain: str | None = None,
    holdout_by: str | None = None,
    pattern: str | None = None,
    split: Any = None,
    allow_missing: bool = False,
    max_rows: int | None = None,
    like: Domain | None = None,
    limits: tuple[float, float] | None = None,
    value_range: Sequence[float] | None = None,
    rule: Rule | None = None,
    target_type: Wish = "auto",
    offline: bool = False,
    schema: TableSchema | None = None,
    encoding: str | None = None,
    outside: bool = False,
    together: Together | None = None,
    events: Events = SILENT,
) -> Domain:
    """Read a domain from a folder, a file, a sample or arrays.

    Parameters
    ----------
    what : str, Path, array, data frame or (X, y)
        A folder of images; a CSV, TSV or Parquet file; ``"sample:digits"``; an array, a
        tensor, a data frame, a dataset of Hugging Face, or a pair of one of these and its
        labels; ``"hf:owner/name"`` for one of the hub.
    label : str, optional
        The label column of a table; found by name and values where not given.
    usual_label : str, optional
        The label column of data that were read before, such as those of a run: taken where it is
        there and `label` is not given.
    name : str, optional
        What to call the domain.
    labels : array-like, shape (n,), optional
        Labels of an array's rows; None and NaN are "no label".
    labelled : bool or array-like of bool, shape (n,), optional
        False leaves all labels out; an array says which rows' labels count.
    columns : sequence of str, optional
        Exactly the feature columns of a table to use.
    drop : sequence of str, optional
        Columns of a table to leave out.
    categorical, numeric : sequence of str, optional
        Columns of a table to read as words (codes that are no quantities), or as numbers.
    image : str, optional
        The column of a table that holds images or their paths.
    text : str, optional
        The column of a table that holds texts; several, joined by commas, are read as one.
    audio : str, optional
        The column of a table that holds recordings or their paths. Where several of `image`,
        `text` and `audio` are named, or one and `columns`, rows have several modalities.
    parts : sequence of str, optional
        "image", "text", "audio", "tabular": the modalities to look for in a table, any of which
        may be missing from a row, or from all of them.
    domain : str, optional
        The column of a table, or the part of file names, that says which of several domains a
        row is of (`Domain.groups`); `landbridge.domains.parting.part` takes them apart.
    holdout_by : str, optional
        The column of a table, or the part of file names, that rows are held out by, such as
        patients or dates (`Domain.holdout_by`): no feature. Data may lack it.
    pattern : str, optional
        How names of files in a folder are made up, without ending, such as
        ``"{label}_{speaker}_{take}"``.
    split : str or sequence of str, optional
        The split column of a table, or "train", "val" or "test" for each row of an array.
    allow_missing : bool, default False
        Whether NaN in an array is a missing value.
    max_rows : int, optional
        Read at most so many rows, chosen evenly at random.
    like : Domain, optional
        Read a table as this one was read: the same label column (no row is labelled where
        it is missing) and the same features. Give the source here to read a target.
    limits : (float, float), optional
        The same of a run's own.
    value_range : (float, float), optional
        Which numbers are black and white in arrays of images and in images of more than eight
        bits; the other side's, else found in the data, where not given.
    rule : Rule, optional
        How values were read by a run, see `Examples.rule`.
    target_type : {"auto", "multiclass", "regression", "multilabel", "ordinal"}, default "auto"
        What kind of answer the labels are. "auto": as in `like`, else as they look (see
        `landbridge.domains.readers.labels`), which a note says.
    offline : bool, default False
        Forbid every download.
    schema : TableSchema, optional
        What the columns of a table are, as another was read (`Domain.schema`); what does not fit
        is counted and said, or refused. As in `like` where not given.
    encoding : str, optional
        The encoding of text files that are not UTF-8; where not given, one that is Western or
        marked is read, which a note says.
    outside : bool, default False
        Whether metadata and links in a folder may lead to files outside it. A table that is itself
        given may name files anywhere.
    together : Together, optional
        What two tables decide; see `landbridge.domains.together.read_together`.
    events : Events
        Hears progress, and each note and omission.

    Returns
    -------
    Domain
        Every label known, nothing judged yet: see `landbridge.domains.sealing.seal`.

    Raises
    ------
    DataError
        Where it does not exist, is of no known kind, or does not hold what it should.

    Examples
    --------
    >>> import numpy as np
    >>> import landbridge
    >>> domain = landbridge.read_domain((np.eye(4), ["ant", "bee", "ant", None]), name="insects")
    >>> domain.modality, domain.classes, domain.labelled
    ('tabular', ('ant', 'bee'), 'few')
    """
    if encoding is not None:
        check_encoding(encoding)
    if pattern is not None:
        check_pattern(pattern)
    if isinstance(what, str | Path) and "\x00" in str(what):
        raise DataError(f"{str(what)!r} has a NUL in it", hint="no path has one: give another name")
    limits = _range(value_range, limits, rule)
    ruled = merged_rules([{} if like is None else like.examples.rule(), rule or {}])
    if limits is not None:
        ruled["value_range"] = list(limits)
    options = ReadOptions(
        name=name,
        label=label,
        usual_label=usual_label,
        labels=labels,
        labelled=labelled,
        columns=columns,
        drop=drop,
        categorical=categorical,
        numeric=numeric,
        image=image,
        text=text,
        audio=audio,
        parts=parts,
        domain=domain,
        holdout_by=holdout_by,
        pattern=pattern,
        split=split,
        allow_missing=allow_missing,
        max_rows=max_rows,
        like=like,
        limits=limits,
        stated_range=value_range is not None,
        rule=ruled,
        target_type=target_type,
        offline=offline,
        schema=schema,
        encoding=encoding,
        outside=outside,
        together=together,
    )
    if isinstance(what, Domain):
        raise DataError("a Domain was given to be read", hint="use it as it is")
    readers = sorted(READERS.items(), key=lambda pair: pair[1].order)
    for _, kind in readers:
        reader = kind()
        if reader.accepts(what):
            found = reader.read(what, options, events)
            if like is not None:
                found = spelled_like(found, like.classes, repr(like.name))
            stated: Rule = {} if value_range is None else {"stated_range": True}
            found = settled_domain(
                found, merged_rules([ruled, stated]), limits is not None or bool(rule)
            )
            if value_range is not None and "value_range" not in found.examples.rule():
                raise ConfigError(
                    f"value_range= was given, and {found.name!r} ({data_of(found.modality)}) "
                    "has no pixel values",
                    hint="leave it out",
                )
            tell(found, events)
            return found
    if isinstance(what, str | Path):
        raise _no_such(Path(what), [kind.summary for _, kind in readers])
    raise DataError(
        f"{type(what).__name__} cannot be read as a domain",
        hint="give one of: " + "; ".join(kind.summary for _, kind in readers),
    )


_OF_CALLERS = {
    *("what", "like", "together", "limits", "rule", "schema", "usual_label"),
    *("holdout_by", "offline", "events"),
}
"""What `read_domain` is told by what calls it."""


NO_LABEL = ("labels", "labelled", "target_type", "label", "domain", "pattern")
"""Keywords without effect where no one column of labels is read."""


def check_reading(what: str, given: Iterable[str], *without_effect: str) -> None:
    """Raise where a keyword that is handed on to `read_domain` is none of those it has use for.

    Parameters
    ----------
    what : str
        The function that was given them.
    given : iterable of str
    *without_effect : str
        Further keywords that it has no use for.

    Raises
    ------
    ConfigError
        Naming the nearest.

    Examples
    --------
    >>> check_reading("align", ["text"])
    """
    all_names = inspect.signature(read_domain).parameters
    options = [name for name in all_names if name not in _OF_CALLERS and name not in without_effect]
    for name in given:
        if name not in options:
            near = nearest(name, options)
            raise ConfigError(
                f"{what} has no option {name!r}",
                hint=f"did you mean {near!r}?"
                if near
                else f"of reading it has {', '.join(options)}",
            )


def stated_range(found: Any) -> list[float] | None:
    """Return two numbers, the lesser first, None where nothing was stated.

    Raises
    ------
    ConfigError
        Where it is anything else.
    """
    if found is None:
        return None
    try:
        low, high = (float(x) for x in found)
    except (TypeError, ValueError):
        low = high = 0.0
    if not (low < high and abs(low) < float("inf") and abs(high) < float("inf")):
        raise ConfigError(
            f"value_range is {found!r}",
            hint="give two numbers, the lesser first: value_range=[0, 1]",
        )
    return [low, high]


def _range(
    stated: Any, limits: tuple[float, float] | None, rule: Rule | None
) -> tuple[float, float] | None:
    """Return the range that holds: the stated one, else the run's."""
    if stated is None and limits is not None:
        return float(limits[0]), float(limits[1])
    found = stated_range(stated if stated is not None else (rule or {}).get("value_range"))
    return None if found is None else (found[0], found[1])


def settled_domain(domain: Domain, rule: Rule, fixed: bool) -> Domain:
    """Return the domain with how its values are read, where that takes a look at all of them."""
    examples, notes = domain.examples.settled(rule, fixed)
    found = examples.rule().get("value_range")
    return replace(
        domain.noting(*notes),
        examples=examples,
        limits=domain.limits if found is None else (float(found[0]), float(found[1])),
    )


def _no_such(path: Path, kinds: list[str]) -> DataError:
    if path.exists():
        return DataError(
            f"{path} is of a kind that cannot be read ({path.suffix or 'no ending'})",
            hint="give one of: " + "; ".join(kinds),
        )
    place = path.parent
    while not place.is_dir() and place != place.parent:
        place = place.parent
    there = sorted(p.name for p in place.iterdir() if not p.name.startswith("."))
    near = nearest(path.name, there) if place == path.parent else None
    if near is not None:
        hint = f"did you mean {place / near}?"
    else:
        hint = f"{place.resolve()} holds " + (", ".join(there[:8]) if there else "nothing")
    return DataError(f"{path} does not exist", hint=hint)
