"""Roles of columns, and dates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from landbridge.base.errors import DataError
from landbridge.domains.read import read_domain

FRAME = pd.DataFrame(
    {
        "code": [3, 1, 3, 2, 1, 2],
        "size": ["1.5", "2", None, "-3", "4", "5"],
        "secret": np.arange(6.0) ** 2,
        "label": list("ababab"),
    }
)


def test_roles_are_kept():
    domain = read_domain(
        FRAME, label="label", drop=["secret"], categorical=["code"], numeric=["size"]
    )
    table = domain.examples
    assert table.categorical == ["code"]
    assert table.columns["code"].tolist() == ["3", "1", "3", "2", "1", "2"]
    np.testing.assert_array_equal(table.columns["size"], [1.5, 2, np.nan, -3, 4, 5])
    assert "secret" not in table.columns
    assert any("left out as asked: 'secret'" in note for note in domain.notes)


def test_what_is_no_number_is_named():
    wrong = FRAME.assign(size=["1", "2", "two", "4", "5", "6"])
    with pytest.raises(DataError, match="column 'size' holds 'two' in row 3, expected a number"):
        read_domain(wrong, label="label", numeric=["size"])
    with pytest.raises(DataError, match=r"no column 'cod' \(categorical=\)"):
        read_domain(FRAME, label="label", categorical=["cod"])


@pytest.mark.parametrize("ending", ["frame", "csv", "parquet"])
def test_dates_become_numbers(tmp_path, ending):
    when = pd.to_datetime(
        ["2024-02-29", "2024-03-01", None, "1969-12-31", "2024-03-04", "2000-01-01"]
    )
    frame = FRAME[["code", "label"]].assign(when=when)
    path = tmp_path / f"t.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "parquet":
        frame.to_parquet(path)
    domain = read_domain(frame if ending == "frame" else path, label="label")
    columns = domain.examples.columns
    np.testing.assert_array_equal(columns["when"], [19782, 19783, np.nan, -1, 19786, 10957])
    np.testing.assert_array_equal(columns["when (month)"], [2, 3, np.nan, 12, 3, 1])
    # Thursday, Friday, none, Wednesday, Monday, Saturday
    np.testing.assert_array_equal(columns["when (weekday)"], [3, 4, np.nan, 2, 0, 5])
    assert "when (month)" not in read_domain(frame, label="label", drop=["when"]).examples.columns
