"""svmlight files."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from landbridge.base.errors import DataError
from landbridge.domains.read import read_domain


def test_packed_and_plain_files(tmp_path):
    lines = [f"{(-1) ** i} 1:{i / 2} 4:{i}.0\n" for i in range(6)]
    plain = tmp_path / "rows.svm"
    plain.write_text("".join(lines))
    packed = tmp_path / "more.svmlight.gz"
    with gzip.open(packed, "wt") as file:
        file.writelines(line.replace(" 4:", " 3:") for line in lines)
    one = read_domain(plain)
    assert one.name == "rows"
    assert one.classes == ("-1", "1")
    columns = one.examples.columns
    assert len(columns) == 5
    np.testing.assert_array_equal(columns["x1"], np.arange(6) / 2)
    np.testing.assert_array_equal(columns["x4"], np.arange(6))
    assert len(read_domain(packed).examples.columns) == 4
    assert len(read_domain(packed, like=one).examples.columns) == 5  # as wide as the source


def test_a_damaged_line(tmp_path):
    file = tmp_path / "rows.svmlight"
    file.write_text("1 1:2\nno number at all\n")
    with pytest.raises(DataError, match=r"rows\.svmlight cannot be read as svmlight"):
        read_domain(file)


def test_labels_that_are_numbers(tmp_path):
    file = tmp_path / "ages.svm"
    file.write_text("".join(f"{30 + i + 0.5} 1:{i}\n" for i in range(30)))
    assert read_domain(file).target_type.name == "regression"


def test_packed_bytes_that_are_damaged_are_refused(tmp_path):
    file = tmp_path / "a.svmlight.gz"
    whole = gzip.compress(b"0 1:0.5 2:1.25\n1 1:0.75 2:2.5\n" * 8, mtime=0)
    for at in range(10, len(whole) - 8):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(DataError, match="cannot be"):
            read_domain(file)
