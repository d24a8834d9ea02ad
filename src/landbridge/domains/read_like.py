"""Data for a finished model, read as those were read that it learned from."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..base.errors import DataError
from ..base.events import SILENT
from .domain import Domain
from .examples import data_of
from .holdout.base import blocks_of
from .modalities.base import Preprocessing
from .one import answerable, as_rows, asked
from .read import read_domain
from .readers.base import NoUseError
from .schema import NoColumnError


def given_rows(preprocessing: Preprocessing, what: Any, **options: Any) -> Domain:
    """Return the rows that a model is given, without those that have nothing it takes.

    A Domain is all that is asked about; anything else is read by `read_like`, whose `options`
    these are.
    """
    if isinstance(what, Domain):
        return asked(preprocessing, what)
    return answerable(preprocessing, read_like(preprocessing, what, **options))


def read_like(
    preprocessing: Preprocessing, what: Any, *, label: str | None = None, **options: Any
) -> Domain:
    """Read data as those were read that a preprocessing was made from.

    Of a table the same columns are taken, whatever else is there; a folder and arrays say what they
    are themselves.

    Parameters
    ----------
    preprocessing : Preprocessing
    what : path, data frame, arrays, ...
    label : str, optional
    **options
        Of `read_domain`.
    """
    what = as_rows(preprocessing, what, options.get("events", SILENT))
    if isinstance(what, Domain):
        return what
    folder = isinstance(what, str | Path) and Path(what).is_dir()
    table = isinstance(what, str | Path) or hasattr(what, "columns")
    reads = preprocessing.reads() if table and not folder else {}
    with read_as_learned(preprocessing, {*reads, "rule", "label", "allow_missing"}):
        rule = preprocessing.rule()
        return read_domain(what, **reads, rule=rule, label=label, allow_missing=True, **options)


def groups_asked(what: Any, column: str | None) -> str | None:
    """Return the column of groups where new data can have it.

    Names of files have no parts where no pattern says so: of a folder only "folder" is one.
    """
    folder = isinstance(what, str | Path) and Path(what).is_dir()
    return None if folder and column != "folder" else column


def groups_read(domain: Domain, column: str | None) -> np.ndarray | None:
    """Return a number for each row, by the column of groups; None where it was not there."""
    if column is None or domain.holdout_by is None:
        return None
    return blocks_of(domain.holdout_by)


@contextmanager
def read_as_learned(preprocessing: Preprocessing, reads: Collection[str]) -> Iterator[None]:
    """Say what a model takes where its own way to read, not the user's, does not fit the data.

    Raises
    ------
    DataError
        Where the data have no use for one of `reads`.
    """
    try:
        yield
    except NoUseError as error:
        if error.option not in reads:
            raise
        raise DataError(
            f"{error.what} was given, and the model takes {data_of(preprocessing.modality)}",
            hint="give data like those that it learned from",
        ) from error
    except NoColumnError as error:
        if error.option.rstrip("=") not in reads:
            raise
        raise DataError(
            f"{error.what}, which the model learned from{error.there}",
            hint="give data with the columns that it learned from, under the same names",
        ) from error
